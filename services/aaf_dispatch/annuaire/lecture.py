"""Find the files of an export, in a directory or a zip, and read their records one after the other."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from services.aaf_dispatch.annuaire.analyse import Analyse
from services.aaf_dispatch.annuaire.crible import Crible
from services.aaf_dispatch.annuaire.fiche import AnnuaireIllisible, Fiche
from services.aaf_dispatch.annuaire.grammaire import NOM_FICHIER, Categorie

_BLOC: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class FichierAAF:
    """One numbered file of an export, on disk or inside a zip (`archive`); `taille` in bytes, unpacked."""

    nom: str
    categorie: Categorie
    chemin: str
    taille: int
    archive: Path | None = None

    def blocs(self) -> Iterator[bytes]:
        """Yield the bytes of the file; raises AnnuaireIllisible when the medium or the archive is damaged."""
        try:
            if self.archive is None:
                with Path(self.chemin).open("rb") as flux:
                    yield from _par_blocs(flux)
            else:
                with zipfile.ZipFile(self.archive) as archive, archive.open(self.chemin) as membre:
                    yield from _par_blocs(membre)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError):
            raise AnnuaireIllisible("support", self.nom) from None

    def crc(self) -> int:
        """Return the CRC-32 of the content: a zip already knows it."""
        if self.archive is None:
            crc = 0
            for bloc in self.blocs():
                crc = zlib.crc32(bloc, crc)
            return crc
        with zipfile.ZipFile(self.archive) as archive:
            return archive.getinfo(self.chemin).CRC

    def fiches(self, crible: Crible | None = None) -> Iterator[Fiche]:
        """Yield the records of the file, without those the sieve drops."""
        blocs = crible.cribler(self.blocs()) if crible else self.blocs()
        return Analyse(self.nom, self.categorie).lire(blocs)

    def commentaires(self) -> tuple[str, ...]:
        """Return the comments that precede the first record, as written."""
        analyse = Analyse(self.nom, self.categorie)
        next(analyse.lire(self.blocs()), None)
        return tuple(analyse.commentaires)


@dataclass(frozen=True, slots=True)
class Export:
    """A Complet: the files of each category in the order of their numbers."""

    fichiers: dict[Categorie, tuple[FichierAAF, ...]]

    def fiches(self, categorie: Categorie) -> Iterator[Fiche]:
        """Yield every record of a category, in the order of the source."""
        for fichier in self.fichiers[categorie]:
            yield from fichier.fiches()

    def commentaires(self, categorie: Categorie) -> tuple[str, ...]:
        """Return the header comments of a category: those of its first file."""
        return self.fichiers[categorie][0].commentaires()


def ouvrir_export(source: Path) -> Export:
    """Find the one Complet of a directory (itself or one below) or of a zip.

    Raises AnnuaireIllisible when there is none, several, a Delta, a category missing, or a gap in the numbers: a
    truncated export would make people disappear at the titulaire's.
    """
    fichiers = sorted(_trouver(source), key=lambda f: f.nom)
    if not fichiers:
        raise AnnuaireIllisible("export_absent")
    dossiers = {str(PurePosixPath(f.chemin).parent) for f in fichiers}
    exports = {NOM_FICHIER.fullmatch(f.nom).group("projet", "portee", "date") for f in fichiers}  # type: ignore[union-attr]
    if len(dossiers) > 1 or len(exports) > 1:
        raise AnnuaireIllisible("plusieurs_exports")
    if exports.pop()[1] == "Delta":
        raise AnnuaireIllisible("delta")
    par_categorie = {c: tuple(f for f in fichiers if f.categorie is c) for c in Categorie}
    for rangs in par_categorie.values():
        _verifier_suite(rangs)
    return Export(par_categorie)


def empreinte(source: Path) -> str:
    """Return the identity of a source export: 64 hexadecimal digits, equal if and only if the content is.

    It is the SHA-256 of the names, sizes and CRC-32 of the files, so the same for a directory and for its zip,
    whatever the dates. A full CRC costs one second per gigabyte on disk and nothing in a zip; looking at both
    ends of the files only would miss a value corrected in the middle.
    """
    export = ouvrir_export(source)
    lignes = [f"{f.nom} {f.taille} {f.crc():08x}\n" for rangs in export.fichiers.values() for f in rangs]
    return hashlib.sha256("".join(lignes).encode()).hexdigest()


def _trouver(source: Path) -> Iterator[FichierAAF]:
    if source.is_dir():
        for chemin in source.rglob("*.xml"):
            yield from _reconnaitre(chemin.name, chemin.as_posix(), chemin.stat().st_size)
        return
    try:
        with zipfile.ZipFile(source) as archive:
            membres = archive.infolist()
    except (OSError, zipfile.BadZipFile):
        raise AnnuaireIllisible("support", source.name) from None
    for membre in membres:
        yield from _reconnaitre(PurePosixPath(membre.filename).name, membre.filename, membre.file_size, source)


def _reconnaitre(nom: str, chemin: str, taille: int, archive: Path | None = None) -> Iterable[FichierAAF]:
    trouve = NOM_FICHIER.fullmatch(nom)
    return [FichierAAF(nom, Categorie(trouve["categorie"]), chemin, taille, archive)] if trouve else []


def _verifier_suite(fichiers: tuple[FichierAAF, ...]) -> None:
    if not fichiers:
        raise AnnuaireIllisible("categorie_absente")
    for attendu, fichier in enumerate(fichiers):
        if int(fichier.nom[-8:-4]) != attendu:
            raise AnnuaireIllisible("numero_manquant", fichier.nom)


def _par_blocs(flux: IO[bytes]) -> Iterator[bytes]:
    while bloc := flux.read(_BLOC):
        yield bloc
