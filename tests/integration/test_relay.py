"""What a document owes is told until every listener has recorded it, whatever dies or fails meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from faststream.rabbit import RabbitRouter

from contracts.evenements import AAFLivre, DossierRefuse, DossierValide, Validation
from deploy.demo.dossiers import CONFORME
from services._runtime.bus import listens
from services._runtime.mongo import Collection, Document, Mongo
from services._runtime.outbox import Outbox
from services._runtime.publisher import Publisher
from services._runtime.receipts import PARKED, Receipts
from services._runtime.relay import BATCH, MAX_DOUBLINGS, Relay
from services._runtime.service import Base

if TYPE_CHECKING:
    from tests.integration.conftest import Banc, Vivre

FILE = "notification.dossier-refuse-v1"
Fait = Callable[..., Any]


class Emetteur:
    """A service that owes events: its outboxes, as its store has them."""

    def __init__(self, base: Base) -> None:
        self.relay = base.relay
        self.dossiers = base.outbox("dossiers")
        self.autres = base.outbox("autres")

    async def prepare(self) -> None:
        """Have nothing more to create."""


class Mourant:
    """Stands for the relay of a process that dies between its write and the publish."""

    def offer(self, _: object) -> None:
        """Do nothing more: all is left to the sweep of another process."""


class Emission:
    """Runs intake by the real mould, with nothing but its relay."""

    def __init__(self, petit_service: "Vivre") -> None:
        self._petit_service = petit_service

    @asynccontextmanager
    async def __call__(self, **reglages: Any) -> AsyncIterator[tuple[Emetteur, httpx.AsyncClient]]:  # noqa: ANN401
        """Give its store and its HTTP door."""
        stores: list[Emetteur] = []

        def store(base: Base) -> Emetteur:
            stores.append(Emetteur(base))
            return stores[0]

        async with self._petit_service("intake", RabbitRouter(), store, **reglages) as http:
            yield stores[0], http


@pytest.fixture
def emission(petit_service: "Vivre") -> Emission:
    return Emission(petit_service)


@pytest.fixture(autouse=True)
def _delais_courts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a sweep look after 0.2 s at what the process that wrote did not publish: 3 s in production."""
    for module in ("outbox", "relay"):
        monkeypatch.setattr(f"services._runtime.{module}.OWN_TIME", timedelta(seconds=0.2))


@pytest.fixture
async def collection(mongo: Mongo) -> Collection:
    return mongo.database["dossiers"]


async def soldes(collection: Collection) -> bool:
    return await collection.find_one({"sortie.echeance": {"$exists": True}}) is None


async def publies(collection: Collection) -> int:
    return await collection.count_documents({"sortie.publie": True})


async def du(collection: Collection) -> Document:
    """Read the one event owed."""
    document = await collection.find_one({"sortie.echeance": {"$exists": True}})
    assert document is not None
    (evenement,) = document["sortie"]
    return dict(evenement)


def refus(banc: "Banc", nombre: int) -> list[DossierRefuse]:
    return [banc.refuse(version) for version in range(1, nombre + 1)]


def valide(banc: "Banc") -> DossierValide:
    validation = Validation(
        version=1, siret=CONFORME.siret, commune="77288", ecoles=CONFORME.ecoles, decide_par="regle:essai"
    )
    return DossierValide.dire("ENT-E55A1-00001", validation, source="ent1d/intake", le=banc.refuse().time)


async def ecrire(outbox: Outbox, *evenements: Any) -> None:  # noqa: ANN401 - events of any type
    """Make a document per event."""
    faits = await asyncio.gather(*(outbox.insert({"_id": str(e.id)}, e) for e in evenements))
    assert all(faits)


def notification(vus: list[str]) -> RabbitRouter:
    """Hear DossierRefusé as the one service that must."""
    router = RabbitRouter()

    @router.subscriber(**listens("notification", DossierRefuse))
    async def entendre(evenement: DossierRefuse) -> None:
        vus.append(str(evenement.id))

    return router


# --- When all goes well ---


