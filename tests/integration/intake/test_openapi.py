"""What the API says of itself: a document that a machine can trust, and a page that a person can read."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from contracts.dossier import Soumission
from contracts.valeurs import est_siret, est_uai
from services.intake.documentation import EXEMPLE
from services.intake.problemes import Probleme

METHODES = {
    ("post", "/api/v1/pieces"): {"201", "401", "413", "415", "422", "503"},
    ("post", "/api/v1/soumissions"): {"201", "401", "409", "413", "415", "422", "503"},
    ("get", "/api/v1/soumissions/{cle}"): {"200", "401", "404", "422", "503"},
    ("get", "/api/v1/dossiers/{numero}"): {"200", "401", "404", "422", "503"},
}


@pytest.fixture
async def document(anonyme: httpx.AsyncClient) -> dict[str, Any]:
    """Read the document as anybody does: without a key."""
    reponse = await anonyme.get("/api/openapi.json")
    assert reponse.headers["content-type"] == "application/json"
    corps: dict[str, Any] = reponse.json()
    return corps


async def test_the_document_is_valid_openapi_31(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document, cls=OpenAPIV31SpecValidator)


async def test_every_reference_leads_to_a_schema_and_every_schema_serves(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    menees = set(re.findall(r"'\$ref': '([^']*)'", repr(document)))

    assert menees == {f"#/components/schemas/{nom}" for nom in schemas}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


async def test_every_route_tells_its_errors_as_problem_documents(document: dict[str, Any]) -> None:
    routes = {
        (m, chemin): route for chemin, par_methode in document["paths"].items() for m, route in par_methode.items()
    }

    assert {cle: set(route["responses"]) for cle, route in routes.items()} == METHODES
    for route in routes.values():
        assert route["security"] == [{"HTTPBearer": []}]
        for statut, reponse in route["responses"].items():
            if int(statut) >= 400:
                attendu = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Probleme"}}}
                assert reponse["content"] == attendu


async def test_the_schema_of_a_submission_judges_as_the_service_does(document: dict[str, Any]) -> None:
    route = document["paths"]["/api/v1/soumissions"]["post"]["requestBody"]["content"]["application/json"]
    # The document itself is the base of its references.
    juge = Draft202012Validator({**document, **route["schema"]})

    assert route["example"] == EXEMPLE
    assert juge.is_valid(EXEMPLE)
    fautes: list[dict[str, Any]] = [{"etat": "v"}, {"siret": "1"}, {"ecoles": []}, {"pieces": [{}]}, {"deposant": {}}]
    for faute in fautes:
        assert not juge.is_valid(EXEMPLE | faute), faute


async def test_the_schema_of_a_problem_fits_a_real_one(api: httpx.AsyncClient, document: dict[str, Any]) -> None:
    juge = Draft202012Validator({**document, "$ref": "#/components/schemas/Probleme"})
    probleme = (await api.get("/api/v1/soumissions/17")).json()

    assert probleme["erreurs"]
    assert juge.is_valid(probleme)
    assert Probleme.model_validate(probleme).status == 422


def test_the_example_is_one_that_the_service_would_read() -> None:
    soumission = Soumission.model_validate_json(httpx.Request("POST", "http://x", json=EXEMPLE).content)

    assert est_siret(soumission.siret)
    assert all(est_uai(ecole) for ecole in soumission.ecoles)


async def test_the_page_shows_every_route_and_every_shape_and_loads_nothing_foreign(
    anonyme: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    reponse = await anonyme.get("/api/docs")
    page = _Page()
    page.feed(reponse.text)

    assert reponse.headers["content-type"] == "text/html; charset=utf-8"
    assert set(document["components"]["schemas"]) <= page.ids
    assert {route["operationId"] for methodes in document["paths"].values() for route in methodes.values()} <= page.ids
    assert not {"script", "iframe", "img", "style"} & page.balises
    assert page.attributs_de_script == set()
    assert page.liens
    for lien in page.liens:
        assert lien.removeprefix("#") in page.ids or (await anonyme.get(lien)).status_code == 200, lien
    assert "default-src 'none'; style-src 'self'" in reponse.headers["content-security-policy"]


async def test_the_page_shows_bounds_choices_and_the_example(api: httpx.AsyncClient) -> None:
    page = (await api.get("/api/docs")).text

    for vu in ("bon_commande_chorus", "^[0-9]{14}$", "1…500", "Idempotency-Key", "camille.fictive@exemple.fr"):
        assert vu in page
    assert not re.findall(r"Undefined|Successful|\{\{|\{%", page)


class _Page(HTMLParser):
    """What a page holds and leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.liens: set[str] = set()
        self.balises: set[str] = set()
        self.attributs_de_script: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.balises.add(tag)
        for nom, valeur in attrs:
            if nom == "id":
                self.ids.add(str(valeur))
            if nom in {"href", "src", "action"}:
                self.liens.add(str(valeur))
            if nom.startswith("on") or nom == "style":
                self.attributs_de_script.add(nom)
