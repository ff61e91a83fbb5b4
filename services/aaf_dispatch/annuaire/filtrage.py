"""Extract from an academy's Complet the Complet of a perimeter, in one pass per file and a few sets of ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.aaf_dispatch.annuaire.analyse import metadonnees
from services.aaf_dispatch.annuaire.ecriture import Ecrivain, Nommage, preparer_dossier
from services.aaf_dispatch.annuaire.grammaire import Categorie
from services.aaf_dispatch.annuaire.lecture import Export, ouvrir_export
from services.aaf_dispatch.annuaire.perimetre import EffectifsEcole, Perimetre

Progression = Callable[[Categorie, int], None]
"""Told, after each file of the source, the category and how many of its records are done so far."""


@dataclass(frozen=True, slots=True)
class Effectifs:
    """Numbers of records."""

    etablissements: int
    eleves: int
    responsables: int
    personnels: int


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was extracted: counts, the UAI found and absent from the source, the files written in name order."""

    effectifs: Effectifs
    uai_trouves: tuple[str, ...]
    uai_absents: tuple[str, ...]
    fichiers: tuple[str, ...]
    fiches_lues: int
    metadonnees: dict[str, str]
    par_ecole: tuple[EffectifsEcole, ...]


def extraire(
    source: Path,
    destination: Path,
    uai: frozenset[str],
    *,
    nommage: Nommage,
    progression: Progression | None = None,
) -> Extraction:
    """Write into `destination` (absent or empty) the Complet of the schools `uai`, with the DTD beside it.

    Memory: sets of the kept ids, whatever the size of the source. Raises AnnuaireIllisible when the source is
    damaged (the destination is then to be thrown away), FileExistsError when the destination is not empty.
    """
    export = ouvrir_export(source)
    preparer_dossier(destination)
    chantier = _Chantier(export, Perimetre(uai), progression or (lambda _categorie, _lues: None))
    ecrivains = []
    for categorie in Categorie:
        with Ecrivain(destination, nommage, categorie, export.commentaires(categorie)) as ecrivain:
            chantier.passer(categorie, ecrivain)
        ecrivains.append(ecrivain)
    return _dresser(chantier, ecrivains)


@dataclass(slots=True)
class _Chantier:
    """The source going by, category after category, and how many of its records did."""

    export: Export
    perimetre: Perimetre
    progression: Progression
    lues: int = 0

    def passer(self, categorie: Categorie, ecrivain: Ecrivain) -> None:
        crible = self.perimetre.crible(categorie)
        analysees = 0
        for fichier in self.export.fichiers[categorie]:
            for fiche in fichier.fiches(crible):
                analysees += 1
                if (garde := self.perimetre.retenir(fiche)) is not None:
                    ecrivain.ecrire(garde)
            self.progression(categorie, analysees + (crible.ecartees if crible else 0))
        self.lues += analysees + (crible.ecartees if crible else 0)


def _dresser(chantier: _Chantier, ecrivains: Sequence[Ecrivain]) -> Extraction:
    par_ecole = chantier.perimetre.effectifs()
    trouves = {e.uai for e in par_ecole}
    return Extraction(
        effectifs=Effectifs(*(e.ecrites for e in ecrivains)),
        uai_trouves=tuple(sorted(trouves)),
        uai_absents=tuple(sorted(chantier.perimetre.uai - trouves)),
        fichiers=tuple(sorted(nom for e in ecrivains for nom in e.fichiers)),
        fiches_lues=chantier.lues,
        metadonnees=metadonnees(chantier.export.commentaires(Categorie.STRUCTURE)),
        par_ecole=par_ecole,
    )
