"""Looks at a piece as soon as it is there, by bounded readers, and says in a sentence what makes it unfit."""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from services._runtime.lecture.inspection import Inspecteur
from services._runtime.lecture.resultat import Inspection
from services._runtime.logs import logger
from services.intake.pieces import Pieces
from services.intake.televersements.constats import constater

COPIES: Final = 2  # on disk at once, 200 MB each at most: as many as readers
PATIENCE: Final = 45.0  # seconds; somebody waits before a page, and proxies cut at 60


class Examen:
    """Only helps: what could not be examined here passes, and verification will look at it anyway."""

    def __init__(self, pieces: Pieces, inspecteur: Inspecteur, *, patience: float = PATIENCE) -> None:
        self._pieces = pieces
        self._inspecteur = inspecteur
        self._patience = patience
        self._copies = asyncio.Semaphore(COPIES)

    async def examiner(self, piece: str, nom: str, sha256: str) -> str:
        """Tell what makes a kept piece unfit; nothing when it is fit, or when it could not be read in time."""
        inspection = self._inspecteur.connue(sha256)
        try:
            async with asyncio.timeout(self._patience):
                inspection = inspection or await self._inspecter(piece, sha256)
        except OSError as error:  # no time, no reader, no room for a copy: nothing of it is the file's doing
            logger().warning("piece_not_examined", piece=piece, error=type(error).__name__)
            return ""
        return constater(nom, inspection)

    async def _inspecter(self, piece: str, sha256: str) -> Inspection:
        # A named file, not a pipe: the readers map it, so 200 Mo cost no memory. The name says nothing of the piece.
        async with self._copies:
            with tempfile.NamedTemporaryFile(prefix="ent1d-") as copie:
                async for morceau in self._pieces.relire(piece):
                    copie.write(morceau)
                copie.flush()
                return await self._inspecteur.inspecter(Path(copie.name), sha256)
