"""What the API refuses, and how: nothing sent comes back, nothing foreign is believed, nobody unknown gets in."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest

from services._runtime.reading import SIZE_MAX
from services.intake.api import build_api
from services.intake.entetes import Entetes
from services.intake.problemes import TITRES
from services.intake.store import Store

CANARI = "CANARI-Marguerite-Inventee"
ROUTES = (
    ("POST", "/api/v1/pieces"),
    ("POST", "/api/v1/soumissions"),
    ("GET", f"/api/v1/soumissions/{uuid4()}"),
    ("GET", "/api/v1/dossiers/ENT-00000-00000"),
)
Soumission = Callable[..., Awaitable[dict[str, Any]]]


@pytest.mark.parametrize("methode_et_chemin", ROUTES, ids=lambda route: " ".join(route)[:24])
@pytest.mark.parametrize(
    "autorisation",
    [None, "", "Bearer", "Bearer inconnue", "Basic ZGVtbzpjbGU=", "cle-de-demo", "Bearer cle-de-dem\u00f6"],
)
async def test_nothing_is_served_without_the_key_of_a_producer(
    anonyme: httpx.AsyncClient, methode_et_chemin: tuple[str, str], autorisation: str | None
) -> None:
    entetes = {} if autorisation is None else {b"Authorization": autorisation.encode("latin-1")}
    reponse = await anonyme.request(*methode_et_chemin, headers=entetes)

    _est_un_probleme(reponse, 401)
    assert reponse.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("changes", "champ", "motif"),
    [
        ({"siret": CANARI}, "siret", "string_pattern_mismatch"),
        ({"siret": {"$gt": ""}}, "siret", "string_type"),
        ({"siret": 21770999700019}, "siret", "string_type"),
        ({"commune": CANARI}, "commune", "string_pattern_mismatch"),
        ({"ecoles": []}, "ecoles", "too_short"),
        ({"ecoles": ["0779001R", CANARI]}, "ecoles.1", "string_pattern_mismatch"),
        ({"ecoles": ["0779001R"] * 501}, "ecoles", "too_long"),
        ({"ecoles": {"$in": [CANARI]}}, "ecoles", "tuple_type"),
        ({"pieces": [{"role": CANARI, "id": "0" * 32, "sha256": "0" * 64}]}, "pieces.0.role", "enum"),
        ({"pieces": [{"role": "bon_commande_chorus", "id": CANARI, "sha256": "0" * 64}]}, "pieces.0.id", None),
        ({"deposant": {"nom": CANARI}}, "deposant.courriel", "missing"),
        ({"deposant": None}, "deposant", "model_type"),
        ({"commentaires": CANARI * 100}, "commentaires", "string_too_long"),
        ({"commentaires": CANARI + "\x00"}, "commentaires", "value_error"),
        ({"commentaires": CANARI + "\r\nBcc: x@exemple.fr"}, "commentaires", "value_error"),
        ({"corrige": {"$ne": None}}, "corrige", "string_type"),
        ({"corrige": CANARI}, "corrige", "string_pattern_mismatch"),
        ({"producteur": CANARI}, "(inconnu)", "extra_forbidden"),
        ({CANARI: 1}, "(inconnu)", "extra_forbidden"),
        ({"deposant": {CANARI: 1}}, "deposant.(inconnu)", "extra_forbidden"),
        ({"$set": {"etat": "valide"}}, "(inconnu)", "extra_forbidden"),
    ],
)
async def test_each_fault_is_named_by_its_field_and_no_value_comes_back(
    api: httpx.AsyncClient,
    soumission: Soumission,
    journal: Callable[[], str],
    changes: dict[str, Any],
    champ: str,
    motif: str | None,
) -> None:
    corps = await soumission(api) | changes
    reponse = await api.post("/api/v1/soumissions", json=corps, headers={"Idempotency-Key": str(uuid4())})

    _est_un_probleme(reponse, 422)
    erreurs = {erreur["champ"]: erreur["motif"] for erreur in reponse.json()["erreurs"]}
    assert champ in erreurs
    assert motif in {None, erreurs[champ]}
    assert CANARI not in reponse.text
    assert CANARI not in journal()


@pytest.mark.parametrize(
    ("corps", "statut"),
    [
        (b"", 422),
        (b"null", 422),
        (b"[]", 422),
        (b"{", 422),
        (b"\xff\xfe{}", 422),
        (b"\xef\xbb\xbf{}", 422),
        (b'{"siret": NaN}', 422),
        (b'{"siret": "1", "siret": "2"}', 422),
        (b'{"commentaires": "e\xcc\x81"}', 422),
        (b'{"commentaires": "e\\u0301"}', 422),
        (b'{"commentaires": "\\ud800"}', 422),
        (b'{"siret": ' + b"1" * 5000 + b"}", 422),
        (b"[" * 500_000, 422),
        (b'{"a":' * 100_000, 422),
        (b" " * (SIZE_MAX + 1), 413),
    ],
    ids=lambda valeur: repr(valeur)[:24],
)
async def test_a_body_that_is_not_plain_json_is_refused(api: httpx.AsyncClient, corps: bytes, statut: int) -> None:
    entetes = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    reponse = await api.post("/api/v1/soumissions", content=corps, headers=entetes)

    _est_un_probleme(reponse, statut)


@pytest.mark.parametrize("champ", ["_id", "numero", "etat", "version", "producteur", "depots", "sortie", "marque"])
async def test_a_field_of_the_kept_dossier_cannot_be_sent(
    api: httpx.AsyncClient, soumission: Soumission, champ: str
) -> None:
    corps = await soumission(api) | {champ: "valide"}
    reponse = await api.post("/api/v1/soumissions", json=corps, headers={"Idempotency-Key": str(uuid4())})

    _est_un_probleme(reponse, 422)
    assert reponse.json()["erreurs"] == [{"champ": "(inconnu)", "motif": "extra_forbidden"}]


@pytest.mark.parametrize(
    "type_", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"]
)
async def test_a_submission_that_says_it_is_not_json_is_refused(
    api: httpx.AsyncClient, soumission: Soumission, type_: str
) -> None:
    entetes = {"Idempotency-Key": str(uuid4()), "Content-Type": type_}
    reponse = await api.post("/api/v1/soumissions", content=json.dumps(await soumission(api)), headers=entetes)

    _est_un_probleme(reponse, 415)


@pytest.mark.parametrize("type_", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
async def test_a_submission_may_say_that_it_is_json_in_any_way(
    api: httpx.AsyncClient, soumission: Soumission, type_: str
) -> None:
    entetes = {"Idempotency-Key": str(uuid4()), "Content-Type": type_}
    reponse = await api.post("/api/v1/soumissions", content=json.dumps(await soumission(api)), headers=entetes)

    assert reponse.status_code == 201


@pytest.mark.parametrize("numero", ["%24gt", "%00", "..%2f..%2fadmin", "x" * 4000, "{}", "🎈"])
async def test_a_number_that_is_none_finds_nothing(api: httpx.AsyncClient, numero: str) -> None:
    reponse = await api.get(f"/api/v1/dossiers/{numero}")

    _est_un_probleme(reponse, 404)


@pytest.mark.parametrize(
    ("methode", "chemin", "statut"),
    [
        ("GET", "/api/docs", 200),
        ("GET", "/api/docs/style.css", 200),
        ("GET", "/api/openapi.json", 200),
        ("GET", "/api/v1/dossiers/ENT-00000-00000", 404),
        ("GET", "/api/v1/soumissions/17", 422),
        ("GET", "/api/v1/inconnu", 404),
        ("GET", "/api/v1/pieces/", 404),
        ("GET", "/api/v1/pieces", 405),
        ("DELETE", "/api/v1/dossiers/ENT-00000-00000", 405),
        ("POST", "/api/v1/pieces", 422),
        ("POST", "/api/v1/soumissions", 422),
    ],
)
async def test_every_answer_stays_out_of_caches_and_frames_and_names_no_software(
    api: httpx.AsyncClient, methode: str, chemin: str, statut: int
) -> None:
    reponse = await api.request(methode, chemin)

    assert reponse.status_code == statut
    assert reponse.headers["cache-control"] == "no-store"
    assert reponse.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in reponse.headers["content-security-policy"]
    assert not {"server", "x-powered-by"} & set(reponse.headers)
    if statut >= 400:
        _est_un_probleme(reponse, statut)


async def test_a_failure_of_ours_is_a_problem_too_and_shows_nothing_of_itself() -> None:
    class _Panne:
        async def depot_de(self, *_: object) -> None:
            raise RuntimeError(CANARI)

    empreinte_de_x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    application = Entetes(build_api(cast("Store", _Panne()), {"demo": empreinte_de_x}))
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://essai") as client:
        reponse = await client.get(f"/api/v1/soumissions/{uuid4()}", headers={"Authorization": "Bearer x"})

    _est_un_probleme(reponse, 500)
    assert CANARI not in reponse.text
    assert reponse.headers["cache-control"] == "no-store"


def _est_un_probleme(reponse: httpx.Response, statut: int) -> None:
    assert reponse.status_code == statut, reponse.text
    assert reponse.headers["content-type"] == "application/problem+json"
    probleme = reponse.json()
    assert probleme["status"] == statut
    assert probleme["title"] == TITRES[statut]
    assert probleme["detail"]
