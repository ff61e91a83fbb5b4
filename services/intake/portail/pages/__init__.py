"""The pages, by subject; here, the one table of all routes of the portal."""

from typing import Final

from services.intake.portail.page import Page
from services.intake.portail.pages import accueil

PAGES: Final[tuple[Page, ...]] = (*accueil.PAGES,)
