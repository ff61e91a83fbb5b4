"""The agents' desk, all its routes."""

from typing import Final

from services.intake.portail.pages import bureau_decision, bureau_dossier, bureau_file, bureau_livraisons

PAGES: Final = (*bureau_file.PAGES, *bureau_dossier.PAGES, *bureau_decision.PAGES, *bureau_livraisons.PAGES)
