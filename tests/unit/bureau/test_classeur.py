"""The workbook: a sheet that is full is followed by another, and its memory does not grow with it."""

import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from services.intake.bureau import classeur
from services.intake.bureau.export import COLONNES


async def lots(nombre: int, taille: int = 100) -> AsyncIterator[list[Sequence[str]]]:
    """Give that many lots of lines."""
    for lot in range(nombre):
        yield [[f"{lot}-{rang}", "École des Lilas" * 3, *["x" * 20] * (len(COLONNES) - 2)] for rang in range(taille)]


def restes(ou: Path) -> list[Path]:
    """List what is on the disk there."""
    return list(ou.rglob("*"))


async def test_a_full_sheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classeur, "LIGNES_MAX", 120)

    octets = b"".join([morceau async for morceau in classeur.en_xlsx(lots(3))])

    archive = zipfile.ZipFile(io.BytesIO(octets))
    feuilles = [nom for nom in archive.namelist() if nom.startswith("xl/worksheets/sheet")]
    comptes = [archive.read(nom).count(b"<row ") for nom in sorted(feuilles)]
    assert comptes == [121, 121, 61]


async def test_memory_does_not_grow_with_the_number_of_lines() -> None:
    async def pic(nombre: int) -> int:
        tracemalloc.start()
        taille = sum([len(morceau) async for morceau in classeur.en_xlsx(lots(nombre))])
        _, sommet = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert taille
        return sommet

    await pic(1)  # what is loaded once
    assert await pic(60) < await pic(6) + 500_000


async def test_a_failure_on_the_way_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def cassee() -> AsyncIterator[list[Sequence[str]]]:
        yield [["a"]]
        assert len(restes(tmp_path)) == 2  # its directory, and the sheet that grows
        raise ConnectionError

    with pytest.raises(ConnectionError):
        [morceau async for morceau in classeur.en_xlsx(cassee())]
    assert restes(tmp_path) == []


async def test_a_reader_who_leaves_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    flux = classeur.en_xlsx(lots(1))

    async with aclosing(flux):
        assert await anext(flux)
    assert restes(tmp_path) == []
