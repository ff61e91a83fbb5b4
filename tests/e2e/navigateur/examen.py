"""What every page must stand: axe-core in both schemes, 320 pixels, the keyboard alone, little weight.

A walk calls `examiner(page, "nom")` on each page and state it reaches.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from PIL import Image
from playwright.async_api import ConsoleMessage, Page, Request, ViewportSize
from starlette.types import ASGIApp

from .axe import axe

Ouvrir: TypeAlias = Callable[..., Awaitable[Page]]
Servir: TypeAlias = Callable[[Callable[[str], ASGIApp]], Awaitable[str]]

POIDS_MAX: Final = 150_000  # bytes of script and style, uncompressed: what issue 4 allows
ETROIT: Final[ViewportSize] = {"width": 320, "height": 640}
TABULATIONS_MAX: Final = 400
CAPTURES: Final = Path(__file__).parents[3] / "docs" / "captures"

_DEBORDE: Final = """() => {
  const large = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= large) return [];
  return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > large + 1)
    .map((e) => `${e.tagName.toLowerCase()}.${e.className}`);
}"""
_ATTENDUS: Final = """() => {
  const pareil = (e) => e.type === "radio" ? `radio ${e.name}` : e;
  const tous = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter((e) => !e.disabled && e.type !== "hidden" && !e.closest("[aria-hidden=true]"))
    .filter((e) => e.checkVisibility({visibilityProperty: true}));
  window.ent1dRestants = new Set(tous.map(pareil));
}"""
# A blur alone would leave the next Tab where the focus was.
_AU_DEBUT: Final = """() => {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
}"""
_REGARD: Final = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  window.ent1dRestants.delete(e.type === "radio" ? `radio ${e.name}` : e);
  const cadre = e.closest(".fr-enlarge-link:focus-within") ?? e;
  const visible = [e, cadre].some((x) => {
    const style = getComputedStyle(x);
    return style.outlineStyle === "auto" || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const boite = e.getBoundingClientRect();
  const place = boite.width > 0 && boite.bottom > 0 && boite.top < innerHeight;
  return {quoi: `${e.tagName.toLowerCase()}#${e.id} ${(e.textContent || e.name || "").trim().slice(0, 40)}`,
          visible: e.tagName === "IFRAME" || visible, place};
}"""
_RESTANTS: Final = "() => [...window.ent1dRestants].map((e) => e.outerHTML?.slice(0, 120) ?? e)"
_POIDS: Final = """() => performance.getEntriesByType("resource")
  .filter((r) => ["script", "css", "link"].includes(r.initiatorType) && /[.](js|css)([?]|$)/.test(r.name))
  .reduce((somme, r) => somme + r.decodedBodySize, 0)"""


class Temoin:
    """Hears what a page complains of, and where it goes; a status that is an error is a page like others."""

    def __init__(self, page: Page) -> None:
        self.plaintes: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda erreur: self.plaintes.append(str(erreur)))
        page.on("request", self._requete)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.plaintes.append(message.text)

    def _requete(self, requete: Request) -> None:
        adresse = urlsplit(requete.url)
        if adresse.scheme in {"http", "https", "ws", "wss"} and adresse.hostname not in {"127.0.0.1", "localhost"}:
            self.plaintes.append(f"requête vers un autre hôte : {adresse.hostname}")


async def examiner(page: Page, nom: str) -> None:
    """Hold a page to all of it, in the place and state it is in, and keep pictures of it when asked to."""
    large = page.viewport_size
    await capture(page, nom)
    poids = await page.evaluate(_POIDS)
    assert poids < POIDS_MAX, f"{poids} octets de script et de style"
    aucun("axe, en clair", await axe(page))
    await parcourir_au_clavier(page)
    await page.emulate_media(color_scheme="dark")
    await capture(page, f"{nom}-sombre")
    aucun("axe, en sombre", await axe(page))
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(ETROIT)
    aucun("débordement à 320 pixels", await debordements(page))
    await capture(page, f"{nom}-mobile")
    aucun("axe, à 320 pixels", await axe(page))
    if large is not None:
        await page.set_viewport_size(large)


def aucun(defaut: str, trouves: Sequence[str]) -> None:
    """Fail with all that was found."""
    assert not trouves, f"{defaut} :\n" + "\n".join(trouves)


async def debordements(page: Page) -> Sequence[str]:
    """Give what makes a page scroll sideways at its present width."""
    trop_larges: list[str] = await page.evaluate(_DEBORDE)
    return trop_larges


async def parcourir_au_clavier(page: Page) -> Sequence[str]:
    """Press Tab until the page is left: each thing to act on is reached, in sight, its focus visible. Give the way."""
    await page.evaluate(_ATTENDUS)
    await page.evaluate(_AU_DEBUT)
    chemin: list[str] = []
    for _ in range(TABULATIONS_MAX):
        await page.keyboard.press("Tab")
        regard = await page.evaluate(_REGARD)
        if regard is None or (chemin and regard["quoi"] == chemin[0]):
            break
        assert regard["visible"], f"focus invisible : {regard['quoi']}"
        assert regard["place"], f"focus hors de vue : {regard['quoi']}"
        chemin.append(regard["quoi"])
    aucun("hors d’atteinte au clavier", await page.evaluate(_RESTANTS))
    return chemin


async def capture(page: Page, nom: str) -> None:
    """Keep a picture of the whole page in docs/captures when CAPTURES=1, in 128 colours: our pages have no more."""
    if os.environ.get("CAPTURES") == "1":
        CAPTURES.mkdir(exist_ok=True)
        image = Image.open(BytesIO(await page.screenshot(full_page=True))).convert("RGB")
        image.quantize(128, dither=Image.Dither.NONE).save(CAPTURES / f"{nom}.png", optimize=True)
