"""The pages that speak of the procedure and of the service: for everybody, the same for all."""

from typing import Final

from starlette.responses import Response

from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page, Vue
from services.intake.portail.rendu import rendre

_GABARITS: Final = {
    "/": "accueil.html.j2",
    "/aide": "aide.html.j2",
    "/accessibilite": "accessibilite.html.j2",
    "/mentions-legales": "mentions.html.j2",
}


def _vue(gabarit: str) -> Vue:
    async def montrer(demande: Demande) -> Response:
        return rendre(demande, gabarit)

    return montrer


PAGES: Final = tuple(Page("GET", chemin, Acces.PUBLIC, _vue(gabarit)) for chemin, gabarit in _GABARITS.items())
