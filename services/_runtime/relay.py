"""Publishes what documents owe, and keeps it until every listener has recorded it; nothing else publishes events.

A broker can lose what it confirmed, so nothing is deleted at the confirm: the date of the next look moves ahead, and
the event is settled when the receipts of all its listeners are in MongoDB. Until then it is told again after growing
waits, with the same id. An event that a listener has parked is left to the operator: told again, it would park again.
A RabbitMQ that comes back may have lost its data: what it had confirmed is looked at again at once.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from aio_pika.exceptions import AMQPConnectionError, DeliveryError

from services._runtime.clock import now
from services._runtime.metrics import OUTBOX_OLDEST, PUBLISHED, SETTLED
from services._runtime.mongo import Collection, Database, Document
from services._runtime.outbox import OWN_TIME, Owed
from services._runtime.publisher import Publisher
from services._runtime.receipts import standing
from services._runtime.worker import Worker

BATCH: Final = 500
KEPT_IN_MIND: Final = 20_000  # told events whose receipts are looked for before their date; about 10 MB
MAX_DOUBLINGS: Final = 6  # the wait before the next telling grows up to 64 times
RECORDING_TIME: Final = timedelta(seconds=5)  # for listeners to record what a broker that came back had kept
ITS_OWN: Final = (DeliveryError, TimeoutError)  # failures of one publish; the others are of its channel or connection


class Relay:
    """Loops: publish what this process wrote, settle what was told, sweep what others left or lost, measure."""

    def __init__(self, database: Database, publisher: Publisher, *, unsettled_after: float) -> None:
        self._database = database
        self._publisher = publisher
        self._unsettled_after = unsettled_after
        self._offered: deque[Owed] = deque()
        self._told: deque[Owed] = deque(maxlen=KEPT_IN_MIND)
        self._collections: list[str] = []
        self._publishing = Worker("relay", self._publish_offered, idle=60.0)
        self._lost_until_now = False
        self._connections = self._connections_seen = 0
        self._recalling = Worker("recall", self._recall, idle=60.0)
        self.workers: Final = [
            self._publishing,
            self._recalling,
            Worker("settle", self._settle_told, idle=2.0),
            Worker("measure", self._measure, idle=5.0),
        ]

    def watch(self, collection: str) -> None:
        """Sweep this collection too, in a loop of its own: what fails in one holds up no other."""
        self._collections.append(collection)
        self.workers.append(Worker(f"sweep {collection}", partial(self._sweep, collection), idle=1.0))

    def offer(self, owed: Sequence[Owed]) -> None:
        """Take the events of a write that has just succeeded; beyond what memory should hold, the sweep finds them."""
        if len(self._offered) < 10 * BATCH:
            self._offered.extend(owed)
            self._publishing.wake()

    def look_again(self, lost: bool) -> None:  # noqa: FBT001  # called back by the publisher
        """Have all that was told before this connection looked at again, in a few seconds.

        Unless RabbitMQ was seen away, only what was told once: a service that restarts in a loop repeats nothing twice.
        """
        self._connections += 1
        self._lost_until_now |= lost
        self._recalling.wake()

    async def _recall(self) -> bool:
        seen, lost = self._connections, self._lost_until_now
        if seen == self._connections_seen:
            return False
        soon = now() + RECORDING_TIME
        for name in self._collections:
            await self._database[name].update_many(
                {"sortie.echeance": {"$gt": soon}},
                {"$min": {"sortie.$[e].echeance": soon}},
                array_filters=[{"e.publie": True, **({} if lost else {"e.essais": {"$lte": 1}})}],
            )
        self._connections_seen = seen
        self._lost_until_now &= seen != self._connections
        return False

    async def _publish_offered(self) -> bool:
        if not self._publisher.connected:
            self._offered.clear()  # the sweep finds them all when RabbitMQ is back
            return False
        batch = [self._offered.popleft() for _ in range(min(BATCH, len(self._offered)))]
        await self._tell(batch)
        return bool(self._offered)

    async def _tell(self, batch: Sequence[Owed]) -> None:
        """Publish a batch at once; what fails keeps its date and does not hold up the rest."""
        results = await asyncio.gather(
            *(self._publisher.tell(item.cle, item.id, item.corps) for item in batch), return_exceptions=True
        )
        failures = {item: r for item, r in zip(batch, results, strict=True) if isinstance(r, BaseException)}
        await self._retry_neighbours(failures)
        told = [item for item in batch if item not in failures]
        PUBLISHED.labels("confirmed").inc(len(told))
        PUBLISHED.labels("failed").inc(len(failures))
        await self._postpone(told)
        self._told.extend(told)
        if failures and not told:
            first = next(iter(failures.values()))
            # A CancelledError of the connection's would end this loop without a word.
            raise first if isinstance(first, Exception) else ConnectionError("cancelled with its connection")

    async def _retry_neighbours(self, failures: dict[Owed, BaseException]) -> None:
        """Try again, each alone, what was lost with its channel; take out of `failures` what then succeeds.

        An event that the broker refuses (its right came later than its code) closes the channel on all the others:
        they share its date and would meet it again at each try. Found alone, it waits longer.
        """
        for item in [item for item, failure in failures.items() if not isinstance(failure, ITS_OWN)]:
            try:
                await self._publisher.tell_alone(item.cle, item.id, item.corps)
                del failures[item]
            except (AMQPConnectionError, TimeoutError):
                return  # RabbitMQ itself is away
            except Exception as refusal:  # noqa: BLE001  # whatever the reason, it is this event's
                failures[item] = refusal
                await self._postpone([item], told=False)

    async def _postpone(self, items: Sequence[Owed], *, told: bool = True) -> None:
        by_tries: dict[int, list[Owed]] = defaultdict(list)
        for item in items:
            by_tries[min(item.essais, MAX_DOUBLINGS)].append(item)
        for essais, some in by_tries.items():
            later = now() + timedelta(seconds=self._unsettled_after * 2**essais)
            mark = {"sortie.$[e].echeance": later, **({"sortie.$[e].publie": True} if told else {})}
            await self._change(some, {"$set": mark, "$inc": {"sortie.$[e].essais": 1}}, chosen=True)

    async def _settle_told(self) -> bool:
        """Look for the receipts of what was told lately; what is still open after that waits for its date."""
        items = [self._told.popleft() for _ in range(min(4 * BATCH, len(self._told)))]
        self._told.extend(await self._settle(items))
        return False

    async def _sweep(self, collection: str) -> bool:
        """Look again at every event whose date has passed: settle it, or tell it (again)."""
        if not self._publisher.connected:
            return False
        due = await self._claim(self._database[collection])
        again = await self._settle([item for item in due if item.publie])
        await self._tell([*(item for item in due if not item.publie), *again])
        return len(due) >= BATCH

    async def _claim(self, collection: Collection) -> list[Owed]:
        """Take what is due, moving its date so that another replica's sweep passes over it meanwhile."""
        at = now()
        query = collection.find({"sortie.echeance": {"$lte": at}}, {"sortie": 1}).sort("sortie.echeance", 1)
        found: list[Document] = await query.to_list(BATCH)
        due = [
            Owed(collection.name, document["_id"], e["id"], e["cle"], e["corps"], e["publie"], e["essais"])
            for document in found
            for e in document["sortie"]
            if e["echeance"] <= at
        ]
        await self._change(due, {"$set": {"sortie.$[e].echeance": at + 4 * OWN_TIME}}, chosen=True)
        return due

    async def _settle(self, items: Sequence[Owed]) -> list[Owed]:
        """Drop from their documents the events that all listeners recorded; give those that must be told again."""
        found = await standing(self._database, [(item.id, item.cle) for item in items])
        settled = [item for item in items if item.id in found.settled]
        await self._change(settled, {"$pull": {"sortie": {"id": {"$in": [item.id for item in settled]}}}})
        SETTLED.inc(len(settled))
        parked = [item for item in items if item.id in found.parked]
        await self._postpone(parked)
        return [item for item in items if item.id not in found.settled | found.parked]

    async def _change(self, items: Iterable[Owed], update: Document, *, chosen: bool = False) -> None:
        """Apply one update to the documents of these events; `chosen` binds `$[e]` to their entries."""
        by_collection: dict[str, list[Owed]] = defaultdict(list)
        for item in items:
            by_collection[item.collection].append(item)
        for collection, some in by_collection.items():
            await self._database[collection].update_many(
                {"_id": {"$in": [item.document for item in some]}},
                update,
                array_filters=[{"e.id": {"$in": [item.id for item in some]}}] if chosen else None,
            )

    async def _measure(self) -> bool:
        """Export the age of the oldest event that the broker has not confirmed; RabbitMQ need not be there."""
        for name in self._collections:
            oldest = await self._database[name].find_one(
                {"sortie.echeance": {"$exists": True}, "sortie.publie": False},
                {"sortie": 1},
                sort=[("sortie.echeance", 1)],
            )
            age = 0.0
            if oldest is not None:
                since = min(e["depuis"] for e in oldest["sortie"] if not e["publie"])
                age = (now() - since).total_seconds()
            OUTBOX_OLDEST.labels(name).set(age)
        return False
