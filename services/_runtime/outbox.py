"""Holds a state and the events it owes in one write.

An event waits in the array `sortie` of the document whose change it tells. `echeance` says when somebody must look at
it again: the write itself sets it a few seconds ahead, so the relay of the process that wrote has that time to
publish. A crash at any point leaves a date that passes, and the sweep of any replica takes over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol, TypeAlias

from contracts.evenements import Evenement
from services._runtime.clock import now
from services._runtime.mongo import Collection, Database, Document, GroupCommit

AnyEvent: TypeAlias = Evenement[Any]

OWN_TIME: Final = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Owed:
    """One event that a document owes: `corps` is its body, ready to send."""

    collection: str
    document: str
    id: str
    cle: str
    corps: bytes
    publie: bool = False
    essais: int = 0


class Offered(Protocol):
    """What takes the events of a write that has just succeeded: the relay."""

    def offer(self, owed: Sequence[Owed]) -> None:
        """Take them; whatever is not taken is found by the sweep."""


class Outbox:
    """A collection whose documents may owe events. Its service alone writes to it, through here."""

    def __init__(self, database: Database, name: str, relay: Offered) -> None:
        self.name = name
        self.collection: Collection = database[name]
        self._writes = GroupCommit(self.collection)
        self._relay = relay

    async def prepare(self) -> None:
        """Create the index that the sweep reads."""
        await self.collection.create_index(
            "sortie.echeance", partialFilterExpression={"sortie.echeance": {"$exists": True}}
        )

    async def insert(self, document: Document, *events: AnyEvent) -> bool:
        """Insert a document that owes these events; False (and nothing owed) when it is already there."""
        written = await self._writes.insert({**document, "sortie": _entries(events)})
        return self._offer(written, document["_id"], events)

    async def update(self, _id: str, condition: Document, update: dict[str, Document], *events: AnyEvent) -> bool:
        """Change a document and owe these events, if it still meets the condition; False when it does not."""
        push = {**update.get("$push", {}), **({"sortie": {"$each": _entries(events)}} if events else {})}
        written = await self._writes.update(_id, condition, {**update, **({"$push": push} if push else {})})
        return self._offer(written, _id, events)

    def _offer(self, written: bool, _id: str, events: Sequence[AnyEvent]) -> bool:  # noqa: FBT001  # the write's outcome
        if written and events:
            self._relay.offer([Owed(self.name, _id, str(e.id), e.cle, e.model_dump_json().encode()) for e in events])
        return written


def _entries(events: Sequence[AnyEvent]) -> list[Document]:
    at = now()
    return [
        {
            "id": str(e.id),
            "cle": e.cle,
            "corps": e.model_dump_json().encode(),
            "depuis": at,
            "echeance": at + OWN_TIME,
            "publie": False,
            "essais": 0,
        }
        for e in events
    ]
