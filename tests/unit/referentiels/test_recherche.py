"""Communes are found as people type them."""

import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.demo.referentiel import communes_json
from services.intake.referentiels.domain import Commune
from services.intake.referentiels.importation import lire_communes
from services.intake.referentiels.lecture import Fiche
from services.intake.referentiels.recherche import REPONSES_MAX, Communes, mots

TOUTES = Communes(lire_communes(Fiche("", valeurs) for valeurs in communes_json()).retenues.values())


def noms(saisie: str, departement: str = "") -> list[str]:
    return [commune.nom for commune in TOUTES.chercher(saisie, departement=departement)]


def une(nom: str, code: str = "77001", **champs: tuple[str, ...]) -> Commune:
    tout = {"codes_postaux": ("77000",), **champs}
    return Commune(code=code, nom=nom, departement=code[:2], siren="217700012", **tout)


@pytest.mark.parametrize(
    ("saisie", "trouvee"),
    [
        ("creteil", "Créteil"),
        ("CRÉTEIL", "Créteil"),
        ("Cre\u0301teil", "Créteil"),  # as macOS writes it
        ("crevecoeur", "Crèvecœur-en-Brie"),
        ("CRÈVECŒUR EN BRIE", "Crèvecœur-en-Brie"),
        ("st maur", "Saint-Maur-des-Fossés"),
        ("St. Maur des fosses", "Saint-Maur-des-Fossés"),
        ("saintmaur", "Saint-Maur-des-Fossés"),
        ("fosses", "Saint-Maur-des-Fossés"),
        ("l hay", "L'Haÿ-les-Roses"),
        ("lhay les roses", "L'Haÿ-les-Roses"),
        ("L’Haÿ-les-Roses", "L'Haÿ-les-Roses"),
        ("haÿ", "L'Haÿ-les-Roses"),
        ("roses", "L'Haÿ-les-Roses"),
        ("ferté gaucher", "La Ferté-Gaucher"),
        ("La Ferte", "La Ferté-Gaucher"),
        ("jouy s/ morin", "Jouy-sur-Morin"),
        ("93380", "Saint-Denis"),
        ("montreuil (93)", "Montreuil"),
    ],
)
def test_a_commune_is_first_however_its_name_is_typed(saisie: str, trouvee: str) -> None:
    assert noms(saisie)[0] == trouvee


@pytest.mark.parametrize("saisie", ["", "  ", "'", "-", "🏫", "Paris", "75001", "denis saintt", "melun 93", "é" * 5000])
def test_what_names_none_finds_none(saisie: str) -> None:
    assert noms(saisie) == []


def test_the_best_answer_comes_first() -> None:
    communes = Communes(une(nom) for nom in ("Vert-Saint-Denis", "Saint-Denis-lès-Rebais", "Saint-Denis"))

    trouvees = [commune.nom for commune in communes.chercher("saint denis")]

    assert trouvees == ["Saint-Denis", "Saint-Denis-lès-Rebais", "Vert-Saint-Denis"]


def test_a_typed_article_puts_first_the_names_that_have_it() -> None:
    communes = Communes(une(nom) for nom in ("Chailly", "La Chapelle", "Les Chapelles"))

    assert [commune.nom for commune in communes.chercher("la ch")] == ["La Chapelle", "Chailly", "Les Chapelles"]
    assert [commune.nom for commune in communes.chercher("le")] == ["Les Chapelles"]


def test_an_article_that_was_not_typed_is_not_missed() -> None:
    communes = Communes(une(nom) for nom in ("Bois-Ferté", "La Ferté-Gaucher"))

    assert [commune.nom for commune in communes.chercher("ferte")] == ["La Ferté-Gaucher", "Bois-Ferté"]


def test_homonyms_are_told_apart() -> None:
    trouvees = TOUTES.chercher("marolles en brie")

    assert [commune.libelle for commune in trouvees] == [
        "Marolles-en-Brie – 77120 (Seine-et-Marne)",
        "Marolles-en-Brie – 94440 (Val-de-Marne)",
    ]
    assert [commune.code for commune in TOUTES.chercher("marolles", departement="94")] == ["94048"]
    assert [commune.code for commune in TOUTES.chercher("marolles 77120")] == ["77278"]


def test_a_shared_postal_code_gives_all_its_communes_by_name() -> None:
    assert noms("77320") == ["Beton-Bazoches", "Jouy-sur-Morin", "La Ferté-Gaucher"]
    assert noms("77320", departement="93") == []


def test_a_commune_that_merged_is_found_under_its_former_name_and_code_after_all_others() -> None:
    assert noms("Pierrefitte") == ["Saint-Denis"]
    assert noms("Moret-sur-Loing") == ["Moret-Loing-et-Orvanne"]
    ancienne = TOUTES.de_code("93059")
    assert ancienne is not None
    assert ancienne.code == "93066"
    communes = Communes([une("Villeneuve", anciens_noms=("Orly",)), une("Orly-sur-Morin", "77345")])
    assert [commune.nom for commune in communes.chercher("orly")] == ["Orly-sur-Morin", "Villeneuve"]


def test_a_code_in_force_wins_over_the_same_one_of_old() -> None:
    communes = Communes([une("Rétablie", "77002"), une("Ancienne héritière", "77001", anciens_codes=("77002",))])

    trouvee = communes.de_code("77002")

    assert trouvee is not None
    assert trouvee.nom == "Rétablie"


def test_answers_are_bounded() -> None:
    communes = Communes(une(f"Saint-Essai-{rang}", f"77{rang:03}") for rang in range(300))

    assert len(communes.chercher("saint")) == REPONSES_MAX


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(["", "77", "93", "94", "zz"]))
def test_whatever_is_typed_gets_an_answer(saisie: str, departement: str) -> None:
    for commune in TOUTES.chercher(saisie, departement=departement):
        assert not departement or commune.departement == departement


@settings(deadline=None)
@given(st.text(max_size=50))
def test_words_are_plain_and_stay_what_they_are(texte: str) -> None:
    trouves = mots(texte)

    assert all(mot.isascii() and mot.isalnum() and mot == mot.lower() for mot in trouves)
    assert mots(" ".join(trouves)) == trouves


@settings(deadline=None)
@given(st.sampled_from(TOUTES.toutes), st.data())
def test_the_beginning_of_any_word_finds_its_commune_in_any_writing(commune: Commune, data: st.DataObject) -> None:
    mot = data.draw(st.sampled_from(mots(commune.nom)))
    debut = mot[: data.draw(st.integers(1, len(mot)))]
    ecrit = "".join(data.draw(st.sampled_from((signe, signe.upper()))) for signe in debut)

    assert commune in TOUTES.chercher(ecrit, departement=commune.departement)


@settings(deadline=None)
@given(st.sampled_from(TOUTES.toutes), st.randoms(use_true_random=False), st.sampled_from(" -_'’/."))
def test_accents_case_and_what_joins_words_do_not_matter(commune: Commune, hasard: random.Random, liant: str) -> None:
    nu = unicodedata.normalize("NFD", commune.nom).encode("ascii", "ignore").decode() if "œ" not in commune.nom else ""
    ecrit = "".join(hasard.choice((signe.lower(), signe.upper())) for signe in nu or commune.nom)
    ecrit = ecrit.replace("-", liant).replace("'", liant)

    assert TOUTES.chercher(ecrit, departement=commune.departement)[0] == commune
