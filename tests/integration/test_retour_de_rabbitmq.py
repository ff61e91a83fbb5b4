"""RabbitMQ goes and comes back, whatever it lost: what was owed is heard within seconds, and no hand is needed."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from faststream.rabbit import RabbitRouter
from yarl import URL

from contracts.evenements import DossierRefuse
from deploy.local.mandataire import Mandataire
from services._runtime.bus import listens
from services._runtime.mongo import Collection, Document, Mongo
from services._runtime.outbox import Outbox
from services._runtime.parked import Parked
from services._runtime.publisher import HEARTBEAT, Publisher, with_heartbeat
from services._runtime.receipts import PARKED, Receipts
from services._runtime.service import Base

if TYPE_CHECKING:
    from tests.integration.conftest import Banc, Vivre

Fait = Callable[..., Any]
Ouvrir = Callable[..., AbstractAsyncContextManager[Any]]
REPRISE = 40.0  # seconds that we promise, from the moment RabbitMQ is back


class Emetteur:
    """intake's outbox, as its store has it."""

    def __init__(self, base: Base) -> None:
        self.dossiers = base.outbox("dossiers")

    async def prepare(self) -> None:
        """Have nothing more to create."""


@pytest.fixture
async def collection(mongo: Mongo) -> Collection:
    return mongo.database["dossiers"]


@pytest.fixture
def emission(petit_service: "Vivre", banc_a_soi: "Banc") -> Ouvrir:
    """Run intake by the real mould, with nothing but its relay; give its outbox."""

    @asynccontextmanager
    async def faire(**autres: object) -> AsyncIterator[Outbox]:
        stores: list[Emetteur] = []

        def store(base: Base) -> Emetteur:
            stores.append(Emetteur(base))
            return stores[0]

        async with petit_service("intake", RabbitRouter(), store, **{"sur": banc_a_soi, **autres}):
            yield stores[0].dossiers

    return faire


@pytest.fixture
def ecoute(petit_service: "Vivre", banc_a_soi: "Banc") -> Ouvrir:
    """Run notification by the real mould; give the versions that it heard."""

    @asynccontextmanager
    async def faire(**autres: object) -> AsyncIterator[list[int]]:
        vus: list[int] = []
        router = RabbitRouter()

        @router.subscriber(**listens("notification", DossierRefuse))
        async def entendre(evenement: DossierRefuse) -> None:
            vus.append(evenement.data.version)

        async with petit_service("notification", router, **{"sur": banc_a_soi, **autres}):
            yield vus

    return faire


async def ecrire(outbox: Outbox, banc: "Banc", *versions: int) -> None:
    for version in versions:
        evenement = banc.refuse(version)
        assert await outbox.insert({"_id": str(evenement.id)}, evenement)


async def publies(collection: Collection) -> int:
    return await collection.count_documents({"sortie.publie": True})


async def soldes(collection: Collection) -> bool:
    return await collection.find_one({"sortie.echeance": {"$exists": True}}) is None


async def perdre_tout(banc: "Banc") -> None:
    await asyncio.to_thread(banc.noeud.effacer)
    await asyncio.to_thread(banc.noeud.start)


async def test_what_rabbitmq_confirmed_and_lost_is_heard_within_seconds_of_its_return(
    banc_a_soi: "Banc", emission: Ouvrir, ecoute: Ouvrir, collection: Collection, fait: Fait
) -> None:
    async with emission() as outbox:
        await ecrire(outbox, banc_a_soi, *range(1, 31))
        await fait(lambda: publies(collection), lambda nombre: nombre == 30)
        await perdre_tout(banc_a_soi)

        async with ecoute() as vus:
            await fait(lambda: soldes(collection), delai=REPRISE)
    assert sorted(vus) == [*range(1, 31)]


async def test_who_listens_hears_again_after_rabbitmq_lost_everything(
    banc_a_soi: "Banc", emission: Ouvrir, ecoute: Ouvrir, collection: Collection, fait: Fait
) -> None:
    async with emission() as outbox, ecoute() as vus:
        for version in (1, 2):
            await perdre_tout(banc_a_soi)
            await ecrire(outbox, banc_a_soi, version)
            await fait(lambda: soldes(collection), delai=REPRISE)
    assert set(vus) == {1, 2}


async def test_what_waited_for_a_person_waits_again_after_rabbitmq_lost_everything(
    banc_a_soi: "Banc", emission: Ouvrir, petit_service: "Vivre", collection: Collection, mongo: Mongo, fait: Fait
) -> None:
    router, recus = RabbitRouter(), mongo.database["recus_notification"]

    @router.subscriber(**listens("notification", DossierRefuse))
    async def echouer(_: DossierRefuse) -> None:
        raise ValueError

    async with emission() as outbox:
        async with petit_service("notification", router, sur=banc_a_soi):
            await ecrire(outbox, banc_a_soi, 1)
            await fait(lambda: recus.find_one({"issue": "parque"}))
        await fait(lambda: collection.find_one({"sortie.echeance": {"$gt": datetime.now(UTC) + timedelta(minutes=1)}}))
        async with petit_service("notification", router, sur=banc_a_soi):
            await perdre_tout(banc_a_soi)
            await fait(lambda: banc_a_soi.profondeur("notification.parking"), lambda n: n == 1, delai=REPRISE)
        assert not await soldes(collection)


