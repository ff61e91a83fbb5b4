"""Somebody who has a keyboard and nothing else: goes to a thing by Tab, acts on it by its keys."""

import re
from pathlib import Path
from typing import Final

from playwright.async_api import FileChooser, Page

PAS_MAX: Final = 200
# What a screen reader would say of the element that has the focus.
_NOM: Final = """() => {
  const e = document.activeElement;
  const legende = e.type === "radio" ? e.closest("fieldset")?.querySelector("legend")?.innerText : "";
  return [legende, e.labels?.[0]?.innerText ?? e.innerText ?? "", e.type === "radio" && e.checked ? "choisi" : ""]
    .filter(Boolean).join(" – ").replace(/\\s+/g, " ");
}"""


class Clavier:
    """The keyboard of somebody in front of a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._fichier = Path()
        page.on("filechooser", self._remplir)  # from the beginning: heard only from the key on, one is missed at times

    async def atteindre(self, nom: str) -> None:
        """Press Tab until what has the focus begins with this name."""
        for _ in range(PAS_MAX):
            await self._page.keyboard.press("Tab")
            if (await self.sous_le_focus()).startswith(nom):
                return
        raise AssertionError(f"hors d’atteinte au clavier : {nom}")

    async def ecrire(self, champ: str, texte: str) -> None:
        """Type in a field, in place of what it holds."""
        await self.atteindre(champ)
        await self._page.keyboard.press("Control+A")
        await self._page.keyboard.type(texte)

    async def presser(self, nom: str, touche: str = "Enter") -> None:
        """Act on a link, a button or a box."""
        await self.atteindre(nom)
        await self._page.keyboard.press(touche)

    async def aller(self, nom: str) -> None:
        """Follow a link, or press a button, that leads to another page."""
        await self.atteindre(nom)
        async with self._page.expect_navigation():
            await self._page.keyboard.press("Enter")

    async def choisir(self, legende: str, option: str) -> None:
        """Choose among radios by the arrows, from the one that Tab reaches."""
        await self.atteindre(legende)
        for _ in range(PAS_MAX):
            if re.search(f"{re.escape(option)}.* – choisi$", await self.sous_le_focus()):
                return
            await self._page.keyboard.press("Space" if "choisi" not in await self.sous_le_focus() else "ArrowDown")
        raise AssertionError(f"ne se choisit pas au clavier : {option}")

    async def joindre(self, champ: str, chemin: Path) -> None:
        """Open the window where a file is chosen, which is not of the page, and choose one."""
        self._fichier = chemin
        await self.presser(champ, "Space")

    async def sous_le_focus(self) -> str:
        """Say what has the focus."""
        nom: str = await self._page.evaluate(_NOM)
        return nom

    async def _remplir(self, fenetre: FileChooser) -> None:
        await fenetre.set_files(self._fichier)
