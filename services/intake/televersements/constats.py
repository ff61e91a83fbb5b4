"""What makes a file unfit, told at once to who joins it: what it is, and what to do. Pure.

The same words as verification's, which looks again once the dossier is filed.
"""

from pathlib import PurePath
from typing import Final

from services._runtime.lecture.resultat import Cause, ContenuActif, Inspection
from services.intake.televersements.domain import typographier

_REFAIRE: Final = "Enregistrez-le à nouveau au format PDF (« Imprimer », « Enregistrer en PDF »), puis joignez-le."
# `delai` and `plantage` say nothing here: they may come from the machine, and nobody should be stopped for that.
_ILLISIBLE: Final[dict[Cause, str]] = {
    "vide": "Ce fichier est vide. Joignez le document lui-même.",
    "chiffre": "Ce fichier est protégé par un mot de passe. Joignez une version sans mot de passe.",
    "abime": f"Ce fichier est abîmé ou incomplet. {_REFAIRE}",
    "demesure": "Cette image est trop grande. Numérisez le document à nouveau, à 300 points par pouce au plus.",
    "memoire": f"Ce fichier est trop lourd à lire. {_REFAIRE}",
}
_TYPES_USUELS: Final = {
    "text/plain": "du texte",
    "text/html": "une page web",
    "image/svg+xml": "un dessin SVG",
    "application/zip": "une archive ZIP",
    "application/msword": "un document Word",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "un document Word",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "un classeur Excel",
    "application/vnd.oasis.opendocument.text": "un document LibreOffice",
}
# An agent opens the pieces: what runs there is refused, and printing to PDF removes it.
_EXECUTABLES: Final[dict[ContenuActif, str]] = {
    "javascript": "un programme JavaScript",
    "lancement": "une commande qui lance un programme",
}
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
    return typographier(_type(inspection) or _lecture(inspection) or _danger(inspection) or _nom(nom, inspection))


def _type(inspection: Inspection) -> str:
    if inspection.cause != "type":
        return ""
    vu = _TYPES_USUELS.get(inspection.type_detecte, "un autre format")
    return f"Ce fichier n’est pas un PDF, un PNG ou un JPEG : il contient {vu}. {_REFAIRE}"


def _lecture(inspection: Inspection) -> str:
    return _ILLISIBLE.get(inspection.cause, "") if inspection.cause else ""


def _danger(inspection: Inspection) -> str:
    trouve = next((_EXECUTABLES[actif] for actif in inspection.contenu_actif if actif in _EXECUTABLES), "")
    return f"Par sécurité, un fichier qui contient {trouve} n’est pas accepté. {_REFAIRE}" if trouve else ""


def _nom(nom: str, inspection: Inspection) -> str:
    """Compare with what the name says. A name that says nothing of a format is no lie."""
    suffixe = PurePath(nom).suffix.lower()
    if not inspection.lisible or _FORMATS.get(suffixe, inspection.format) == inspection.format:
        return ""
    contenu, juste = _CONTENUS[inspection.format], inspection.format
    return (
        f"Le nom de ce fichier finit par « {suffixe} », mais il contient {contenu}. Vérifiez que c’est le bon "
        f"document, renommez-le en « .{juste} », puis joignez-le à nouveau."
    )
