"""The only door of notification to MongoDB: its journal `envois`, and the read shape of a dossier."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from contracts.dossier import DossierLu
from services._runtime.clock import now
from services._runtime.mongo import Document, GroupCommit
from services._runtime.service import Base
from services.notification.domain import Envoi, EtatEnvoi, Suite

BAIL: Final = timedelta(seconds=15)  # how long a dead process holds up its mails; renewed three times as often
LECTURE: Final = dict.fromkeys(DossierLu.model_fields, 1)
EN_ATTENTE: Final = (EtatEnvoi.PREVU, EtatEnvoi.REFUS_TEMPORAIRE, EtatEnvoi.DOUTEUX)


@dataclass(frozen=True)
class Pris:
    """An envoi taken by this process for as long as it renews its lease: nobody else sends it meanwhile."""

    cle: str
    jeton: str
    destinataire: str
    message: bytes
    refus: int
    pannes: int
    renvois: int


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

    async def prendre(self, nombre: int) -> Sequence[Pris]:
        """Take what is due, oldest first."""
        maintenant = now()
        du = {
            "prochaine_tentative": {"$lte": maintenant},
            "etat": {"$in": EN_ATTENTE},
            "bail": {"$not": {"$gt": maintenant}},
        }
        trouves = [
            e["_id"] async for e in self._envois.find(du, {"_id": 1}).sort("prochaine_tentative", 1).limit(nombre)
        ]
        if not trouves:
            return ()
        prise = {"bail": maintenant + BAIL, "jeton": uuid4().hex}
        await self._envois.update_many({"_id": {"$in": trouves}, **du}, {"$set": prise})
        pris = self._envois.find({"_id": {"$in": trouves}, "jeton": prise["jeton"]}).sort("prochaine_tentative", 1)
        return [_pris(envoi) async for envoi in pris]

    async def tenter(self, pris: Pris) -> bool:
        """Write the attempt down, before anything is sent; False when the lease was lost to another process."""
        return await self._ecritures.update(
            pris.cle,
            {"jeton": pris.jeton},
            {
                "$set": {"etat": EtatEnvoi.TENTATIVE},
                "$unset": {"prochaine_tentative": ""},
                "$push": {"journal": {"le": now(), "etat": EtatEnvoi.TENTATIVE, "raison": ""}},
            },
        )

    async def prolonger(self, jeton: str) -> None:
        """Renew the lease of all that was taken together."""
        await self._envois.update_many({"jeton": jeton}, {"$set": {"bail": now() + BAIL}})

    async def rendre(self, jeton: str) -> None:
        """Give back what was taken and not tried."""
        await self._envois.update_many(
            {"jeton": jeton, "etat": {"$in": EN_ATTENTE}}, {"$unset": {"bail": "", "jeton": ""}}
        )

    async def interrompus(self) -> Sequence[Pris]:
        """Give the attempts whose lease is over: their process died, nobody knows whether the mail left."""
        perdus = self._envois.find({"bail": {"$lte": now()}, "etat": EtatEnvoi.TENTATIVE}).limit(100)
        return [_pris(envoi) async for envoi in perdus]

    async def noter(self, pris: Pris, suite: Suite, *, compte: str | None = None) -> None:
        """Close an attempt with what became of it, and count it under `compte` (refus, pannes or renvois).

        Once the mail is accepted its text and address are dropped: the dossier keeps them, the journal need not.
        """
        update: dict[str, Document] = {
            "$set": {"etat": suite.etat},
            "$unset": {"bail": "", "jeton": ""},
            "$push": {"journal": {"le": now(), "etat": suite.etat, "raison": suite.raison}},
        }
        if suite.prochaine_tentative:
            update["$set"]["prochaine_tentative"] = suite.prochaine_tentative
        if suite.etat is EtatEnvoi.ACCEPTE:
            update["$unset"] |= {"message": "", "destinataire": ""}
        if compte:
            update["$inc"] = {compte: 1}
        await self._ecritures.update(pris.cle, {"jeton": pris.jeton}, update)


def _pris(envoi: Document) -> Pris:
    return Pris(
        cle=envoi["_id"],
        jeton=envoi["jeton"],
        destinataire=envoi["destinataire"],
        message=envoi["message"],
        refus=envoi["refus"],
        pannes=envoi["pannes"],
        renvois=envoi["renvois"],
    )
