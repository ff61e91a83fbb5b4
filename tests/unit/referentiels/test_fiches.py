"""What each shape of record means, with the types and the gaps that real exports have."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.valeurs import lettre_uai
from deploy.demo.dossiers import uai
from services.intake.referentiels.domain import Commune, Ecole
from services.intake.referentiels.fiches import Ancienne, Valeurs, lire_commune, lire_ecole, raison

MONTREUIL = {
    "code": "93048",
    "nom": "Montreuil",
    "typeLiaison": 0,
    "departement": "93",
    "type": "commune-actuelle",
    "siren": "219300480",
    "codesPostaux": ["93100"],
    "population": 111934,
}
TILLEULS = {
    "identifiant_de_l_etablissement": uai(1),
    "nom_etablissement": "École des Tilleuls",
    "type_etablissement": "Ecole",
    "statut_public_prive": "Public",
    "adresse_1": "1 rue des Inventions",
    "adresse_2": None,
    "adresse_3": "77000 MELUN",
    "code_commune": "77288",
    "nom_commune": "Melun",
    "code_departement": "077",
    "etat": "OUVERT",
    "code_type_contrat_prive": "99",
}


def defaut(lire: Callable[[Valeurs], object], valeurs: Valeurs) -> str:
    """Read a wrong record; give what is said of it."""
    try:
        lire(valeurs)
    except ValueError as refus:
        return raison(refus)
    pytest.fail("cette fiche aurait dû être refusée")


def test_a_commune_in_force_is_read_with_or_without_its_type() -> None:
    attendue = Commune("93048", "Montreuil", "93", "219300480", ("93100",))

    assert lire_commune(MONTREUIL) == attendue
    assert lire_commune({cle: valeur for cle, valeur in MONTREUIL.items() if cle != "type"}) == attendue


def test_former_communes_are_told_from_those_in_force() -> None:
    deleguee = {"code": "93059", "nom": "Pierrefitte-sur-Seine", "departement": "93", "chefLieu": "93066"}

    for genre in ("commune-deleguee", "commune-associee"):
        assert lire_commune(deleguee | {"type": genre}) == Ancienne("93059", "Pierrefitte-sur-Seine", "93066")


def test_former_codes_of_other_departements_are_left() -> None:
    commune = lire_commune(MONTREUIL | {"anciensCodes": ["75048", "93999"]})

    assert isinstance(commune, Commune)
    assert commune.anciens_codes == ("93999",)


@pytest.mark.parametrize(
    "ecart",
    [
        {"code": "75056", "departement": "75"},
        {"type": "arrondissement-municipal"},
        {"code": "2A004", "departement": "2A"},
    ],
)
def test_what_is_no_commune_of_the_three_departements_is_left(ecart: dict[str, str]) -> None:
    assert lire_commune(MONTREUIL | ecart) is None


@pytest.mark.parametrize(
    ("ecart", "constat"),
    [
        ({"siren": "219300481"}, "siren : la clé de contrôle du SIREN est fausse"),
        ({"siren": None}, "siren : n’a pas la forme attendue"),
        ({"nom": "  "}, "nom : absent"),
        ({"nom": "x" * 301}, "nom : trop long"),
        ({"nom": "Mont\x00reuil"}, "nom : le texte contient des caractères de contrôle"),
        ({"codesPostaux": []}, "codes_postaux : absent"),
        ({"codesPostaux": None}, "codes_postaux : absent"),
        ({"codesPostaux": ["9310"]}, "codes_postaux : n’a pas la forme attendue"),
        ({"codesPostaux": "93100"}, "une liste était attendue"),
        ({"codesPostaux": ["93100"] * 21}, "codes_postaux : trop long"),
        ({"code": "94048"}, "le code INSEE n’est pas de ce département"),
        ({"nom": {"fr": "Montreuil"}}, "une valeur n’est ni un texte ni un nombre"),
    ],
)
def test_a_wrong_commune_is_named_by_its_reason(ecart: dict[str, Any], constat: str) -> None:
    assert defaut(lire_commune, MONTREUIL | ecart) == constat


def test_a_school_is_read_from_either_shape() -> None:
    extraite = {
        "uai": uai(1),
        "nom": "École des Tilleuls",
        "statut": "public",
        "code_commune": "77288",
        "nom_commune": "Melun",
        "departement": "77",
        "adresse": "1 rue des Inventions",
        "code_postal": "77000",
    }

    lue = lire_ecole(TILLEULS)

    assert lue == Ecole(
        uai(1),
        "École des Tilleuls",
        "77288",
        "Melun",
        "public",
        ouverte=True,
        adresse="1 rue des Inventions, 77000 MELUN",
    )
    assert lire_ecole(extraite) == replace(lue, adresse="1 rue des Inventions, 77000 Melun")


@pytest.mark.parametrize("departement", ["077", "77", 77, None, ""])
def test_a_departement_is_read_however_it_is_written(departement: object) -> None:
    assert lire_ecole(TILLEULS | {"code_departement": departement}) is not None


@pytest.mark.parametrize(
    ("etat", "ouverte"),
    [("OUVERT", True), ("A FERMER", True), ("À ouvrir", True), (None, True), ("FERMÉ", False)],
)
def test_a_school_is_open_while_it_takes_pupils_or_will(etat: str | None, *, ouverte: bool) -> None:
    ecole = lire_ecole(TILLEULS | {"etat": etat})

    assert ecole is not None
    assert ecole.ouverte is ouverte


@pytest.mark.parametrize("statut", ["Privé", "PRIVE", "privé sous contrat"])
def test_a_private_school_under_contract_is_one(statut: str) -> None:
    ecole = lire_ecole(TILLEULS | {"statut_public_prive": statut, "code_type_contrat_prive": 30})

    assert ecole is not None
    assert ecole.statut == "prive"


@pytest.mark.parametrize(
    "ecart",
    [
        {"type_etablissement": "Collège"},
        {"type_etablissement": "Service Administratif"},
        {"code_departement": "075"},
        {"code_type_contrat_prive": 10},
        {"code_type_contrat_prive": "10"},
    ],
)
def test_what_is_no_school_of_ours_is_left(ecart: dict[str, object]) -> None:
    assert lire_ecole(TILLEULS | ecart) is None


@pytest.mark.parametrize(
    ("ecart", "constat"),
    [
        ({"identifiant_de_l_etablissement": "0779001A"}, "uai : la lettre de contrôle de l’UAI ne correspond pas"),
        ({"identifiant_de_l_etablissement": uai(1, "075")}, "uai : l’UAI n’est pas de l’un des trois départements"),
        ({"identifiant_de_l_etablissement": None}, "uai : n’a pas la forme attendue"),
        (
            {"identifiant_de_l_etablissement": "\u0660779001R"},
            "uai : n’a pas la forme attendue",
        ),
        ({"nom_etablissement": None}, "nom : absent"),
        ({"code_commune": None}, "commune : n’a pas la forme attendue"),
        ({"statut_public_prive": None}, "statut : ni public ni privé"),
        ({"etat": "PEUT-ÊTRE"}, "etat : inconnu"),
        ({"etat": "?"}, "etat : inconnu"),
    ],
)
def test_a_wrong_school_is_named_by_its_reason(ecart: dict[str, Any], constat: str) -> None:
    assert defaut(lire_ecole, TILLEULS | ecart).startswith(constat)


@settings(deadline=None)
@given(st.integers(0, 9_999), st.sampled_from("ABCDEFGHJKLMNPRSTUVWXYZ"))
def test_only_the_right_letter_makes_an_uai(numero: int, lettre: str) -> None:
    chiffres = f"077{numero:04}"
    valeurs = TILLEULS | {"identifiant_de_l_etablissement": f" {chiffres.lower()}{lettre.lower()} "}

    if lettre == lettre_uai(chiffres):
        assert lire_ecole(valeurs) is not None
    else:
        assert "lettre de contrôle" in defaut(lire_ecole, valeurs)


VALEURS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()) | st.just({})


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted({*TILLEULS, *MONTREUIL})), VALEURS))
def test_whatever_a_record_holds_it_is_read_left_or_named(ecarts: dict[str, object]) -> None:
    for lire, valeurs in ((lire_ecole, TILLEULS | ecarts), (lire_commune, MONTREUIL | ecarts)):
        constat = "rien à redire"
        try:
            lire(valeurs)
        except ValueError as refus:
            constat = raison(refus)
        assert constat
