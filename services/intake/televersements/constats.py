"""What makes a file unfit, told at once to who joins it: what it is, and what to do. Pure.

Verification looks again once the dossier is filed.
"""

from pathlib import PurePath
from typing import Final

from services._runtime.francais import typographier
from services._runtime.lecture.mots import ACTIFS, EXECUTABLES, REFAIRE, contenu, defaut
from services._runtime.lecture.resultat import Inspection

# They say nothing here: they may come from the machine, and nobody should be stopped for that.
_DE_LA_MACHINE: Final = ("delai", "plantage")
_FORMATS: Final = {
    ".pdf": "pdf",
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".jpe": "jpeg",
    ".jfif": "jpeg",
}
_CONTENUS: Final = {"pdf": "un document PDF", "png": "une image PNG", "jpeg": "une image JPEG"}


def constater(nom: str, inspection: Inspection) -> str:
    """Tell why a file of this name is unfit; nothing when it is fit, or when its reading was not its own failure."""
    return typographier(_lecture(inspection) or _danger(inspection) or _nom(nom, inspection))


def _lecture(inspection: Inspection) -> str:
    if inspection.cause is None or inspection.cause in _DE_LA_MACHINE:
        return ""
    if inspection.cause == "type":
        return f"Ce fichier n’est pas un PDF, un PNG ou un JPEG : il contient {contenu(inspection)}. {REFAIRE}"
    return defaut(inspection.cause, fichier="Ce fichier", image="Cette image")


def _danger(inspection: Inspection) -> str:
    trouve = next((ACTIFS[actif] for actif in inspection.contenu_actif if actif in EXECUTABLES), "")
    return f"Par sécurité, un fichier qui contient {trouve} n’est pas accepté. {REFAIRE}" if trouve else ""


def _nom(nom: str, inspection: Inspection) -> str:
    """Compare with what the name says. A name that says nothing of a format is no lie."""
    suffixe = PurePath(nom).suffix.lower()
    if not inspection.lisible or _FORMATS.get(suffixe, inspection.format) == inspection.format:
        return ""
    vu, juste = _CONTENUS[inspection.format], inspection.format
    return (
        f"Le nom de ce fichier finit par « {suffixe} », mais il contient {vu}. Vérifiez que c’est le bon "
        f"document, renommez-le en « .{juste} », puis joignez-le à nouveau."
    )
