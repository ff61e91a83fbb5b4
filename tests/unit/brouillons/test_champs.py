"""Each field as people type it: what it becomes, or what they are told to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.brouillons.champs import LECTEURS, Refus, lisible, piste_courriel

SIRET = "21770999700019"


@pytest.mark.parametrize(
    ("champ", "saisie", "lu"),
    [
        ("siret", SIRET, SIRET),
        ("siret", " 217 709 997 00019 ", SIRET),
        ("siret", "217\u00a0709\u202f997\u00a000019", SIRET),
        ("siret", "217.709.997.00019", SIRET),
        ("siret", "217-709-997-00019", SIRET),
        ("siret", "".join(chr(ord(c) + 0xFEE0) for c in SIRET), SIRET),
        ("siret", "35600000049837", "35600000049837"),  # La Poste's own rule
        ("departement", "93", "93"),
        ("departement", "", ""),
        ("commune", " 94 028 ", "94028"),
        ("civilite", "Mme", "Mme"),
        ("nom", "  de   la\tFontaine ", "de la Fontaine"),
        ("nom", "Zoe\u0301", "Zo\u00e9"),
        ("nom", "Fic\u200btive\x00", "Fictive"),
        ("prenom", "Anne\nMarie", "Anne Marie"),
        ("prenom", "O’Neil", "O’Neil"),
        ("fonction", "DGS", "DGS"),
        ("courriel", " Camille.Fictive@Exemple.FR ", "Camille.Fictive@exemple.fr"),
        ("courriel", "mailto:camille@exemple.fr", "camille@exemple.fr"),
        ("courriel", "Camille Fictive <camille@exemple.fr>;", "camille@exemple.fr"),
        ("telephone", "0199001234", "01 99 00 12 34"),
        ("telephone", "01.99.00.12.34", "01 99 00 12 34"),
        ("telephone", "01-99-00-12-34", "01 99 00 12 34"),
        ("telephone", "01\u00a099\u00a000\u00a012\u00a034", "01 99 00 12 34"),
        ("telephone", "+33 1 99 00 12 34", "+33 1 99 00 12 34"),
        ("telephone", "+33 (0)1 99 00 12 34", "+33 1 99 00 12 34"),
        ("telephone", "0033199001234", "+33 1 99 00 12 34"),
        ("telephone", "+32 2 555 12 34 56", "+322555123456"),
        ("commentaires", "", ""),
        ("commentaires", "Une ligne\r\nune autre\tet la suite\u2028la fin", "Une ligne\nune autre et la suite\nla fin"),
        ("commentaires", "é" * 2000, "é" * 2000),
    ],
)
def test_what_people_type_becomes_what_contracts_hold(champ: str, saisie: str, lu: str) -> None:
    assert LECTEURS[champ](saisie) == lu


@pytest.mark.parametrize(
    ("champ", "saisie", "dit"),
    [
        ("siret", "", "Indiquez le numéro SIRET"),
        ("siret", "2177O999700019", "que des chiffres"),
        ("siret", "217709997", "numéro SIREN"),
        ("siret", "2177099970001", "il en manque 1"),
        ("siret", "217709997000190", "il y en a 1 de trop"),
        ("siret", "21770999700018", "inexact"),
        ("departement", "75", "trois départements"),
        ("commune", "", "Choisissez la commune"),
        ("commune", "Créteil", "code Insee"),
        ("commune", "75056", "académie de Créteil"),
        ("civilite", "Mlle", "civilité"),
        ("nom", " \u200b ", "votre nom"),
        ("nom", "...", "votre nom"),
        ("prenom", "", "votre prénom"),
        ("fonction", "", "votre fonction"),
        ("fonction", "a" * 301, "301 caractères : raccourcissez-le à 300"),
        ("courriel", "", "Indiquez une adresse"),
        ("courriel", "camille.exemple.fr", "un seul « @ »"),
        ("courriel", "camille@@exemple.fr", "un seul « @ »"),
        ("courriel", "camille fictive@exemple.fr", "sans espace"),
        ("courriel", "camillé@exemple.fr", "sans accent"),
        ("courriel", "camille@exemple", "inexacte"),
        ("courriel", "camille@exemple,fr", "inexacte"),
        ("courriel", "=?utf-8?q?a?=@exemple.fr", "inexacte"),
        ("telephone", "", "10 chiffres"),
        ("telephone", "01 99 00 12 3", "10 chiffres"),
        ("telephone", "poste 12", "10 chiffres"),
        ("telephone", "+33 01 99 00 12 34", "10 chiffres"),
        ("commentaires", "a" * 2345, "2\u202f345 caractères : retirez-en 345"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(champ: str, saisie: str, dit: str) -> None:
    with pytest.raises(Refus) as refus:
        LECTEURS[champ](saisie)
    assert dit in str(refus.value)


@pytest.mark.parametrize(
    ("adresse", "piste"),
    [
        ("camille@gmial.com", "camille@gmail.com"),
        ("camille@hotmial.fr", "camille@hotmail.fr"),
        ("camille@wanado.fr", "camille@wanadoo.fr"),
        ("camille@orange.fr", ""),
        ("camille@ville-fictive.fr", ""),
        ("", ""),
    ],
)
def test_a_domain_like_a_well_known_one_is_a_hint(adresse: str, piste: str) -> None:
    assert piste_courriel(adresse) == piste


@pytest.mark.parametrize("champ", list(LECTEURS))
@given(saisie=st.text(max_size=400))
def test_no_text_breaks_a_field_and_a_value_read_again_is_the_same(champ: str, saisie: str) -> None:
    try:
        lu = LECTEURS[champ](saisie)
    except Refus as refus:
        assert str(refus).endswith((".", ". Exemple : prenom.nom@ville.fr."))  # noqa: PT017 - a sentence, always
    else:
        assert LECTEURS[champ](lu) == lu


@given(st.text())
def test_a_readable_text_is_stable_and_shows_nothing_hidden(texte: str) -> None:
    assert lisible(lisible(texte)) == lisible(texte)
    assert "\u202e" not in lisible(texte + "\u202e")
