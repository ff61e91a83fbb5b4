"""Write the records of a category as the numbered files of an AAF export, always the same bytes for the same records.

Content is pure ASCII, accents as decimal references: safe whatever encoding a consumer assumes. `&` and `<` are
never numeric, because the most widespread consumer expands numeric references before it parses.
Source: edificeio/entcore, feeder, UNESCAPE_AAF.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from services.aaf_dispatch.annuaire.fiche import Fiche
from services.aaf_dispatch.annuaire.grammaire import (
    NOM_CATEGORIE,
    NOM_DTD,
    PREAMBULE,
    PROJET,
    RACINE,
    Categorie,
    dtd,
)

_FICHIERS_MAX = 10_000  # the number has four digits
# About 8 MB a file; sizes seen in real exports are around 3,500 records.
SEUIL: Final = 5000
_FIN: Final = f"</{RACINE}>\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class Nommage:
    """How an export is named and cut: `seuil` is the number of records per file."""

    projet: str
    date: date
    seuil: int = SEUIL

    def __post_init__(self) -> None:
        """Refuse what no consumer would recognise."""
        if not PROJET.fullmatch(self.projet):
            raise ValueError("le nom du projet doit être fait de lettres, chiffres, points et tirets")
        if self.seuil < 1:
            raise ValueError("le seuil est d’au moins une fiche par fichier")

    def fichier(self, categorie: Categorie, numero: int) -> str:
        """Return the name of one file, `numero` counting from 0."""
        if numero >= _FICHIERS_MAX:
            raise ValueError("plus de 10 000 fichiers dans une catégorie : augmenter le seuil")
        return f"{self.projet}_Complet_{self.date:%Y%m%d}_{categorie}_{numero:04d}.xml"


class Ecrivain:
    """Write one category into a directory: a new file every `seuil` records, at least one file."""

    def __init__(self, dossier: Path, nommage: Nommage, categorie: Categorie, commentaires: Iterable[str]) -> None:
        """Each file opens with the same header comments, where an AAF export keeps its version."""
        self.fichiers: list[str] = []
        self.ecrites = 0
        self._dossier, self._nommage, self._categorie = dossier, nommage, categorie
        lignes = "".join(f"<!--{texte}-->\n" for texte in commentaires)
        self._entete = PREAMBULE + lignes.encode("ascii", "xmlcharrefreplace")
        self._flux: BinaryIO = self._commencer()

    def __enter__(self) -> Self:
        """Return the writer, its first file open."""
        return self

    def __exit__(self, erreur: type[BaseException] | None, _valeur: object, _trace: TracebackType | None) -> None:
        """Close the document; after an error it stays visibly truncated."""
        self._terminer(complet=erreur is None)

    def ecrire(self, fiche: Fiche) -> None:
        """Append a record."""
        if self.ecrites and self.ecrites % self._nommage.seuil == 0:
            self._terminer(complet=True)
            self._flux = self._commencer()
        self._flux.write(serialiser(fiche))
        self.ecrites += 1

    def _commencer(self) -> BinaryIO:
        nom = self._nommage.fichier(self._categorie, len(self.fichiers))
        self.fichiers.append(nom)
        flux = (self._dossier / nom).open("xb")
        flux.write(self._entete)
        return flux

    def _terminer(self, *, complet: bool) -> None:
        with self._flux as flux:
            flux.write(_FIN if complet else b"")


def preparer_dossier(dossier: Path) -> None:
    """Create the directory of an export, with the DTD every file names; raises FileExistsError unless it is empty."""
    dossier.mkdir(parents=True, exist_ok=True)
    if any(dossier.iterdir()):
        raise FileExistsError("le dossier de destination n’est pas vide")
    (dossier / NOM_DTD).write_bytes(dtd())


def serialiser(fiche: Fiche) -> bytes:
    """Return the XML of one record; an attribute without value gets one empty value, as the DTD demands."""
    attributs = "".join(
        f'<attr name="{_echapper(nom)}">{"".join(map(_valeur, valeurs)) or "<value/>"}</attr>\n'
        for nom, valeurs in fiche.attributs.items()
    )
    return (
        "<addRequest>\n"
        f'<operationalAttributes><attr name="{NOM_CATEGORIE[fiche.categorie]}">'
        f"<value>{fiche.categorie}</value></attr></operationalAttributes>\n"
        f"<identifier><id>{fiche.id}</id></identifier>\n"
        f"<attributes>\n{attributs}</attributes>\n"
        "</addRequest>\n"
    ).encode("ascii", "xmlcharrefreplace")


def _valeur(texte: str) -> str:
    return f"<value>{_echapper(texte)}</value>" if texte else "<value/>"


def _echapper(texte: str) -> str:
    if texte.isalnum():
        return texte
    texte = texte.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return texte.replace("'", "&apos;").replace('"', "&quot;").replace("\r", "&#13;")
