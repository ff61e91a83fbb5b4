"""What the states of a base say: which facts took place, which event tells each, and what each calls for."""

from collections.abc import Iterator, Mapping
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from contracts.dossier import EtatDossier
from contracts.evenements import MotifSuspension
from contracts.flux import FLUX
from services._runtime.mongo import Document

from .processus import TITULAIRE

Documents = Mapping[str, Mapping[str, Document]]  # by collection, then by _id
Fait = tuple[str, str, int, str]  # type, dossier, version, rang

AUDITEURS: Final = {flux.evenement.nom(): flux.auditeurs for flux in FLUX}
ETATS: Final = {
    "DossierDéposé": EtatDossier.DEPOSE,
    "CorrectionDemandée": EtatDossier.A_CORRIGER,
    "DossierRefusé": EtatDossier.REFUSE,
    "DossierValidé": EtatDossier.VALIDE,
    "AAFLivré": EtatDossier.LIVRE,
}
SUITES: Final = {
    "": {"DossierDéposé"},
    "DossierDéposé": {"CorrectionDemandée", "DossierRefusé", "DossierValidé"},
    "CorrectionDemandée": {"DossierDéposé"},
    "DossierRefusé": set[str](),
    "DossierValidé": {"AAFLivré"},
    "AAFLivré": set[str](),
}
SANS_ETAT: Final = {"PiècesVérifiées": "DossierDéposé", "LivraisonSuspendue": "DossierValidé"}
COURRIERS: Final = {
    "DossierDéposé": "accuse",
    "CorrectionDemandée": "correction",
    "DossierRefusé": "refus",
    "DossierValidé": "validation",
    "AAFLivré": "livraison",
    "LivraisonSuspendue": "suspension",
}
DITS_PAR_INTAKE: Final = frozenset({"DossierDéposé", "CorrectionDemandée", "DossierRefusé", "DossierValidé"})


def evenement(fait: Fait) -> str:
    """Give the id of the event that tells a fact, as the contract makes it."""
    nom, numero, version, rang = fait
    return str(uuid5(NAMESPACE_URL, f"ent1d:{nom}:{numero}:{version}:{rang}"))


def faits(documents: Documents) -> Iterator[Fait]:
    """Give what the states say that must be told."""
    for numero, dossier in documents["dossiers"].items():
        for etape in dossier["chronologie"]:
            if etape["fait"] in DITS_PAR_INTAKE:
                yield etape["fait"], numero, etape["version"], ""
    for verification in documents["verifications"].values():
        yield "PiècesVérifiées", verification["numero"], verification["version"], ""
    for perimetre in documents["perimetres"].values():
        yield from _faits_de_la_livraison(perimetre)


def _faits_de_la_livraison(perimetre: Document) -> Iterator[Fait]:
    if perimetre["livree"]:
        yield "AAFLivré", perimetre["numero"], perimetre["version"], ""
    for motif in perimetre["suspensions"]:
        yield "LivraisonSuspendue", perimetre["numero"], perimetre["version"], str(MotifSuspension(motif))


def effet(documents: Documents, service: str, fait: Fait) -> bool:
    """Tell whether a listener did what a fact calls for."""
    nom, numero, version, _ = fait
    match service:
        case "verification":
            return f"{numero}:{version}" in documents["verifications"]
        case "notification":
            return f"{numero}:{version}:{COURRIERS[nom]}" in documents["envois"]
        case "aaf_dispatch":
            return f"{TITULAIRE}:{numero}" in documents["perimetres"]
    suivis = [e["fait"] for e in documents["dossiers"][numero]["chronologie"] if e["version"] == version]
    if nom == "PiècesVérifiées":
        return len(suivis) > 1
    return nom in suivis or "AAFLivré" in suivis


def issue(documents: Documents, service: str, event_id: str) -> str:
    """Give what a listener's receipt says of an event: recu, parque, or nothing."""
    return str(documents[f"recus_{service}"].get(event_id, {}).get("issue", ""))


def recu_partout(documents: Documents, event_id: str, nom: str) -> bool:
    """Tell whether all the listeners of an event recorded it."""
    return all(issue(documents, service, event_id) == "recu" for service in AUDITEURS[nom])
