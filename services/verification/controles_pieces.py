"""The contrôles of each piece, from what its inspection found. Pure: a piece and its Inspection in, a finding out.

`champ` tells which piece (`pieces.<role>`), the id which contrôle: together they name a finding of the report.
"""

from typing import Final

from contracts.dossier import PieceDeposee, RolePiece
from contracts.evenements import Controle, Depot, Verdict
from contracts.valeurs import est_uai
from services._runtime.lecture.resultat import Cause, ContenuActif, Inspection
from services.verification.controles import LIBELLES, PROCEDURE, Regle, enumerer, est_dans_l_academie

_REFAIRE: Final = "Enregistrez-le à nouveau au format PDF (« Imprimer », « Enregistrer en PDF »), puis joignez-le."
_ILLISIBLE: Final[dict[Cause, str]] = {
    "vide": "le fichier est vide. Joignez le document lui-même.",
    "abime": f"le fichier est abîmé ou incomplet. {_REFAIRE}",
    "demesure": "l’image est trop grande. Numérisez le document à nouveau, à 300 points par pouce au plus.",
    "delai": f"le fichier est trop long à lire. {_REFAIRE}",
    "memoire": f"le fichier est trop lourd à lire. {_REFAIRE}",
    "plantage": f"le fichier ne peut pas être lu. {_REFAIRE}",
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
_ACTIFS: Final[dict[ContenuActif, str]] = {
    "javascript": "un programme JavaScript",
    "lancement": "une commande qui lance un programme",
    "fichier-joint": "un fichier joint",
    "formulaire-xfa": "un formulaire dynamique XFA",
    "envoi-formulaire": "un bouton d’envoi",
    "import-donnees": "un import de données",
    "multimedia": "un contenu multimédia",
}
# An agent opens the pieces on a desk of the académie: what runs there is refused, and printing to PDF removes it. The
# rest is told but let through: a Factur-X invoice holds an attached file, an order may be a form to fill in.
_EXECUTABLES: Final[frozenset[ContenuActif]] = frozenset({"javascript", "lancement"})


def piece_lisible(piece: PieceDeposee, inspection: Inspection) -> Controle | None:
    """The whole file could be read. A wrong type and a password have their own contrôles."""
    regle = _regle("piece-lisible", piece)
    if inspection.cause is None:
        return regle.conforme(f"{_nom(piece)} : le fichier se lit en entier.")
    if inspection.cause not in _ILLISIBLE:
        return None
    return regle.bloquer(f"{_nom(piece)} : {_ILLISIBLE[inspection.cause]}")


def piece_type(piece: PieceDeposee, inspection: Inspection) -> Controle | None:
    """The content, whatever the file's name, is a PDF, a PNG or a JPEG."""
    regle = _regle("piece-type", piece)
    if inspection.cause == "type":
        vu = _TYPES_USUELS.get(inspection.type_detecte, "un autre format")
        return regle.bloquer(
            f"{_nom(piece)} : le contenu du fichier n’est pas un PDF, un PNG ou un JPEG, mais {vu}. {_REFAIRE}",
            [inspection.type_detecte],
        )
    if inspection.format in {"autre", "vide"}:
        return None
    return regle.conforme(f"{_nom(piece)} : le fichier est bien un {inspection.format.upper()}.")


def piece_chiffree(piece: PieceDeposee, inspection: Inspection) -> Controle | None:
    """No password is needed. A PDF that only restricts printing or copying can be read: an agent is told."""
    regle = _regle("piece-chiffree", piece)
    if inspection.cause == "chiffre":
        return regle.bloquer(
            f"{_nom(piece)} : le fichier est protégé par un mot de passe. Joignez une version sans mot de passe."
        )
    if not inspection.lisible or inspection.format != "pdf":
        return None
    if inspection.chiffre:
        return regle.avertir(f"{_nom(piece)} : le fichier s’ouvre, mais son impression ou sa copie sont restreintes.")
    return regle.conforme(f"{_nom(piece)} : le fichier n’est pas protégé par un mot de passe.")


def piece_contenu_actif(piece: PieceDeposee, inspection: Inspection) -> Controle | None:
    """The PDF is a document to read, nothing that runs."""
    regle = _regle("piece-contenu-actif", piece)
    if not inspection.lisible or inspection.format != "pdf":
        return None
    if not inspection.contenu_actif:
        return regle.conforme(f"{_nom(piece)} : le fichier ne contient rien d’autre que le document.")
    executables = [actif for actif in inspection.contenu_actif if actif in _EXECUTABLES]
    trouves = enumerer([_ACTIFS[actif] for actif in executables or inspection.contenu_actif])
    if not executables:
        return regle.avertir(f"{_nom(piece)} : le fichier contient aussi {trouves}.", inspection.contenu_actif)
    return regle.bloquer(
        f"{_nom(piece)} : par sécurité, un fichier qui contient {trouves} n’est pas accepté. {_REFAIRE}",
        inspection.contenu_actif,
    )


def piece_non_examinee(piece: PieceDeposee) -> Controle:
    """Nothing is known of the piece: an agent decides."""
    return _regle("piece-lisible", piece).dire(
        Verdict.INDISPONIBLE, f"{_nom(piece)} : le fichier n’a pas pu être examiné. Un agent de l’académie vérifiera."
    )


def bon_commande_ecoles(depot: Depot, piece: PieceDeposee, inspection: Inspection) -> Controle | None:
    """The bon de commande éditeur orders the declared schools, all of them and no other.

    Wrong UAI, or another piece's file in its place, are other contrôles' findings: this one keeps silent. A page
    without text (a scan) may hold what is not found in the others: then an agent decides.
    """
    regle = _regle("bon-commande-ecoles", piece)
    declarees = {code for code in depot.ecoles if est_uai(code) and est_dans_l_academie(code)}
    if piece.role is not RolePiece.BON_COMMANDE_EDITEUR or not inspection.lisible or not declarees:
        return None
    if any(autre.sha256 == piece.sha256 and autre.role is not piece.role for autre in depot.pieces):
        return None
    manquantes = sorted(declarees.difference(inspection.uai))
    if manquantes:
        return _ecoles_manquantes(regle, manquantes, numerise=inspection.pages_sans_texte > 0)
    autres = sorted(set(inspection.uai) - declarees)
    if autres:
        return regle.avertir(
            f"Le bon de commande éditeur cite aussi des écoles qui ne sont pas déclarées : {enumerer(autres)}.", autres
        )
    return regle.conforme("Le bon de commande éditeur cite toutes les écoles déclarées, et aucune autre.")


def _ecoles_manquantes(regle: Regle, codes: list[str], *, numerise: bool) -> Controle:
    if numerise:
        return regle.dire(
            Verdict.INDISPONIBLE,
            "Le bon de commande éditeur est une image ou contient une page numérisée, dont le texte ne peut pas être "
            f"lu. Un agent de l’académie y cherchera : {enumerer(codes)}.",
            codes,
        )
    return regle.bloquer(
        f"Ces écoles déclarées ne sont pas dans le bon de commande éditeur : {enumerer(codes)}. Joignez un bon de "
        "commande qui cite le code UAI de chaque école, ou corrigez la liste des écoles.",
        codes,
    )


def _regle(nom: str, piece: PieceDeposee) -> Regle:
    return Regle(nom, f"pieces.{piece.role.value}", PROCEDURE)


def _nom(piece: PieceDeposee) -> str:
    libelle = LIBELLES[piece.role]
    return libelle[0].upper() + libelle[1:]
