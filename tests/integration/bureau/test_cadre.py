"""Pieces in their frame, as a real browser shows them: a PDF and an image are seen, nothing in them acts."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import pytest
import uvicorn
from PIL import Image
from playwright.async_api import Page, async_playwright
from reportlab.pdfgen.canvas import Canvas
from starlette.types import ASGIApp

from deploy.local.ports import port_libre
from deploy.local.processus import PartieAbsente, port_ouvert
from services.intake.store import Store

from .banc import Dossiers

CHROMIUM = "/usr/bin/chromium"
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
ROUGE = (255, 0, 0)


def pdf_rouge() -> bytes:
    """Make a PDF whose page is red."""
    octets = BytesIO()
    toile = Canvas(octets)
    toile.setFillColorRGB(1, 0, 0)
    toile.rect(0, 0, 1000, 1000, stroke=0, fill=1)
    toile.save()
    return octets.getvalue()


def image_rouge() -> bytes:
    """Make a PNG that is red."""
    octets = BytesIO()
    Image.new("RGB", (300, 300), ROUGE).save(octets, "PNG")
    return octets.getvalue()


def rouges(capture: bytes) -> int:
    """Count the red pixels of a picture of the page."""
    return sum(
        nombre for nombre, couleur in Image.open(BytesIO(capture)).convert("RGB").getcolors(1 << 24) if couleur == ROUGE
    )


@asynccontextmanager
async def servie(app: ASGIApp, port: int, fait: Callable[..., Any]) -> AsyncIterator[None]:
    """Serve the portal on this port."""
    serveur = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    tache = asyncio.create_task(serveur.serve())
    await fait(lambda: port_ouvert(port))
    yield
    serveur.should_exit = True
    await tache


@pytest.fixture
async def page(
    partie: Callable[[Callable[[], None]], None],
    batir: Callable[[str], ASGIApp],
    session: Callable[[str], Awaitable[str]],
    fait: Callable[..., Any],
) -> AsyncIterator[Page]:
    """Give a page of Chromium where an agent is logged in."""

    def chercher() -> None:
        if not os.access(CHROMIUM, os.X_OK):
            raise PartieAbsente("Chromium n’est pas installé : apt-get install chromium")

    partie(chercher)
    port = port_libre()
    adresse = f"http://127.0.0.1:{port}"
    async with (
        servie(batir(adresse), port, fait),
        async_playwright() as pilote,
        await pilote.chromium.launch(executable_path=CHROMIUM, args=OPTIONS) as navigateur,
    ):
        contexte = await navigateur.new_context(base_url=adresse, viewport={"width": 1280, "height": 900})
        await contexte.add_cookies([{"name": "ent1d", "value": await session("agent-3"), "url": adresse}])
        yield await contexte.new_page()


@pytest.mark.parametrize("contenu", [pdf_rouge(), image_rouge()], ids=["pdf", "png"])
async def test_a_piece_is_seen_in_its_frame(
    page: Page, dossiers: Dossiers, store: Store, fait: Callable[..., Any], contenu: bytes
) -> None:
    ident = await _avec(dossiers, store, contenu)

    await page.goto(f"/agent/dossiers/{ident}")

    # A picture of a blocked frame has no red at all.
    await fait(page.screenshot, lambda capture: rouges(capture) > 20_000, 60.0)


async def test_script_behind_the_signature_of_a_pdf_does_not_run(page: Page, dossiers: Dossiers, store: Store) -> None:
    mal = b"%PDF-1.7\n<script>top.document.title = 'pris'; alert(document.cookie)</script>"
    ident = await _avec(dossiers, store, mal)
    dialogues: list[str] = []
    page.on("dialog", lambda dialogue: dialogues.append(dialogue.message))

    await page.goto(f"/agent/dossiers/{ident}", wait_until="networkidle")

    assert dialogues == []
    assert ident in await page.title()


async def _avec(dossiers: Dossiers, store: Store, contenu: bytes) -> str:
    async def octets() -> AsyncIterator[bytes]:
        yield contenu

    gardee = await store.pieces.garder("ent1d", "piece", octets())
    piece = {"role": "bon_commande_editeur", "id": gardee.id, "sha256": gardee.sha256, "taille": gardee.taille}
    return await dossiers.deposer(pieces=[piece])
