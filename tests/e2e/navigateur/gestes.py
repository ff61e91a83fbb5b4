"""What a state is, and the few gestures by which somebody comes to one."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from playwright.async_api import Page

from .examen import CLAIR
from .monde import VISITEUR, Monde, Personne

CLAIRE: Final = (CLAIR,)
AUCUNE: Final = ()
Atteindre: TypeAlias = Callable[[Monde], Awaitable[Page]]
Geste: TypeAlias = Callable[[Page], Awaitable[None]]


@dataclass(frozen=True)
class Etat:
    """A page in one of its states. `route`: the one of the portal's table that shows it, after a form or not.

    `vues`: the pictures of it that docs/captures has.
    """

    nom: str
    route: str
    atteindre: Atteindre
    vues: Sequence[str] = CLAIRE


def aller(chemin: str, qui: Personne = VISITEUR) -> Atteindre:
    """Open a page that is there by itself."""

    async def atteindre(monde: Monde) -> Page:
        return await monde.aller(chemin, qui)

    return atteindre


async def cocher(page: Page, libelle: str) -> None:
    """Tick a box, or choose a radio, by its label: the DSFR draws it there."""
    await page.get_by_role("main").locator("label").filter(has_text=libelle).click()


async def envoyer(page: Page, bouton: str) -> None:
    """Press a button of the content, by what it says, and be on the page that answers."""
    async with page.expect_navigation():
        await page.get_by_role("main").get_by_role("button", name=re.compile(f"^{re.escape(bouton)}$")).last.click()
