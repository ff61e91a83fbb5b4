"""What a fault is, and the list of those there are."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from deploy.campagne.terrain import Terrain

Geste = Callable[[Terrain, random.Random], Awaitable[float]]


@dataclass(frozen=True)
class Panne:
    """A fault: `jouer` breaks one thing for real, mends it, and gives the moment (monotonic) when it began to mend it.

    `temoin` is what must be seen working before it, and again after: a service, `smtp` or `sftp`.
    """

    nom: str
    temoin: str
    jouer: Geste


PANNES: Final[dict[str, Panne]] = {}


def panne(nom: str, temoin: str) -> Callable[[Geste], Geste]:
    """Enter a fault in the list."""

    def inscrire(geste: Geste) -> Geste:
        PANNES[nom] = Panne(nom, temoin, geste)
        return geste

    return inscrire


async def attendre(fait: Callable[[], bool], delai: float = 90.0, *, dit: str = "") -> None:
    """Look until a fact is there. Raises TimeoutError, which says `dit`."""
    limite = time.monotonic() + delai
    while not await asyncio.to_thread(fait):
        if time.monotonic() > limite:
            raise TimeoutError(dit)
        await asyncio.sleep(0.05)  # files and databases have no event to wait for
