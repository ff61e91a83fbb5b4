"""The portal on a real mongod, with somebody of each kind logged in. No mail leaves: nobody asks for one here."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.dossier import Soumission
from deploy.demo.dossiers import CONFORME
from deploy.local.mongod import NoeudMongo
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mailer import Mailer
from services._runtime.mongo import Mongo
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
from services.intake.reglages import PORTAIL, ReglagesPortail, Theme
from services.intake.store import Store

BASE = "https://portail.exemple"
COLLEGUE = "collegue@mairie-exemple.fr"


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
async def portail(store: Store) -> AsyncIterator[Portail]:
    """Give what its pages work with."""
    relais = ReglagesSmtp(hote="127.0.0.1", port=1, securite=Securite.AUCUNE, retour="retours@ac-exemple.fr")
    reglages = ReglagesPortail(BASE, "Académie d’essai", Theme.NEUTRE, ())
    async with (
        Courrier(Mailer(relais), "ent@ac-exemple.fr", "aide@ac-exemple.fr") as courrier,
        Inspecteur() as lecteurs,
    ):
        yield Portail.assembler(store, reglages, courrier, lecteurs)


@pytest.fixture
async def entrer(portail: Portail, mongo: Mongo) -> AsyncIterator[Callable[..., Any]]:
    """Open a browser for somebody, logged in if he has an address; `facteur`: whether an agent gave his second one."""
    ouverts = AsyncExitStack()

    async def faire(courriel: str = "", *, agent: str = "", facteur: bool = False) -> Personne:
        transport = httpx.ASGITransport(app=build_portail(portail), raise_app_exceptions=False)
        navigateur = await ouverts.enter_async_context(httpx.AsyncClient(transport=transport, base_url=BASE))
        if not courriel:
            return Personne(navigateur)
        comptes = portail.store.comptes
        compte = await comptes.de_courriel(courriel)
        if agent:
            preuve = {"agent": {"code": agent}, "second_facteur": {"id": "telephone"}}
            await mongo.database["comptes"].update_one({"_id": compte["_id"]}, {"$set": preuve})
        cookie = await comptes.sessions.ouvrir(compte["_id"], facteur="telephone" if facteur else None)
        navigateur.cookies.set(portail.reglages.cookie, cookie)
        return Personne(navigateur, await comptes.identite(cookie))

    async with ouverts:
        yield faire


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
