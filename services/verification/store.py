"""The only door of verification to MongoDB: its reports, and the pieces, which it only reads."""

import hashlib
from pathlib import Path

from contracts.dossier import PieceDeposee
from contracts.evenements import PiecesVerifiees
from services._runtime.service import Base


class Store:
    """Reports by `numero:version`."""

    def __init__(self, base: Base) -> None:
        self._verifications = base.outbox("verifications")
        self._pieces = base.mongo.files("pieces")

    async def prepare(self) -> None:
        """Need no index but the one of what is owed."""

    async def copier(self, piece: PieceDeposee, vers: Path) -> None:
        """Copy a piece to a file, chunk by chunk. Raises OSError when its bytes are not those that were filed."""
        hachage = hashlib.sha256()
        flux = await self._pieces.open_download_stream(piece.id)
        with vers.open("wb") as sortie:
            while morceau := await flux.readchunk():
                hachage.update(morceau)
                sortie.write(morceau)
        if hachage.hexdigest() != piece.sha256:
            raise OSError("la pièce gardée n’a plus l’empreinte de la pièce déposée")

    async def enregistrer(self, verifie: PiecesVerifiees) -> None:
        """Record a report that owes its PiècesVérifiées. The first of a version wins: redelivery changes nothing."""
        rapport = verifie.data.model_dump(mode="json")
        await self._verifications.insert(
            {
                "_id": f"{verifie.subject}:{verifie.data.version}",
                "numero": verifie.subject,
                "le": verifie.time,
                **rapport,
            },
            verifie,
        )
