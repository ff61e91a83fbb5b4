"""What a draft holds, as typed: its fields, the pages that ask for them, what fits, and whose change stands. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from contracts.dossier import RolePiece

Valeurs: TypeAlias = Mapping[str, Any]  # by name of field: a string as typed; for `ecoles`, a list of them

LIGNE_MAX: Final = 1_000  # characters kept of a line; contracts allow 300 at most, and say so to whoever types more
COMMENTAIRES_MAX: Final = 20_000
ENTREES_MAX: Final = 2_000  # lines of the list of schools
ECOLES_MAX: Final = 100_000  # characters of that list, which may be on one line


class Rubrique(StrEnum):
    """A page of the form, in the order of the procedure; its value is its address."""

    ETABLISSEMENT = "etablissement"
    DEPOSANT = "deposant"
    ECOLES = "ecoles"
    PIECES = "pieces"
    COMMENTAIRES = "commentaires"
    RECAPITULATIF = "recapitulatif"

    @property
    def rang(self) -> int:
        """Tell which step it is, from 1."""
        return list(Rubrique).index(self) + 1

    @property
    def suivante(self) -> "Rubrique":
        """Give the next page; the last one has none after it but itself."""
        return list(Rubrique)[min(self.rang, len(Rubrique) - 1)]


TITRES: Final = {
    Rubrique.ETABLISSEMENT: "Établissement et commune",
    Rubrique.DEPOSANT: "Déposant",
    Rubrique.ECOLES: "Écoles",
    Rubrique.PIECES: "Pièces justificatives",
    Rubrique.COMMENTAIRES: "Commentaires éventuels",
    Rubrique.RECAPITULATIF: "Récapitulatif et dépôt",
}
PIECES: Final = tuple(f"pieces.{role}" for role in RolePiece)
CHAMPS_DE: Final[Mapping[Rubrique, tuple[str, ...]]] = {
    Rubrique.ETABLISSEMENT: ("siret", "departement", "commune"),
    Rubrique.DEPOSANT: ("civilite", "nom", "prenom", "fonction", "courriel", "telephone"),
    Rubrique.ECOLES: ("ecoles",),
    Rubrique.PIECES: PIECES,
    Rubrique.COMMENTAIRES: ("commentaires",),
    Rubrique.RECAPITULATIF: (),
}
RUBRIQUE_DE: Final = {champ: rubrique for rubrique, champs in CHAMPS_DE.items() for champ in champs}
CHAMPS: Final = tuple(champ for champ in RUBRIQUE_DE if champ not in PIECES)
LIBELLES: Final = {
    "siret": "Numéro SIRET",
    "departement": "Département",
    "commune": "Commune",
    "civilite": "Civilité",
    "nom": "Nom",
    "prenom": "Prénom",
    "fonction": "Statut ou fonction",
    "courriel": "Adresse électronique",
    "telephone": "Téléphone",
    "ecoles": "Écoles",
    **{f"pieces.{role}": role.titre for role in RolePiece},
    "commentaires": "Commentaires",
}


def vierge(courriel: str) -> dict[str, Any]:
    """Give what a new draft holds: nothing but the address of the account, to be changed at will."""
    return {champ: [] if champ == "ecoles" else "" for champ in CHAMPS} | {"courriel": courriel}


def tient(champ: str, valeur: str | Sequence[str]) -> bool:
    """Tell whether a draft may keep this value. What does not fit is no answer that somebody types."""
    if champ == "ecoles":
        return len(valeur) <= ENTREES_MAX and sum(len(entree) for entree in valeur) <= ECOLES_MAX
    return len(valeur) <= (COMMENTAIRES_MAX if champ == "commentaires" else LIGNE_MAX)


def modifiables(brouillon: Mapping[str, Any]) -> frozenset[str]:
    """Give the fields and pieces that may change: all of a new dossier's, those reopened of a dossier to correct."""
    return frozenset(brouillon["a_corriger"] if brouillon["corrige"] else RUBRIQUE_DE)


@dataclass(frozen=True)
class Ecriture:
    """What a save changes; and of what, changed elsewhere since its page was shown, it would undo the change."""

    changes: Mapping[str, Any]
    conflits: frozenset[str]


def ecriture(brouillon: Mapping[str, Any], valeurs: Valeurs, revision: int | None, onglet: str) -> Ecriture:
    """Compare what a page sends with what stands. A field counts as changed only where its value does.

    `revision` is the one that the page was shown at; without it, whatever stands is written over.
    """
    actuelles = brouillon["valeurs"]
    ouverts = modifiables(brouillon) & actuelles.keys()
    retenues = {champ: valeur for champ, valeur in valeurs.items() if champ in ouverts and tient(champ, valeur)}
    changes = {champ: valeur for champ, valeur in retenues.items() if actuelles[champ] != valeur}
    touches = {champ: brouillon["touches"].get(champ) for champ in changes}
    return Ecriture(changes, frozenset(c for c, touche in touches.items() if _ailleurs(touche, revision, onglet)))


def _ailleurs(touche: Mapping[str, Any] | None, revision: int | None, onglet: str) -> bool:
    """Tell whether the last change of a field is one that this page did not show, and did not make.

    The second matters when an answer is lost: the page then saves again what it saved already.
    """
    if touche is None or revision is None:
        return False
    return bool(touche["revision"] > revision and touche["onglet"] != onglet)
