"""Reduce one record to what a perimeter may know: every mention of another school or of a pupil outside goes.

Source of each rule: facts on the AAF 1D format, section 5. Nothing is renumbered: EduConnect matches on the ids.
"""

from collections.abc import Container, Sequence
from typing import Final

from services.aaf_dispatch.annuaire.fiche import EnsembleIds, Fiche, jointure

_VIDE: Final = ("",)
# Their values open with the jointure of a school; the last two may also be a plain date, which names no school.
_PAR_ECOLE: Final = (
    "ENTPersonStructRattach",
    "ENTPersonClasses",
    "ENTPersonGroupes",
    "ENTEleveDateEntreeClasses",
    "ENTEleveDateSortieClasses",
    "ENTEleveDateEntreeStructRattach",
    "ENTEleveDateSortieStructRattach",
)
# A staff attribute that names one school, and the date that goes with it (formats of the dates unverified).
_LIENS_PERSONNEL: Final = (
    ("ENTPersonStructRattach", "ENTPersonStructRattachDate"),
    ("ENTEnsFonctionDir", "ENTEnsFonctionDirDate"),
)


def elaguer_eleve(fiche: Fiche, structures: Container[int]) -> Fiche | None:
    """Keep a pupil attached to a school of the perimeter, with the classes and groups of the perimeter only."""
    if not any(jointure(v) in structures for v in fiche.valeurs("ENTPersonStructRattach")):
        return None
    gardes = {
        nom: tuple(v for v in fiche.attributs[nom] if _est_dedans(nom, v, structures)) or _VIDE
        for nom in _PAR_ECOLE
        if nom in fiche.attributs
    }
    return fiche._replace(attributs=fiche.attributs | gardes)


def elaguer_responsable(fiche: Fiche, eleves: EnsembleIds) -> Fiche:
    """Hide the siblings outside the perimeter; no pupil is pulled in because a parent is."""
    lies = tuple(v for v in fiche.attributs.get("ENTPersRelEleveEleve", ()) if jointure(v) in eleves)
    return fiche._replace(attributs=fiche.attributs | {"ENTPersRelEleveEleve": lies or _VIDE})


def elaguer_personnel(fiche: Fiche, structures: Container[int]) -> Fiche | None:
    """Keep the functions held in the perimeter and what is positionally tied to them; None when none is left."""
    fonctions = fiche.attributs.get("ENTPersonFonctions", ())
    rangs = [i for i, v in enumerate(fonctions) if jointure(v) in structures]
    if not rangs:
        return None
    attributs = dict(fiche.attributs)
    if len(rangs) < len(fonctions):
        attributs |= _elaguer_fonctions(fiche, rangs)
    for nom, nom_date in _LIENS_PERSONNEL:
        if any(jointure(v) not in structures for v in fiche.valeurs(nom)):
            attributs[nom] = tuple(v for v in fiche.valeurs(nom) if jointure(v) in structures) or _VIDE
            if nom_date in attributs:
                attributs[nom_date] = _VIDE
    return fiche._replace(attributs=attributs)


def _est_dedans(nom: str, valeur: str, structures: Container[int]) -> bool:
    if nom == "ENTPersonStructRattach":
        return jointure(valeur) in structures
    return "$" not in valeur or jointure(valeur) in structures


def _elaguer_fonctions(fiche: Fiche, rangs: Sequence[int]) -> dict[str, tuple[str, ...]]:
    """Strip the lists parallel to the functions at the same indexes; a list of another length cannot be trusted."""
    fonctions = fiche.attributs["ENTPersonFonctions"]
    gardes = {"ENTPersonFonctions": tuple(fonctions[i] for i in rangs)}
    for nom in ("ENTEnsSpecialites", "ENTPersonFonctionsDate"):
        valeurs = fiche.attributs.get(nom)
        if valeurs is not None:
            gardes[nom] = tuple(valeurs[i] for i in rangs) if len(valeurs) == len(fonctions) else _VIDE
    return gardes
