"""What was found in a file, in French: the same words for who joins it, and for who verifies it once it is filed."""

from typing import Final

from services._runtime.lecture.resultat import Cause, ContenuActif, Inspection

REFAIRE: Final = "Enregistrez-le à nouveau au format PDF (« Imprimer », « Enregistrer en PDF »), puis joignez-le."
_DEFAUTS: Final[dict[Cause, str]] = {
    "vide": "{fichier} est vide. Joignez le document lui-même.",
    "chiffre": "{fichier} est protégé par un mot de passe. Joignez une version sans mot de passe.",
    "abime": f"{{fichier}} est abîmé ou incomplet. {REFAIRE}",
    "demesure": "{image} est trop grande. Numérisez le document à nouveau, à 300 points par pouce au plus.",
    "delai": f"{{fichier}} est trop long à lire. {REFAIRE}",
    "memoire": f"{{fichier}} est trop lourd à lire. {REFAIRE}",
    "plantage": f"{{fichier}} ne peut pas être lu. {REFAIRE}",
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
ACTIFS: Final[dict[ContenuActif, str]] = {
    "javascript": "un programme JavaScript",
    "lancement": "une commande qui lance un programme",
    "fichier-joint": "un fichier joint",
    "formulaire-xfa": "un formulaire dynamique XFA",
    "envoi-formulaire": "un bouton d’envoi",
    "import-donnees": "un import de données",
    "multimedia": "un contenu multimédia",
}
EXECUTABLES: Final[frozenset[ContenuActif]] = frozenset({"javascript", "lancement"})  # run on the desk of who reads it


def defaut(cause: Cause, *, fichier: str, image: str) -> str:
    """Say why a file cannot be read and what to do, with these subjects; `type` is said with what was found instead."""
    return _DEFAUTS[cause].format(fichier=fichier, image=image)


def contenu(inspection: Inspection) -> str:
    """Name what stands in a file that is no piece: « un document Word »."""
    return _TYPES_USUELS.get(inspection.type_detecte, "un autre format")
