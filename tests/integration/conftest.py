"""What the tests of the runtime share: a hand with all rights on a node, and services run as uvicorn runs them."""

import json
import logging  # noqa: TID251 - to undo what the runtime set up
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aio_pika
import httpx
import pytest
import structlog
from aio_pika.abc import AbstractIncomingMessage
from faststream.rabbit import RabbitRouter
from starlette.applications import Starlette

from contracts.evenements import Controle, DossierRefuse, Evenement, Motifs, Verdict
from contracts.flux import EXCHANGE_EVENEMENTS, FLUX, SERVICES
from deploy.local.mongod import NoeudMongo
from deploy.local.rabbitmq import NoeudRabbitMQ, profondeurs
from deploy.rabbitmq.definitions import VHOST, definitions
from services._runtime.mongo import Mongo
from services._runtime.service import Base, Parts, Service, application
from services._runtime.settings import RuntimeSettings

MAITRE = "essai"  # may do anything: declares scratch queues, reads every queue
MOT_DE_PASSE = "mot-de-passe-d-un-noeud-d-essai"
UTILISATEURS = (*(f"svc_{service}" for service in SERVICES), "operateur", "demo", "titulaire_exemple")
TOPOLOGIE = definitions(
    dict.fromkeys(UTILISATEURS, MOT_DE_PASSE), producteurs=["demo"], titulaires=["exemple"], time_scale=0.01
)
FILES = tuple(q["name"] for q in TOPOLOGIE["queues"] if q["arguments"]["x-queue-type"] == "quorum")
Vivre = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


CONTROLE = Controle(
    id="siret", verdict=Verdict.BLOQUANT, constat="Le SIRET est faux.", champ="siret", source="INSEE", corrigeable=False
)


class Banc:
    """A node and a user with all rights on it."""

    def __init__(self, noeud: NoeudRabbitMQ) -> None:
        self.noeud = noeud

    def url(self, utilisateur: str = MAITRE) -> str:
        """Give the AMQP URL of a user."""
        return self.noeud.url(utilisateur, MOT_DE_PASSE, VHOST)

    @asynccontextmanager
    async def canal(self, utilisateur: str = MAITRE) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
        """Open a channel on which an unroutable message raises."""
        async with await aio_pika.connect(self.url(utilisateur)) as connexion:
            yield await connexion.channel(on_return_raises=True)

    async def publier(self, exchange: str, cle: str, *messages: aio_pika.Message, utilisateur: str = MAITRE) -> None:
        """Publish; all is confirmed at return."""
        async with self.canal(utilisateur) as canal:
            cible = await canal.get_exchange(exchange, ensure=False) if exchange else canal.default_exchange
            for message in messages:
                await cible.publish(message, routing_key=cle, timeout=10)

    @staticmethod
    def refuse(version: int = 1) -> DossierRefuse:
        """Make an event that notification alone hears."""
        motifs = Motifs(version=version, motifs=(CONTROLE,), decide_par="regle:essai.1")
        return DossierRefuse.dire("ENT-E55A1-00001", motifs, source="ent1d/intake", le=datetime.now(UTC))

    @staticmethod
    def message(evenement: Evenement[Any], **proprietes: Any) -> aio_pika.Message:  # noqa: ANN401 - AMQP properties
        """Make the message of an event, as the relay makes it but for these properties."""
        tout = {"message_id": str(evenement.id), "content_type": "application/json", **proprietes}
        return aio_pika.Message(evenement.model_dump_json().encode(), **tout)

    async def dire(self, *evenements: Evenement[Any], **proprietes: object) -> None:
        """Publish events as the service that tells them."""
        for evenement in evenements:
            emetteur = next(flux.emetteur for flux in FLUX if isinstance(evenement, flux.evenement))
            message = self.message(evenement, **proprietes)
            await self.publier(EXCHANGE_EVENEMENTS, evenement.cle, message, utilisateur=f"svc_{emetteur}")

    async def profondeur(self, file: str) -> int:
        """Count the ready messages of a queue."""
        return (await profondeurs(self.url(), [file]))[file]

    async def relever(self, file: str) -> list[AbstractIncomingMessage]:
        """Take all the ready messages of a queue."""
        releves = []
        async with self.canal() as canal:
            source = await canal.get_queue(file, ensure=False)
            while (message := await source.get(fail=False)) is not None:
                await message.ack()
                releves.append(message)
        return releves

    async def vider(self) -> None:
        """Purge every queue of the topology."""
        async with self.canal() as canal:
            for file in sorted(FILES, key=lambda nom: not nom.startswith("retry.")):  # what waits comes back elsewhere
                await (await canal.get_queue(file, ensure=False)).purge()

    @asynccontextmanager
    async def brouillon(self, *noms: str, **arguments: Any) -> AsyncIterator[None]:  # noqa: ANN401 - AMQP arguments
        """Declare scratch queues, gone at the end."""
        async with self.canal() as canal:
            for nom in noms:
                await canal.declare_queue(nom, durable=True, arguments=arguments or None)
            yield
            for nom in noms:
                await canal.queue_delete(nom)


