"""What a campaign looks at while it runs: who is seen working, what is still on its way. Changes nothing."""

import json
import re
from pathlib import Path
from typing import Any, Final

import httpx
from pymongo import MongoClient

from deploy.campagne.temoin.livre import lire
from deploy.local.systeme import Systeme

VIES: Final = {
    "intake": "dossiers",
    "verification": "verifications",
    "notification": "envois",
    "aaf_dispatch": "perimetres",
}
"""By service, the collection that grows while it works."""
_ATTENTE_MESUREE: Final = re.compile(r"^(?:envois|livraisons)_en_attente\{.*\} [1-9]", re.MULTILINE)
_DOUTE_A_RENVOYER: Final = {"etat": "douteux", "prochaine_tentative": {"$exists": True}}
TAILLE_ORDINAIRE: Final = 40_000  # bytes of a delivery of the campaign's synthetic annuaire, before the first is made


class Regard:
    """Reads MongoDB past any proxy, and the books of the two partners."""

    def __init__(self, systeme: Systeme) -> None:
        self.receptions: Final = systeme.grappe.smtp.donnees / "receptions.jsonl"
        self.journal_sftp: Final = systeme.grappe.sftp.donnees / "actes.jsonl"
        self._racine = systeme.grappe.sftp.racine
        self._systeme = systeme
        self._mongo: MongoClient[dict[str, Any]] = MongoClient(
            systeme.grappe.mongo.url, tz_aware=True, timeoutMS=2000, directConnection=True
        )

    def fermer(self) -> None:
        """Close the connection."""
        self._mongo.close()

    def vie(self, temoin: str) -> int:
        """Measure what a witness of life has done so far, -1 while nobody can tell; only its growth means anything."""
        if temoin in {"smtp", "sftp"}:
            return _taille(self.receptions if temoin == "smtp" else self.journal_sftp)
        try:
            return int(self._mongo["ent1d"][VIES[temoin]].estimated_document_count())
        except Exception:  # noqa: BLE001  # down is one of the states of a campaign
            return -1

    def dit_ce_qui_attend(self, service: str, raison: str) -> bool:
        """Tell whether a partner's absence can be seen: in the metrics of the service, in the timeline of a dossier."""
        mesures = httpx.get(f"http://127.0.0.1:{self._systeme.ports[service]}/metrics", timeout=5).text
        documents = self._mongo["ent1d"][VIES[service]]
        en_attente = documents.find_one({"attente": {"$exists": True}}, sort=[("attente.depuis", 1)])
        if en_attente is None or not _ATTENTE_MESUREE.search(mesures):
            return False
        suivi = httpx.get(
            f"{self._systeme.url}/api/v1/dossiers/{en_attente['numero']}",
            headers={"Authorization": f"Bearer {self._systeme.cle_api}"},
            timeout=5,
        ).json()
        return any(etape["fait"] == "EnAttente" and raison in etape["constat"] for etape in suivi["chronologie"])

    def actes_sftp(self, acte: str) -> int:
        """Count the acts of a kind in the titulaire's book."""
        marque = f'"acte": {json.dumps(acte)}'.encode()
        return self.journal_sftp.read_bytes().count(marque) if self.journal_sftp.exists() else 0

    def nombre_de_receptions(self) -> int:
        """Count the messages presented to the relay."""
        return sum(1 for _ in lire(self.receptions))

    def taille_derniere_livraison(self) -> int:
        """Give the size of the last zip at the titulaire's, in bytes."""
        tailles = [f.stat().st_size for f in sorted(self._racine.glob("ENT1D.*.zip"))]
        return tailles[-1] if tailles else TAILLE_ORDINAIRE

    def reste_a_faire(self) -> dict[str, int]:
        """Count what is still on its way, by kind; empty once the system has drained."""
        base = self._mongo["ent1d"]
        en_route = {"$or": [{"etat": {"$in": ["prevu", "tentative", "refus_temporaire"]}}, _DOUTE_A_RENVOYER]}
        restes = {
            "dossiers": base["dossiers"].count_documents({"etat": {"$in": ["depose", "valide"]}}),
            "envois": base["envois"].count_documents(en_route),
        }
        for nom in ("dossiers", "verifications", "perimetres"):
            restes[f"événements de {nom}"] = base[nom].count_documents({"sortie.0": {"$exists": True}})
        return {nom: nombre for nom, nombre in restes.items() if nombre}


def _taille(fichier: Path) -> int:
    try:
        return fichier.stat().st_size
    except FileNotFoundError:
        return 0
