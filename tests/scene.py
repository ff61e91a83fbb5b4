"""The portal on a real mongod, and people in front of it. No mail leaves, unless `relais` says where one is taken."""

import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.dossier import Soumission
from deploy.demo.dossiers import CONFORME, uai
from deploy.local.mongod import NoeudMongo
from deploy.local.partenaires import PuitsSMTP
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mailer import Mailer
from services._runtime.mongo import Document, Mongo
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services._runtime.smtp import ReglagesSmtp, Securite
from services.intake.comptes.courrier import Courrier
from services.intake.comptes.identite import Identite
from services.intake.depot import deposer
from services.intake.domain import Proprietaire
from services.intake.portail.app import build_portail
from services.intake.portail.garde import BROUILLONS
from services.intake.portail.page import Page, Portail
from services.intake.referentiels.domain import Commune, Ecole
from services.intake.referentiels.generations import Generations
from services.intake.referentiels.importation import Bilan
from services.intake.reglages import PORTAIL, ReglagesPortail, Theme
from services.intake.store import Store

pytest_plugins = ("tests.chromium",)

BASE = "https://portail.exemple"
COLLEGUE = "collegue@mairie-exemple.fr"
COMMUNES = (
    Commune("77288", "Melun", "77", "217702885", ("77000",)),
    Commune("77277", "Marolles-en-Brie", "77", "217702778", ("77120",)),
    Commune("94048", "Marolles-en-Brie", "94", "219400488", ("94440",)),
    Commune("94028", "Créteil", "94", "219400280", ("94000",)),
)
ECOLES = (
    Ecole(uai(1), "École des Lilas", "77288", "Melun", "public", ouverte=True),
    Ecole(uai(2), "École des Roses", "77288", "Melun", "public", ouverte=True),
    Ecole(uai(3), "École fermée", "77288", "Melun", "public", ouverte=False),
    Ecole(uai(4), "École d’ailleurs", "77277", "Marolles-en-Brie", "public", ouverte=True),
)


@dataclass(frozen=True)
class Personne:
    """Somebody in front of a browser; `identite` is None for who is not logged in."""

    navigateur: httpx.AsyncClient
    identite: Identite | None = None

    @property
    def jeton(self) -> str:
        """Give what the forms of the session carry."""
        return self.identite.jeton if self.identite else ""


@dataclass(frozen=True)
class Scene:
    """Who there is, and what is there: a dossier, and a draft, both the déposant's, open to one colleague."""

    portail: Portail
    personnes: Mapping[str, Personne]
    dossier: str
    brouillon: str

    def chemin(self, page: Page, numero: str = "") -> str:
        """Give a path of this route, about what is there unless told otherwise."""
        reel = self.brouillon if page.acces in BROUILLONS else self.dossier
        valeurs = {"numero": numero or reel, "role": "bon_commande_editeur", "fournisseur": "proconnect"}
        morceaux = page.chemin.split("/")
        return "/".join(valeurs.get(m[1:-1], "x" * 43) if m.startswith("{") else m for m in morceaux)


def adresse_neuve() -> str:
    """Give an address that nobody else has."""
    return f"camille.{uuid4().hex[:12]}@exemple.fr"


def texte(page: httpx.Response) -> str:
    """Give the text of a page as somebody reads it: spaces are spaces, entities are characters."""
    brut = re.sub(r"<script.*?</script>|<[^>]+>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(brut).split())


@pytest.fixture
async def store(mongod: NoeudMongo, mongo: Mongo) -> AsyncIterator[Store]:
    """Give intake's store on the test's own database."""
    settings: dict[str, Any] = {"mongodb_url": mongod.url, "mongodb_database": mongo.database.name, "port": 8000}
    base = Base("intake", RuntimeSettings(rabbitmq_url="amqp://personne:rien@127.0.0.1:1/", **settings))
    ouvert = Store(base)
    await ouvert.prepare()
    yield ouvert
    base.mongo.close()


@pytest.fixture
def remplir(mongo: Mongo) -> Callable[..., Awaitable[None]]:
    """Fill the référentiels with these communes and schools."""

    async def une(nom: str, entrees: dict[str, Document]) -> None:
        generations = Generations(mongo.database, nom)
        await generations.remplacer(await generations.courante(), Bilan(entrees, len(entrees), 0, 0, 0, 0.0, 0.0))

    async def faire(communes: Iterable[Commune] = COMMUNES, ecoles: Iterable[Ecole] = ECOLES) -> None:
        await une("communes", {commune.code: asdict(commune) for commune in communes})
        await une("ecoles", {ecole.uai: asdict(ecole) for ecole in ecoles})

    return faire


@pytest.fixture(scope="session")
def puits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PuitsSMTP]:
    """Give a real mail server."""
    with PuitsSMTP(tmp_path_factory.mktemp("puits")) as serveur:
        yield serveur


@pytest.fixture
def relais() -> int:
    """Give the port where mails are handed over: nobody listens there."""
    return 1