class Depot:
    """A store that keeps nothing."""

    def __init__(self, base: Base) -> None:
        self.base = base

    async def prepare(self) -> None:
        """Have nothing to create."""


@pytest.fixture(scope="session")
def _session(rabbitmq: NoeudRabbitMQ) -> Banc:
    rabbitmq.ctl("add_user", MAITRE, MOT_DE_PASSE)
    rabbitmq.ctl("set_permissions", "-p", VHOST, MAITRE, ".*", ".*", ".*")
    return Banc(rabbitmq)


@pytest.fixture
async def banc(_session: Banc) -> Banc:
    """Give the session's node, all queues empty."""
    await _session.vider()
    return _session


@pytest.fixture(scope="module")
def noeud_a_soi(tmp_path_factory: pytest.TempPathFactory, partie: Callable[..., None]) -> Iterator[Banc]:
    """Give a node that this module's tests may kill, starve and erase."""
    donnees = tmp_path_factory.mktemp("noeud-a-soi")
    maitre: dict[str, Any] = {"name": MAITRE, "password": MOT_DE_PASSE, "tags": ""}
    droits = {"user": MAITRE, "vhost": VHOST, "configure": ".*", "write": ".*", "read": ".*"}
    tout = {
        **TOPOLOGIE,
        "users": [*TOPOLOGIE["users"], maitre],
        "permissions": [*TOPOLOGIE["permissions"], droits],
    }
    fichier = donnees / "definitions.json"
    fichier.write_text(json.dumps(tout), encoding="utf-8")
    noeud = NoeudRabbitMQ(donnees / "noeud", fichier)
    partie(noeud.start)
    yield Banc(noeud)
    noeud.kill()


@pytest.fixture
async def banc_a_soi(noeud_a_soi: Banc) -> Banc:
    """Give the module's own node, up, all queues empty."""
    noeud_a_soi.noeud.start()
    await noeud_a_soi.vider()
    return noeud_a_soi


@pytest.fixture
def reglages(mongod: NoeudMongo, mongo: Mongo) -> Callable[..., RuntimeSettings]:
    """Make the settings of a service on the test's own database; anything may be changed by name."""

    def faire(banc: Banc, service: str, **autres: object) -> RuntimeSettings:
        return RuntimeSettings(
            **{
                "rabbitmq_url": banc.url(f"svc_{service}"),
                "mongodb_url": mongod.url,
                "mongodb_database": mongo.database.name,
                "port": 8000,  # nobody listens: requests go to the application directly
                "publish_timeout": 2.0,
                "drain_timeout": 5.0,
                **autres,
            }
        )

    return faire


@asynccontextmanager
async def _vivre(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service") as http,
    ):
        yield http


@pytest.fixture
def vivre(fait: Callable[..., Any]) -> Vivre:
    """Run an application from its start to its drain; within, it consumes (unless `attendre` is False)."""

    @asynccontextmanager
    async def faire(app: Starlette, *, attendre: bool = True) -> AsyncIterator[httpx.AsyncClient]:
        async def pret() -> dict[str, bool]:
            etat: dict[str, bool] = (await http.get("/readyz")).json()
            return etat

        async with _vivre(app) as http:
            if attendre:
                await fait(pret, lambda etat: etat == {"mongodb": True, "rabbitmq": True})
            yield http

    return faire


@pytest.fixture
def petit_service(banc: Banc, reglages: Callable[..., RuntimeSettings], vivre: Vivre) -> Vivre:
    """Run a service made of a router only, by the real mould, on the session's node unless told another."""

    def faire(
        nom: str,
        router: RabbitRouter,
        store: Callable[[Base], Any] = Depot,
        parts: Parts | None = None,
        *,
        sur: Banc | None = None,
        attendre: bool = True,
        **autres: object,
    ) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        service = Service(nom, reglages(sur or banc, nom, **autres), router, store, lambda _: parts or Parts())
        return vivre(application(service), attendre=attendre)

    return faire


@pytest.fixture(autouse=True)
def _journaux() -> Iterator[None]:
    """Leave no logger writing to the captured output of a test that has ended."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    for handler in logging.getLogger().handlers[:]:
        if type(handler) is logging.StreamHandler:
            logging.getLogger().removeHandler(handler)


@pytest.fixture
def banc_sans_noeud() -> type[Banc]:
    """Make events without starting a broker."""
    return Banc
