"""Writes sent in groups give each caller its own, exact answer."""

import asyncio
from typing import Any

import pytest
from pymongo import WriteConcern
from pymongo.errors import PyMongoError

from services._runtime.mongo import GROUP_MAX, Collection, Document, GroupCommit, Mongo


@pytest.fixture
def collection(mongo: Mongo) -> Collection:
    return mongo.database["essais"]


@pytest.fixture
def groupe(collection: Collection) -> GroupCommit:
    return GroupCommit(collection)


class Groupes:
    """Counts the bulks that reach MongoDB through a collection."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self.tailles: list[int] = []

    def __getattr__(self, nom: str) -> Any:  # noqa: ANN401 - whatever the collection has
        return getattr(self._collection, nom)

    async def bulk_write(self, operations: list[Any], **options: Any) -> Any:  # noqa: ANN401 - idem
        """Note how many writes come together."""
        self.tailles.append(len(operations))
        return await self._collection.bulk_write(operations, **options)


async def test_of_concurrent_inserts_of_one_id_exactly_one_is_told_it_inserted(
    groupe: GroupCommit, collection: Collection
) -> None:
    await collection.insert_one({"_id": "d-7", "auteur": "un autre processus"})
    demandes = [(f"d-{rang % 50}", rang) for rang in range(400)]

    faits = await asyncio.gather(*(groupe.insert({"_id": _id, "auteur": rang}) for _id, rang in demandes))

    gagnants = {_id: rang for (_id, rang), fait in zip(demandes, faits, strict=True) if fait}
    assert sum(faits) == 49
    assert "d-7" not in gagnants
    async for document in collection.find({"_id": {"$ne": "d-7"}}):
        assert document["auteur"] == gagnants[document["_id"]]


async def test_an_insert_refused_by_another_unique_key_is_told_so(groupe: GroupCommit, collection: Collection) -> None:
    await collection.create_index("cle", unique=True)

    faits = await asyncio.gather(*(groupe.insert({"_id": rang, "cle": rang % 3}) for rang in range(30)))

    assert sum(faits) == 3
    assert await collection.count_documents({}) == 3


async def test_two_hundred_increments_under_a_version_condition_add_up_to_two_hundred(
    groupe: GroupCommit, collection: Collection
) -> None:
    await collection.insert_one({"_id": "compteur", "version": 0, "total": 0})
    quarante = asyncio.Semaphore(40)  # at once: more only makes more of them lose each turn

    async def incrementer() -> None:
        async with quarante:
            await jusqu_a_gagner()

    async def jusqu_a_gagner() -> None:
        while True:
            lu = await collection.find_one({"_id": "compteur"})
            assert lu is not None
            suivant = {"$set": {"version": lu["version"] + 1}, "$inc": {"total": 1}}
            if await groupe.update("compteur", {"version": lu["version"]}, suivant):
                return

    await asyncio.gather(*(incrementer() for _ in range(200)))

    fini = await collection.find_one({"_id": "compteur"})
    assert fini is not None
    assert (fini["version"], fini["total"]) == (200, 200)


async def test_two_processes_updating_one_document_both_know_what_they_did(mongo: Mongo) -> None:
    collection = mongo.database["essais"]
    await collection.insert_one({"_id": "compteur", "total": 0})
    processus = [GroupCommit(mongo.database["essais"]) for _ in range(4)]

    async def travailler(groupe: GroupCommit, rang: int) -> list[bool]:
        # Every other update cannot match: its bulk as a whole tells nothing of the ones beside it.
        return await asyncio.gather(
            *(groupe.update("compteur" if n % 2 else f"absent-{rang}", {}, {"$inc": {"total": 1}}) for n in range(100))
        )

    faits = await asyncio.gather(*(travailler(groupe, rang) for rang, groupe in enumerate(processus)))

    assert [fait for un in faits for fait in un] == [bool(n % 2) for _ in processus for n in range(100)]
    fini = await collection.find_one({"_id": "compteur"})
    assert fini is not None
    assert fini["total"] == 200


async def test_what_marks_a_document_stays_small_however_often_it_changes(
    groupe: GroupCommit, collection: Collection
) -> None:
    await collection.insert_one({"_id": "souvent", "total": 0})

    for _ in range(5):
        await asyncio.gather(*(groupe.update("souvent", {}, {"$inc": {"total": 1}}) for _ in range(400)))

    (lu,) = await collection.aggregate([{"$project": {"taille": {"$bsonSize": "$$ROOT"}, "total": 1}}]).to_list(1)
    assert lu["total"] == 2000
    assert lu["taille"] < 16_000


async def test_an_update_whose_condition_no_longer_holds_changes_nothing_and_says_so(
    groupe: GroupCommit, collection: Collection
) -> None:
    await collection.insert_many([{"_id": rang, "etat": "depose" if rang % 2 else "valide"} for rang in range(100)])

    faits = await asyncio.gather(
        *(groupe.update(rang, {"etat": "depose"}, {"$set": {"etat": "refuse"}}) for rang in range(100))  # type: ignore[arg-type]
    )

    assert faits == [bool(rang % 2) for rang in range(100)]
    assert await collection.count_documents({"etat": "refuse"}) == 50


async def test_concurrent_upserts_of_one_document_all_succeed(groupe: GroupCommit, collection: Collection) -> None:
    await asyncio.gather(*(groupe.upsert("recu", {"$set": {"issue": "recu"}}) for _ in range(300)))

    assert await collection.count_documents({}) == 1


async def test_one_write_that_mongodb_refuses_fails_alone(groupe: GroupCommit, collection: Collection) -> None:
    await collection.insert_one({"_id": "texte", "valeur": "pas un nombre"})
    await collection.insert_one({"_id": "nombre", "valeur": 1})

    refuse, change, nouveau = await asyncio.gather(
        groupe.update("texte", {}, {"$inc": {"valeur": 1}}),
        groupe.update("nombre", {}, {"$inc": {"valeur": 1}}),
        groupe.insert({"_id": "nouveau"}),
        return_exceptions=True,
    )

    assert isinstance(refuse, PyMongoError)
    assert (change, nouveau) == (True, True)


@pytest.mark.parametrize("valeur", [2**63, object(), "\ud800"], ids=["entier", "objet", "surrogate"])
async def test_one_write_that_cannot_be_encoded_fails_alone(groupe: GroupCommit, valeur: object) -> None:
    refuse, *autres = await asyncio.gather(
        groupe.insert({"_id": "impossible", "valeur": valeur}),
        *(groupe.insert({"_id": f"bon-{rang}"}) for rang in range(20)),
        return_exceptions=True,
    )

    assert isinstance(refuse, Exception)
    assert autres == [True] * 20


async def test_an_error_of_the_whole_group_reaches_every_waiter(collection: Collection) -> None:
    sans_majorite = GroupCommit(collection.with_options(write_concern=WriteConcern(w=2, wtimeout=50)))

    issues = await asyncio.gather(*(sans_majorite.insert({"_id": rang}) for rang in range(20)), return_exceptions=True)

    assert all(isinstance(issue, PyMongoError) for issue in issues)
    assert await GroupCommit(collection).insert({"_id": "après"})


async def test_a_waiter_that_gives_up_hurts_no_other(groupe: GroupCommit, collection: Collection) -> None:
    taches = [asyncio.create_task(groupe.insert({"_id": rang})) for rang in range(50)]
    await asyncio.to_thread(int)  # let them all ask
    for tache in taches[::5]:
        tache.cancel()

    issues = await asyncio.gather(*taches, return_exceptions=True)

    assert [issue for issue in issues if issue is True] == [True] * 40
    assert await collection.count_documents({}) >= 40
    assert await groupe.insert({"_id": "après"})


async def test_a_write_that_comes_alone_waits_for_nobody(collection: Collection) -> None:
    vus = Groupes(collection)
    groupe = GroupCommit(vus)  # type: ignore[arg-type]

    for rang in range(3):
        await groupe.insert({"_id": rang})

    assert vus.tailles == [1, 1, 1]


async def test_writes_asked_for_together_share_a_bulk(collection: Collection) -> None:
    vus = Groupes(collection)
    groupe = GroupCommit(vus)  # type: ignore[arg-type]
    documents: list[Document] = [{"_id": rang} for rang in range(2 * GROUP_MAX + 10)]

    await asyncio.gather(*(groupe.insert(document) for document in documents))

    assert len(vus.tailles) <= 4
    assert max(vus.tailles) == GROUP_MAX