@pytest.fixture
async def courrier(relais: int) -> AsyncIterator[Courrier]:
    """Give who mails links and invitations."""
    smtp = ReglagesSmtp(hote="127.0.0.1", port=relais, securite=Securite.AUCUNE, retour="retours@ac-exemple.fr")
    async with Courrier(Mailer(smtp), "ent@ac-exemple.fr", "aide@ac-exemple.fr") as courrier:
        yield courrier


@pytest.fixture
def courriels(courrier: Courrier, puits: PuitsSMTP) -> Callable[[str], Awaitable[list[EmailMessage]]]:
    """Read what came to an address, all that was leaving having left."""

    async def lire(adresse: str) -> list[EmailMessage]:
        await courrier.attendre(20)
        return [message for message in puits.messages() if message["To"] == adresse]

    return lire


@pytest.fixture
async def assembler(store: Store, courrier: Courrier) -> AsyncIterator[Callable[..., Portail]]:
    """Put a portal together, reached at this address; its other settings may be told by name."""
    async with Inspecteur() as lecteurs:

        def faire(base: str = BASE, **autres: object) -> Portail:
            usuels: dict[str, Any] = {"service": "Académie d’essai", "theme": Theme.NEUTRE, "fournisseurs": ()}
            return Portail.assembler(store, ReglagesPortail(base, **(usuels | autres)), courrier, lecteurs)

        yield faire


@pytest.fixture
def portail(assembler: Callable[..., Portail]) -> Portail:
    """Give what its pages work with."""
    return assembler()


@pytest.fixture
async def servi(assembler: Callable[[str], Portail], servir: Callable[..., Awaitable[str]]) -> str:
    """Serve the portal to real browsers; give its address."""
    return await servir(lambda base: build_portail(assembler(base)))


@pytest.fixture
async def naviguer() -> AsyncIterator[Callable[..., Awaitable[httpx.AsyncClient]]]:
    """Open a browser on a portal; `pannes`: whether what a page raises is answered, as to people, or fails the test."""
    async with AsyncExitStack() as ouverts:

        async def faire(portail: Portail, *, ip: str = "192.0.2.1", pannes: bool = False) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(build_portail(portail), raise_app_exceptions=not pannes, client=(ip, 4321))
            navigateur = httpx.AsyncClient(transport=transport, base_url=portail.reglages.base)
            return await ouverts.enter_async_context(navigateur)

        yield faire


@pytest.fixture
def session(store: Store, mongo: Mongo) -> Callable[..., Awaitable[str]]:
    """Log somebody in by his address; give the cookie. `facteur`: whether an agent gave his second one."""

    async def ouvrir(courriel: str, *, agent: str = "", facteur: bool = False) -> str:
        compte = await store.comptes.de_courriel(courriel)
        if agent:
            preuve = {"agent": {"code": agent}, "second_facteur": {"id": "telephone"}}
            await mongo.database["comptes"].update_one({"_id": compte["_id"]}, {"$set": preuve})
        return await store.comptes.sessions.ouvrir(compte["_id"], facteur="telephone" if facteur else None)

    return ouvrir


@pytest.fixture
def entrer(
    portail: Portail, naviguer: Callable[..., Any], session: Callable[..., Awaitable[str]]
) -> Callable[..., Awaitable[Personne]]:
    """Open a browser for somebody, logged in if he has an address; the rest is told to `session`."""

    async def faire(courriel: str = "", *, pannes: bool = True, **preuves: Any) -> Personne:  # noqa: ANN401  # of `session`
        navigateur = await naviguer(portail, pannes=pannes)
        if not courriel:
            return Personne(navigateur)
        cookie = await session(courriel, **preuves)
        navigateur.cookies.set(portail.reglages.cookie, cookie)
        return Personne(navigateur, await portail.store.comptes.identite(cookie))

    return faire


@pytest.fixture
async def scene(portail: Portail, entrer: Callable[..., Any]) -> Scene:
    """Set the scene."""
    personnes = {
        "anonyme": await entrer(),
        "deposant": await entrer("camille.fictive@mairie-exemple.fr"),
        "collegue": await entrer(COLLEGUE),
        "autre": await entrer("autre@mairie-exemple.fr"),
        "agent": await entrer("agent@ac-exemple.fr", agent="agent-7", facteur=True),
        "agent sans second facteur": await entrer("agent-2@ac-exemple.fr", agent="agent-8"),
    }
    deposant = personnes["deposant"].identite
    soumission = Soumission.model_validate(CONFORME.soumission([]), strict=False)
    proprietaire = Proprietaire(deposant.compte, (COLLEGUE,))
    accuse = await deposer(portail.store, PORTAIL, uuid4(), soumission, proprietaire=proprietaire)
    brouillon = await portail.store.brouillons.creer(deposant)
    await portail.store.brouillons.inviter(brouillon, COLLEGUE)
    return Scene(portail, personnes, accuse.numero, brouillon)
