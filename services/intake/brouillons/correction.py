"""What reopens of a dossier to be corrected, and why; what a dossier gives to a draft made from it. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from contracts.dossier import RolePiece
from contracts.evenements import Verdict
from services.intake.brouillons.domain import lire
from services.intake.brouillons.saisie import CHAMPS, CHAMPS_DE, PIECES, RUBRIQUE_DE, Rubrique
from services.intake.decisions import RAISONS, Raison, derniere

_GROUPES: Final[Mapping[str, tuple[str, ...]]] = {
    "deposant": CHAMPS_DE[Rubrique.DEPOSANT],
    "commune": ("departement", "commune"),
    "pieces": PIECES,
}


def valeurs_de(dossier: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a dossier says, as its déposant would type it."""
    return {
        "siret": dossier["siret"],
        "departement": dossier["commune"][:2],
        "commune": dossier["commune"],
        **dossier["deposant"],
        "ecoles": list(dossier["ecoles"]),
        "commentaires": dossier["commentaires"],
    }


def pieces_de(dossier: Mapping[str, Any], noms: Mapping[str, str]) -> dict[str, Any]:
    """Give the pieces of a dossier, by role, as a draft holds them; `noms`: those of their files, by id."""
    return {
        piece["role"]: {
            **{quoi: piece[quoi] for quoi in ("id", "sha256", "taille")},
            "nom": noms.get(piece["id"], ""),
            "constat": "",
        }
        for piece in dossier["pieces"]
    }


def motifs_de(dossier: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the fields and pieces to correct, each with the sentences that say why.

    They are those that the agent named if he asked for this correction, else those that the report holds against the
    dossier. A dossier that says of none, or names what is no field, reopens as a whole: it must not be stuck.
    """
    demandes = _demandes(dossier) or _constats(dossier)
    motifs: dict[str, list[str]] = {}
    for champ, phrase in demandes:
        for ouvert in _GROUPES.get(champ, (champ,)):
            motifs.setdefault(ouvert, []).append(phrase)
    connus = {champ: phrases for champ, phrases in motifs.items() if champ in RUBRIQUE_DE}
    return connus if connus and len(connus) == len(motifs) else {champ: connus.get(champ, []) for champ in RUBRIQUE_DE}


def a_corriger(valeurs: Mapping[str, Any], pieces: Mapping[str, Any], motifs: Iterable[str]) -> list[str]:
    """List what reopens: what must be corrected, and what could not be filed again as it is."""
    lecture = lire({"valeurs": valeurs, "pieces": pieces})
    infilables = {erreur.champ for erreur in lecture.refus} | {
        f"pieces.{role}" for role in RolePiece if role not in pieces
    }
    ouverts = infilables | set(motifs)
    return [champ for champ in (*CHAMPS, *PIECES) if champ in ouverts]


def _demandes(dossier: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Read what an agent asked for."""
    demandes = derniere(dossier).get("demandes", ())
    return [(demande["champ"], f"{RAISONS[Raison(demande['raison'])]}.".capitalize()) for demande in demandes]


def _constats(dossier: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Read what the report holds against the dossier. An order that lacks a school may be right, and the list wrong."""
    controles = (dossier.get("rapport") or {}).get("controles", ())
    bloquants = [c for c in controles if c["verdict"] == Verdict.BLOQUANT]
    lus = []
    for controle in bloquants:
        roles = [role for role in controle["valeurs"] if f"pieces.{role}" in PIECES]
        champs = (
            [f"pieces.{role}" for role in roles] if controle["champ"] == "pieces" and roles else [controle["champ"]]
        )
        if controle["id"] == "bon-commande-ecoles":
            champs.append("ecoles")
        lus += [(champ, controle["constat"]) for champ in champs]
    return lus
