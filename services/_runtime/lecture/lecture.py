"""Reads one untrusted file into an Inspection: true type, damage, encryption, active content, codes.

Only the bounded worker process (`lecteur`) calls it: the parsers below meet hostile files.
"""

from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final

import magic
import pikepdf
import pypdfium2
from PIL import Image, JpegImagePlugin, PngImagePlugin

from services._runtime.lecture.codes import normaliser, siret_du_texte, uai_du_texte
from services._runtime.lecture.resultat import CODES_MAX, ContenuActif, Format, Inspection

PAGES_MAX: Final = 300
CARACTERES_MAX: Final = 200_000  # per page; a dense A4 page holds about 6,000
PIXELS_MAX: Final = 40_000_000  # an A4 scanned at 600 dpi is 35 million; a progressive JPEG takes 10 bytes each
LETTRES_MIN: Final = 30  # a page with fewer holds a scanner's stamp (« Numérisé avec … »), not the order's text
TETE: Final = 4096  # bytes that tell a type

_FORMATS: Final[dict[str, Format]] = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpeg"}
_VALEURS_ACTIVES: Final[dict[str, ContenuActif]] = {
    "/JavaScript": "javascript",
    "/Launch": "lancement",
    "/EmbeddedFile": "fichier-joint",
    "/FileAttachment": "fichier-joint",
    "/SubmitForm": "envoi-formulaire",
    "/ImportData": "import-donnees",
    "/RichMedia": "multimedia",
}
_CLES_ACTIVES: Final[dict[str, ContenuActif]] = {
    "/JS": "javascript",
    "/EF": "fichier-joint",
    "/XFA": "formulaire-xfa",
}

Image.MAX_IMAGE_PIXELS = None  # PIXELS_MAX is checked before any pixel is decoded, and answered, not warned of
Image.register_open("PNG", PngImagePlugin.PngImageFile)
Image.register_open("JPEG", JpegImagePlugin.JpegImageFile)


@cache
def _magie() -> magic.Magic:
    return magic.Magic(mime=True)


def lire(chemin: Path) -> Inspection:
    """Inspect the file. What its parsers cannot take is `abime`. Raises OSError only if it cannot be opened."""
    with chemin.open("rb") as fichier:
        tete = fichier.read(TETE)
    if not tete:
        return Inspection(format="vide", type_detecte="inode/x-empty", cause="vide")
    mime = str(_magie().from_buffer(tete))
    nature = _FORMATS.get(mime, "autre")
    if nature == "autre" or _double(nature, tete):
        return Inspection(format="autre", type_detecte=mime, cause="type")
    try:
        return _lire_pdf(chemin) if nature == "pdf" else _lire_image(chemin, nature)
    except MemoryError:
        return Inspection(format=nature, type_detecte=mime, cause="memoire")
    except Exception:  # noqa: BLE001 - three parsers, any exception: all say that the file is not well formed
        return Inspection(format=nature, type_detecte=mime, cause="abime")


def _double(nature: Format, tete: bytes) -> bool:
    """Tell whether a second reader would take the file for something else: readers seek `%PDF-` in its first KB."""
    if nature == "pdf":
        return not tete.lstrip(b"\xef\xbb\xbf\0\t\n\f\r ").startswith(b"%PDF-")
    return b"%PDF-" in tete


def _lire_image(chemin: Path, nature: Format) -> Inspection:
    with Image.open(chemin, formats=("PNG", "JPEG")) as image:
        largeur, hauteur = image.size
        mime = f"image/{nature}"
        if largeur * hauteur > PIXELS_MAX:
            return Inspection(format=nature, type_detecte=mime, cause="demesure")
        image.load()
    return Inspection(format=nature, type_detecte=mime, pages=1, pages_sans_texte=1)


def _lire_pdf(chemin: Path) -> Inspection:
    mime = "application/pdf"
    try:
        # Without recovery: a file that qpdf must rebuild (cut, or with bytes after its end) may have lost pages.
        with pikepdf.open(chemin, attempt_recovery=False, suppress_warnings=True) as pdf:
            chiffre = pdf.is_encrypted
            actif = tuple(sorted({trouve for objet in pdf.objects for trouve in _actif(objet)}))
    except pikepdf.PasswordError:
        return Inspection(format="pdf", type_detecte=mime, cause="chiffre", chiffre=True)
    pages, muettes, uai, siret = _lire_texte(chemin)
    return Inspection(
        format="pdf",
        type_detecte=mime,
        chiffre=chiffre,
        pages=pages,
        pages_sans_texte=muettes,
        contenu_actif=actif,
        uai=tuple(sorted(uai)[:CODES_MAX]),
        siret=tuple(sorted(siret)[:CODES_MAX]),
    )


def _actif(objet: object) -> Iterator[ContenuActif]:
    """Give the active content of one indirect object; those it refers to come in their own turn."""
    a_voir = [objet]
    while a_voir:
        vu = a_voir.pop()
        if isinstance(vu, pikepdf.Array):
            a_voir.extend(element for element in vu if _imbrique(element))
        elif isinstance(vu, (pikepdf.Dictionary, pikepdf.Stream)):
            for cle, valeur in vu.items():
                yield from _marques(cle, valeur)
                if _imbrique(valeur):
                    a_voir.append(valeur)


def _imbrique(valeur: object) -> bool:
    return isinstance(valeur, (pikepdf.Array, pikepdf.Dictionary)) and not valeur.is_indirect


def _marques(cle: str, valeur: object) -> Iterator[ContenuActif]:
    if cle in _CLES_ACTIVES:
        yield _CLES_ACTIVES[cle]
    if isinstance(valeur, pikepdf.Name) and str(valeur) in _VALEURS_ACTIVES:
        yield _VALEURS_ACTIVES[str(valeur)]


def _lire_texte(chemin: Path) -> tuple[int, int, set[str], set[str]]:
    """Give the pages, those without text (or beyond PAGES_MAX, not read), the UAI and the SIRET."""
    uai: set[str] = set()
    siret: set[str] = set()
    lues = 0
    with closing(pypdfium2.PdfDocument(chemin)) as document:
        pages = len(document)
        for rang in range(min(pages, PAGES_MAX)):
            texte = normaliser(_texte_de_page(document, rang))
            uai |= uai_du_texte(texte)
            siret |= siret_du_texte(texte)
            lues += sum(map(str.isalnum, texte)) >= LETTRES_MIN
    return pages, pages - lues, uai, siret


def _texte_de_page(document: pypdfium2.PdfDocument, rang: int) -> str:
    with closing(document[rang]) as page, closing(page.get_textpage()) as texte:
        nombre = min(texte.count_chars(), CARACTERES_MAX)
        return str(texte.get_text_range(0, nombre)) if nombre > 0 else ""
