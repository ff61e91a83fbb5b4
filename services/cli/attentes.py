"""What one dossier waits for: events not recorded, mails not accepted, a delivery not made; and why."""

from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser
from enum import StrEnum
from typing import Any, Final

from services._runtime.clock import now
from services._runtime.mongo import Database, Document
from services.cli.outbox import COLLECTIONS, dus, filtre_du_dossier
from services.notification.domain import EtatEnvoi

_CHAMPS_ENVOI: Final = dict.fromkeys(
    ("motif", "version", "etat", "journal", "attente", "prochaine_tentative", "bail", "message"), 1
)


class Nature(StrEnum):
    """What waits."""

    EVENEMENT = "evenement"
    COURRIEL = "courriel"
    LIVRAISON = "livraison"


@dataclass(frozen=True)
class Attente:
    """One thing that waits. `geste`: what `ent1d dossier reprendre` does about it; empty when nothing of its own does.

    `document` (in `collection`) holds it, under `id` for an event, which waits for a person at each of `mis_de_cote`.
    """

    nature: Nature
    quoi: str
    pourquoi: str
    depuis: datetime | None
    prochain: datetime | None
    collection: str
    document: str
    id: str = ""
    version: int | str = ""
    etat: str = ""
    geste: str = ""
    mis_de_cote: tuple[str, ...] = ()

    def ligne(self) -> Document:
        """Show it as a row."""
        champs: dict[str, Any] = {"nature": self.nature, "quoi": self.quoi, "pourquoi": self.pourquoi}
        return champs | {"depuis": self.depuis or "", "prochain": self.prochain or "", "geste": self.geste}


async def attentes(documents: Database, numero: str, *, redire: bool = False) -> list[Attente]:
    """Give what this dossier waits for. `redire`: what a listener parked is to be told again, for RabbitMQ lost it."""
    trouvees: list[Attente] = []
    for collection in COLLECTIONS:
        lignes = await dus(documents, collection, filtre_du_dossier(collection, numero))
        trouvees += [_evenement(ligne, redire=redire) for ligne in lignes]
    envois = documents["envois"].find({"numero": numero, "etat": {"$ne": EtatEnvoi.ACCEPTE}}, _CHAMPS_ENVOI)
    trouvees += [_courriel(envoi, now()) async for envoi in envois]
    perimetres = documents["perimetres"].find({"numero": numero, "livree": False}, {"sortie": 0})
    trouvees += [await _livraison(documents, perimetre) async for perimetre in perimetres]
    return trouvees


def _evenement(du: Document, *, redire: bool) -> Attente:
    pourquoi, geste = _ou_en_est(du)
    return Attente(
        nature=Nature.EVENEMENT,
        quoi=du["evenement"],
        pourquoi=pourquoi,
        depuis=du["depuis"],
        prochain=du["prochain_regard"],
        collection=du["collection"],
        document=du["document"],
        id=du["id"],
        geste="oublier la mise de côté et redire" if redire and du["mis_de_cote"] else geste,
        mis_de_cote=tuple(du["mis_de_cote"]),
    )


def _ou_en_est(du: Document) -> tuple[str, str]:
    """Say why an event is not settled, and what to do about it."""
    if du["mis_de_cote"]:
        rejouer = f"ent1d parking rejouer --dossier {du['dossier']}"
        return f"mis de côté chez {' et '.join(du['mis_de_cote'])} : {rejouer}", ""
    if not du["publie"]:
        return "pas encore publié", "publier maintenant"
    attendus = " et ".join(du["attendus"])
    pourquoi = f"publié, attend l’accusé de {attendus}" if attendus else "publié, à solder"
    return pourquoi, "relire les accusés maintenant, redire s’il en manque"


def _courriel(envoi: Document, maintenant: datetime) -> Attente:
    raison = envoi.get("attente", envoi["journal"][-1])["raison"]
    etat = EtatEnvoi(envoi["etat"])
    prochain = envoi.get("prochaine_tentative")
    en_cours = etat is EtatEnvoi.TENTATIVE or (envoi.get("bail") or maintenant) > maintenant
    return Attente(
        nature=Nature.COURRIEL,
        quoi=f"courriel « {envoi['motif']} »",
        pourquoi=" : ".join(filter(None, (etat.value, raison, _message_id(envoi["message"])))),
        depuis=envoi["journal"][0]["le"],
        prochain=prochain,
        collection="envois",
        document=envoi["_id"],
        version=envoi["version"],
        etat=etat,
        geste="" if en_cours else _geste(etat, attend_quelqu_un=prochain is None),
    )


def _geste(etat: EtatEnvoi, *, attend_quelqu_un: bool) -> str:
    if etat is EtatEnvoi.DOUTEUX and attend_quelqu_un:
        return "envoyer une fois de plus (le destinataire peut le recevoir deux fois)"
    if etat is EtatEnvoi.REFUS_DEFINITIF:
        return "présenter de nouveau à la même adresse"
    return "envoyer maintenant"


def _message_id(message: bytes) -> str:
    """Read what names the mail in the relay's log."""
    return str(BytesHeaderParser().parsebytes(message).get("Message-ID", ""))


async def _livraison(documents: Database, perimetre: Document) -> Attente:
    titulaire = perimetre["titulaire"]
    ouverte = await documents["livraisons"].find_one(
        {"titulaire": titulaire, "etat": {"$ne": "livree"}}, {"etat": 1, "constat": 1, "ouverte_le": 1}
    )
    return Attente(
        nature=Nature.LIVRAISON,
        quoi=f"livraison à {titulaire}",
        pourquoi=_retard(perimetre, ouverte),
        depuis=perimetre.get("inscrit_le"),
        prochain=None,
        collection="perimetres",
        document=perimetre["_id"],
        version=perimetre["version"],
    )


def _retard(perimetre: Document, ouverte: Document | None) -> str:
    """Say why a delivery is not made: what kept the last try, or what it waits for."""
    if attente := perimetre.get("attente"):
        return str(attente["raison"])
    if ouverte is not None and ouverte["etat"] == "suspendue":
        return f"{ouverte['_id']} suspendue : {ouverte.get('constat', '')}"
    if signalees := ", ".join(perimetre["suspensions"]):
        return f"signalée aux agents : {signalees}"
    return f"{ouverte['_id']} en cours" if ouverte else "à la prochaine tournée"
