"""Notices that RabbitMQ lost what waited for a person, so that it is told again, and parked again."""

from services._runtime.clock import now
from services._runtime.publisher import Publisher
from services._runtime.receipts import Receipts
from services._runtime.worker import Worker


class Parked:
    """The parking queue of one service, looked at once per connection.

    An event noted as parked is neither settled nor told again: lost from the queue, it would wait for ever where
    nobody sees it. A submission is owed by nobody: its producer asks what became of it, and sends it again.
    """

    def __init__(self, service: str, publisher: Publisher, receipts: Receipts) -> None:
        self._queue = f"{service}.parking"
        self._publisher = publisher
        self._receipts = receipts
        self._asked = False
        self.worker = Worker("parking", self._look, idle=60.0)

    def look_again(self) -> None:
        """Have the queue looked at now."""
        self._asked = True
        self.worker.wake()

    async def _look(self) -> bool:
        if self._asked:
            before = now()
            if await self._publisher.depth(self._queue) == 0:
                await self._receipts.forget_parked(before)
            self._asked = False
        return False
