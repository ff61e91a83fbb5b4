"""Makes the sample pieces of a dossier: realistic one-page PDFs of invented content, the same bytes every time."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

import pikepdf
import pypdfium2
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

FILIGRANE: Final = "EXEMPLE – document fictif"
PRIX_PAR_ECOLE: Final = 45  # euros before tax, invented
_STYLES: Final = getSampleStyleSheet()
_GRILLE: Final = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("FONTSIZE", (0, 0), (-1, -1), 9),
    ]
)


def attestation_adhesion(commune: str, siret: str, numero: int = 4210007) -> bytes:
    """Give the PDF attesting that the commune joined the groupement de commandes. `numero` is the adhesion's."""
    return _document(
        "Attestation de dépôt",
        Paragraph("Adhésion au groupement de commandes « ENT 1er degré » – académie de Créteil", _STYLES["Heading3"]),
        _texte(
            f"Ce document atteste que la collectivité « {commune} » a déposé le 12 mars 2026 un dossier sur la "
            "démarche « Adhésion au groupement de commandes ENT 1er degré »."
        ),
        _tableau(
            ("Information", "Valeur"),
            ("Dénomination", commune),
            ("SIRET", siret),
            ("Numéro de dossier", str(numero)),
            ("Dossier déposé le", "12 mars 2026"),
            ("État du dossier", "accepté"),
        ),
        _texte("Fait le 20 mars 2026."),
    )


def bon_commande_editeur(uai: Sequence[str], commune: str, siret: str) -> bytes:
    """Give the PDF by which the commune orders the ENT of these schools from the titulaire."""
    ecoles = [(f"École n° {rang} (fictive)", code, f"{PRIX_PAR_ECOLE},00 €") for rang, code in enumerate(uai, start=1)]
    return _document(
        "Bon de commande – Espace numérique de travail",
        _texte(f"Acheteur : {commune}, SIRET {siret}. Titulaire : Éditeur d’exemple. Marché n° 2026-ENT-EXEMPLE."),
        _tableau(
            ("École", "Code UAI", "Montant HT"), *ecoles, ("Total", f"{len(uai)}", f"{PRIX_PAR_ECOLE * len(uai)},00 €")
        ),
        _texte("Abonnement pour l’année scolaire 2026-2027. Bon pour accord, le 2 septembre 2026."),
    )


def bon_commande_chorus(commune: str, siret: str, nombre_ecoles: int = 1, engagement: str = "ENG-2026-0042") -> bytes:
    """Give the PDF of the order as Chorus Pro shows it: an engagement, its issuer and its amount."""
    return _document(
        "Engagement – Bon de commande",
        Paragraph("Informations générales", _STYLES["Heading3"]),
        _tableau(
            ("Information", "Valeur"),
            ("Numéro d’engagement", engagement),
            ("Type", "Bon de commande"),
            ("Date", "3 septembre 2026"),
            ("Objet", "Abonnement à l’espace numérique de travail des écoles"),
            ("Montant HT", f"{PRIX_PAR_ECOLE * nombre_ecoles},00 €"),
        ),
        Paragraph("Émetteur de l’engagement, destinataire de la facture", _STYLES["Heading3"]),
        _tableau(
            ("Information", "Valeur"), ("Structure", commune), ("SIRET", siret), ("Code service", "AFFAIRES-SCOLAIRES")
        ),
    )


def chiffrer(pdf: bytes, mot_de_passe: str) -> bytes:
    """Give the PDF encrypted: with an empty password it opens, but cannot be printed or copied."""
    sortie = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as document:
        chiffrement = pikepdf.Encryption(
            user=mot_de_passe, owner="proprietaire-exemple", allow=pikepdf.Permissions(extract=False)
        )
        document.save(sortie, encryption=chiffrement)
    return sortie.getvalue()


def numeriser(pdf: bytes, vers: Literal["PNG", "JPEG", "PDF"]) -> bytes:
    """Give the first page as a scanner does: an image of it, or a PDF that holds only this image."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        image = document[0].render(scale=1.4).to_pil()  # about 100 dots per inch
    finally:
        document.close()
    sortie = BytesIO()
    image.convert("RGB").save(sortie, format=vers)
    return sortie.getvalue()


def _document(titre: str, *contenu: Flowable) -> bytes:
    sortie = BytesIO()
    modele = SimpleDocTemplate(sortie, pagesize=A4, title=titre, author="Exemple", invariant=1)
    corps = [Paragraph(titre, _STYLES["Title"])]
    for bloc in contenu:
        corps += [bloc, Spacer(0, 5 * mm)]
    modele.build(corps, onFirstPage=_filigrane, onLaterPages=_filigrane)
    return sortie.getvalue()


def _filigrane(page: Canvas, _modele: Any) -> None:  # noqa: ANN401 - reportlab is not typed
    page.saveState()
    page.setFillColor(colors.lightgrey)
    page.setFont("Helvetica-Bold", 40)
    page.translate(A4[0] / 2, A4[1] / 2)
    page.rotate(50)
    page.drawCentredString(0, 0, FILIGRANE)
    page.restoreState()


def _texte(texte: str) -> Paragraph:
    return Paragraph(escape(texte), _STYLES["BodyText"])


def _tableau(*lignes: Sequence[str]) -> Table:
    return Table([list(ligne) for ligne in lignes], style=_GRILLE, repeatRows=1)
