"""One clock for every process: MongoDB's, carried on between two looks by this machine's monotonic clock.

Leases and due dates are compared by processes on several machines, and a wall clock can jump: by NTP, by a resumed
virtual machine, by hand. A jump of ours changes nothing here.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

TOLERATED: Final = timedelta(seconds=1)  # below that, a correction is not worth a step back in a timeline


class Clock:
    """Starts at this machine's time; `anchor` moves it to MongoDB's."""

    def __init__(self) -> None:
        self._at = datetime.now(UTC)
        self._since = time.monotonic()

    def now(self) -> datetime:
        """Tell the time, with its zone."""
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def anchor(self, at: datetime) -> None:
        """Take the time that MongoDB has just told."""
        if abs(at - self.now()) > TOLERATED:
            self._at, self._since = at, time.monotonic()


CLOCK: Final = Clock()


def now() -> datetime:
    """Tell the time that all processes share."""
    return CLOCK.now()