async def test_what_is_still_in_the_parking_queue_is_not_told_again(banc_a_soi: "Banc", mongo: Mongo) -> None:
    publisher, recus = (
        Publisher(banc_a_soi.url("svc_notification"), name="essai", timeout=5),
        Receipts(mongo.database, "notification"),
    )
    await publisher.connect()
    parked = Parked("notification", publisher, recus)
    await recus.record("un", PARKED)
    await banc_a_soi.publier("", "notification.parking", banc_a_soi.message(banc_a_soi.refuse()))

    for restent in (1, 0):
        parked.look_again()
        await parked._look()
        assert await mongo.database["recus_notification"].count_documents({"issue": PARKED}) == restent
        await banc_a_soi.relever("notification.parking")
    await publisher.close()


def entree(banc: "Banc", version: int, *, essais: int, publie: bool = True) -> Document:
    """Make a document that owes an event, told so many times, whose date is far."""
    evenement, loin = banc.refuse(version), datetime.now(UTC) + timedelta(hours=1)
    du = {"id": str(evenement.id), "cle": evenement.cle, "corps": evenement.model_dump_json().encode()}
    return {
        "_id": str(version),
        "sortie": [{**du, "publie": publie, "essais": essais, "depuis": loin, "echeance": loin}],
    }


async def test_a_service_that_starts_tells_again_what_was_told_once_and_no_more(
    banc_a_soi: "Banc", emission: Ouvrir, collection: Collection, fait: Fait
) -> None:
    """RabbitMQ may have lost it while nobody was there; a service that restarts in a loop must not repeat for ever."""
    await collection.insert_many([entree(banc_a_soi, 1, essais=1), entree(banc_a_soi, 2, essais=2)])

    async with emission():
        await fait(lambda: banc_a_soi.profondeur("notification.dossier-refuse-v1"))
    async with emission():
        await fait(lambda: collection.count_documents({"sortie.essais": 2}), lambda nombre: nombre == 2)
    (message,) = await banc_a_soi.relever("notification.dossier-refuse-v1")
    assert message.message_id == str(banc_a_soi.refuse(1).id)


async def test_a_rabbitmq_that_stops_without_a_word_and_goes_on_is_heard_again(
    banc_a_soi: "Banc", emission: Ouvrir, ecoute: Ouvrir, collection: Collection, fait: Fait
) -> None:
    noeud = banc_a_soi.noeud._processus[-1]
    async with emission() as outbox, ecoute() as vus:
        noeud.signaler(signal.SIGSTOP)
        try:
            await ecrire(outbox, banc_a_soi, 1)  # confirmed by nobody within its timeout
            await fait(lambda: collection.count_documents({"sortie.echeance": {"$gt": datetime.now(UTC)}}))
        finally:
            noeud.signaler(signal.SIGCONT)
        await fait(lambda: soldes(collection), delai=REPRISE)
    assert set(vus) == {1}


@pytest.fixture
def reseau(noeud_a_soi: "Banc", monkeypatch: pytest.MonkeyPatch) -> Iterator[Mandataire]:
    """Stand between the services and their node, who notice within 7 s that the other is gone: 31 in production."""
    monkeypatch.setattr("services._runtime.publisher.HEARTBEAT", 1)
    with Mandataire(noeud_a_soi.noeud.port) as reseau:
        yield reseau


async def test_a_connection_that_died_without_a_word_is_noticed_and_replaced(
    banc_a_soi: "Banc",
    reseau: Mandataire,
    emission: Ouvrir,
    ecoute: Ouvrir,
    collection: Collection,
    fait: Fait,
) -> None:
    def par(utilisateur: str) -> str:
        return str(URL(banc_a_soi.url(utilisateur)).with_port(reseau.port))

    async with (
        emission(rabbitmq_url=par("svc_intake")) as outbox,
        ecoute(rabbitmq_url=par("svc_notification")) as vus,
    ):
        avant = reseau.connexions
        await asyncio.to_thread(reseau.avaler)
        await ecrire(outbox, banc_a_soi, 1)
        # Each has two connections, and all are opened again although none was cut.
        await fait(lambda: reseau.connexions, lambda nombre: nombre >= avant + 4)
        await asyncio.to_thread(reseau.transmettre)
        await fait(lambda: soldes(collection), delai=REPRISE)
    assert set(vus) == {1}


def test_a_connection_says_how_soon_it_must_be_noticed_dead() -> None:
    assert with_heartbeat("amqp://u:p%2F@h:1/v") == f"amqp://u:p%2F@h:1/v?heartbeat={HEARTBEAT}"
    assert with_heartbeat("amqp://u:p@h/v?heartbeat=3") == "amqp://u:p@h/v?heartbeat=3"
    assert 3 * (HEARTBEAT + 1) + HEARTBEAT // 2 < REPRISE - 5
