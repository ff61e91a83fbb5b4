"""The portal over a real mongod, its référentiels filled with a few invented schools, and people who use the form."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from uuid import uuid4

import httpx
import pytest
from starlette.types import ASGIApp

from contracts.dossier import RolePiece
from contracts.valeurs import lettre_uai
from deploy.local.mongod import NoeudMongo
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mailer import Mailer
from services._runtime.mongo import Document, Mongo
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services._runtime.smtp import ReglagesSmtp, Securite
from services.intake.brouillons.domain import PieceDuBrouillon
from services.intake.comptes.courrier import Courrier
from services.intake.comptes.identite import Identite
from services.intake.comptes.oidc import Connexions
from services.intake.portail.app import build_portail
from services.intake.portail.page import Portail
from services.intake.referentiels.domain import Commune, Ecole
from services.intake.referentiels.generations import Generations
from services.intake.referentiels.importation import Bilan
from services.intake.reglages import PORTAIL, ReglagesPortail, Theme
from services.intake.store import Store
from services.intake.televersements.examen import Examen
from services.intake.televersements.reception import Reception

BASE = "https://portail.exemple"
SIRET = "21770999700019"


def uai(rang: int, departement: str = "077") -> str:
    """Make the UAI of a school that does not exist."""
    chiffres = f"{departement}9{rang:03d}"
    return chiffres + lettre_uai(chiffres)


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
VALEURS = {
    "siret": SIRET,
    "departement": "77",
    "commune": "77288",
    "civilite": "Mme",
    "nom": "Fictive",
    "prenom": "Camille",
    "fonction": "Responsable des affaires scolaires",
    "courriel": "camille.fictive@exemple.fr",
    "telephone": "01 99 00 12 34",
    "ecoles": [uai(1), uai(2)],
    "commentaires": "",
}


@dataclass
class Usager:
    """Somebody logged in, and what he does with forms."""

    http: httpx.AsyncClient
    identite: Identite
    store: Store

    async def commencer(self, **valeurs: object) -> str:
        """Open a draft by its button, with these values typed already; give its number."""
        reponse = await self.http.post("/brouillons", data={"jeton": self.identite.jeton})
        trouve = re.fullmatch(r"/brouillons/(ENT-\w{5}-\w{5})/etablissement", reponse.headers["location"])
        assert trouve is not None
        if valeurs:
            assert await self.store.brouillons.enregistrer(trouve[1], valeurs)
        return trouve[1]

    async def complet(self, **valeurs: object) -> str:
        """Open a draft that lacks nothing."""
        numero = await self.commencer(**(VALEURS | valeurs))
        for role in RolePiece:
            await self.joindre(numero, role)
        return numero

    async def joindre(self, numero: str, role: RolePiece, constat: str = "") -> None:
        """Join a piece, as the pages of the pieces do."""

        async def octets() -> AsyncIterator[bytes]:
            yield f"%PDF {uuid4()}".encode()

        gardee = await self.store.pieces.garder(PORTAIL, f"{role}.pdf", octets())
        piece = PieceDuBrouillon(gardee.id, gardee.sha256, gardee.taille, f"{role}.pdf", constat)
        assert await self.store.brouillons.joindre(numero, role, piece)

    async def voir(self, chemin: str) -> httpx.Response:
        """Look at a page."""
        return await self.http.get(chemin)

    async def caches(self, chemin: str) -> dict[str, str]:
        """Read the hidden fields of a page."""
        page = (await self.voir(chemin)).text
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))

    async def poster(
        self, chemin: str, *, caches: dict[str, str] | None = None, **champs: str | list[str]
    ) -> httpx.Response:
        """Send the form of a page as it was shown (now, or with these hidden fields)."""
        return await self.http.post(chemin, data={**(caches or await self.caches(chemin)), **champs})

    async def brouillon(self, numero: str) -> Document:
        """Read a draft."""
        lu = await self.store.brouillons.lire(numero, self.identite)
        assert lu is not None
        return lu

    async def valeurs(self, numero: str) -> Document:
        """Read what a draft holds."""
        tenues: Document = (await self.brouillon(numero))["valeurs"]
        return tenues


@pytest.fixture
async def store(mongod: NoeudMongo, mongo: Mongo) -> AsyncIterator[Store]:
    """Give intake's store, with the indexes of drafts, the référentiels filled."""
    reglages = RuntimeSettings(
        rabbitmq_url="amqp://personne:rien@127.0.0.1:1/",
        mongodb_url=mongod.url,
        mongodb_database=mongo.database.name,
        port=8000,
    )
    base = Base("intake", reglages)
    entier = Store(base)
    await entier.brouillons.prepare()
    await _remplir(mongo, "communes", {commune.code: asdict(commune) for commune in COMMUNES})
    await _remplir(mongo, "ecoles", {ecole.uai: asdict(ecole) for ecole in ECOLES})
    yield entier
    base.mongo.close()


async def _remplir(mongo: Mongo, nom: str, documents: dict[str, Document]) -> None:
    generations = Generations(mongo.database, nom)
    await generations.remplacer(await generations.courante(), Bilan(documents, len(documents), 0, 0, 0, 0.0, 0.0))


@pytest.fixture
async def application(store: Store) -> AsyncIterator[Callable[[str], ASGIApp]]:
    """Build the portal, as reached at this address."""
    async with AsyncExitStack() as fin:
        relais = ReglagesSmtp(hote="127.0.0.1", port=1, securite=Securite.AUCUNE, retour="retours@exemple.fr")
        courrier = await fin.enter_async_context(Courrier(Mailer(relais), "ent@exemple.fr", "aide@exemple.fr"))

        def faire(adresse: str) -> ASGIApp:
            reglages = ReglagesPortail(adresse, "Académie d’essai", Theme.NEUTRE, ())
            examen = Examen(store.pieces, Inspecteur())
            reception = Reception(store.televersements, store.pieces, store.brouillons, examen)
            return build_portail(Portail(store, reglages, courrier, Connexions(reglages), reception))

        yield faire


@pytest.fixture
async def connecter(
    store: Store, application: Callable[[str], ASGIApp]
) -> AsyncIterator[Callable[[str], Awaitable[Usager]]]:
    """Log somebody in, in a browser of his own."""
    async with AsyncExitStack() as fin:
        transport = httpx.ASGITransport(app=application(BASE))

        async def faire(courriel: str) -> Usager:
            compte = await store.comptes.de_courriel(courriel)
            cookie = await store.comptes.sessions.ouvrir(compte["_id"])
            http = httpx.AsyncClient(transport=transport, base_url=BASE, cookies={"__Host-ent1d": cookie})
            identite = await store.comptes.identite(cookie)
            assert identite is not None
            return Usager(await fin.enter_async_context(http), identite, store)

        yield faire


@pytest.fixture
async def usager(connecter: Callable[[str], Awaitable[Usager]]) -> Usager:
    """Give somebody logged in."""
    return await connecter("camille.fictive@exemple.fr")


@pytest.fixture
def lu() -> Callable[[httpx.Response], str]:
    """Give the text of a page as somebody reads it: spaces are spaces, entities are characters."""

    def lire(reponse: httpx.Response) -> str:
        brut = re.sub(r"<script.*?</script>|<[^>]+>", " ", reponse.text, flags=re.DOTALL)
        for entite, signe in (
            ("&nbsp;", " "),
            ("&#39;", "'"),
            ("&#34;", '"'),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&amp;", "&"),
        ):
            brut = brut.replace(entite, signe)
        return " ".join(brut.split())

    return lire
