"""A draft judged: what it becomes, or what is wrong with it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dossier import RolePiece, Soumission
from deploy.demo.dossiers import uai
from services.intake.brouillons.correction import valeurs_de
from services.intake.brouillons.domain import Connu, Erreur, Examen, juger, lire
from services.intake.brouillons.saisie import CHAMPS, PIECES, RUBRIQUE_DE, Rubrique, vierge
from services.intake.referentiels.domain import Commune, Ecole

PIECE = {"id": "0" * 32, "sha256": "a" * 64, "taille": 12, "nom": "bon.pdf", "constat": ""}
MELUN = Commune("77288", "Melun", "77", "217702885", ("77000",))


def brouillon(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - what a draft holds, right or wrong
    valeurs = {
        "siret": "217 709 997 00019",
        "departement": "77",
        "commune": "77288",
        "civilite": "Mme",
        "nom": " Fictive ",
        "prenom": "Camille",
        "fonction": "DGS",
        "courriel": "camille@EXEMPLE.fr",
        "telephone": "01.99.00.12.34",
        "ecoles": [f"{uai(1)} {uai(2)}", uai(1)],
        "commentaires": "",
    }
    pieces = {role.value: PIECE for role in RolePiece}
    autres = {"_id": "ENT-00000-00000", "corrige": False, "pieces": changes.pop("pieces", pieces)}
    return {**autres, "corrige": changes.pop("corrige", False), "valeurs": valeurs | changes}


def examen(connu: Connu | None = None, **changes: Any) -> Examen:  # noqa: ANN401 - as above
    return juger(lire(brouillon(**changes)), connu or Connu())


def test_a_draft_that_is_right_becomes_a_soumission() -> None:
    soumission = examen(Connu(MELUN)).soumission
    assert soumission is not None
    assert soumission.siret == "21770999700019"
    assert soumission.ecoles == (uai(1), uai(2))
    assert soumission.deposant.courriel == "camille@exemple.fr"
    assert soumission.deposant.telephone == "01 99 00 12 34"
    assert [piece.role for piece in soumission.pieces] == list(RolePiece)
    assert soumission.corrige is None


def test_a_correction_names_the_dossier_that_it_corrects() -> None:
    soumission = examen(corrige=True).soumission
    assert soumission is not None
    assert soumission.corrige == "ENT-00000-00000"


@pytest.mark.parametrize(
    ("changes", "champ", "dit"),
    [
        ({"siret": "1"}, "siret", "il en manque 13"),
        ({"nom": "a" * 1_001}, "nom", "trop long"),
        ({"commune": "94028"}, "commune", "pas dans le département choisi"),
        ({"ecoles": []}, "ecoles", "au moins une école"),
        ({"ecoles": ["0779001A"]}, "ecoles", "« 0779001A » : La lettre ne correspond pas"),
        ({"ecoles": ["x"] * 2_001}, "ecoles", "trop longue"),
        ({"ecoles": [" ".join(uai(rang) for rang in range(502))]}, "ecoles", "retirez-en 2"),
        ({"pieces": {}}, "pieces.bon_commande_chorus", "joignez cette pièce"),
        (
            {"pieces": {role.value: PIECE | {"constat": "Ce fichier est vide."} for role in RolePiece}},
            "pieces.attestation_adhesion",
            "Ce fichier est vide.",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_field(changes: dict[str, Any], champ: str, dit: str) -> None:
    juge = examen(**changes)
    assert juge.soumission is None
    assert {erreur.champ for erreur in juge.erreurs} <= {champ, *PIECES}
    assert any(dit in erreur.message for erreur in juge.erreurs if erreur.champ == champ)


def test_a_new_draft_lacks_all_but_the_address() -> None:
    juge = juger(lire({"_id": "x", "corrige": False, "valeurs": vierge("camille@exemple.fr"), "pieces": {}}), Connu())
    attendus = set(RUBRIQUE_DE) - {"courriel", "departement", "commentaires"}
    assert {erreur.champ for erreur in juge.erreurs} == attendus
    assert juge.avertissements == ()
    assert [erreur.champ for erreur in juge.erreurs_de(Rubrique.ETABLISSEMENT)] == ["siret", "commune"]


def test_many_wrong_codes_are_told_ten_by_one_then_counted() -> None:
    ecoles = [erreur for erreur in examen(ecoles=["x"] * 30).erreurs if erreur.champ == "ecoles"]
    assert len(ecoles) == 11
    assert ecoles[-1] == Erreur("ecoles", "20 autres lignes sont à corriger dans la liste.")


@pytest.mark.parametrize(
    ("connu", "changes", "champ", "dit"),
    [
        (Connu(MELUN), {}, "siret", "n’est pas celui de la commune de Melun"),
        (Connu(), {}, "commune", "ne connaissons pas cette commune"),
        (Connu(), {"courriel": "camille@gmial.com"}, "courriel", "camille@gmail.com"),
        (Connu(MELUN), {}, "ecoles", "2 écoles sont à vérifier"),
    ],
)
def test_what_looks_odd_is_said_and_stops_nobody(connu: Connu, changes: dict[str, Any], champ: str, dit: str) -> None:
    juge = examen(connu, **changes)
    assert juge.soumission is not None
    assert any(dit in a.message for a in juge.avertissements if a.champ == champ)


def test_what_agrees_is_not_warned_of() -> None:
    ecoles = {code: Ecole(code, "École", "77288", "Melun", "public", ouverte=True) for code in (uai(1), uai(2))}
    commune = Commune("77288", "Melun", "77", "217709997", ("77000",))
    assert examen(Connu(commune, ecoles)).avertissements == ()


def test_a_commune_that_has_merged_is_filed_as_the_one_it_is_part_of() -> None:
    saint_denis = Commune("93066", "Saint-Denis", "93", "929939411", ("93200",), ("93059",), ("Pierrefitte-sur-Seine",))
    juge = examen(Connu(saint_denis), commune="93059", departement="93")
    assert juge.soumission is not None
    assert juge.soumission.commune == "93066"


LIGNE = st.text(max_size=60) | st.sampled_from(["77", "77288", "Mme", "21770999700019", uai(1), "a@b.fr", "0199001234"])
VALEURS = st.fixed_dictionaries(
    {champ: LIGNE for champ in CHAMPS if champ != "ecoles"} | {"ecoles": st.lists(LIGNE, max_size=5)}
)


@given(VALEURS, st.sampled_from([Connu(), Connu(MELUN)]), st.booleans())
def test_whatever_is_typed_is_judged(valeurs: dict[str, Any], connu: Connu, corrige: bool) -> None:  # noqa: FBT001
    juge = examen(connu, corrige=corrige, **valeurs)
    assert (juge.soumission is None) is bool(juge.erreurs)
    assert all(erreur.message.strip() for erreur in juge.erreurs)


BON = brouillon()["valeurs"]


@given(st.fixed_dictionaries({champ: st.just(BON[champ]) | LIGNE for champ in CHAMPS if champ != "ecoles"}))
def test_a_soumission_is_one_that_contracts_accept_and_the_form_reads_again(valeurs: dict[str, Any]) -> None:
    soumission = examen(**valeurs).soumission
    if soumission is not None:
        assert Soumission.model_validate_json(soumission.model_dump_json()) == soumission
        assert examen(**valeurs_de(soumission.model_dump(mode="json"))).soumission == soumission
