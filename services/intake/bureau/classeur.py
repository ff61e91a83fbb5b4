"""The export as a workbook: written row by row in a file, by a thread; memory holds one lot whatever its length."""

import asyncio
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from services.intake.bureau.export import COLONNES, Ligne, neutre

LIGNES_MAX: Final = 1_048_575  # of a sheet of the format, but for its headings
MORCEAU: Final = 256 * 1024
# Not one cell is guessed to be a number, a link or a formula.
OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


class _Classeur:
    """A workbook that grows; a sheet that is full is followed by another."""

    def __init__(self, dossier: Path) -> None:
        self.chemin = dossier / "export.xlsx"
        self._classeur = xlsxwriter.Workbook(str(self.chemin), {**OPTIONS, "tmpdir": str(dossier)})
        self._feuille = self._ouvrir()
        self._rang = 0

    def ecrire(self, lignes: Sequence[Ligne]) -> None:
        """Write lines after the last."""
        for ligne in lignes:
            if self._rang == LIGNES_MAX:
                self._feuille, self._rang = self._ouvrir(), 0
            self._rang += 1
            self._rangee(self._feuille, self._rang, ligne)

    def fermer(self) -> None:
        """Put the file together."""
        self._classeur.close()

    def lacher(self) -> None:
        """Let go of what is open, put together or not."""
        for feuille in self._classeur.worksheets():
            feuille.row_data_fh.close()

    def _ouvrir(self) -> Worksheet:
        feuille = self._classeur.add_worksheet()
        self._rangee(feuille, 0, COLONNES)
        return feuille

    @staticmethod
    def _rangee(feuille: Worksheet, rang: int, ligne: Ligne) -> None:
        for colonne, cellule in enumerate(ligne):
            feuille.write_string(rang, colonne, neutre(cellule))


async def en_xlsx(lots: AsyncIterable[Sequence[Ligne]]) -> AsyncIterator[bytes]:
    """Write lines as a workbook, then give its bytes. Nothing is left of it, however this ends."""
    with tempfile.TemporaryDirectory(prefix="ent1d-export-") as dossier:
        classeur = await asyncio.to_thread(_Classeur, Path(dossier))
        try:
            async for lot in lots:
                await asyncio.to_thread(classeur.ecrire, lot)
            await asyncio.to_thread(classeur.fermer)
        finally:
            classeur.lacher()
        with await asyncio.to_thread(classeur.chemin.open, "rb") as fichier:
            while morceau := await asyncio.to_thread(fichier.read, MORCEAU):
                yield morceau
