"""Forgets the bytes that nobody needs: uploads left half-way, and pieces that no draft and no dossier names.

Such are the pieces replaced or taken off a draft, those of a draft that was deleted or left alone too long, and those
that a producer sent and filed nothing with. Two passes decide: the first condemns a piece, which no deposit takes any
more; a later one, once every deposit under way at that moment has ended, erases it if still nothing names it.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from contracts.dossier import RolePiece
from services._runtime.clock import now
from services._runtime.logs import logger
from services._runtime.mongo import Mongo
from services.intake.pieces import A_VERIFIER, BUCKET, CONDAMNEE, EMPLOI, Pieces

SURSIS: Final = timedelta(days=7)  # what a producer has, at least, between sending a piece and filing it
PASSAGE: Final = timedelta(hours=1)  # between condemning and erasing: no deposit lasts that long
LOT: Final = 500  # pieces looked up at once


class Menage:
    """One pass, to be made now and then. Safe to repeat, and to be made by several replicas at once."""

    def __init__(self, mongo: Mongo, pieces: Pieces) -> None:
        self._fichiers = mongo.database[f"{BUCKET}.files"]
        self._dossiers = mongo.database["dossiers"]
        self._brouillons = mongo.database["brouillons"]
        self._pieces = pieces

    async def passer(self) -> bool:
        """Make a pass. A step of a Worker."""
        await self._pieces.oublier_les_abandons()
        a_verifier = self._fichiers.find({EMPLOI: A_VERIFIER, "uploadDate": {"$lt": now() - SURSIS}}, {"_id": 1})
        ids = [piece["_id"] async for piece in a_verifier]
        for debut in range(0, len(ids), LOT):
            await self._trier(set(ids[debut : debut + LOT]))
        return False

    async def _trier(self, pieces: set[str]) -> None:
        """Settle what is known of these pieces: filed for good, held by a draft, or nobody's."""
        deposees = await self._deposees(pieces)
        tenues = await self._tenues(pieces - deposees)
        await self._fichiers.update_many(_parmi(deposees), {"$unset": {EMPLOI: "", CONDAMNEE: ""}})
        await self._fichiers.update_many(_parmi(tenues), {"$unset": {CONDAMNEE: ""}})
        inutiles = _parmi(pieces - deposees - tenues)
        async for piece in self._fichiers.find(inutiles | {CONDAMNEE: {"$lt": now() - PASSAGE}}, {"_id": 1}):
            await self._pieces.effacer(piece["_id"])
            logger().info("piece_forgotten", piece=piece["_id"])
        await self._fichiers.update_many(inutiles | {CONDAMNEE: {"$exists": False}}, {"$set": {CONDAMNEE: now()}})

    async def _deposees(self, pieces: Collection[str]) -> set[str]:
        """Give those that a dossier names, in its present version or an earlier one.

        Without an index: it would cost each deposit more than this costs, of pieces a week old, each asked for once.
        """
        nommees = [{f"{ou}.id": {"$in": list(pieces)}} for ou in ("pieces", "versions.pieces")]
        trouves: set[str] = set()
        async for dossier in self._dossiers.find({"$or": nommees}, {"pieces.id": 1, "versions.pieces.id": 1}):
            for version in (dossier, *dossier.get("versions", ())):
                trouves |= {piece["id"] for piece in version["pieces"]}
        return trouves & set(pieces)

    async def _tenues(self, pieces: Collection[str]) -> set[str]:
        """Give those that a draft holds."""
        nommees = [{f"pieces.{role}.id": {"$in": list(pieces)}} for role in RolePiece]
        trouves: set[str] = set()
        async for brouillon in self._brouillons.find({"$or": nommees}, {"pieces": 1}):
            trouves |= {piece["id"] for piece in brouillon["pieces"].values()}
        return trouves & set(pieces)


def _parmi(pieces: Collection[str]) -> dict[str, object]:
    return {"_id": {"$in": list(pieces)}}
