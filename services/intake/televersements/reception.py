"""Receives the pieces of a draft, whatever way they come: keeps their bytes, examines them, attaches them.

Each step is safe to repeat and is found again in the upload's document: whichever replica is asked next goes on.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256

from pymongo.errors import PyMongoError

from contracts.dossier import RolePiece
from services._runtime.mongo import FILE_CHUNK
from services.intake.brouillons.domain import PieceDuBrouillon
from services.intake.brouillons.store import Brouillons
from services.intake.pieces import NOM_MAX, PieceGardee, Pieces
from services.intake.reglages import PORTAIL
from services.intake.televersements.domain import Etat, Refus, Televersement
from services.intake.televersements.examen import Examen
from services.intake.televersements.flux import morceaux
from services.intake.televersements.formulaire import Fichier
from services.intake.televersements.store import BAIL, Bail, Televersements


@dataclass(frozen=True)
class Reception:
    """What the pages of the pieces work with."""

    televersements: Televersements
    pieces: Pieces
    brouillons: Brouillons
    examen: Examen

    async def poursuivre(self, televersement: Televersement, offset: int, recus: AsyncIterable[bytes]) -> Televersement:
        """Go on with an upload at `offset`. Bytes are counted once they are kept, and told once they are counted.

        Raises a Refus: 409 at another place than it stands at, 423 while another request writes to it.
        """
        if offset != televersement.offset:
            raise Refus(409, "L’envoi n’en est pas là : demandez où il en est.")
        if televersement.etat is Etat.OUVERT:
            async with self._bail(televersement) as bail:
                televersement = await self._ecrire(bail, televersement, recus)
                if televersement.recu:
                    televersement = await self._garder(bail, televersement)
        return await self.achever(televersement)

    async def achever(self, televersement: Televersement) -> Televersement:
        """Do what a crash left undone of an upload that has all its bytes; nothing to one that has not."""
        if televersement.etat is Etat.OUVERT and televersement.recu:
            async with self._bail(televersement) as bail:
                televersement = await self._garder(bail, televersement)
        if televersement.etat is Etat.GARDE:
            await self._joindre(televersement.numero, televersement.role, _piece(televersement))
            await self.televersements.clore(televersement)
        return televersement

    async def recevoir(self, numero: str, role: RolePiece, fichier: Fichier) -> str:
        """Keep, examine and attach a file that a form sends; give what makes it unfit, or nothing.

        Raises what Pieces.garder does (SoumissionRefusee when it is empty, PieceTropVolumineuse), and a Refus when the
        form breaks off.
        """
        gardee = await self.pieces.garder(PORTAIL, fichier.nom, fichier.octets)
        constat = await self.examen.examiner(gardee.id, fichier.nom, gardee.sha256)
        await self.televersements.remplacer(numero, role)
        piece = PieceDuBrouillon(gardee.id, gardee.sha256, gardee.taille, fichier.nom[:NOM_MAX], constat)
        await self._joindre(numero, role, piece)
        return constat

    async def retirer(self, numero: str, role: RolePiece) -> None:
        """Take a piece off a draft, and what was on its way there."""
        await self.televersements.remplacer(numero, role)
        await self.brouillons.detacher(numero, role)

    async def _ecrire(self, bail: Bail, televersement: Televersement, recus: AsyncIterable[bytes]) -> Televersement:
        rang = televersement.offset // FILE_CHUNK
        async for morceau in morceaux(recus, televersement.taille - televersement.offset):
            await self.pieces.garder_un_morceau(televersement.id, rang, morceau)
            televersement = await self.televersements.avancer(bail, len(morceau))
            rang += 1
        return televersement

    async def _garder(self, bail: Bail, televersement: Televersement) -> Televersement:
        """Make a piece of what is kept: told by what is read back, not by what was received."""
        hachage, taille = sha256(), 0
        async for morceau in self.pieces.relire(televersement.id):
            hachage.update(morceau)
            taille += len(morceau)
        if taille != televersement.taille:
            raise OSError("il manque des octets à un téléversement dont tous ont été comptés")
        gardee = PieceGardee(televersement.id, hachage.hexdigest(), taille)
        await self.pieces.inscrire(PORTAIL, televersement.nom, gardee)
        constat = await self.examen.examiner(gardee.id, televersement.nom, gardee.sha256)
        return await self.televersements.garder(bail, gardee.sha256, constat)

    async def _joindre(self, numero: str, role: RolePiece, piece: PieceDuBrouillon) -> None:
        if not await self.brouillons.joindre(numero, role, piece):
            raise Refus(409, "Ce dossier n’attend plus cette pièce.")

    @asynccontextmanager
    async def _bail(self, televersement: Televersement) -> AsyncIterator[Bail]:
        """Hold the lease on an upload, for as long as it takes. Raises a Refus (423) while another request does."""
        bail = await self.televersements.prendre(televersement)
        if bail is None:
            raise Refus(423, "Un envoi de ce fichier est en cours : attendez un instant.")
        renouvellement = asyncio.create_task(self._renouveler(bail))
        try:
            yield bail
        finally:
            renouvellement.cancel()
            with suppress(PyMongoError):  # it ends by itself
                await self.televersements.rendre(bail)

    async def _renouveler(self, bail: Bail) -> None:
        while True:
            await asyncio.sleep(BAIL.total_seconds() / 3)
            with suppress(PyMongoError):  # the next one may succeed; if none does, our writes will fail
                await self.televersements.renouveler(bail)


def _piece(garde: Televersement) -> PieceDuBrouillon:
    return PieceDuBrouillon(garde.id, garde.sha256, garde.taille, garde.nom, garde.constat)
