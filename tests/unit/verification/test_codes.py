"""Codes found in a text, whatever its typography, and nothing that only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.valeurs import est_siret, est_uai
from services._runtime.lecture.codes import normaliser, siret_du_texte, uai_du_texte


@pytest.mark.parametrize(
    "texte",
    [
        "UAI 0779001R.",
        "(0779001R)",
        "0779001 R",
        "0779001\u00a0R",
        "0779001\u202fR",
        "0779001\r\nR",
        "0779001r",
        "école;0779001R;45",
        "\uff10\uff17\uff17\uff19\uff10\uff10\uff11\uff32",  # full-width, as some fonts are mapped
        "0779\u00ad001R",  # a soft hyphen inside
        "0779001\u200bR",
    ],
)
def test_an_uai_is_found(texte: str) -> None:
    assert uai_du_texte(normaliser(texte)) == {"0779001R"}


@pytest.mark.parametrize(
    "texte",
    ["0779001A", "10779001R", "A0779001R", "0779001RA", "0779001R2", "0759001X", "0779001 r", "0779001 Rue", "0779001"],
)
def test_what_is_no_uai_of_the_academie_is_not_found(texte: str) -> None:
    assert uai_du_texte(normaliser(texte)) == set()


@pytest.mark.parametrize(
    "texte", ["21770288500013", "217 702 885 00013", "217.702.885.00013", "217\u00a0702\u202f885 00013"]
)
def test_a_siret_is_found(texte: str) -> None:
    assert siret_du_texte(normaliser(f"SIRET : {texte}, code")) == {"21770288500013"}


@pytest.mark.parametrize("texte", ["21770288500014", "121770288500013", "217702885000130"])
def test_what_is_no_siret_is_not_found(texte: str) -> None:
    assert siret_du_texte(normaliser(texte)) == set()


@given(st.text())
def test_any_text_gives_only_right_codes(texte: str) -> None:
    normal = normaliser(texte)
    assert all(map(est_uai, uai_du_texte(normal)))
    assert all(map(est_siret, siret_du_texte(normal)))
