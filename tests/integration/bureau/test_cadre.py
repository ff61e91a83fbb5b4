"""Pieces in their frame, as a real browser shows them: a PDF and an image are seen, nothing in them acts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, Page
from reportlab.pdfgen.canvas import Canvas

from services.intake.store import Store

from .banc import Dossiers

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


@pytest.fixture
async def page(navigateur: Browser, servi: str, session: Callable[..., Awaitable[str]]) -> Page:
    """Give a page of Chromium where an agent is logged in."""
    contexte = await navigateur.new_context(base_url=servi, viewport={"width": 1280, "height": 900})
    cookie = await session("agent-3@exemple.fr", agent="agent-3", facteur=True)
    await contexte.add_cookies([{"name": "ent1d", "value": cookie, "url": servi}])
    return await contexte.new_page()


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
