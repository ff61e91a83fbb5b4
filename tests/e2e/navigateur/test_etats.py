"""Every page of the portal, in each of its states, stands the whole examination: in our theme, and in the DSFR."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page
from starlette.routing import compile_path

from services.intake.portail.pages import PAGES

from .etats import ETATS
from .examen import aucun, examiner, habiller
from .gestes import Etat
from .monde import Batir, Monde

# What answers a GET with no page.
SANS_PAGE: Final = {
    "/brouillons/{numero}": "leads to the first page to fill in",
    "/connexion/oidc/{fournisseur}": "leads to a provider",
    "/compte/second-facteur.svg": "an image, seen in connexion-activer",
    "/referentiels/communes": "JSON",
    "/referentiels/ecoles": "JSON",
    "/dossiers/{numero}/pieces/{role}": "a file",
    "/dossiers/{numero}/recapitulatif.pdf": "a file",
    "/dossiers/{numero}/attestation.pdf": "a file",
    "/agent/dossiers/{numero}/pieces/{role}": "a file, seen in bureau-dossier",
    "/agent/export.csv": "a file",
    "/agent/export.xlsx": "a file",
}
pytestmark = pytest.mark.timeout(300)


def test_every_page_has_a_state() -> None:
    routes = {page.chemin for page in PAGES if page.methode == "GET"}
    vues = {etat.route for etats in ETATS.values() for etat in etats}
    assert routes - vues == SANS_PAGE.keys()


def test_no_two_states_share_a_name() -> None:
    noms = [etat.nom for etats in ETATS.values() for etat in etats]
    assert len(noms) == len(set(noms))


@pytest.mark.parametrize("groupe", ETATS)
async def test_every_state_stands_the_whole_examination(groupe: str, batir: Batir) -> None:
    await _parcourir(await batir(), ETATS[groupe], lambda page, etat: examiner(page, etat.nom, etat.vues))


@pytest.mark.parametrize("groupe", ETATS)
async def test_every_state_wears_the_dsfr(groupe: str, batir: Batir, dsfr: Path) -> None:
    await _parcourir(await batir(dsfr), ETATS[groupe], lambda page, _: habiller(page))


async def _parcourir(monde: Monde, etats: Sequence[Etat], examiner: Callable[[Page, Etat], Awaitable[None]]) -> None:
    """Come to each state, be where it says, examine it; say what is wrong of all of them at once."""
    fautes = []
    for etat in etats:
        page = await etat.atteindre(monde)
        assert not etat.route or compile_path(etat.route)[0].match(urlsplit(page.url).path), (etat.nom, page.url)
        try:
            await examiner(page, etat)
        except AssertionError as faute:
            fautes.append(f"{etat.nom} : {faute}")
    aucun("états", fautes)
