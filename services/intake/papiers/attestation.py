"""The attestation de dépôt: that a dossier was filed, by whom and when; no more than that. Words in, bytes out."""

from dataclasses import dataclass
from typing import Final

from services.intake.papiers.feuille import Feuille
from services.intake.papiers.recapitulatif import DEMARCHE

TITRE: Final = "Attestation de dépôt"
PORTEE: Final = (
    "Cette attestation prouve le dépôt du dossier. Elle ne vaut pas validation\u00a0: elle ne dit rien de la "
    "conformité des pièces, ni de la décision de l’académie."
)


@dataclass(frozen=True)
class Attestation:
    """What it says, in words. `depose_le`: the first deposit; `derniere_version`: how the last one stands."""

    numero: str
    service: str
    deposant: str
    denomination: str
    siret: str
    depose_le: str
    derniere_version: str
    etat: str
    edite_le: str


def attestation(dit: Attestation) -> bytes:
    """Give the PDF."""
    feuille = Feuille(TITRE, sujet=f"Dossier n°\u00a0{dit.numero}", auteur=dit.service)
    feuille.chapeau(f"{DEMARCHE} – {dit.service}")
    feuille.paragraphe(
        f"Ce document atteste que {dit.deposant} a déposé le {dit.depose_le} le dossier n°\u00a0{dit.numero} de la "
        f"démarche «\u00a0{DEMARCHE}\u00a0»."
    )
    feuille.fiche(
        [
            ("Dénomination", dit.denomination),
            ("SIRET", dit.siret),
            ("Numéro de dossier", dit.numero),
            ("Dossier déposé le", dit.depose_le),
            ("Dernière version", dit.derniere_version),
            ("État du dossier", dit.etat),
            ("Service administratif", dit.service),
        ]
    )
    feuille.paragraphe(PORTEE)
    feuille.paragraphe(f"Fait le {dit.edite_le}.")
    return feuille.pdf()
