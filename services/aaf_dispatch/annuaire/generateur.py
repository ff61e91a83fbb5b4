"""Write an invented academy as an AAF Complet, for the demo, the tests and the measures: nobody in it is real."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.aaf_dispatch.annuaire.academie import Academie, Ecole, ecoles, structures
from services.aaf_dispatch.annuaire.ecriture import Ecrivain, Nommage, preparer_dossier
from services.aaf_dispatch.annuaire.fiche import Fiche
from services.aaf_dispatch.annuaire.filtrage import Effectifs, Progression
from services.aaf_dispatch.annuaire.foyers import Population
from services.aaf_dispatch.annuaire.grammaire import Categorie


@dataclass(frozen=True, slots=True)
class Generation:
    """What was written: `uai` are the schools, in the order they were laid out, the imposed ones first."""

    effectifs: Effectifs
    uai: tuple[str, ...]
    fichiers: tuple[str, ...]


def generer(
    destination: Path, academie: Academie, nommage: Nommage, *, progression: Progression | None = None
) -> Generation:
    """Write into `destination` (absent or empty) the same bytes for the same arguments, in constant memory.

    `progression` is told the category and the records written, at each new file and at the end of a category.
    """
    preparer_dossier(destination)
    plan = ecoles(academie)
    ecrivains = []
    for categorie, fiches in _sources(academie, plan, nommage).items():
        with Ecrivain(destination, nommage, categorie, _commentaires(nommage)) as ecrivain:
            _ecrire(ecrivain, fiches, categorie, progression)
        ecrivains.append(ecrivain)
    return Generation(
        effectifs=Effectifs(*(e.ecrites for e in ecrivains)),
        uai=tuple(e.uai for e in plan),
        fichiers=tuple(sorted(nom for e in ecrivains for nom in e.fichiers)),
    )


def _sources(academie: Academie, plan: Sequence[Ecole], nommage: Nommage) -> dict[Categorie, Iterable[Fiche]]:
    population = Population(academie, plan, nommage.date)
    return {
        Categorie.STRUCTURE: structures(plan),
        Categorie.ELEVE: population.eleves(),
        Categorie.RESPONSABLE: population.responsables(),
        Categorie.PERSONNEL: population.personnels(),
    }


def _commentaires(nommage: Nommage) -> list[str]:
    """24 is the code of Créteil; the versions are those of a public file of 2024."""
    return [
        ' versionAF="AAF-VE2407" ',
        ' versionSDET="Annexe 1 version 6.4" ',
        ' codeAcademieExport="24" ',
        ' degre="1D" ',
        f' dateGenerationExport="{nommage.date:%d/%m/%Y}" ',
    ]


def _ecrire(ecrivain: Ecrivain, fiches: Iterable[Fiche], categorie: Categorie, progression: Progression | None) -> None:
    for fiche in fiches:
        entames = len(ecrivain.fichiers)
        ecrivain.ecrire(fiche)
        if progression and len(ecrivain.fichiers) > entames:
            progression(categorie, ecrivain.ecrites)
    if progression:
        progression(categorie, ecrivain.ecrites)
