"""Sets a paper: A4, its font inside, text that can be selected; the same words always make the same bytes.

Words come from people: none is read as markup, none is too long for its line, and a row taller than a page is cut.
"""

import re
from collections.abc import Sequence
from functools import lru_cache, partial
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from services.intake.papiers.lettres import INCONNU, imprimable

# Bitstream Vera, in reportlab's own wheel: every letter of French, and nothing to install.
POLICE: Final = "Vera"
GRASSE: Final = "VeraBd"
VIDE: Final = "\u00a0"  # a line with nothing on it still takes its height
MARGE: Final = 20 * mm
LARGEUR: Final = A4[0] - 2 * MARGE
_ENCRE: Final = HexColor("#1b2433")
_DOUX: Final = HexColor("#4a5567")
_TRAIT: Final = HexColor("#b9c2cf")
_FOND: Final = HexColor("#eceff4")
_LIGNES_MIN: Final = 40  # points: a row is cut between two pages only if this much of it stays on each
_REMPLACES: Final = (
    "Certains signes ne peuvent pas être imprimés ici\u00a0: «\u00a0?\u00a0» les remplace. Le dossier en ligne les "
    "montre tels que vous les avez écrits."
)


class Feuille:
    """A paper being written, from top to bottom; by one thread at a time (`atelier`), whatever the number of papers."""

    def __init__(self, titre: str, *, sujet: str, auteur: str) -> None:
        self._titre, self._sujet, self._auteur = titre, sujet, auteur
        self._corps: list[Any] = []
        self._incomplet = False
        self._ecrire(titre, "titre")

    def chapeau(self, texte: str) -> None:
        """Write the line under the title."""
        self._ecrire(texte, "chapeau")

    def intertitre(self, texte: str) -> None:
        """Begin a part; its title never stays alone at the foot of a page."""
        self._corps.append(CondPageBreak(40 * mm))
        self._ecrire(texte, "intertitre")

    def paragraphe(self, texte: str) -> None:
        """Write a text, with its own line breaks."""
        # Line by line: reportlab measures a block again for each page that it goes over.
        for ligne in re.sub(r"\n{3,}", "\n\n", texte).split("\n"):
            self._ecrire(ligne or VIDE, "ligne")
        self._corps.append(Spacer(0, 3 * mm))

    def fiche(self, lignes: Sequence[tuple[str, str]]) -> None:
        """Write facts, one a line: what it is, what it says."""
        cellules = [[self._mot(quoi, "libelle"), self._mot(dit, "cellule")] for quoi, dit in lignes]
        self._tableau(cellules, (0.32, 0.68))

    def tableau(self, entetes: Sequence[str], lignes: Sequence[Sequence[str]], parts: Sequence[float]) -> None:
        """Write a table whose head comes back on each page; `parts` share the width out."""
        cellules = [[self._mot(entete, "libelle") for entete in entetes]]
        cellules += [[self._mot(dit, "cellule") for dit in ligne] for ligne in lignes]
        self._tableau(cellules, parts, entete=True)

    def pdf(self) -> bytes:
        """Give the whole paper."""
        if self._incomplet:
            self._ecrire(_REMPLACES, "note")
        sortie = BytesIO()
        modele = SimpleDocTemplate(
            sortie,
            pagesize=A4,
            **dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), MARGE),
            title=self._titre,
            subject=self._sujet,
            author=self._auteur,
            creator="ent1d",
            lang="fr-FR",
            displayDocTitle=True,
            invariant=1,
        )
        pied = self._lettres(f"{self._titre} – {self._sujet}")
        modele.build(self._corps, canvasmaker=partial(_Pages, pied=pied))
        return sortie.getvalue()

    def _ecrire(self, texte: str, style: str) -> None:
        self._corps.append(self._mot(texte, style))

    def _mot(self, texte: str, style: str) -> Any:  # noqa: ANN401  # reportlab is not typed
        lettres = self._lettres(texte).replace("\n", " ")
        self._incomplet = self._incomplet or lettres.count(INCONNU) > texte.count(INCONNU)
        return Paragraph(escape(lettres), _styles()[style])

    def _lettres(self, texte: str) -> str:
        return imprimable(texte, _glyphes())

    def _tableau(self, cellules: list[list[Any]], parts: Sequence[float], *, entete: bool = False) -> None:
        style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.5, _TRAIT)]
        if entete:
            style.append(("BACKGROUND", (0, 0), (-1, 0), _FOND))
        largeurs = [part * LARGEUR for part in parts]
        table = Table(cellules, largeurs, repeatRows=int(entete), splitInRow=_LIGNES_MIN, style=TableStyle(style))
        self._corps += [table, Spacer(0, 4 * mm)]


class _Pages(Canvas):  # type: ignore[misc]  # reportlab is not typed
    """Keeps the pages until their number is known, then writes it at the foot of each."""

    def __init__(self, *args: Any, pied: str, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self._pied = pied
        self._gardees: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  # reportlab's name
        self._gardees.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        gardees = self._gardees
        for rang, page in enumerate(gardees, start=1):
            self.__dict__.update(page)
            self._numeroter(f"Page {rang} sur {len(gardees)}")
            super().showPage()
        super().save()

    def _numeroter(self, numero: str) -> None:
        self.setFont(POLICE, 8)
        self.setFillColor(_DOUX)
        self.drawString(MARGE, MARGE / 2, self._pied)
        self.drawRightString(A4[0] - MARGE, MARGE / 2, numero)


@lru_cache
def _glyphes() -> frozenset[int]:
    """Make the fonts known to reportlab, and give what they can write."""
    fontes = [TTFont(nom, f"{nom}.ttf") for nom in (POLICE, GRASSE)]
    for fonte in fontes:
        pdfmetrics.registerFont(fonte)
    return frozenset.intersection(*(frozenset(fonte.face.charToGlyph) for fonte in fontes))


@lru_cache
def _styles() -> dict[str, Any]:
    texte = ParagraphStyle("texte", fontName=POLICE, fontSize=10, leading=14.5, textColor=_ENCRE, splitLongWords=1)
    variantes: dict[str, dict[str, Any]] = {
        "ligne": {},
        "titre": {"fontName": GRASSE, "fontSize": 18, "leading": 23, "spaceAfter": 1 * mm},
        "chapeau": {"textColor": _DOUX, "spaceAfter": 6 * mm},
        "intertitre": {"fontName": GRASSE, "fontSize": 12, "leading": 16, "spaceBefore": 3 * mm, "spaceAfter": 3 * mm},
        "cellule": {"fontSize": 9, "leading": 12.5},
        "libelle": {"fontName": GRASSE, "fontSize": 8.5, "leading": 12.5, "textColor": _DOUX},
        "note": {"fontSize": 8, "leading": 11, "textColor": _DOUX},
    }
    return {nom: texte.clone(nom, **options) for nom, options in variantes.items()}
