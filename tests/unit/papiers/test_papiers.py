"""The papers, read back by a program that did not write them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest

from deploy.demo.dossiers import uai
from services.intake.papiers.atelier import faire
from services.intake.papiers.attestation import attestation
from services.intake.papiers.lettres import imprimable
from services.intake.papiers.recapitulatif import recapitulatif

Faire = Callable[..., Any]

HOSTILES = {
    "markup": "<b>gras</b> & <para> </para> ]]> <br/>",
    "other direction": "\u202e\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "emoji": "Merci 😀 👩‍👩‍👧",
    "one long word": "W" * 2_000,
    "controls": "a\x00b\x1b[31m\x7f",
    "many lines": "a\n" * 1_000,
    "nothing but blanks": " \n \n ",
}


def test_a_recapitulatif_says_all_that_was_filed(lire: Faire, dit: Faire) -> None:
    lu = lire(recapitulatif(dit()))

    for attendu in (
        *("ENT-5KHZ3-VGE9T", "Déposé", "3 mars 2027 à 9 h 05", "217 709 997 00019", "Fictive", "Camille"),
        *("Écoles (2)", uai(1), "École n° 2 « Les Œillets »", "Crèvecœur-en-Brie", "commande.pdf"),
        *("L’œuvre coûte 12 € – merci.", "Document édité le 5 mars 2027 à 10 h 00."),
    ):
        assert attendu in lu.texte
    assert "ab" * 32 in lu.texte.replace(" ", "")


def test_an_attestation_proves_the_deposit_and_says_that_it_is_no_validation(lire: Faire, atteste: Faire) -> None:
    lu = lire(attestation(atteste()))

    assert "Ce document atteste que Mme Camille Fictive a déposé le 3 mars 2027 à 9 h 05 le dossier" in lu.texte
    assert "n° ENT-5KHZ3-VGE9T" in lu.texte
    assert "Elle ne vaut pas validation" in lu.texte
    assert "Fait le 5 mars 2027." in lu.texte
    assert len(lu.pages) == 1


def test_a_paper_says_of_itself_what_it_is_in_french_and_by_whom(lire: Faire, atteste: Faire, dit: Faire) -> None:
    for octets, titre in (
        (attestation(atteste()), "Attestation de dépôt"),
        (recapitulatif(dit()), "Récapitulatif du dossier"),
    ):
        de_lui = lire(octets).de_lui
        assert (de_lui["Title"], de_lui["Author"]) == (titre, "Académie de Créteil")
        assert "Fictive" not in "".join(de_lui.values())


def test_a_paper_is_in_french_shows_its_title_and_carries_its_fonts(tmp_path: Any, dit: Faire) -> None:  # noqa: ANN401
    (tmp_path / "papier.pdf").write_bytes(recapitulatif(dit()))

    with pikepdf.open(tmp_path / "papier.pdf") as pdf:
        assert str(pdf.Root.Lang) == "fr-FR"
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        fontes = [fonte for page in pdf.pages for fonte in page.Resources.Font.values()]
        assert all("/FontFile2" in f.FontDescriptor for f in fontes if f.get("/Subtype") == "/TrueType")
        assert not pdf.is_encrypted


def test_the_same_words_make_the_same_bytes(dit: Faire, atteste: Faire) -> None:
    assert recapitulatif(dit()) == recapitulatif(dit())
    assert attestation(atteste()) == attestation(atteste())
    assert recapitulatif(dit()) != recapitulatif(dit(edite_le="6 mars 2027 à 10 h 00"))


async def test_papers_asked_for_at_once_are_each_what_they_are_alone(dit: Faire) -> None:
    demandes = [dit(ecoles=[(uai(rang), "École" * rang, "Melun")] * rang) for rang in range(1, 9)]
    seuls = [recapitulatif(demande) for demande in demandes]

    assert await asyncio.gather(*(faire(recapitulatif, demande) for demande in demandes)) == seuls


def test_five_hundred_schools_are_all_there_with_the_head_of_the_table_on_each_page(lire: Faire, dit: Faire) -> None:
    ecoles = [(uai(rang), f"École n° {rang}", "Melun") for rang in range(1, 501)]

    lu = lire(recapitulatif(dit(ecoles=ecoles)))

    assert all(f"{code} {nom} Melun" in lu.texte for code, nom, _ in ecoles)
    assert next(page for page in lu.pages if uai(250) in page).count("Code UAI") == 1
    assert all(f"Page {rang} sur {len(lu.pages)}" in page for rang, page in enumerate(lu.pages, start=1))


@pytest.mark.parametrize("quoi", HOSTILES)
def test_no_text_breaks_a_paper(lire: Faire, dit: Faire, atteste: Faire, quoi: str) -> None:
    hostile = HOSTILES[quoi]

    paires = [(hostile, hostile)]
    hostiles = dit(
        deposant=paires, collectivite=paires, dossier=paires, commentaires=hostile,
        ecoles=[(uai(1), hostile, hostile)], pieces=[(hostile, paires)],
    )  # fmt: skip

    assert "Page 1 sur" in lire(recapitulatif(hostiles)).texte
    assert "Elle ne vaut pas validation" in lire(attestation(atteste(deposant=hostile, denomination=hostile))).texte


def test_markup_is_printed_as_it_was_typed(lire: Faire, dit: Faire) -> None:
    assert "<b>gras</b> & <para>" in lire(recapitulatif(dit(commentaires=HOSTILES["markup"]))).texte


def test_what_cannot_be_printed_is_replaced_and_the_paper_says_so(lire: Faire, dit: Faire) -> None:
    assert "ne peuvent pas être imprimés" in lire(recapitulatif(dit(commentaires="Merci 😀"))).texte
    assert "ne peuvent pas être imprimés" not in lire(recapitulatif(dit(commentaires="Merci ?"))).texte


@pytest.mark.parametrize(
    ("texte", "imprime"),
    [
        ("Crèvecœur", "Crèvecœur"),
        ("Ștefănescu Nguyễn", "Stefanescu Nguyen"),
        ("12\u202f000\u00a0€", "12\u00a0000\u00a0€"),
        ("😀", "?"),
        ("a\u202eb\u200dc\x00", "abc"),
        ("e\u0301", "e"),
        ("deux\nlignes", "deux\nlignes"),
    ],
)
def test_letters_that_the_font_lacks_become_their_nearest(texte: str, imprime: str) -> None:
    latin = {*map(ord, "\u00a0€œ?"), *range(0x20, 0x7F), *range(0xC0, 0x100)}

    assert imprimable(texte, latin) == imprime
