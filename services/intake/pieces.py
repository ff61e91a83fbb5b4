"""Keeps the pieces in GridFS: each arrives in a stream and is kept whole, or not at all."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from pymongo.errors import DuplicateKeyError, PyMongoError

from contracts.dossier import TAILLE_MAX_PIECE
from services._runtime.clock import now
from services._runtime.logs import logger
from services._runtime.mongo import FILE_CHUNK, Mongo
from services.intake.domain import SoumissionRefusee

BUCKET: Final = "pieces"
NOM_MAX: Final = 200  # characters kept of the name that a producer gives
EMPLOI: Final = "metadata.emploi"  # there until a dossier is known to name the piece: A_VERIFIER
A_VERIFIER: Final = "a_verifier"
CONDAMNEE: Final = "metadata.condamnee_le"  # nothing named the piece then: it is about to be erased
ABANDON: Final = timedelta(hours=24)  # no upload lasts that long: what is left of it is nobody's


class PieceTropVolumineuse(Exception):  # noqa: N818
    """More bytes came than a piece may have."""


@dataclass(frozen=True)
class PieceGardee:
    """A piece as it was received; `taille` in bytes."""

    id: str
    sha256: str
    taille: int


class Pieces:
    """The bucket `pieces`. Readers use GridFS as usual; a piece is there for them once its last byte is.

    Written chunk by chunk here, because the driver's own upload stream gathers 48 MB before each insert: one upload
    took 140 MB of memory, measured; it takes 5 this way. The documents are those of the GridFS specification.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._fichiers = mongo.database[f"{BUCKET}.files"]
        self._morceaux = mongo.database[f"{BUCKET}.chunks"]
        self._en_cours = mongo.database["televersements"]

    async def prepare(self) -> None:
        """Create the index that GridFS readers rely on, and that of the pieces which may be nobody's."""
        await self._morceaux.create_index([("files_id", 1), ("n", 1)], unique=True)
        await self._fichiers.create_index("uploadDate", partialFilterExpression={EMPLOI: A_VERIFIER})

    async def garder(self, producteur: str, nom: str, recus: AsyncIterable[bytes]) -> PieceGardee:
        """Keep a piece while it arrives. `nom` is what its producer calls it: data, never a path.

        Raises PieceTropVolumineuse as soon as the limit is passed, SoumissionRefusee when it is empty; whatever fails,
        nothing of it is kept.
        """
        piece = uuid4().hex
        await self._en_cours.insert_one({"_id": piece, "le": now()})
        try:
            gardee = await self._ecrire(piece, recus)
            await self.inscrire(producteur, nom, gardee)
            await self._en_cours.delete_one({"_id": piece})
        except BaseException:
            await self._renoncer(piece)
            raise
        return gardee

    async def garder_un_morceau(self, piece: str, rang: int, morceau: bytes) -> None:
        """Keep one chunk of a piece that comes in several requests. The first bytes kept at a place stay there."""
        with suppress(DuplicateKeyError):  # kept by a request that died before it could say so
            await self._morceaux.insert_one({"files_id": piece, "n": rang, "data": morceau})

    async def relire(self, piece: str) -> AsyncIterator[bytes]:
        """Give what is kept of a piece, chunk by chunk: one in memory, where the driver's cursor would hold 16."""
        rang = 0
        while morceau := await self._morceaux.find_one({"files_id": piece, "n": rang}, {"data": 1}):
            yield morceau["data"]
            rang += 1

    async def inscrire(self, producteur: str, nom: str, gardee: PieceGardee) -> None:
        """Make a piece of chunks that are all kept: from now on readers find it. Doing it again changes nothing."""
        fiche = {
            "filename": nom[:NOM_MAX],
            "length": gardee.taille,
            "chunkSize": FILE_CHUNK,
            "uploadDate": now(),
            "metadata": {"producteur": producteur, "sha256": gardee.sha256, "emploi": A_VERIFIER},
        }
        await self._fichiers.update_one({"_id": gardee.id}, {"$setOnInsert": fiche}, upsert=True)

    async def oublier_les_abandons(self) -> None:
        """Forget the uploads that nobody went on with for a day, or that a crash of ours cut."""
        abandonne = {"le": {"$lt": now() - ABANDON}}
        async for abandon in self._en_cours.find(abandonne, {"_id": 1}):
            # Marked first: who would go on with it after this no longer finds it.
            marque = await self._en_cours.update_one({"_id": abandon["_id"], **abandonne}, {"$set": {"etat": "oublie"}})
            if marque.matched_count:
                await self._oublier(abandon["_id"])

    async def effacer(self, piece: str) -> None:
        """Forget the bytes of a piece that nobody was told of."""
        await self._fichiers.delete_one({"_id": piece})
        await self._morceaux.delete_many({"files_id": piece})

    async def connues(self, producteur: str, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Give the (SHA-256, size) of those of these pieces that this producer uploaded, and that stay."""
        a_lui = {"_id": {"$in": list(ids)}, "metadata.producteur": producteur, CONDAMNEE: {"$exists": False}}
        trouvees = self._fichiers.find(a_lui, {"metadata": 1, "length": 1})
        return {piece["_id"]: (piece["metadata"]["sha256"], piece["length"]) async for piece in trouvees}

    async def _ecrire(self, piece: str, recus: AsyncIterable[bytes]) -> PieceGardee:
        hachage, taille, rang = hashlib.sha256(), 0, 0
        async for morceau in _egaux(_bornes(recus)):
            hachage.update(morceau)
            taille += len(morceau)
            # One at a time: the client is read no faster than MongoDB writes.
            await self._morceaux.insert_one({"files_id": piece, "n": rang, "data": morceau})
            rang += 1
        if not taille:
            raise SoumissionRefusee(
                422, "piece_vide", "(corps)", "Ce fichier est vide : choisissez la pièce elle-même."
            )
        return PieceGardee(piece, hachage.hexdigest(), taille)

    async def _renoncer(self, piece: str) -> None:
        try:
            async with asyncio.timeout(2):  # somebody waits to hear why the upload failed
                await self._oublier(piece)
        except (PyMongoError, TimeoutError) as error:
            logger().warning("piece_forgotten_later", piece=piece, error=type(error).__name__)

    async def _oublier(self, piece: str) -> None:
        await self.effacer(piece)
        await self._en_cours.delete_one({"_id": piece})


async def _bornes(morceaux: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Pass the chunks on, up to what a piece may weigh."""
    reste = TAILLE_MAX_PIECE
    async for morceau in morceaux:
        reste -= len(morceau)
        if reste < 0:
            raise PieceTropVolumineuse
        yield morceau


async def _egaux(morceaux: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Gather the chunks into those that GridFS keeps: all of one size but the last."""
    attente = bytearray()
    async for morceau in morceaux:
        attente += morceau
        while len(attente) >= FILE_CHUNK:
            yield bytes(attente[:FILE_CHUNK])
            del attente[:FILE_CHUNK]
    if attente:
        yield bytes(attente)
