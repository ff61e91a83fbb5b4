"""The récapitulatif: everything that was filed, to print and to keep. Words in, bytes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.intake.papiers.feuille import Feuille

TITRE: Final = "Récapitulatif du dossier"
DEMARCHE: Final = "Finalisation de commande ENT 1er degré"


@dataclass(frozen=True)
class Recapitulatif:
    """What it says, in words: facts are (what it is, what it says); a school is (UAI, name, commune)."""

    numero: str
    service: str
    edite_le: str
    dossier: Sequence[tuple[str, str]]
    collectivite: Sequence[tuple[str, str]]
    deposant: Sequence[tuple[str, str]]
    ecoles: Sequence[tuple[str, str, str]]
    pieces: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    commentaires: str = ""


def recapitulatif(dit: Recapitulatif) -> bytes:
    """Give the PDF."""
    feuille = Feuille(TITRE, sujet=f"Dossier n°\u00a0{dit.numero}", auteur=dit.service)
    feuille.chapeau(f"{DEMARCHE} – {dit.service}")
    feuille.fiche([("Numéro du dossier", dit.numero), *dit.dossier])
    for titre, faits in (("Collectivité", dit.collectivite), ("Déposant", dit.deposant)):
        feuille.intertitre(titre)
        feuille.fiche(faits)
    feuille.intertitre(f"Écoles ({len(dit.ecoles)})")
    feuille.tableau(("Code UAI", "École", "Commune"), dit.ecoles, (0.18, 0.5, 0.32))
    for piece, faits in dit.pieces:
        feuille.intertitre(piece)
        feuille.fiche(faits)
    feuille.intertitre("Commentaires")
    feuille.paragraphe(dit.commentaires or "Aucun commentaire.")
    feuille.paragraphe(f"Document édité le {dit.edite_le}.")
    return feuille.pdf()
