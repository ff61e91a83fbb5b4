"""Lists of schools as people paste them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo.dossiers import uai
from services.intake.brouillons.ecoles import Mention, codes, lire, remarque
from services.intake.referentiels.domain import Ecole

A, B, C = uai(1), uai(2, "093"), uai(3, "094")


@pytest.mark.parametrize(
    "entrees",
    [
        [A, B, C],
        [f"{A} {B} {C}"],
        [f"{A},{B};{C}"],
        [f"{A}\t{B}\n{C}"],
        [f"{A} ; {B} ;\u00a0{C}."],
        [f"{A}{B}{C}"],
        [f"{A.lower()}\r\n{B.lower()}\r\n{C.lower()}"],
        [f"{A[:7]} {A[7]}, {B[:7]}-{B[7]}, {C}"],
        [f"{A[:3]} {A[3:7]} {A[7]}", B, C],
        [f"École Les Lilas;{A};94000;01 99 00 12 34", f"2027-09-01 {B} 20270901", f"217 709 997 00019 {C}"],
        [f"{A}École des Lilas", f"{B}GROUPE SCOLAIRE 2", f"École{C}"],
        ["Code UAI;Nom", A, B, C],
        [A, "", f"{A} {B}", A.lower(), C, C],
        ["".join(chr(ord(c) + 0xFEE0) for c in A), B, C],
    ],
)
def test_codes_are_found_however_they_are_pasted(entrees: list[str]) -> None:
    mentions = lire(entrees)
    assert [mention for mention in mentions if mention.probleme] == []
    assert codes(mentions) == (A, B, C)


@pytest.mark.parametrize(
    ("entree", "saisie", "dit", "piste"),
    [
        ("0779001A", "0779001A", f"c’est {A}", A),
        (f"{A[:7]} A", f"{A[:7]} A", f"c’est {A}", A),
        (A[:7], A[:7], "Il manque la lettre", A),
        (f"{A[:7]}École", A[:7], "Il manque la lettre", A),
        (f"O{A[1:]}", f"O{A[1:]}", "Une lettre est à la place d’un chiffre", A),
        (f"{A[:6]}I{A[7]}", f"{A[:6]}I{A[7]}", "Une lettre est à la place d’un chiffre", A),
        (f"{A[:7]}1", f"{A[:7]}1", "Le dernier caractère doit être une lettre", A),
        (A[1:], A[1:], "6 chiffres au lieu de 7", A),
        (f"0{A}", f"0{A}", "8 chiffres au lieu de 7", ""),
        (f"75{A[2:]}", f"75{A[2:]}", "La lettre ne correspond pas", ""),
        (uai(1, "075"), uai(1, "075"), "n’est pas dans l’académie", ""),
        ("École des Lilas", "École des Lilas", "Aucun code UAI", ""),
        ("20270901", "20270901", "Aucun code UAI", ""),
        ("1234567", "1234567", "Aucun code UAI", ""),
        ("a" * 80, "a" * 40 + "…", "Aucun code UAI", ""),
        ("{{7*7}}", "{{7*7}}", "Aucun code UAI", ""),
    ],
)
def test_what_is_no_code_is_explained_at_its_line(entree: str, saisie: str, dit: str, piste: str) -> None:
    avant, (mention,), apres = lire([B]), lire([entree]), lire([C])
    assert codes([*avant, mention, *apres]) == (B, C)
    assert mention.saisie == saisie
    assert dit in mention.probleme
    assert mention.piste == piste


def test_a_wrong_code_is_not_hidden_by_a_right_one_on_its_line() -> None:
    assert lire([f"{A} 0779002A"]) == [Mention(A, A), *lire(["0779002A"])]


@pytest.mark.parametrize(
    ("connue", "commune", "dit"),
    [
        (Ecole(A, "Les Lilas", "77288", "Melun", "public", ouverte=True), "77288", ""),
        (Ecole(A, "Les Lilas", "77288", "Melun", "public", ouverte=True), "", ""),
        (Ecole(A, "Les Lilas", "77288", "Melun", "public", ouverte=True), "77001", "une autre commune, Melun"),
        (Ecole(A, "Les Lilas", "77288", "Melun", "public", ouverte=True), "94028", "en Seine-et-Marne"),
        (Ecole(A, "Les Lilas", "77288", "Melun", "public", ouverte=False), "77288", "fermée"),
        (None, "77288", "ne connaissons pas"),
    ],
)
def test_what_looks_odd_in_a_school_is_said_and_stops_nobody(connue: Ecole | None, commune: str, dit: str) -> None:
    assert dit in remarque(A, connue, commune)
    assert bool(remarque(A, connue, commune)) is bool(dit)


@given(st.lists(st.text(max_size=60), max_size=10))
def test_no_text_breaks_the_reading_of_a_list(entrees: list[str]) -> None:
    for mention in lire(entrees):
        assert bool(mention.uai) is not bool(mention.probleme)


@given(
    st.lists(st.integers(0, 999), min_size=1, max_size=40),
    st.sampled_from([" ", ",", ";", "\n", "\t", " - ", "\u00a0"]),
)
def test_each_code_is_read_once_whatever_separates_it(rangs: list[int], separateur: str) -> None:
    liste = [uai(rang, "094") for rang in rangs]
    assert codes(lire([separateur.join(liste)])) == tuple(dict.fromkeys(liste))


def test_the_longest_list_that_a_draft_may_hold_is_read_at_once() -> None:
    debut = time.perf_counter()
    assert codes(lire([f"{A} " * 11_000])) == (A,)
    for signe in ("a", "1", "a1", "O0", " 1"):
        lire([signe * (100_000 // len(signe))])
    assert time.perf_counter() - debut < 3  # 0.3 s; a search that grows as the square took 6
