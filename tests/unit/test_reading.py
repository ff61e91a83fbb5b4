"""A body is read as its contract says, or refused with a reason that holds no value of it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.evenements import SoumettreDossier
from contracts.valeurs import Modele
from deploy.demo.dossiers import CONFORME
from services._runtime.reading import SIZE_MAX, Illisible, read_strictly

CANARI = "Canari-Dupont"


class Mot(Modele):
    """One word and one number."""

    mot: str
    nombre: int


def soumission(**change: object) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "00000000-0000-4000-8000-000000000001",
        "source": "demo",
        "type": "SoumettreDossier",
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": CONFORME.soumission([]),
        **change,
    }


def refus(corps: bytes, modele: type[Modele] = Mot) -> Illisible:
    with pytest.raises(Illisible) as pris:
        read_strictly(corps, modele)
    return pris.value


def test_a_body_that_follows_its_contract_is_read() -> None:
    lu = read_strictly(json.dumps(soumission()).encode(), SoumettreDossier)

    assert lu.data.deposant.courriel == "camille.fictive@exemple.fr"


@pytest.mark.parametrize(
    ("corps", "motif"),
    [
        (b"", "json_invalide"),
        (b"bonjour", "json_invalide"),
        (b'\xef\xbb\xbf{"mot":"a","nombre":1}', "json_invalide"),
        ('{"mot":"é","nombre":1}'.encode("latin-1"), "utf8_invalide"),
        ('{"mot":"é","nombre":1}'.encode("utf-16"), "utf8_invalide"),
        ('{"mot":"e\u0301","nombre":1}'.encode(), "unicode_non_nfc"),
        (b'{"mot":"a","nombre":1,"nombre":2}', "cle_en_double"),
        (b'{"mot":"a","nombre":1,"\\u006eombre":2}', "cle_en_double"),
        (b'{"mot":"a","nombre":NaN}', "json_invalide"),
        (b'{"mot":"a","nombre":-Infinity}', "json_invalide"),
        (b'{"mot":"a","nombre":1} {"mot":"b","nombre":2}', "json_invalide"),
        (b'{"mot":"a","nombre":' + b"9" * 5000 + b"}", "json_invalide"),
        (b"[" * 100_000, "json_trop_profond"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json_trop_profond"),
        (b'{"mot":"' + b"a" * SIZE_MAX + b'","nombre":1}', "trop_volumineux"),
        (b'{"mot":"a","nombre":"1"}', "contrat_non_respecte"),
        (b'{"mot":"a","nombre":1.0}', "contrat_non_respecte"),
        (b'{"mot":1,"nombre":1}', "contrat_non_respecte"),
        (b'{"mot":"a"}', "contrat_non_respecte"),
        (b'{"mot":"a","nombre":1,"autre":0}', "contrat_non_respecte"),
        (b'{"mot":"\\ud800","nombre":1}', "contrat_non_respecte"),
        (b"[]", "contrat_non_respecte"),
        (b"null", "contrat_non_respecte"),
    ],
)
def test_what_a_lenient_parser_would_let_through_is_refused(corps: bytes, motif: str) -> None:
    assert refus(corps).motif == motif


@pytest.mark.parametrize(
    "change",
    [
        {"specversion": "0.3"},
        {"specversion": 1.0},
        {"type": "Soumettredossier"},
        {"datacontenttype": "text/plain"},
        {"time": "2026-11-23T10:00:00"},
        {"id": "pas-un-uuid"},
        {"data": {}},
    ],
)
def test_an_envelope_with_a_wrong_attribute_is_refused(change: dict[str, object]) -> None:
    refuse = refus(json.dumps(soumission(**change)).encode(), SoumettreDossier)

    (champ,) = change
    assert refuse.motif == "contrat_non_respecte"
    assert refuse.detail.startswith(champ)


@pytest.mark.parametrize(
    "donnees",
    [
        {"siret": CANARI},
        {"deposant": CONFORME.deposant | {"courriel": CANARI}},
        {"deposant": CONFORME.deposant | {"nom": [CANARI]}},
        {"ecoles": [CANARI]},
        {CANARI: "une clé que la personne a remplie"},
        {"deposant": CONFORME.deposant | {CANARI: 1}},
    ],
)
def test_a_refusal_names_the_field_and_never_its_value(donnees: dict[str, object]) -> None:
    corps = json.dumps(soumission(data=CONFORME.soumission([]) | donnees)).encode()

    refuse = refus(corps, SoumettreDossier)

    assert "data" in refuse.detail
    assert CANARI not in f"{refuse} {refuse!r} {refuse.detail} {refuse.__cause__}"


def test_a_refusal_with_hundreds_of_faults_stays_short() -> None:
    ecoles = ["x"] * 500

    refuse = refus(json.dumps(soumission(data=CONFORME.soumission([]) | {"ecoles": ecoles})).encode(), SoumettreDossier)

    assert 0 < len(refuse.detail) <= 1000


@given(st.binary(max_size=200))
def test_whatever_the_bytes_the_only_error_is_a_refusal(corps: bytes) -> None:
    try:
        read_strictly(corps, Mot)
    except Illisible:
        return


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_whatever_the_json_the_only_error_is_a_refusal(valeur: object) -> None:
    try:
        read_strictly(json.dumps({"mot": valeur, "nombre": valeur}, ensure_ascii=False).encode(errors="replace"), Mot)
    except Illisible:
        return
