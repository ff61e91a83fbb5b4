"""What the form's scripts are answered, over HTTP, through the guard of the portal."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from deploy.demo.dossiers import uai
from services._runtime.mongo import Mongo
from services.intake.comptes.store import Comptes
from services.intake.portail.app import build_portail
from services.intake.portail.pages.referentiels import PAGES, UAI_MAX
from services.intake.referentiels.store import Referentiels
from services.intake.reglages import ReglagesPortail, Theme


@pytest.fixture
async def anonyme(mongo: Mongo, referentiels: Referentiels) -> AsyncIterator[httpx.AsyncClient]:
    """Give a browser that nobody is logged in with."""
    comptes = Comptes(mongo)
    await comptes.prepare()
    # Only what these pages ask of the portal: no mail server, no provider of identities.
    portail: Any = SimpleNamespace(
        store=SimpleNamespace(comptes=comptes, referentiels=referentiels),
        reglages=ReglagesPortail(base="http://portail", service="Essai", theme=Theme.NEUTRE, fournisseurs=()),
    )
    application = build_portail(portail)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://portail") as client:
        yield client


@pytest.fixture
async def client(anonyme: httpx.AsyncClient, mongo: Mongo) -> httpx.AsyncClient:
    """Give a browser that somebody is logged in with."""
    comptes = Comptes(mongo)
    compte = await comptes.de_courriel("camille.fictive@exemple.fr")
    anonyme.cookies.set("ent1d", await comptes.sessions.ouvrir(compte["_id"]))
    return anonyme


async def test_communes_are_given_with_what_tells_them_apart(client: httpx.AsyncClient) -> None:
    reponse = await client.get("/referentiels/communes", params={"q": "marolles", "departement": "94"})

    assert reponse.status_code == 200
    assert reponse.headers["content-type"] == "application/json"
    assert reponse.headers["cache-control"] == "private, max-age=300"
    assert reponse.headers["x-content-type-options"] == "nosniff"
    assert reponse.json() == [
        {
            "code": "94048",
            "nom": "Marolles-en-Brie",
            "departement": "94",
            "codes_postaux": ["94440"],
            "libelle": "Marolles-en-Brie – 94440 (Val-de-Marne)",
        }
    ]


async def test_schools_are_given_in_the_order_asked_and_unknown_ones_are_absent(client: httpx.AsyncClient) -> None:
    demandees = [uai(9), "n’importe quoi", uai(999), uai(1).lower(), uai(9)]

    ecoles = (await client.get("/referentiels/ecoles", params={"uai": demandees})).json()

    assert [(ecole["uai"], ecole["ouverte"]) for ecole in ecoles] == [(uai(9), False), (uai(1), True)]
    assert ecoles[1] == {
        "uai": uai(1),
        "nom": "École maternelle des Tilleuls",
        "commune": "77288",
        "nom_commune": "Melun",
        "statut": "public",
        "ouverte": True,
        "adresse": "1 rue des Inventions",
    }


@pytest.mark.parametrize(
    "question", ["", "q=", "q=%00%ff", "q=%22%3E%3Cscript%3E", f"q={'a' * 9_000}", "departement[]=93"]
)
async def test_a_question_that_means_nothing_gets_an_empty_list(client: httpx.AsyncClient, question: str) -> None:
    for porte in ("communes", "ecoles"):
        reponse = await client.get(f"/referentiels/{porte}?{question}")
        assert (reponse.status_code, reponse.json()) == (200, [])


async def test_as_many_schools_are_asked_for_as_a_dossier_may_name_and_no_more(client: httpx.AsyncClient) -> None:
    for nombre, statut in ((UAI_MAX, 200), (UAI_MAX + 1, 400)):
        uais = [f"{numero:07}A" for numero in range(nombre)]
        assert (await client.get("/referentiels/ecoles", params={"uai": uais})).status_code == statut


async def test_nothing_is_said_to_who_is_not_logged_in(anonyme: httpx.AsyncClient) -> None:
    for page in PAGES:
        reponse = await anonyme.get(page.chemin, params={"q": "melun", "uai": uai(1)})
        assert reponse.status_code == 303
        assert reponse.headers["location"].startswith("/connexion")
