"""Files are read record by record, whatever their size; what is no list of records is refused with its reason."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.referentiels import lecture
from services.intake.referentiels.lecture import FichierIllisible, fiches

SCALAIRES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
OBJETS = st.dictionaries(st.text(), SCALAIRES | st.lists(SCALAIRES) | st.dictionaries(st.text(), SCALAIRES))


def ecrire(dossier: Path, contenu: str | bytes) -> Path:
    fichier = dossier / "fichier"
    fichier.write_bytes(contenu if isinstance(contenu, bytes) else contenu.encode())
    return fichier


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(OBJETS, max_size=8), st.sampled_from([None, 1]), st.integers(1, 40))
def test_a_json_list_is_read_as_json_reads_it_however_the_text_comes(
    tmp_path: Path, objets: list[dict[str, object]], indentation: int | None, morceau: int
) -> None:
    fichier = ecrire(tmp_path, json.dumps(objets, ensure_ascii=False, indent=indentation))

    with pytest.MonkeyPatch.context() as reglage:
        reglage.setattr(lecture, "MORCEAU", morceau)
        lues = list(fiches(fichier))

    assert [lue.valeurs for lue in lues] == objets
    assert [lue.repere for lue in lues] == [f"fiche {rang}" for rang in range(1, len(objets) + 1)]


def test_csv_is_read_with_the_columns_named_in_either_way(tmp_path: Path) -> None:
    texte = '\ufeffUAI;Nom_etablissement\r\n0779001R;"Les ""Tilleuls""; bâtiment\r\nB"\r\n0779002S;Érables\r\n'

    lues = list(fiches(ecrire(tmp_path, texte)))

    assert [lue.valeurs for lue in lues] == [
        {"uai": "0779001R", "nom_etablissement": 'Les "Tilleuls"; bâtiment\r\nB'},
        {"uai": "0779002S", "nom_etablissement": "Érables"},
    ]
    assert [lue.repere for lue in lues] == ["ligne 3", "ligne 4"]


def test_a_line_with_too_few_or_too_many_columns_is_given_as_such(tmp_path: Path) -> None:
    lues = list(fiches(ecrire(tmp_path, "uai;nom\n0779001R\n0779002S;a;b\n0779003T;c\n")))

    assert [lue.valeurs is None for lue in lues] == [True, True, False]


@pytest.mark.parametrize(
    ("contenu", "constat"),
    [
        ('{"results": []}', "n’est pas une liste JSON"),
        ('[{"uai": 1}, 2]', "n’est pas une liste JSON"),
        ('[{"uai": 1} {"uai": 2}]', "n’est pas une liste JSON"),
        ('[{"uai": 1}', "coupé"),
        ('[{"uai": 1},', "coupé"),
        ('[{"uai": "07', "mal formé, ou coupé"),
        ('[{"uai": }]', "mal formé, ou coupé"),
        ("[" + '{"a":' * 100_000, "mal formé, ou coupé"),
        ('[{"nombre": ' + "1" * 10_000 + "}]", "mal formé, ou coupé"),
        ('[{"texte": "' + "x" * 2_000_000 + '"}]', "mal formé, ou coupé"),
        ("uai;nom\n0779001R;École\n".encode("cp1252"), "pas en UTF-8"),
        (b"\x1f\x8b\x08\x00\xff\xfe", "pas en UTF-8"),
        ("uai;nom\n0779001R;" + "x" * 200_000, "CSV est mal formé vers la ligne 1"),
    ],
)
def test_what_cannot_be_read_is_said_in_french(tmp_path: Path, contenu: str | bytes, constat: str) -> None:
    with pytest.raises(FichierIllisible, match=constat):
        list(fiches(ecrire(tmp_path, contenu)))


@pytest.mark.parametrize("contenu", ["", " \n", "[]", "\ufeff [ ] ", "uai;nom\n"])
def test_an_empty_file_holds_no_record(tmp_path: Path, contenu: str) -> None:
    assert list(fiches(ecrire(tmp_path, contenu))) == []


def test_a_file_of_20_mb_is_read_in_two(tmp_path: Path) -> None:
    objet = json.dumps({"uai": "0779001R", "nom": "x" * 2_000})
    fichier = tmp_path / "grand.json"
    fichier.write_text(f"[{','.join([objet] * 10_000)}]")
    positions: list[int] = []

    tracemalloc.start()
    lues = sum(1 for _ in fiches(fichier, positions.append))
    _, pic = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert lues == 10_000
    assert pic < 2 * 1024 * 1024
    assert positions == sorted(positions)
    assert positions[-1] == fichier.stat().st_size
