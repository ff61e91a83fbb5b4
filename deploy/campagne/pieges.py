"""Plays the named points: each service dies at each of its points, at the passages asked, one after the other."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.flux import SERVICES
from deploy.campagne.deroulement import Resultat
from deploy.campagne.points import Point, points
from deploy.campagne.temoin.verificateur import Anomalie
from deploy.campagne.terrain import Terrain

ATTEINT: Final = 120.0  # seconds within which the flow must bring a process to its point
PASSAGES: Final = (1, 2, 10)


@dataclass(frozen=True)
class Piege:
    """A point, and the passage there at which the process dies."""

    point: Point
    passage: int

    @property
    def nom(self) -> str:
        """Name it as a fault of the report."""
        return f"point:{self.point.service}:{self.point.nom}"


def pieges(service: str, passages: Sequence[int], part: float, alea: random.Random) -> list[Piege]:
    """Give the traps of a service: all of them, or a part drawn at random that misses no point more than it must."""
    tous = [Piege(un, passage) for un in points(service) for passage in passages]
    return alea.sample(tous, round(len(tous) * part))


async def pieger(
    terrain: Terrain, choisis: Sequence[Piege], resultat: Resultat, suivre: Callable[[Resultat], None]
) -> None:
    """Set the traps of all services, each service's one after the other; return when all have been sprung."""
    async with asyncio.TaskGroup() as lignes:
        for service in SERVICES:
            siens = [piege for piege in choisis if piege.point.service == service]
            lignes.create_task(_ligne(terrain, service, siens, resultat, suivre))
        # Never cut short: the books would lack what was sent already.
        lignes.create_task(_hostiles(terrain, lambda: resultat.atteints.total() < len(choisis)))


async def _ligne(
    terrain: Terrain,
    service: str,
    siens: Sequence[Piege],
    resultat: Resultat,
    suivre: Callable[[Resultat], None],
) -> None:
    processus = terrain.systeme.services[service]
    for piege in siens:
        terrain.armer(service, piege.point.nom, piege.passage)
        await asyncio.to_thread(processus.tuer)
        await asyncio.to_thread(processus.demarrer)
        debut = time.monotonic()
        while processus.vivant and time.monotonic() < debut + ATTEINT:  # noqa: ASYNC110  # a process has no event
            await asyncio.sleep(0.05)
        if processus.vivant:
            resultat.anomalies.append(Anomalie("traine", piege.nom, f"passage {piege.passage} jamais atteint"))
        resultat.atteints[piege.nom] += 1
        suivre(resultat)
    terrain.armer(service, None)
    await asyncio.to_thread(processus.tuer)
    await asyncio.to_thread(processus.demarrer)


async def _hostiles(terrain: Terrain, encore: Callable[[], bool]) -> None:
    """Keep the points that only a failing message passes in reach."""
    while encore():
        await terrain.envoyer_hostiles(8)
        await asyncio.sleep(1)
