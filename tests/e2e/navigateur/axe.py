"""Asks axe-core what is wrong with a page."""

from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

# The driver evaluates it, so that our policy of contents may stay as strict as it is. What a frame shows is a piece,
# shut in its own sandbox: axe would wait half a second for an answer that cannot come.
_EXAMEN: Final = "() => axe.run(document, {resultTypes: ['violations'], iframes: false})"


async def axe(page: Page) -> list[str]:
    """Give what axe-core finds, one line for each element at fault, with all its rules, best practices included."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    rapport: dict[str, Any] = await page.evaluate(_EXAMEN)
    return [
        f"{faute['id']} ({faute['impact']}) : {' '.join(map(str, element['target']))} – {element['failureSummary']}"
        for faute in rapport["violations"]
        for element in faute["nodes"]
    ]
