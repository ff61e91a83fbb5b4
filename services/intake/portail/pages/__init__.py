"""The pages, by subject; here, the one table of all routes of the portal."""

from typing import Final

from services.intake.portail.page import Page
from services.intake.portail.pages import (
    accueil,
    bureau,
    collegues,
    compte,
    connexion,
    connexion_oidc,
    dossiers,
    formulaire,
    pieces,
    referentiels,
    televersements,
)

PAGES: Final[tuple[Page, ...]] = (
    *accueil.PAGES,
    *connexion.PAGES,
    *connexion_oidc.PAGES,
    *compte.PAGES,
    *formulaire.PAGES,
    *pieces.PAGES,
    *televersements.PAGES,
    *referentiels.PAGES,
    *dossiers.PAGES,
    *collegues.PAGES,
    *bureau.PAGES,
)