async def test_an_event_is_told_at_once_and_settled_when_its_listener_has_recorded_it(
    banc: "Banc",
    emission: Emission,
    petit_service: "Vivre",
    collection: Collection,
    fait: Fait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vus: list[str] = []
    # No sweep looks at it before an hour: the process that wrote publishes.
    monkeypatch.setattr("services._runtime.outbox.OWN_TIME", timedelta(hours=1))
    async with emission() as (store, _):
        await ecrire(store.dossiers, banc.refuse())
        await fait(lambda: banc.profondeur(FILE), delai=2)

        await fait(lambda: publies(collection))
        assert not await soldes(collection)  # confirmed by the broker is not enough
        async with petit_service("notification", notification(vus)):
            await fait(lambda: soldes(collection))
    assert vus == [str(banc.refuse().id)]


async def test_an_event_with_two_listeners_is_settled_when_both_have_recorded_it(
    banc: "Banc", emission: Emission, mongo: Mongo, collection: Collection, fait: Fait
) -> None:
    evenement = valide(banc)
    async with emission(unsettled_after=0.3) as (store, _):
        await ecrire(store.dossiers, evenement)
        await Receipts(mongo.database, "notification").record(str(evenement.id))
        # Told again although one listener has it: the sweep has looked at the receipts and did not settle.
        await fait(lambda: banc.profondeur("aaf_dispatch.dossier-valide-v1"), lambda nombre: nombre >= 2)
        assert not await soldes(collection)

        await Receipts(mongo.database, "aaf_dispatch").record(str(evenement.id))
        await fait(lambda: soldes(collection))


async def test_two_relays_at_once_lose_nothing(
    banc: "Banc", emission: Emission, petit_service: "Vivre", collection: Collection, fait: Fait
) -> None:
    vus: list[str] = []
    evenements = refus(banc, 300)
    async with emission() as (un, _), emission() as (deux, _), petit_service("notification", notification(vus)):
        await asyncio.gather(ecrire(un.dossiers, *evenements[::2]), ecrire(deux.dossiers, *evenements[1::2]))
        await fait(lambda: soldes(collection))
    assert set(vus) == {str(e.id) for e in evenements}


# --- When something dies ---


async def test_an_event_whose_process_died_before_publishing_is_told_by_the_sweep_of_another(
    banc: "Banc", emission: Emission, mongo: Mongo, collection: Collection, fait: Fait
) -> None:
    await ecrire(Outbox(mongo.database, "dossiers", Mourant()), *refus(banc, 20))

    async with emission():
        await fait(lambda: banc.profondeur(FILE), lambda nombre: nombre == 20)
        await fait(lambda: publies(collection), lambda nombre: nombre == 20)


async def test_writing_needs_no_rabbitmq_and_the_events_flow_when_it_is_back(
    banc_a_soi: "Banc", emission: Emission, collection: Collection, fait: Fait
) -> None:
    async with emission(sur=banc_a_soi) as (store, http):
        await asyncio.to_thread(banc_a_soi.noeud.kill)
        debut = time.monotonic()
        await ecrire(store.dossiers, *refus(banc_a_soi, 50))
        assert time.monotonic() - debut < 2
        await fait(lambda: retard(store, http), lambda age: age > 1)  # what the alert looks at

        await asyncio.to_thread(banc_a_soi.noeud.start)
        await fait(lambda: banc_a_soi.profondeur(FILE), lambda nombre: nombre >= 50)
        await fait(lambda: publies(collection), lambda nombre: nombre == 50)
        await fait(lambda: retard(store, http), lambda age: age == 0)


async def retard(store: Emetteur, http: httpx.AsyncClient) -> float:
    """Read the age in seconds of the oldest event of `dossiers` not confirmed, measured now."""
    next(worker for worker in store.relay.workers if worker.name == "measure").wake()
    nom = 'outbox_oldest_unpublished_seconds{collection="dossiers"}'
    lignes = (await http.get("/metrics")).text.splitlines()
    return next((float(ligne.split()[-1]) for ligne in lignes if ligne.startswith(nom)), 0.0)


async def test_what_the_broker_confirmed_and_lost_is_told_again(
    banc_a_soi: "Banc", emission: Emission, petit_service: "Vivre", collection: Collection, fait: Fait
) -> None:
    vus: list[str] = []
    async with emission(sur=banc_a_soi, unsettled_after=1.0) as (store, _):
        await ecrire(store.dossiers, *refus(banc_a_soi, 30))
        await fait(lambda: publies(collection), lambda nombre: nombre == 30)
        await asyncio.to_thread(banc_a_soi.noeud.effacer)
        await asyncio.to_thread(banc_a_soi.noeud.start)

        async with petit_service("notification", notification(vus), sur=banc_a_soi):
            await fait(lambda: soldes(collection))
    assert set(vus) == {str(e.id) for e in refus(banc_a_soi, 30)}


async def test_a_connection_cut_while_it_publishes_does_not_stop_the_relay(
    banc_a_soi: "Banc", emission: Emission, collection: Collection, fait: Fait
) -> None:
    ctl = banc_a_soi.noeud.ctl
    async with emission(sur=banc_a_soi, publish_timeout=30.0) as (store, _):
        await asyncio.to_thread(ctl, "set_vm_memory_high_watermark", "0")
        try:
            await ecrire(store.dossiers, *refus(banc_a_soi, 200))  # waits at the broker, which no longer reads
            await asyncio.to_thread(ctl, "close_all_connections", "essai")
        finally:
            await asyncio.to_thread(ctl, "set_vm_memory_high_watermark", "0.8")
        await ecrire(store.dossiers, *refus(banc_a_soi, 250)[200:])
        await fait(lambda: publies(collection), lambda nombre: nombre == 250)


# --- When something does not take the event ---


async def test_an_event_that_a_listener_has_parked_is_neither_told_again_nor_settled_until_replayed(
    banc: "Banc", emission: Emission, mongo: Mongo, collection: Collection, fait: Fait
) -> None:
    evenement, recus = banc.refuse(), Receipts(mongo.database, "notification")
    await recus.record(str(evenement.id), PARKED)
    async with emission(unsettled_after=0.1) as (store, _):
        await ecrire(store.dossiers, evenement)
        await fait(lambda: du(collection), lambda vu: vu["essais"] >= 4)  # looked at again and again
        assert await banc.profondeur(FILE) == 1  # told once

        await recus.record(str(evenement.id))
        await fait(lambda: soldes(collection))
    assert await banc.profondeur(FILE) == 1


async def test_an_unroutable_event_is_kept_and_holds_up_no_other(
    banc_a_soi: "Banc", emission: Emission, collection: Collection, fait: Fait
) -> None:
    async with banc_a_soi.canal() as canal, emission(sur=banc_a_soi) as (store, http):
        file = await canal.get_queue(FILE, ensure=False)
        await file.unbind("dossiers", DossierRefuse.cle)
        try:
            await ecrire(store.dossiers, *refus(banc_a_soi, 10), valide(banc_a_soi))
            await ecrire(store.autres, valide(banc_a_soi))
            await fait(lambda: banc_a_soi.profondeur("aaf_dispatch.dossier-valide-v1"), lambda nombre: nombre == 2)
            await fait(lambda: retard(store, http), lambda age: age > 2)  # although tried again meanwhile
            assert await publies(collection) == 1
        finally:
            await file.bind("dossiers", DossierRefuse.cle)
        await fait(lambda: publies(collection), lambda nombre: nombre == 11)
        await fait(lambda: banc_a_soi.profondeur(FILE), lambda nombre: nombre == 10)


async def test_a_collection_whose_events_all_fail_holds_up_no_other(
    banc_a_soi: "Banc", emission: Emission, mongo: Mongo, fait: Fait
) -> None:
    async with banc_a_soi.canal() as canal:
        file = await canal.get_queue(FILE, ensure=False)
        await file.unbind("dossiers", DossierRefuse.cle)
        try:
            await ecrire(Outbox(mongo.database, "dossiers", Mourant()), *refus(banc_a_soi, 4 * BATCH))
            await ecrire(Outbox(mongo.database, "autres", Mourant()), valide(banc_a_soi))
            async with emission(sur=banc_a_soi):
                await fait(lambda: banc_a_soi.profondeur("aaf_dispatch.dossier-valide-v1"), delai=5)
        finally:
            await file.bind("dossiers", DossierRefuse.cle)


def ancien(cle: str, *, publie: bool) -> Document:
    """Make a document that owes an event whose date is long past: it is always claimed with its neighbours."""
    echu = datetime.now(UTC) - timedelta(seconds=1)
    du = {"id": "ancien", "cle": cle, "corps": b"{}", "publie": publie, "essais": 0, "depuis": echu, "echeance": echu}
    return {"_id": "ancien", "sortie": [du]}


@pytest.mark.parametrize("cle", [AAFLivre.cle, "dossier.ancien.v1"], ids=["interdite", "inconnue"])
async def test_an_event_that_the_broker_refuses_holds_up_no_other(
    cle: str, banc: "Banc", emission: Emission, mongo: Mongo, collection: Collection, fait: Fait
) -> None:
    """As during an upgrade whose topology came late: the broker closes the channel on its neighbours too."""
    evenements = refus(banc, 60)
    await collection.insert_one(ancien(cle, publie=False))
    await ecrire(Outbox(mongo.database, "dossiers", Mourant()), *evenements)

    async with emission():
        await fait(lambda: publies(collection), lambda nombre: nombre == 60)

    assert {message.message_id for message in await banc.relever(FILE)} == {str(e.id) for e in evenements}
    assert await collection.find_one({"_id": "ancien", "sortie.id": "ancien"})


async def test_an_event_of_a_contract_that_is_no_more_is_kept_and_holds_up_no_settlement(
    banc: "Banc", emission: Emission, mongo: Mongo, collection: Collection, fait: Fait
) -> None:
    evenements, recus = refus(banc, 10), Receipts(mongo.database, "notification")
    await collection.insert_one(ancien("dossier.ancien.v1", publie=True))
    await ecrire(Outbox(mongo.database, "dossiers", Mourant()), *evenements)
    await collection.update_many({}, {"$set": {"sortie.0.publie": True}})  # by a process that then died
    await asyncio.gather(*(recus.record(str(e.id)) for e in evenements))

    async with emission(unsettled_after=0.3):
        await fait(lambda: collection.count_documents({"sortie": []}), lambda nombre: nombre == 10)
    assert (await du(collection))["id"] == "ancien"


# --- What is bounded ---


async def test_an_event_nobody_hears_is_told_at_waits_that_grow_up_to_a_limit(
    banc: "Banc", emission: Emission, collection: Collection, fait: Fait
) -> None:
    async with emission(unsettled_after=0.2) as (store, _):
        await ecrire(store.dossiers, banc.refuse())
        await fait(lambda: du(collection), lambda vu: vu["essais"] >= 3)
        copies = await banc.profondeur(FILE)
        assert 3 <= copies <= (await du(collection))["essais"]

        loin = {"sortie.0.essais": 50, "sortie.0.echeance": datetime.now(UTC)}
        await collection.update_one({}, {"$set": loin})
        vu = await fait(lambda: du(collection), lambda vu: vu["essais"] == 51)
        attente = (vu["echeance"] - datetime.now(UTC)).total_seconds()
        assert attente == pytest.approx(0.2 * 2**MAX_DOUBLINGS, abs=1)


async def test_without_rabbitmq_the_relay_keeps_in_memory_a_bounded_number_of_events(
    banc: "Banc", mongo: Mongo, fait: Fait
) -> None:
    muet = Relay(mongo.database, Publisher(banc.url(), name="essai", timeout=1.0), unsettled_after=1.0)
    boite = Outbox(mongo.database, "dossiers", muet)

    await ecrire(boite, *refus(banc, 11 * BATCH))

    assert len(muet._offered) <= 10 * BATCH
    publier = next(worker for worker in muet.workers if worker.name == "relay")
    tache = asyncio.create_task(publier.run())
    await fait(lambda: len(muet._offered), lambda nombre: nombre == 0)  # MongoDB has them all
    publier.stop()
    await tache
    assert await mongo.database["dossiers"].count_documents({"sortie.publie": False}) == 11 * BATCH
