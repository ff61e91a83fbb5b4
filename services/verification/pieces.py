"""Brings pieces from MongoDB to the bounded readers, one temporary copy at a time."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from contracts.dossier import PieceDeposee
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.lecture.resultat import Inspection
from services.verification.store import Store

COPIES: Final = 4  # on disk at once, 200 MB each at most: two being read, two being fetched


class LecteurDePieces:
    """Gives the inspection of each piece; the same bytes are read once."""

    def __init__(self, store: Store, inspecteur: Inspecteur) -> None:
        self._store = store
        self._inspecteur = inspecteur
        self._copies = asyncio.Semaphore(COPIES)

    async def inspecter(self, pieces: Sequence[PieceDeposee]) -> dict[str, Inspection]:
        """Inspect the pieces, by their id. Raises OSError when the kept bytes are not those that were filed."""
        return {piece.id: self._inspecteur.connue(piece.sha256) or await self._lire(piece) for piece in pieces}

    async def _lire(self, piece: PieceDeposee) -> Inspection:
        # A named file, not a pipe: the readers map it, so 200 Mo cost no memory. The name says nothing of the piece.
        async with self._copies:
            with tempfile.NamedTemporaryFile(prefix="ent1d-") as copie:
                await self._store.copier(piece, Path(copie.name))
                return await self._inspecteur.inspecter(Path(copie.name), piece.sha256)
