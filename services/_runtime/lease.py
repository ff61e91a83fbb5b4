"""A lease in MongoDB as its holder knows it: whether nobody else can have taken over yet."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from services._runtime.clock import now


class LeaseLost(Exception):  # noqa: N818  # a finding, not a fault of ours
    """Another process may have taken over: whoever raises this has touched nothing."""


@dataclass(eq=False)
class Lease:
    """Counts from before the write that took or renewed it, by the clock of all, which goes on while we are stopped.

    It ends a fifth early: whoever may take over waits longer than that.
    """

    length: timedelta
    token: str = field(default_factory=lambda: uuid4().hex)
    asked_at: datetime = field(default_factory=now)

    def holds(self) -> bool:
        """Tell whether nobody else can have taken over."""
        return now() < self.asked_at + self.length * 4 / 5

    def check(self) -> None:
        """Raise LeaseLost when somebody may have: call it right before each effect that cannot be taken back."""
        if not self.holds():
            raise LeaseLost
