"""A state and the event that tells it are one write: both are there, or neither."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from contracts.evenements import DossierRefuse
from services._runtime.mongo import Mongo
from services._runtime.outbox import Outbox, Owed

if TYPE_CHECKING:
    from tests.integration.conftest import Banc


class Releve:
    """Stands for a relay that dies before it publishes anything: what it is offered goes no further."""

    def __init__(self) -> None:
        self.offerts: list[Owed] = []

    def offer(self, owed: Sequence[Owed]) -> None:
        """Note them."""
        self.offerts.extend(owed)


@pytest.fixture
def releve() -> Releve:
    return Releve()


@pytest.fixture
async def outbox(mongo: Mongo, releve: Releve) -> Outbox:
    boite = Outbox(mongo.database, "dossiers", releve)
    await boite.prepare()
    return boite


@pytest.fixture
def refus(banc_sans_noeud: "type[Banc]") -> DossierRefuse:
    return banc_sans_noeud.refuse()


async def test_a_new_document_holds_its_state_and_the_event_it_owes(
    outbox: Outbox, releve: Releve, refus: DossierRefuse
) -> None:
    avant = datetime.now(UTC)

    assert await outbox.insert({"_id": "d", "etat": "refuse"}, refus)

    document = await outbox.collection.find_one({"_id": "d"})
    assert document is not None
    (du,) = document["sortie"]
    assert document["etat"] == "refuse"
    assert (du["id"], du["cle"], du["publie"]) == (str(refus.id), refus.cle, False)
    assert DossierRefuse.model_validate_json(du["corps"]) == refus
    assert du["echeance"] > avant  # the process that wrote has this long before another looks at it
    assert [(owed.id, owed.corps) for owed in releve.offerts] == [(str(refus.id), du["corps"])]


async def test_a_document_already_there_owes_nothing_more(outbox: Outbox, releve: Releve, refus: DossierRefuse) -> None:
    await outbox.insert({"_id": "d", "etat": "depose"})

    assert not await outbox.insert({"_id": "d", "etat": "refuse"}, refus)

    document = await outbox.collection.find_one({"_id": "d"})
    assert document is not None
    assert (document["etat"], document["sortie"]) == ("depose", [])
    assert releve.offerts == []


async def test_a_change_pushes_its_event_beside_what_else_it_pushes(outbox: Outbox, refus: DossierRefuse) -> None:
    await outbox.insert({"_id": "d", "etat": "depose", "chronologie": ["depose"]})

    assert await outbox.update(
        "d", {"etat": "depose"}, {"$set": {"etat": "refuse"}, "$push": {"chronologie": "refuse"}}, refus
    )

    document = await outbox.collection.find_one({"_id": "d"})
    assert document is not None
    assert (document["etat"], document["chronologie"]) == ("refuse", ["depose", "refuse"])
    assert [du["id"] for du in document["sortie"]] == [str(refus.id)]


async def test_a_change_that_comes_too_late_owes_nothing(outbox: Outbox, releve: Releve, refus: DossierRefuse) -> None:
    await outbox.insert({"_id": "d", "etat": "valide"})

    assert not await outbox.update("d", {"etat": "depose"}, {"$set": {"etat": "refuse"}}, refus)

    document = await outbox.collection.find_one({"_id": "d"})
    assert document is not None
    assert (document["etat"], document["sortie"]) == ("valide", [])
    assert releve.offerts == []


async def test_of_many_replicas_making_the_same_change_one_owes_the_event(
    mongo: Mongo, releve: Releve, refus: DossierRefuse
) -> None:
    replicas = [Outbox(mongo.database, "dossiers", releve) for _ in range(10)]
    await replicas[0].insert({"_id": "d", "etat": "depose"})

    faits = await asyncio.gather(
        *(r.update("d", {"etat": "depose"}, {"$set": {"etat": "refuse"}}, refus) for r in replicas for _ in range(5))
    )

    document = await replicas[0].collection.find_one({"_id": "d"})
    assert document is not None
    assert sum(faits) == len(document["sortie"]) == len(releve.offerts) == 1


async def test_the_sweep_reads_only_documents_that_owe(outbox: Outbox, refus: DossierRefuse) -> None:
    await asyncio.gather(*(outbox.insert({"_id": f"soldé-{n}"}) for n in range(500)))
    await asyncio.gather(*(outbox.insert({"_id": f"doit-{n}"}, refus) for n in range(3)))

    echus = {"sortie.echeance": {"$lte": datetime(2100, 1, 1, tzinfo=UTC)}}
    explication = await outbox.collection.find(echus).sort("sortie.echeance", 1).explain()

    assert explication["executionStats"]["nReturned"] == 3
    assert explication["executionStats"]["totalDocsExamined"] == 3
    assert explication["executionStats"]["totalKeysExamined"] <= 4
