"""The real mongod, reached in place: a driver with motor's doors, each write of which is a door of the model.

Motor hands each call to a thread, and no two runs are alike; PyMongo's collections spend on each call twice what mongod
does. Here a command goes to the server on one connection. What was written is told: invariants read again only that.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final, Self

from bson.codec_options import CodecOptions
from pymongo import InsertOne, MongoClient, UpdateOne
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError
from pymongo.synchronous.pool import Connection

from services._runtime.mongo import Document

from .portes import VIE, Moment, Porte, franchir

NOM: Final = "modele"
DATES: Final[CodecOptions[Any]] = CodecOptions(tz_aware=True)
SANS_ATTENDRE: Final = {"writeConcern": {"w": 1, "j": False}}  # nobody kills this mongod


class Base:
    """The database. `ecrite` is told the name of each collection that is written."""

    def __init__(self, connexion: Connection, ecrite: Callable[[str], None]) -> None:
        self._connexion = connexion
        self.ecrite = ecrite

    def commander(self, commande: Mapping[str, Any]) -> Document:
        """Have the server do a command, and give its reply. Raises OperationFailure."""
        reponse: Document = self._connexion.command(NOM, dict(commande), codec_options=DATES)
        return reponse

    def lire(self, commande: Mapping[str, Any]) -> list[Document]:
        """Read all that a find or an aggregate gives."""
        curseur = self.commander(commande)["cursor"]
        assert not curseur["id"], "plus de documents qu’une seule réponse n’en porte"
        lus: list[Document] = curseur["firstBatch"]
        return lus

    def ecrire(self, commande: Mapping[str, Any]) -> Document:
        """Write; the reply tells the errors of each document."""
        self.ecrite(next(iter(commande.values())))
        return self.commander({**commande, **SANS_ATTENDRE})

    def vider(self, collection: str) -> None:
        """Empty a collection."""
        self.commander({"delete": collection, "deletes": [{"q": {}, "limit": 0}], **SANS_ATTENDRE})


def connexion(client: "MongoClient[Document]") -> Any:  # noqa: ANN401 - a context manager of PyMongo's own
    """Take one connection out of PyMongo's pool."""
    return client._conn_for_writes(None, operation="modele")


class Curseur:
    """What `find` and `aggregate` give."""

    def __init__(self, base: Base, commande: Document) -> None:
        self._base = base
        self._commande = commande

    def sort(self, champ: str, sens: int) -> Self:
        """Sort."""
        self._commande["sort"] = {champ: sens}
        return self

    def limit(self, nombre: int) -> Self:
        """Limit."""
        self._commande["limit"] = nombre
        return self

    async def to_list(self, nombre: int | None = None) -> list[Document]:
        """Read."""
        await VIE.get().seuil()
        return self._base.lire(self._commande)[:nombre]

    async def __aiter__(self) -> AsyncIterator[Document]:
        for document in await self.to_list():
            yield document


