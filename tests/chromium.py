"""A real Chromium, and our pages served to it."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright
from starlette.types import ASGIApp

from deploy.local.ports import port_libre
from deploy.local.processus import PartieAbsente

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
Servir: TypeAlias = Callable[..., Awaitable[str]]


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


class _Serveur(uvicorn.Server):
    """uvicorn in the loop of the test, which keeps its own signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture
async def servir(fait: Callable[..., Awaitable[object]]) -> AsyncIterator[Servir]:
    """Serve an application, built from its own base URL, until the test ends; give that URL."""
    async with AsyncExitStack() as pile:

        async def demarrer(construire: Callable[[str], ASGIApp], port: int = 0) -> str:
            port = port or port_libre()
            base = f"http://127.0.0.1:{port}"
            serveur = _Serveur(uvicorn.Config(construire(base), port=port, lifespan="off", log_config=None))
            await pile.enter_async_context(_vivant(serveur))
            await fait(lambda: serveur.started)
            return base

        yield demarrer


@asynccontextmanager
async def _vivant(serveur: uvicorn.Server) -> AsyncIterator[None]:
    service = asyncio.create_task(serveur.serve())
    yield
    serveur.should_exit = serveur.force_exit = True  # what is still asked for has nobody left to answer to
    await service
