"""Finds a fault by its name: one of the list, or a death at a named point of the code."""

import asyncio
import random
import time

from deploy.campagne import pannes_partenaires, pannes_processus
from deploy.campagne.catalogue import PANNES, Panne, attendre
from deploy.campagne.points import Point, point
from deploy.campagne.terrain import Terrain

__all__ = ["PANNES", "Panne", "choisir", "pannes_partenaires", "pannes_processus"]


async def _mourir_au_point(terrain: Terrain, vise: Point, passage: int) -> float:
    """Have a service die at a named point, then start it again as usual."""
    processus = terrain.systeme.services[vise.service]
    terrain.armer(vise.service, vise.nom, passage)
    await asyncio.to_thread(processus.tuer)
    await asyncio.to_thread(processus.demarrer)
    await attendre(lambda: not processus.vivant)
    terrain.armer(vise.service, None)
    debut = time.monotonic()
    await asyncio.to_thread(processus.demarrer)
    return debut


def _au_point(nom: str) -> Panne:
    """Make the fault `point:SERVICE:NAME` or `point:SERVICE:NAME:PASSAGE`."""
    _, service, cible, *passage = nom.split(":")
    vise = point(service, cible)

    async def mourir(terrain: Terrain, _: random.Random) -> float:
        return await _mourir_au_point(terrain, vise, int(passage[0]) if passage else 1)

    return Panne(nom, service, mourir)


def choisir(nom: str) -> list[Panne]:
    """Give the faults of a name; without its service it stands for the four of them. Raises LookupError."""
    if nom.startswith("point:"):
        return [_au_point(nom)]
    choisies = [panne for panne in PANNES.values() if nom in {panne.nom, panne.nom.partition(":")[0]}]
    if not choisies:
        raise LookupError(f"panne inconnue : {nom} ; celles qui existent : {', '.join(PANNES)}, point:SERVICE:NOM")
    return choisies
