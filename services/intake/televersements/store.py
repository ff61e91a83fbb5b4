"""The only door to `televersements`, but for Pieces, which notes there what it has begun and forgets what was left."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.read_concern import ReadConcern

from contracts.dossier import RolePiece
from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from services.intake.pieces import ABANDON, NOM_MAX, Pieces
from services.intake.televersements.domain import Etat, Refus, Televersement
from services.intake.televersements.protocole import Annonce

BAIL: Final = timedelta(seconds=30)  # what a killed replica makes its clients wait, at most
SOUVENIR: Final = timedelta(hours=24)  # how long a client that lost our last answer may still ask for it


@dataclass(frozen=True)
class Bail:
    """The right to write to an upload. Writes under a lost one fail: a stopped holder that wakes up harms nothing."""

    televersement: str
    jeton: str


class Televersements:
    """Uploads of the form by the id of the piece they become; any replica may go on with any of them.

    `le`, their last request, is there for as long as their bytes are nobody's: Pieces forgets those a day later.
    """

    def __init__(self, mongo: Mongo, pieces: Pieces) -> None:
        collection = mongo.database["televersements"]
        self._tous = collection
        # What the majority has: an offset that was told must not be undone by an election.
        self._surs = collection.with_options(read_concern=ReadConcern("majority"))
        self._pieces = pieces

    async def prepare(self) -> None:
        """Create the indexes: those of a draft; the end of what is kept."""
        await self._tous.create_index(
            [("numero", 1), ("role", 1)], partialFilterExpression={"numero": {"$exists": True}}
        )
        await self._tous.create_index("garde_le", expireAfterSeconds=int(SOUVENIR.total_seconds()))

    async def ouvrir(self, numero: str, annonce: Annonce) -> Televersement:
        """Begin an upload. Those begun before for this place of the draft are given up: the last one wins."""
        await self.remplacer(numero, annonce.role)
        document = {
            "_id": uuid4().hex,
            "numero": numero,
            "role": annonce.role,
            "nom": annonce.nom[:NOM_MAX],
            "taille": annonce.taille,
            "offset": 0,
            "etat": Etat.OUVERT,
            "metadonnees": annonce.metadonnees,
            "le": now(),
        }
        await self._tous.insert_one(document)
        return _televersement(document)

    async def lire(self, numero: str, televersement: str) -> Televersement | None:
        """Read an upload of this draft, unless it was given up."""
        document = await self._surs.find_one({"_id": televersement, "numero": numero, "etat": {"$ne": Etat.OUBLIE}})
        return _televersement(document) if document else None

    async def prendre(self, televersement: Televersement) -> Bail | None:
        """Take the lease on an open upload that still stands where it was read; None when somebody holds it."""
        bail, maintenant = Bail(televersement.id, uuid4().hex), now()
        pris = await self._tous.update_one(
            {
                "_id": televersement.id,
                "etat": Etat.OUVERT,
                "offset": televersement.offset,
                "$or": [{"bail": {"$exists": False}}, {"bail.jusqu_au": {"$lt": maintenant}}],
            },
            {"$set": {"bail": {"jeton": bail.jeton, "jusqu_au": maintenant + BAIL}, "le": maintenant}},
        )
        return bail if pris.matched_count else None

    async def renouveler(self, bail: Bail) -> None:
        """Hold the lease for longer, if it is still ours."""
        await self._tous.update_one(_tenu(bail), {"$set": {"bail.jusqu_au": now() + BAIL}})

    async def rendre(self, bail: Bail) -> None:
        """Give the lease back, if it is still ours."""
        await self._tous.update_one(_tenu(bail), {"$unset": {"bail": ""}})

    async def avancer(self, bail: Bail, octets: int) -> Televersement:
        """Count bytes that are kept. Raises a Refus (410) when the lease was lost or the upload given up."""
        return await self._changer(bail, {"$inc": {"offset": octets}})

    async def garder(self, bail: Bail, sha256: str, constat: str) -> Televersement:
        """Make of the bytes a piece, which nothing forgets any more. Raises a Refus (410), as `avancer`."""
        garde = {"etat": Etat.GARDE, "sha256": sha256, "constat": constat, "garde_le": now()}
        return await self._changer(bail, {"$set": garde, "$unset": {"le": "", "bail": ""}})

    async def clore(self, televersement: Televersement) -> None:
        """Note that the draft holds the piece."""
        await self._tous.update_one({"_id": televersement.id, "etat": Etat.GARDE}, {"$set": {"etat": Etat.CLOS}})

    async def oublier(self, televersement: str) -> bool:
        """Give up an open upload and its bytes; False when it has become a piece. Whoever writes to it is stopped.

        Its document stays a day, for Pieces to sweep behind a writer that died before it could learn this.
        """
        oublie = await self._tous.update_one(
            {"_id": televersement, "etat": Etat.OUVERT}, {"$set": {"etat": Etat.OUBLIE}, "$unset": {"bail": ""}}
        )
        if oublie.matched_count:
            await self._pieces.effacer(televersement)
        return bool(oublie.matched_count)

    async def remplacer(self, numero: str, role: RolePiece) -> None:
        """Give up what was begun for this place of the draft: no late retry may put an older file there."""
        place = {"numero": numero, "role": role}
        async for ouvert in self._tous.find({**place, "etat": Etat.OUVERT}, {"_id": 1}):
            await self.oublier(ouvert["_id"])
        await self._tous.update_many({**place, "etat": Etat.GARDE}, {"$set": {"etat": Etat.CLOS}})

    async def _changer(self, bail: Bail, changement: Document) -> Televersement:
        document = await self._tous.find_one_and_update(_tenu(bail), changement, return_document=ReturnDocument.AFTER)
        if document is None:
            await self._balayer(bail.televersement)
            raise Refus(410, "Un autre envoi a pris la place de celui-ci.")
        return _televersement(document)

    async def _balayer(self, televersement: str) -> None:
        """Forget what was kept of an upload while it was given up."""
        if await self._tous.find_one({"_id": televersement, "etat": Etat.OUBLIE}, {"_id": 1}):
            await self._pieces.effacer(televersement)


def _tenu(bail: Bail) -> Document:
    return {"_id": bail.televersement, "bail.jeton": bail.jeton, "etat": Etat.OUVERT}


def _televersement(document: Document) -> Televersement:
    return Televersement(
        id=document["_id"],
        numero=document["numero"],
        role=RolePiece(document["role"]),
        nom=document["nom"],
        taille=document["taille"],
        offset=document["offset"],
        etat=Etat(document["etat"]),
        expire_le=document.get("le", now()) + ABANDON,
        metadonnees=document["metadonnees"],
        sha256=document.get("sha256", ""),
        constat=document.get("constat", ""),
    )
