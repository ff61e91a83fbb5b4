"""What a file would change is known, and judged, before anything is written."""

from collections.abc import Iterable
from typing import Any

import pytest

from deploy.demo.dossiers import uai
from deploy.demo.referentiel import annuaire_json, communes_json
from services._runtime.mongo import Document
from services.intake.referentiels.importation import COMMUNES, ECOLES, Bilan, Lecture, confronter
from services.intake.referentiels.lecture import Fiche


def lire(nature: Any, valeurs: Iterable[dict[str, Any] | None]) -> Lecture[Any]:  # noqa: ANN401 - either one
    lecture: Lecture[Any] = nature.lire(Fiche(f"fiche {rang}", v) for rang, v in enumerate(valeurs, start=1))
    return lecture


def bilan(nature: Any, valeurs: Iterable[dict[str, Any]], presents: dict[str, Document] | None = None) -> Bilan:  # noqa: ANN401
    return confronter(nature, lire(nature, valeurs), presents or {})


def ecoles(nombre: int) -> list[dict[str, Any]]:
    modele = annuaire_json()[0]
    return [modele | {"identifiant_de_l_etablissement": uai(numero)} for numero in range(1, nombre + 1)]


PRESENTES = dict(bilan(ECOLES, ecoles(100)).documents)


def test_a_commune_carries_the_codes_and_other_names_of_those_it_absorbed() -> None:
    communes = lire(COMMUNES, communes_json()).retenues

    assert (communes["93066"].anciens_codes, communes["93066"].anciens_noms) == (("93059",), ("Pierrefitte-sur-Seine",))
    # A commune nouvelle keeps the code of one of its own: only the name is a former one.
    assert communes["77316"].anciens_codes == ("77170",)
    assert communes["77316"].anciens_noms == ("Moret-sur-Loing", "Épisy")
    assert communes["93048"].anciens_codes == ()


def test_pierrefitte_is_part_of_saint_denis_even_for_an_extract_that_does_not_say_so() -> None:
    extrait = [commune for commune in communes_json() if commune["type"] == "commune-actuelle"]
    avant_fusion = [*extrait, {**extrait[0], "code": "93059", "departement": "93", "nom": "Pierrefitte-sur-Seine"}]

    assert lire(COMMUNES, extrait).retenues["93066"].anciens_codes == ("93059",)
    assert lire(COMMUNES, avant_fusion).retenues["93066"].anciens_codes == ()
    assert lire(COMMUNES, extrait[:2]).defauts == 0  # an extract without Saint-Denis is no defect


def test_a_former_commune_of_one_that_is_not_there_is_named() -> None:
    orphelines = [commune for commune in communes_json() if commune["code"] != "77316" or "chefLieu" in commune]

    lecture = lire(COMMUNES, orphelines)

    assert lecture.defauts == 2
    assert [(r.cle, r.raison) for r in lecture.remarques] == [
        ("77170", "fait partie de 77316, que le fichier n’a pas"),
        ("77316", "fait partie de 77316, que le fichier n’a pas"),
    ]


def test_what_is_wrong_or_twice_there_is_named_by_its_place_and_the_rest_is_counted() -> None:
    bonne, *_ = ecoles(1)
    fausse, ailleurs = bonne | {"statut_public_prive": "?"}, bonne | {"code_departement": "075"}

    lecture = lire(ECOLES, [bonne, fausse, ailleurs, bonne, None])

    assert list(lecture.retenues) == [uai(1)]
    assert (lecture.defauts, lecture.doublons, lecture.hors_champ) == (2, 1, 1)
    assert [(r.repere, r.cle, r.raison) for r in lecture.remarques] == [
        ("fiche 2", uai(1), "statut : ni public ni privé"),
        ("fiche 4", uai(1), "déjà lue : fiche 1"),
        ("fiche 5", "", "n’a pas autant de colonnes que l’en-tête"),
    ]


def test_a_school_that_the_file_has_no_more_is_closed_and_a_commune_goes() -> None:
    des_ecoles = bilan(ECOLES, ecoles(99), PRESENTES)
    des_communes = bilan(COMMUNES, communes_json()[1:], dict(bilan(COMMUNES, communes_json()).documents))

    assert des_ecoles.documents[uai(100)] == {**PRESENTES[uai(100)], "ouverte": False}
    assert (des_ecoles.retirees, des_ecoles.en_service, des_ecoles.modifiees) == (1, 99, 0)
    assert communes_json()[0]["code"] not in des_communes.documents
    assert des_communes.retirees == 1


def test_an_entry_whose_record_is_wrong_stays_as_it_is() -> None:
    fichier = ecoles(100)
    fichier[4] = fichier[4] | {"etat": "?"}

    fait = bilan(ECOLES, fichier, PRESENTES)

    assert fait.documents == PRESENTES
    assert fait.retirees == 0
    assert fait.obstacle() == ""


def test_a_school_that_opens_again_is_changed_not_added() -> None:
    fermee = PRESENTES | {uai(3): {**PRESENTES[uai(3)], "ouverte": False}}

    fait = bilan(ECOLES, ecoles(100), fermee)

    assert (fait.ajoutees, fait.modifiees, fait.retirees) == (0, 1, 0)
    assert fait.documents == PRESENTES


def test_the_same_file_gives_the_same_content_in_whatever_order() -> None:
    fait = bilan(ECOLES, ecoles(100)[::-1], PRESENTES)

    assert fait.empreinte == bilan(ECOLES, ecoles(100)).empreinte
    assert (fait.ajoutees, fait.modifiees, fait.retirees) == (0, 0, 0)
    assert fait.empreinte != bilan(ECOLES, ecoles(99), PRESENTES).empreinte


@pytest.mark.parametrize(("restent", "passe"), [(80, True), (79, False), (1, False)])
def test_a_file_that_would_remove_more_than_a_fifth_is_an_obstacle(restent: int, *, passe: bool) -> None:
    obstacle = bilan(ECOLES, ecoles(restent), PRESENTES).obstacle()

    assert (obstacle == "") is passe
    assert passe or f"retirerait {100 - restent},0\u00a0%" in obstacle


def test_schools_already_closed_are_not_removed_again() -> None:
    fermees = {code: ecole | {"ouverte": int(code[4:7]) <= 50} for code, ecole in PRESENTES.items()}

    assert bilan(ECOLES, ecoles(45), fermees).retirees == 5
    assert bilan(ECOLES, ecoles(45), fermees).obstacle() == ""


@pytest.mark.parametrize(("faux", "passe"), [(1, True), (2, False), (100, False)])
def test_a_file_with_too_many_wrong_records_is_an_obstacle(faux: int, *, passe: bool) -> None:
    fichier = ecoles(100)
    for rang in range(faux):
        fichier[rang] = fichier[rang] | {"etat": "?"}

    obstacle = bilan(ECOLES, fichier).obstacle()

    assert (obstacle == "") is passe
    assert passe or "ont un défaut" in obstacle
