"""Tells the life of a dossier to an agent, line by line, each decision with who took it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from contracts.dossier import Etape
from contracts.evenements import (
    AAFLivre,
    CorrectionDemandee,
    DossierClasse,
    DossierDepose,
    DossierRefuse,
    DossierValide,
    LivraisonApprouvee,
    LivraisonSuspendue,
    PiecesVerifiees,
)
from services.intake.domain import EN_ATTENTE, REGLE

TITRES: Final = {
    DossierDepose.nom(): "Dossier déposé",
    PiecesVerifiees.nom(): "Pièces vérifiées",
    CorrectionDemandee.nom(): "Correction demandée",
    DossierValide.nom(): "Dossier validé",
    DossierRefuse.nom(): "Dossier refusé",
    DossierClasse.nom(): "Dossier classé sans suite",
    AAFLivre.nom(): "Annuaire livré",
    LivraisonSuspendue.nom(): "Livraison suspendue",
    LivraisonApprouvee.nom(): "Livraison approuvée",
    EN_ATTENTE: "En attente",
}
DECISIONS: Final = frozenset({CorrectionDemandee.nom(), DossierValide.nom(), DossierRefuse.nom()})
_ATTENTION: Final = frozenset({CorrectionDemandee.nom(), LivraisonSuspendue.nom(), EN_ATTENTE})


@dataclass(frozen=True, slots=True)
class Ligne:
    """One line of the timeline, as its component shows it. `texte` is of several sentences."""

    titre: str
    le: datetime
    texte: str
    etat: str


def historique(dossier: Mapping[str, Any], attentes: Sequence[Etape] = ()) -> list[Ligne]:
    """Tell what happened, then what is waited for."""
    prises = {prise["le"]: prise for prise in _prises(dossier)}
    etapes = (*(Etape(**etape) for etape in dossier["chronologie"]), *attentes)
    return [_ligne(etape, prises.get(etape.le)) for etape in etapes]


def auteur(decide_par: str) -> str:
    """Name who decided: an agent by the code of his account, or a rule and its version."""
    genre, _, nom = decide_par.partition(":")
    if genre == "agent":
        return f"par {nom}"
    regle, _, version = nom.rpartition(".")
    return f"par la règle « {regle} », version {version}"


def _prises(dossier: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for contenu in (*dossier.get("versions", ()), dossier):
        yield from contenu.get("decisions", ())


def _ligne(etape: Etape, prise: Mapping[str, Any] | None) -> Ligne:
    titre = f"{TITRES.get(etape.fait, etape.fait)} – version {etape.version}"
    phrases = [etape.constat]
    if prise is not None:
        phrases += [f"Décidé {auteur(prise['par'])}.", prise["motivation"]]
    elif etape.fait in DECISIONS:
        phrases.append(f"Décidé {auteur(REGLE)}.")
    etat = "erreur" if etape.fait == DossierRefuse.nom() else "attention" if etape.fait in _ATTENTION else "fait"
    return Ligne(titre, etape.le, " ".join(filter(None, phrases)), etat)
