"""A real Chromium, and our pages served to it: what every walk through the portal stands on."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright
from starlette.types import ASGIApp

from deploy.local.ports import port_libre
from deploy.local.processus import PartieAbsente

from .examen import Ouvrir, Servir, Temoin

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="session")
def chromium(partie: Callable[[Callable[[], None]], None]) -> Path:
    """Give Debian's Chromium."""

    def chercher() -> None:
        if not os.access(CHROMIUM, os.X_OK):
            raise PartieAbsente("Chromium n’est pas installé : apt-get install chromium")

    partie(chercher)
    return CHROMIUM


@pytest.fixture
async def navigateur(chromium: Path) -> AsyncIterator[Browser]:
    """Give a browser. One for each test: its driver lives on the test's own event loop, and nothing is left in it."""
    async with (
        async_playwright() as pilote,
        await pilote.chromium.launch(executable_path=chromium, args=OPTIONS) as navigateur,
    ):
        yield navigateur


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


@pytest.fixture
async def servir(fait: Callable[..., Awaitable[object]]) -> AsyncIterator[Servir]:
    """Serve an application, built from its own base URL, until the test ends; give that URL."""
    async with AsyncExitStack() as pile:

        async def demarrer(construire: Callable[[str], ASGIApp]) -> str:
            port = port_libre()
            base = f"http://127.0.0.1:{port}"
            serveur = uvicorn.Server(uvicorn.Config(construire(base), port=port, lifespan="off", log_config=None))
            await pile.enter_async_context(_vivant(serveur))
            await fait(lambda: serveur.started)
            return base

        yield demarrer


@asynccontextmanager
async def _vivant(serveur: uvicorn.Server) -> AsyncIterator[None]:
    service = asyncio.create_task(serveur.serve())
    yield
    serveur.should_exit = True
    await service