class Collection:
    """A collection, as the services see it."""

    def __init__(self, base: Base, nom: str) -> None:
        self.name = nom
        self._base = base

    def find(self, filtre: Document | None = None, projection: Document | None = None) -> Curseur:
        """Find."""
        commande = {"find": self.name, "filter": filtre or {}, "batchSize": 10_000}
        return Curseur(self._base, commande | ({"projection": projection} if projection else {}))

    def aggregate(self, etapes: Sequence[Document]) -> Curseur:
        """Aggregate."""
        return Curseur(self._base, {"aggregate": self.name, "pipeline": list(etapes), "cursor": {"batchSize": 10_000}})

    async def find_one(
        self, filtre: Document, projection: Document | None = None, *, sort: Sequence[tuple[str, int]] = ()
    ) -> Document | None:
        """Find one."""
        curseur = self.find(filtre, projection).limit(1)
        for champ, sens in sort:
            curseur.sort(champ, sens)
        return next(iter(await curseur.to_list()), None)

    def with_options(self, **_: object) -> Self:
        """Read as usual: one member is its own majority."""
        return self

    async def create_index(self, cles: str | Sequence[tuple[str, int]], **options: object) -> None:
        """Create an index."""
        champs = {cles: 1} if isinstance(cles, str) else dict(cles)
        index = {"key": champs, "name": "_".join(champs), **options}
        self._base.commander({"createIndexes": self.name, "indexes": [index]})

    async def insert_one(self, document: Document) -> None:
        """Insert. Raises DuplicateKeyError."""
        reponse = await self._ecrire({"insert": self.name, "documents": [document]})
        for faute in reponse.get("writeErrors", ()):
            raise DuplicateKeyError(faute["errmsg"], faute["code"])

    async def update_one(self, filtre: Document, update: object, *, upsert: bool = False) -> Any:  # noqa: ANN401
        """Update one."""
        return await self._update({"q": filtre, "u": update, "upsert": upsert})

    async def update_many(
        self, filtre: Document, update: object, *, array_filters: Sequence[Document] | None = None
    ) -> Any:  # noqa: ANN401 - PyMongo's result, what is used of it
        """Update many."""
        filtres = {"arrayFilters": list(array_filters)} if array_filters else {}
        return await self._update({"q": filtre, "u": update, "multi": True, **filtres})

    async def _update(self, operation: Document) -> Any:  # noqa: ANN401 - idem
        reponse = await self._ecrire({"update": self.name, "updates": [operation]})
        assert "writeErrors" not in reponse, reponse["writeErrors"]
        return SimpleNamespace(matched_count=reponse["n"], modified_count=reponse["nModified"])

    async def find_one_and_update(self, filtre: Document, update: object) -> Document | None:
        """Update one, and give it as it was."""
        reponse = await self._ecrire({"findAndModify": self.name, "query": filtre, "update": update})
        trouve: Document | None = reponse["value"]
        return trouve

    async def delete_one(self, filtre: Document) -> None:
        """Delete one."""
        await self._ecrire({"delete": self.name, "deletes": [{"q": filtre, "limit": 1}]})

    async def delete_many(self, filtre: Document) -> None:
        """Delete many."""
        await self._ecrire({"delete": self.name, "deletes": [{"q": filtre, "limit": 0}]})

    async def bulk_write(self, operations: Sequence[InsertOne[Any] | UpdateOne], *, ordered: bool) -> Any:  # noqa: ANN401
        """Write a group, in one passage of the door. Raises BulkWriteError as PyMongo does."""
        assert not ordered

        def acte() -> Document:
            bilan: Document = {"nMatched": 0, "nUpserted": 0, "writeErrors": [], "writeConcernErrors": []}
            for rang, operation in enumerate(operations):
                reponse = self._base.ecrire(_commande(self.name, operation))
                montes = len(reponse.get("upserted", ()))
                bilan["nUpserted"] += montes
                bilan["nMatched"] += reponse["n"] - montes if isinstance(operation, UpdateOne) else 0
                bilan["writeErrors"] += [{**faute, "index": rang} for faute in reponse.get("writeErrors", ())]
            return bilan

        bilan: Document = await franchir(Porte.MONGO, f"écrire {self.name}", acte, _perdue)
        if bilan["writeErrors"]:
            raise BulkWriteError(bilan)
        return SimpleNamespace(bulk_api_result=bilan)

    async def _ecrire(self, commande: Document) -> Document:
        quoi = f"{next(iter(commande))} {self.name}"
        reponse: Document = await franchir(Porte.MONGO, quoi, lambda: self._base.ecrire(commande), _perdue)
        return reponse


def _commande(nom: str, operation: "InsertOne[Any] | UpdateOne") -> Document:
    if isinstance(operation, InsertOne):
        return {"insert": nom, "documents": [operation._doc]}
    return {
        "update": nom,
        "updates": [{"q": operation._filter, "u": operation._doc, "upsert": bool(operation._upsert)}],
    }


class MongoDirect:
    """Stands for `services._runtime.mongo.Mongo`."""

    def __init__(self, base: Base) -> None:
        self.database = self
        self._base = base

    def __getitem__(self, nom: str) -> Collection:
        """Give a collection."""
        return Collection(self._base, nom)

    async def wait(self) -> None:
        """Answer: this mongod is always there."""

    def files(self, _: str) -> None:
        """Give no bucket: each piece was inspected before."""


def _perdue(_: Moment) -> BaseException:
    """Make what the driver raises when a reply is lost, whether or not the write took place."""
    return AutoReconnect("connection closed")
