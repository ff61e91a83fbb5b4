"""The first page: what the procedure is, what to have at hand, where to begin."""

from typing import Final

from starlette.responses import Response

from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.rendu import rendre


async def accueil(demande: Demande) -> Response:
    """Show the first page."""
    return rendre(demande, "accueil.html.j2")


PAGES: Final = (Page("GET", "/", Acces.PUBLIC, accueil),)
