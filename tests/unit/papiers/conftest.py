"""Papers to print, and the reader that says what they hold."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pytest

from deploy.demo.dossiers import uai
from services.intake.papiers.attestation import Attestation
from services.intake.papiers.recapitulatif import Recapitulatif


@dataclass(frozen=True)
class Lu:
    """A PDF as another program reads it: the text of each page, on one line, and what it says of itself."""

    pages: list[str]
    de_lui: dict[str, str]

    @property
    def texte(self) -> str:
        """Give all its text."""
        return " ".join(self.pages)


@pytest.fixture
def lire() -> Callable[[bytes], Lu]:
    """Read a PDF back."""

    def ouvrir(octets: bytes) -> Lu:
        document = pypdfium2.PdfDocument(octets)
        try:
            pages = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
            return Lu(pages, document.get_metadata_dict())
        finally:
            document.close()

    return ouvrir


@pytest.fixture
def dit() -> Callable[..., Recapitulatif]:
    """Give what a récapitulatif says, with some of it changed."""

    def faire(**change: Any) -> Recapitulatif:  # noqa: ANN401
        base: dict[str, Any] = {
            "numero": "ENT-5KHZ3-VGE9T",
            "service": "Académie de Créteil",
            "edite_le": "5 mars 2027 à 10 h 00",
            "dossier": [("État", "Déposé"), ("Version", "1"), ("Déposé le", "3 mars 2027 à 9 h 05")],
            "collectivite": [("Numéro SIRET", "217 709 997 00019"), ("Commune", "Crèvecœur-en-Brie")],
            "deposant": [("Nom", "Fictive"), ("Prénom", "Camille")],
            "ecoles": [(uai(rang), f"École n° {rang} « Les Œillets »", "Crèvecœur-en-Brie") for rang in (1, 2)],
            "pieces": [("Bon de commande Chorus", [("Fichier", "commande.pdf"), ("Empreinte SHA-256", "ab" * 32)])],
            "commentaires": "L’œuvre coûte 12 € – merci.",
        }
        return Recapitulatif(**base | change)

    return faire


@pytest.fixture
def atteste() -> Callable[..., Attestation]:
    """Give what an attestation says, with some of it changed."""

    def faire(**change: str) -> Attestation:
        base = {
            "numero": "ENT-5KHZ3-VGE9T",
            "service": "Académie de Créteil",
            "deposant": "Mme Camille Fictive",
            "denomination": "Crèvecœur-en-Brie",
            "siret": "217 709 997 00019",
            "depose_le": "3 mars 2027 à 9 h 05",
            "derniere_version": "version 1, déposée le 3 mars 2027 à 9 h 05",
            "etat": "Déposé",
            "edite_le": "5 mars 2027",
        }
        return Attestation(**base | change)

    return faire
