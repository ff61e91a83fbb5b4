"""The agents' desk over a real mongod: agents and a déposant logged in, a few communes and schools known."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict

import httpx
import pytest
from starlette.types import ASGIApp

from deploy.local.mongod import NoeudMongo
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mailer import Mailer
from services._runtime.mongo import Document, Mongo
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services._runtime.smtp import ReglagesSmtp, Securite
from services.intake.comptes.courrier import Courrier
from services.intake.comptes.oidc import Connexions
from services.intake.portail.app import build_portail
from services.intake.portail.page import Portail
from services.intake.referentiels.generations import Generations
from services.intake.referentiels.importation import Bilan
from services.intake.reglages import ReglagesPortail, Theme
from services.intake.store import Store
from services.intake.televersements.examen import Examen
from services.intake.televersements.reception import Reception

from .banc import ADRESSE, COMMUNES, ECOLES, Dossiers, Personne


@pytest.fixture
async def store(mongod: NoeudMongo, mongo: Mongo) -> AsyncIterator[Store]:
    """Give intake's store, its indexes made, a few communes and schools known."""
    reglages = RuntimeSettings(
        rabbitmq_url="amqp://personne:rien@127.0.0.1:1/",
        mongodb_url=mongod.url,
        mongodb_database=mongo.database.name,
        port=8000,
    )
    base = Base("intake", reglages)
    entier = Store(base)
    await entier.prepare()
    await _remplir(mongo, "communes", {commune.code: asdict(commune) for commune in COMMUNES})
    await _remplir(mongo, "ecoles", {ecole.uai: asdict(ecole) for ecole in ECOLES})
    yield entier
    base.mongo.close()


async def _remplir(mongo: Mongo, nom: str, documents: dict[str, Document]) -> None:
    generations = Generations(mongo.database, nom)
    await generations.remplacer(await generations.courante(), Bilan(documents, len(documents), 0, 0, 0, 0.0, 0.0))


@pytest.fixture
async def dossiers(store: Store, mongo: Mongo) -> Dossiers:
    """Give the dossiers of the base."""
    assert store
    return Dossiers(mongo)


@pytest.fixture
async def batir(store: Store) -> AsyncIterator[Callable[[str], ASGIApp]]:
    """Build the portal that people reach at this address."""
    relais = ReglagesSmtp(hote="127.0.0.1", port=1, securite=Securite.AUCUNE, retour="retours@exemple.fr")
    reception = Reception(store.televersements, store.pieces, store.brouillons, Examen(store.pieces, Inspecteur()))
    async with Courrier(Mailer(relais), "ent@exemple.fr", "aide@exemple.fr") as courrier:

        def faire(adresse: str) -> ASGIApp:
            reglages = ReglagesPortail(adresse, "Académie d’essai", Theme.NEUTRE, ())
            return build_portail(Portail(store, reglages, courrier, Connexions(reglages), reception))

        yield faire


@pytest.fixture
def session(store: Store, mongo: Mongo) -> Callable[[str | None], Awaitable[str]]:
    """Open a session of the agent of this code, or of anybody; give its cookie."""

    async def faire(code: str | None) -> str:
        compte = await store.comptes.de_courriel(f"{code or 'camille.fictive'}@exemple.fr")
        if code:
            role = {"agent": {"code": code}, "second_facteur": {"id": "telephone"}}
            await mongo.database["comptes"].update_one({"_id": compte["_id"]}, {"$set": role})
        return await store.comptes.sessions.ouvrir(compte["_id"], facteur="telephone" if code else None)

    return faire


@pytest.fixture
async def connecter(
    store: Store, batir: Callable[[str], ASGIApp], session: Callable[[str | None], Awaitable[str]]
) -> AsyncIterator[Callable[..., Awaitable[Personne]]]:
    """Log somebody in, as an agent of this code or as anybody."""
    app = batir(ADRESSE)
    async with AsyncExitStack() as fin:

        async def faire(code: str | None = None) -> Personne:
            cookie = await session(code)
            identite = await store.comptes.identite(cookie)
            assert identite is not None
            assert identite.agent == code
            transport, cookies = httpx.ASGITransport(app=app), {"__Host-ent1d": cookie}
            http = httpx.AsyncClient(transport=transport, base_url=ADRESSE, cookies=cookies)
            return Personne(await fin.enter_async_context(http), identite.jeton)

        yield faire


@pytest.fixture
async def agent(connecter: Callable[..., Awaitable[Personne]]) -> Personne:
    """Give an agent."""
    return await connecter("agent-3")


@pytest.fixture
async def autre(connecter: Callable[..., Awaitable[Personne]]) -> Personne:
    """Give another agent."""
    return await connecter("agent-7")


@pytest.fixture
async def deposant(connecter: Callable[..., Awaitable[Personne]]) -> Personne:
    """Give somebody who is no agent."""
    return await connecter()
