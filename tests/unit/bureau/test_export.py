"""Nothing that is exported is run by a spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.bureau.export import en_csv, neutre

VECTEURS = [
    "=1+1",
    '=cmd|" /C calc"!A0',
    '=HYPERLINK("http://mal.exemple";"x")',
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\xa0=1+1",
    "\0=1+1",
    "\N{FULLWIDTH EQUALS SIGN}1+1",
    "\N{FULLWIDTH PLUS SIGN}1",
    "\N{FULLWIDTH HYPHEN-MINUS}1",
    "\N{FULLWIDTH COMMERCIAL AT}SUM(1)",
    "\u3000=1+1",
]


@pytest.mark.parametrize("vecteur", VECTEURS)
def test_a_formula_becomes_text(vecteur: str) -> None:
    assert neutre(vecteur) == f"'{vecteur}"


@pytest.mark.parametrize(
    "texte", ["École des Lilas", "0779001R", "", "'déjà", "a=b", "1-2", "Saint-Denis", "2026-11-23"]
)
def test_a_text_stays_as_it_is(texte: str) -> None:
    assert neutre(texte) == texte


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=2, max_size=3)
    )
)
def test_every_cell_comes_back_whole_and_harmless(rangees: list[list[str]]) -> None:
    relues = list(csv.reader(io.StringIO(en_csv(rangees), newline=""), delimiter=";"))

    assert relues == [[neutre(cellule) for cellule in rangee] for rangee in rangees]
    assert not any(cellule.startswith(tuple("=+-@\t\r\n")) for rangee in relues for cellule in rangee)


@pytest.mark.parametrize("vecteur", ['a";=1+1;"', "a\r\n=1+1", 'a"\r\n"=1+1'])
def test_a_cell_cannot_open_another(vecteur: str) -> None:
    assert list(csv.reader(io.StringIO(en_csv([[vecteur, "suite"]]), newline=""), delimiter=";")) == [
        [vecteur, "suite"]
    ]
