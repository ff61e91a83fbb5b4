"""The only module that knows motor: connection, writes in groups, files. To change driver is this module's work."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from secrets import randbits
from typing import Any, TypeAlias

from bson import encode
from bson.codec_options import CodecOptions
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import (  # noqa: TID251
    AsyncIOMotorClient,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
    AsyncIOMotorGridFSBucket,
)
from pymongo import InsertOne, UpdateOne, WriteConcern
from pymongo.errors import BulkWriteError, PyMongoError, WriteError

from services._runtime.clock import CLOCK

Document: TypeAlias = dict[str, Any]
Collection: TypeAlias = "AsyncIOMotorCollection[Document]"
Database: TypeAlias = "AsyncIOMotorDatabase[Document]"
Files: TypeAlias = AsyncIOMotorGridFSBucket

GROUP_MAX = 200  # writes in one bulk: mongod gains little beyond 100, and a bulk must stay far under 48 MB
MARKS_KEPT = 2 * GROUP_MAX  # all those of one bulk of ours, and as many of other processes meanwhile; 5 kB at most
FILE_CHUNK = 1024 * 1024  # bytes per GridFS chunk: 200 inserts for the largest piece, not 800


class Mongo:
    """One connection. Every write waits for the majority's journal; every call has a deadline.

    A call that failed may still have been applied (reliability: 23 of 198): all writes are safe to repeat.
    """

    def __init__(self, url: str, database: str) -> None:
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            # With timeoutMS, it is also how long a call looks for a primary: somebody may wait for a 503.
            url,
            timeoutMS=5_000,
            connectTimeoutMS=5_000,
            appname="ent1d",
        )
        self.database: Database = self._client.get_database(
            database,
            codec_options=CodecOptions(tz_aware=True, tzinfo=UTC),
            write_concern=WriteConcern(w="majority", j=True),
        )

    async def ping(self) -> None:
        """Return when a primary answers, having taken its time; raise a PyMongoError otherwise."""
        answer = await self._client.admin.command("hello")
        CLOCK.anchor(answer["localTime"].replace(tzinfo=UTC))

    async def wait(self) -> None:
        """Return once a primary answers, however long it is away."""
        while True:
            with suppress(PyMongoError):
                return await self.ping()
            await asyncio.sleep(0.5)

    def files(self, bucket: str) -> Files:
        """Give a GridFS bucket."""
        return AsyncIOMotorGridFSBucket(self.database, bucket_name=bucket, chunk_size_bytes=FILE_CHUNK)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


@dataclass(frozen=True, slots=True)
class _Write:
    """A write that waits for its bulk. `mark`: the document a conditional update changes, and what it leaves there."""

    operation: InsertOne[Any] | UpdateOne
    done: asyncio.Future[bool]
    mark: tuple[str, int] | None = None


class GroupCommit:
    """Gathers the writes asked for while a bulk is in flight, and sends them as the next bulk.

    mongod takes about 1,000 concurrent single inserts a second, but 11,000 in bulks of 100. A write that comes alone
    waits for nobody. Writes of one group are independent: order matters only to a caller that awaited the first.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._waiting: list[_Write] = []
        self._flush: asyncio.Task[None] | None = None

    async def insert(self, document: Document) -> bool:
        """Insert; False when its `_id` or another unique key is already there."""
        # Encoded here: a value that BSON cannot hold is its own caller's error, not the whole group's.
        return await self._write(InsertOne(RawBSONDocument(encode(document))))

    async def upsert(self, _id: str, update: Document) -> None:
        """Apply the update to the document, made if absent. The update must bear being applied twice."""
        encode(update)
        if not await self._write(UpdateOne({"_id": _id}, update, upsert=True)):
            await self._collection.update_one({"_id": _id}, update, upsert=True)

    async def update(self, _id: str, condition: Document, update: Mapping[str, Document]) -> bool:
        """Update the document if it still meets the condition; False when it does not (any more)."""
        # A bulk tells how many of its updates matched, not which: each leaves a mark, looked for when in doubt.
        mark = Int64(randbits(63))
        marks = {"$each": [mark], "$slice": -MARKS_KEPT}
        marked = {**update, "$push": {**update.get("$push", {}), "marques": marks}}
        encode({"q": condition, "u": marked})
        return await self._write(UpdateOne({"_id": _id, **condition}, marked), (_id, mark))

    async def _write(self, operation: InsertOne[Any] | UpdateOne, mark: tuple[str, int] | None = None) -> bool:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Write(operation, done, mark))
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._flush_all())
        return await done

    async def _flush_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
            try:
                results = await self._send(group)
            except Exception as error:  # noqa: BLE001  # each waiter gets it
                results = [error] * len(group)
            for write, result in zip(group, results, strict=True):
                _conclude(write.done, result)

    async def _send(self, group: list[_Write]) -> list[bool | Exception]:
        """Tell for each write whether it took place, or why MongoDB refused it."""
        try:
            bulk = await self._collection.bulk_write([write.operation for write in group], ordered=False)
            outcome = dict(bulk.bulk_api_result)
        except BulkWriteError as error:
            outcome = dict(error.details)
        if outcome["writeConcernErrors"]:
            raise BulkWriteError(outcome)
        results: list[bool | Exception] = [True] * len(group)
        updates = sum(isinstance(write.operation, UpdateOne) for write in group)
        if outcome["nMatched"] + outcome["nUpserted"] < updates:
            applied = await self._marks(group)
            results = [write.mark is None or write.mark in applied for write in group]
        for failed in outcome["writeErrors"]:
            duplicate = failed["code"] == 11000  # noqa: PLR2004
            results[failed["index"]] = False if duplicate else WriteError("refused by MongoDB", failed["code"])
        return results

    async def _marks(self, group: list[_Write]) -> set[tuple[str, int]]:
        """Read back the marks of the updates that were applied, before the next bulk may push them out."""
        ids = [write.mark[0] for write in group if write.mark]
        found = self._collection.find({"_id": {"$in": ids}}, {"marques": 1})
        return {(document["_id"], mark) async for document in found for mark in document.get("marques", ())}


def _conclude(done: asyncio.Future[bool], result: bool | Exception) -> None:  # noqa: FBT001  # the write's outcome
    if done.cancelled():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
