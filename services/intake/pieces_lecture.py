"""Gives back the pieces that were filed: their names, and their bytes one chunk at a time."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from services._runtime.mongo import Mongo
from services.intake.pieces import BUCKET, Pieces


@dataclass(frozen=True)
class PieceOuverte:
    """A piece to be read: what its producer called its file, its size in bytes, and its bytes as they are asked for."""

    nom: str
    taille: int
    morceaux: AsyncIterator[bytes]


class PiecesLues:
    """Reads the bucket `pieces`. Whose a piece is, is known by the dossier that names it."""

    def __init__(self, mongo: Mongo, pieces: Pieces) -> None:
        self._fichiers = mongo.database[f"{BUCKET}.files"]
        self._pieces = pieces

    async def noms(self, ids: Iterable[str]) -> dict[str, str]:
        """Give what their producers called the files of these pieces, by id."""
        trouves = self._fichiers.find({"_id": {"$in": list(ids)}}, {"filename": 1})
        return {fichier["_id"]: fichier["filename"] async for fichier in trouves}

    async def ouvrir(self, piece: str) -> PieceOuverte | None:
        """Open a piece; None when there is none of this id. No more than a chunk of it is ever in memory."""
        fichier = await self._fichiers.find_one({"_id": piece}, {"filename": 1, "length": 1})
        if fichier is None:
            return None
        return PieceOuverte(fichier["filename"], fichier["length"], self._pieces.relire(piece))
