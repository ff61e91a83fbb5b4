"""Repeats a step while there is work, then waits to be woken: what outside effects, the relay and sweeps run in."""

import asyncio
from collections.abc import Awaitable, Callable

from services._runtime.logs import logger

MAX_PAUSE = 3.0  # seconds between tries while a partner is down: short, so that recovery needs no hand


class Worker:
    """One background loop. `step` returns True when it found work and may find more at once."""

    def __init__(self, name: str, step: Callable[[], Awaitable[bool]], *, idle: float) -> None:
        self.name = name
        self._step = step
        self._idle = idle
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Make the next step start now."""
        self._woken.set()

    def stop(self) -> None:
        """End after the step that is running."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Run until stopped or cancelled. A step that fails is logged by its type, and tried again after a pause."""
        pause = 0.1
        while not self._stopping:
            self._woken.clear()
            try:
                more = await self._step()
                pause, wait = 0.1, 0.0 if more else self._idle
            except Exception as error:  # noqa: BLE001  # a loop that must outlive any partner's failure
                logger().warning("worker_step_failed", worker=self.name, error=type(error).__name__)
                pause = wait = min(pause * 2, MAX_PAUSE)
            if wait and not self._stopping:
                await self._wait(wait)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass
