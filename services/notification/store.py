"""The only door of notification to MongoDB: its journal `envois`, and the read shape of a dossier."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from contracts.dossier import DossierLu
from services._runtime.clock import now
from services._runtime.lease import Lease
from services._runtime.mongo import Document, GroupCommit
from services._runtime.service import Base
from services.notification.domain import Envoi, EtatEnvoi, Suite

BAIL: Final = timedelta(seconds=15)  # how long a dead process holds up the mails it was sending; renewed thrice
LECTURE: Final = dict.fromkeys(DossierLu.model_fields, 1)
EN_ATTENTE: Final = (EtatEnvoi.PREVU, EtatEnvoi.REFUS_TEMPORAIRE, EtatEnvoi.DOUTEUX)
EN_COURS: Final = (*EN_ATTENTE, EtatEnvoi.TENTATIVE)


@dataclass(frozen=True)
class Pris:
    """An envoi as it was read: due, or (with a `jeton`) being sent by who holds it for as long as it renews its lease.

    `prochaine_tentative` and `bail` are what was read: what they are no longer, somebody else has changed.
    """

    cle: str
    destinataire: str
    message: bytes
    refus: int
    pannes: int
    renvois: int
    prevu_le: datetime
    prochaine_tentative: datetime | None
    jeton: str | None = None
    bail: datetime | None = None


@dataclass(frozen=True, eq=False)
class Tenu:
    """An attempt in progress and the lease on it."""

    pris: Pris
    bail: Lease


class Store:
    """Envois by key `numero:version:motif`: the key makes a mail unique, whatever is delivered twice."""

    def __init__(self, base: Base) -> None:
        self._dossiers = base.mongo.database["dossiers"]
        self._envois = base.mongo.database["envois"]
        self._ecritures = GroupCommit(self._envois)

    async def prepare(self) -> None:
        """Create the indexes of what is due and of what was taken and never ended."""
        await self._envois.create_index(
            "prochaine_tentative", partialFilterExpression={"prochaine_tentative": {"$exists": True}}
        )
        await self._envois.create_index("bail", partialFilterExpression={"bail": {"$exists": True}})
        await self._envois.create_index("jeton", partialFilterExpression={"jeton": {"$exists": True}})
        await self._envois.create_index("numero")
        await self._envois.create_index("etat")

    async def dossier(self, numero: str) -> DossierLu:
        """Read a dossier as `contracts` lets others read it. Raises LookupError when there is none."""
        trouve = await self._dossiers.find_one({"_id": numero}, LECTURE)
        if trouve is None:
            raise LookupError("dossier absent")
        return DossierLu.model_validate(trouve, strict=False)

    async def prevoir(self, envoi: Envoi) -> None:
        """Owe a mail. The first one written wins: a redelivery, or a later state of the dossier, changes nothing."""
        maintenant = now()
        await self._ecritures.insert(
            {
                "_id": envoi.cle,
                "numero": envoi.numero,
                "version": envoi.version,
                "motif": envoi.motif,
                "etat": EtatEnvoi.PREVU,
                "destinataire": envoi.destinataire,
                "message": envoi.message,
                "prochaine_tentative": maintenant,
                "refus": 0,
                "pannes": 0,
                "renvois": 0,
                "journal": [{"le": maintenant, "etat": EtatEnvoi.PREVU, "raison": ""}],
            }
        )

    async def dus(self, nombre: int) -> Sequence[Pris]:
        """Read what is due, oldest first. Nothing is taken: what is not being sent waits for no dead process."""
        du = {"prochaine_tentative": {"$lte": now()}, "etat": {"$in": EN_ATTENTE}}
        return [_pris(e) async for e in self._envois.find(du).sort("prochaine_tentative", 1).limit(nombre)]

    async def tenter(self, du: Pris) -> Tenu | None:
        """Take a lease and write the attempt down, before anything is sent; None when another process did, or has."""
        bail = Lease(BAIL)
        pris = await self._ecritures.update(
            du.cle,
            # The date changes at each try: unchanged, nothing has happened since it was read.
            {"prochaine_tentative": du.prochaine_tentative, "etat": {"$in": EN_ATTENTE}},
            {
                "$set": {"etat": EtatEnvoi.TENTATIVE, "jeton": bail.token, "bail": now() + BAIL},
                "$unset": {"prochaine_tentative": ""},
                "$push": {"journal": {"le": now(), "etat": EtatEnvoi.TENTATIVE, "raison": ""}},
            },
        )
        return Tenu(replace(du, jeton=bail.token), bail) if pris else None

    async def prolonger(self, tenu: Tenu) -> None:
        """Renew a lease, unless somebody has closed the attempt meanwhile."""
        asked_at = now()
        renouvele = await self._envois.update_one({"jeton": tenu.bail.token}, {"$set": {"bail": now() + BAIL}})
        if renouvele.matched_count:
            tenu.bail.asked_at = asked_at

    async def faire_attendre(self, raison: str) -> None:
        """Say of all that is due why it waits; what says it already stays as it is."""
        du = {"prochaine_tentative": {"$lte": now()}, "etat": {"$in": EN_ATTENTE}, "attente.raison": {"$ne": raison}}
        depuis = {"$arrayElemAt": ["$journal.le", 0]}
        await self._envois.update_many(du, [{"$set": {"attente": {"depuis": depuis, "raison": raison}}}])

    async def en_cours(self) -> dict[str, tuple[int, datetime]]:
        """Count what is not accepted yet and may still be, by state, with the date of the oldest."""
        groupes = self._envois.aggregate(
            [
                {"$match": {"etat": {"$in": EN_COURS}}},
                {"$project": {"etat": 1, "le": {"$arrayElemAt": ["$journal.le", 0]}}},
                {"$group": {"_id": "$etat", "nombre": {"$sum": 1}, "depuis": {"$min": "$le"}}},
            ]
        )
        return {groupe["_id"]: (groupe["nombre"], groupe["depuis"]) async for groupe in groupes}

    async def interrompus(self) -> Sequence[Pris]:
        """Give the attempts whose lease is over: their process died, nobody knows whether the mail left."""
        perdus = self._envois.find({"bail": {"$lte": now()}, "etat": EtatEnvoi.TENTATIVE}).limit(100)
        return [_pris(envoi) async for envoi in perdus]

    async def noter(self, pris: Pris, suite: Suite, *, compte: str | None = None) -> None:
        """Close an attempt with what became of it, and count it under `compte` (refus, pannes or renvois).

        Nothing happens when somebody else has closed it, or has renewed its lease since it was read. Once the mail is
        accepted its text and address are dropped: the dossier keeps them, the journal need not.
        """
        update: dict[str, Document] = {
            "$set": {"etat": suite.etat},
            "$unset": {"bail": "", "jeton": ""},
            "$push": {"journal": {"le": now(), "etat": suite.etat, "raison": suite.raison}},
        }
        if suite.etat in EN_ATTENTE:
            update["$set"]["attente"] = {"depuis": pris.prevu_le, "raison": suite.raison}
        else:
            update["$unset"]["attente"] = ""
        if suite.prochaine_tentative:
            update["$set"]["prochaine_tentative"] = suite.prochaine_tentative
        if suite.etat is EtatEnvoi.ACCEPTE:
            update["$unset"] |= {"message": "", "destinataire": ""}
        if compte:
            update["$inc"] = {compte: 1}
        tenu = {"jeton": pris.jeton} | ({"bail": pris.bail} if pris.bail else {})
        await self._ecritures.update(pris.cle, tenu, update)


def _pris(envoi: Document) -> Pris:
    return Pris(
        cle=envoi["_id"],
        prevu_le=envoi["journal"][0]["le"],
        prochaine_tentative=envoi.get("prochaine_tentative"),
        jeton=envoi.get("jeton"),
        bail=envoi.get("bail"),
        destinataire=envoi["destinataire"],
        message=envoi["message"],
        refus=envoi["refus"],
        pannes=envoi["pannes"],
        renvois=envoi["renvois"],
    )
