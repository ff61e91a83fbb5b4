"""Who is on a dossier: one agent at a time, for as long as he does something."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from services.intake.decisions import OUVERTS

INACTIF: Final = timedelta(minutes=15)  # without a sign of the agent, his lock stops nobody


@dataclass(frozen=True, slots=True)
class Verrou:
    """An agent (the code of his account) is on a dossier."""

    agent: str
    depuis: datetime


def verrou(dossier: Mapping[str, Any], maintenant: datetime) -> Verrou | None:
    """Tell who is on a dossier; None when nobody is, or no longer."""
    pose = dossier.get("verrou")
    if pose is None or maintenant - pose["actif_le"] >= INACTIF:
        return None
    return Verrou(pose["agent"], pose["depuis"])


def libre_pour(agent: str, maintenant: datetime) -> Document:
    """Ask that no other agent be on a dossier."""
    sans: list[Document] = [{"verrou": {"$exists": False}}, {"verrou.actif_le": {"$lte": maintenant - INACTIF}}]
    return {"$or": [*sans, {"verrou.agent": agent}]}


class Verrous:
    """Locks, held in the dossiers themselves. Each change is one conditional update: of agents at once, one wins."""

    def __init__(self, mongo: Mongo) -> None:
        self._dossiers = mongo.database["dossiers"]

    async def prendre(self, numero: str, agent: str) -> bool:
        """Be on a dossier that is open, from now or still; False while somebody else is."""
        if await self.tenir(numero, agent):
            return True
        return await self._poser(numero, agent, libre_pour(agent, now()))

    async def reprendre(self, numero: str, agent: str, a: str) -> bool:
        """Take the place of an agent; False when he is no longer the one who is on it."""
        return await self._poser(numero, agent, {"verrou.agent": a})

    async def tenir(self, numero: str, agent: str) -> bool:
        """Give a sign of the agent who is on a dossier; False when he is not."""
        tenu = await self._dossiers.update_one(
            {"_id": numero, "verrou.agent": agent}, {"$max": {"verrou.actif_le": now()}}
        )
        return bool(tenu.matched_count)

    async def rendre(self, numero: str, agent: str) -> None:
        """Leave a dossier. What is not his stays."""
        await self._dossiers.update_one({"_id": numero, "verrou.agent": agent}, {"$unset": {"verrou": ""}})

    async def _poser(self, numero: str, agent: str, condition: Document) -> bool:
        maintenant = now()
        pose = await self._dossiers.update_one(
            {"_id": numero, "etat": {"$in": list(OUVERTS)}, **condition},
            {"$set": {"verrou": {"agent": agent, "depuis": maintenant, "actif_le": maintenant}}},
        )
        return bool(pose.matched_count)
