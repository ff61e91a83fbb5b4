"""Says who has recorded an event: each listener writes its receipts, the emitter reads them to settle what it owes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.flux import FLUX
from services._runtime.clock import now
from services._runtime.mongo import Database, GroupCommit

KEPT_SECONDS: Final = 90 * 24 * 3600  # far beyond any outage: a receipt gone too early only means one telling more
PARKED: Final = "parque"
LISTENERS: Final = {flux.evenement.cle: flux.auditeurs for flux in FLUX}


class Receipts:
    """The receipts of one service. Recording twice changes nothing, except that `recu` follows `parque` at a replay."""

    def __init__(self, database: Database, service: str) -> None:
        self._collection = database[f"recus_{service}"]
        self._writes = GroupCommit(self._collection)

    async def prepare(self) -> None:
        """Create the index that lets old receipts go."""
        await self._collection.create_index("le", expireAfterSeconds=KEPT_SECONDS)

    async def record(self, event_id: str, issue: str = "recu") -> None:
        """Record that the event has had its effect here, or (`parque`) that it waits for a person here."""
        await self._writes.upsert(event_id, {"$set": {"issue": issue, "le": now()}})

    async def forget_parked(self, before: datetime) -> None:
        """Drop what says of events that they were parked before this moment: they are told again."""
        await self._collection.delete_many({"issue": PARKED, "le": {"$lt": before}})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where told events stand: `settled` are recorded by all listeners, `parked` wait for a person at one of them."""

    settled: frozenset[str]
    parked: frozenset[str]


async def standing(database: Database, told: Iterable[tuple[str, str]]) -> Standing:
    """Read the receipts of events given as (id, routing key): one query per listening service."""
    asked: dict[str, list[str]] = defaultdict(list)
    missing: dict[str, int] = {}
    for event_id, cle in told:
        listeners = LISTENERS.get(cle, ())
        missing[event_id] = len(listeners) or 1  # of a contract that is no more: never settled, a person must look
        for service in listeners:
            asked[service].append(event_id)
    parked: set[str] = set()
    for service, ids in asked.items():
        async for receipt in database[f"recus_{service}"].find({"_id": {"$in": ids}}, {"issue": 1}):
            if receipt["issue"] == PARKED:
                parked.add(receipt["_id"])
            else:
                missing[receipt["_id"]] -= 1
    return Standing(frozenset(_id for _id, count in missing.items() if count == 0), frozenset(parked))
