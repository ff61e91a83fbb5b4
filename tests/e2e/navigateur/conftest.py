"""People in front of a real Chromium, and the portal they come to: what every walk through it stands on."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from pydantic import HttpUrl, SecretStr
from starlette.types import ASGIApp

from deploy.demo.referentiel import poser
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mongo import Mongo
from services.intake.portail.app import build_portail
from services.intake.portail.page import Portail
from services.intake.reglages import ReglagesFournisseur, Theme
from tests.chromium import Servir
from tests.npm import installer

from .examen import Ouvrir, Temoin
from .monde import Batir, Monde

DEPOT = Path(__file__).parents[3]
PROCONNECT = ReglagesFournisseur(
    nom="proconnect",
    libelle="ProConnect",
    emetteur=HttpUrl("http://127.0.0.1:1/"),
    client="ent1d",
    secret=SecretStr("s"),
)


@pytest.fixture
async def ouvrir(navigateur: Browser) -> AsyncIterator[Ouvrir]:
    """Open a page as somebody new, who speaks French: the options are those of `Browser.new_context`.

    A page that wrote an error on its console, or that asked another host for something, fails its test.
    """
    temoins: list[Temoin] = []

    async def ouvrir(**options: Any) -> Page:  # noqa: ANN401 - Playwright's own, thirty of them
        habituelles = {
            "locale": "fr-FR",
            "timezone_id": "Europe/Paris",
            "viewport": {"width": 1280, "height": 900},
            "reduced_motion": "reduce",  # a colour on its way to another has no contrast to judge
        }
        page = await (await navigateur.new_context(**(habituelles | options))).new_page()
        temoins.append(Temoin(page))
        return page

    yield ouvrir
    assert [plainte for temoin in temoins for plainte in temoin.plaintes] == []


@pytest.fixture
async def page_fr(ouvrir: Ouvrir) -> Page:
    """Give a page, 1280 pixels wide."""
    return await ouvrir()


@pytest.fixture(scope="session")
def dsfr(partie: Callable[[Callable[[], None]], None]) -> Path:
    """Give the DSFR as its package is built."""
    installe = DEPOT / ".local" / "dsfr"
    partie(lambda: installer(DEPOT / "tests" / "dsfr", installe))
    return installe / "node_modules" / "@gouvfr" / "dsfr" / "dist"


@pytest.fixture
async def batir(
    assembler: Callable[..., Portail], mongo: Mongo, servir: Servir, ouvrir: Ouvrir
) -> AsyncIterator[Batir]:
    """Serve the portal on the test's own database, which knows the communes and schools of the demo."""
    await poser(mongo.database)
    async with Inspecteur() as lecteurs:

        async def faire(dsfr: Path | None = None) -> Monde:
            theme = Theme.DSFR if dsfr else Theme.NEUTRE
            portails: list[Portail] = []

            def construire(base: str) -> ASGIApp:
                portails.append(
                    assembler(
                        base, service="Académie de Créteil", theme=theme, fournisseurs=(PROCONNECT,), dsfr_dir=dsfr
                    )
                )
                return build_portail(portails[0])

            await servir(construire)
            return Monde(portails[0], mongo.database, lecteurs, ouvrir, servir)

        yield faire
