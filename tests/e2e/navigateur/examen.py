"""What every page must stand: axe-core in both schemes, 320 pixels, the keyboard alone, little weight.

A walk calls `examiner(page, "nom")` on each page and state it reaches.
"""

import os
from collections.abc import Awaitable, Callable, Collection, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from PIL import Image
from playwright.async_api import ConsoleMessage, Error, Page, Request, ViewportSize

from .axe import axe

Ouvrir: TypeAlias = Callable[..., Awaitable[Page]]

POIDS_MAX: Final = 150_000  # bytes of script and style, uncompressed: what issue 4 allows
ETROIT: Final[ViewportSize] = {"width": 320, "height": 640}
LARGE: Final[ViewportSize] = {"width": 1280, "height": 900}
TABULATIONS_MAX: Final = 400
# What is kept of a page, as the names of its pictures end: its usual look, in the dark, on a telephone.
CLAIR, SOMBRE, MOBILE = "", "-sombre", "-mobile"
TOUTES: Final = (CLAIR, SOMBRE, MOBILE)
LECTEUR: Final = "chrome-extension://"  # what shows a PDF in Chromium is no page of ours
REGARDS: Final = 3
REGARDS_MAX: Final = 20
CAPTURES: Final = Path(__file__).parents[3] / "docs" / "captures"

_DEBORDE: Final = """() => {
  const large = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= large) return [];
  return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > large + 1)
    .map((e) => `${e.tagName.toLowerCase()}.${e.className}`);
}"""
# A PDF in its frame is Chromium's own reader, in a process of its own, which takes the keys and gives them back when it
# can: neither its buttons nor that delay are ours to judge.
_VIDER: Final = """() => Promise.all([...document.querySelectorAll("iframe")].map((cadre) => new Promise((vide) => {
  cadre.addEventListener("load", vide, {once: true});
  cadre.removeAttribute("loading");
  cadre.src = "about:blank";
})))"""
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
  const dedans = e.tagName === "IFRAME";
  const place = boite.width > 0 && boite.bottom > 0 && boite.top < innerHeight;
  return {quoi: `${e.tagName.toLowerCase()}#${e.id} ${(e.textContent || e.name || "").trim().slice(0, 40)}`,
          visible: dedans || visible, place: dedans || place};
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
        page.on("pageerror", self._erreur)
        page.on("request", self._requete)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.plaintes.append(message.text)

    def _erreur(self, erreur: Error) -> None:
        if LECTEUR not in (erreur.stack or ""):
            self.plaintes.append(str(erreur))

    def _requete(self, requete: Request) -> None:
        adresse = urlsplit(requete.url)
        if adresse.scheme in {"http", "https", "ws", "wss"} and adresse.hostname not in {"127.0.0.1", "localhost"}:
            self.plaintes.append(f"requête vers un autre hôte : {adresse.hostname}")


async def examiner(page: Page, nom: str, vues: Collection[str] = TOUTES) -> None:
    """Hold a page to all of it, in the place and state it is in; keep these pictures of it when asked to."""
    large = page.viewport_size
    if CLAIR in vues:
        await capture(page, nom)
    poids = await page.evaluate(_POIDS)
    assert poids < POIDS_MAX, f"{poids} octets de script et de style"
    aucun("axe, en clair", await axe(page))
    await page.emulate_media(color_scheme="dark")
    if SOMBRE in vues:
        await capture(page, nom + SOMBRE)
    aucun("axe, en sombre", await axe(page))
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(ETROIT)
    aucun("débordement à 320 pixels", await debordements(page))
    if MOBILE in vues:
        await capture(page, nom + MOBILE)
    aucun("axe, à 320 pixels", await axe(page))
    if large is not None:
        await page.set_viewport_size(large)
    await parcourir_au_clavier(page)


async def habiller(page: Page) -> None:
    """Hold a page to what another dress could break: axe, wide in the light, then in the dark at 320 pixels."""
    aucun("axe, en clair", await axe(page))
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size(ETROIT)
    aucun("débordement à 320 pixels", await debordements(page))
    aucun("axe, en sombre à 320 pixels", await axe(page))
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(LARGE)


def aucun(defaut: str, trouves: Sequence[str]) -> None:
    """Fail with all that was found."""
    assert not trouves, f"{defaut} :\n" + "\n".join(trouves)


async def debordements(page: Page) -> Sequence[str]:
    """Give what makes a page scroll sideways at its present width."""
    trop_larges: list[str] = await page.evaluate(_DEBORDE)
    return trop_larges


async def parcourir_au_clavier(page: Page) -> Sequence[str]:
    """Press Tab until the page is left: each thing to act on is reached, in sight, its focus visible. Give the way.

    What its frames show is let go of.
    """
    await page.evaluate(_VIDER)
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
        image = Image.open(BytesIO(await _photographier(page))).convert("RGB")
        image = image.quantize(128, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
        image.save(CAPTURES / f"{nom}.png", optimize=True)


async def _photographier(page: Page) -> bytes:
    """Take a picture of the whole page; of one with a frame, when three in a row are the same: its piece is drawn."""
    vues = [await page.screenshot(full_page=True)]
    if len(page.frames) > 1:
        await page.wait_for_load_state("networkidle")
        while len(vues) < REGARDS_MAX and vues[-REGARDS:].count(vues[-1]) < REGARDS:
            vues.append(await page.screenshot(full_page=True))
    return vues[-1]
