"""The contrôles of each piece, from what its inspection found. Pure: a piece and its Inspection in, a finding out.

`champ` tells which piece (`pieces.<role>`), the id which contrôle: together they name a finding of the report.
"""

from contracts.dossier import PieceDeposee, RolePiece
from contracts.evenements import Controle, Depot, Verdict
from contracts.valeurs import est_uai
from services._runtime.lecture.mots import ACTIFS, EXECUTABLES, REFAIRE, contenu, defaut
from services._runtime.lecture.resultat import Cause, Inspection
from services.verification.controles import PROCEDURE, Regle, enumerer, est_dans_l_academie


def piece_lisible(piece: PieceDeposee, inspection: Inspection) -> Controle | None:
    """The whole file could be read. A wrong type and a password have their own contrôles."""
    regle = _regle("piece-lisible", piece)
    if inspection.cause is None:
        return regle.conforme(f"{piece.role.titre} : le fichier se lit en entier.")
    if inspection.cause in {"type", "chiffre"}:
        return None
    return _defaut(regle, piece, inspection.cause)


def piece_type(piece: PieceDeposee, inspection: Inspection) -> Controle | None:
    """The content, whatever the file's name, is a PDF, a PNG or a JPEG."""
    regle = _regle("piece-type", piece)
    if inspection.cause == "type":
        vu = contenu(inspection)
        return regle.bloquer(
            f"{piece.role.titre} : le contenu du fichier n’est pas un PDF, un PNG ou un JPEG, mais {vu}. {REFAIRE}",
            [inspection.type_detecte],
        )
    if inspection.format in {"autre", "vide"}:
        return None
    return regle.conforme(f"{piece.role.titre} : le fichier est bien un {inspection.format.upper()}.")


def piece_chiffree(piece: PieceDeposee, inspection: Inspection) -> Controle | None:
    """No password is needed. A PDF that only restricts printing or copying can be read: an agent is told."""
    regle = _regle("piece-chiffree", piece)
    if inspection.cause == "chiffre":
        return _defaut(regle, piece, inspection.cause)
    if not inspection.lisible or inspection.format != "pdf":
        return None
    if inspection.chiffre:
        return regle.avertir(
            f"{piece.role.titre} : le fichier s’ouvre, mais son impression ou sa copie sont restreintes."
        )
    return regle.conforme(f"{piece.role.titre} : le fichier n’est pas protégé par un mot de passe.")


def piece_contenu_actif(piece: PieceDeposee, inspection: Inspection) -> Controle | None:
    """The PDF is a document to read, nothing that runs.

    An agent opens the pieces on a desk of the académie: what runs there is refused, and printing to PDF removes it. The
    rest is told but let through: a Factur-X invoice holds an attached file, an order may be a form to fill in.
    """
    regle = _regle("piece-contenu-actif", piece)
    if not inspection.lisible or inspection.format != "pdf":
        return None
    if not inspection.contenu_actif:
        return regle.conforme(f"{piece.role.titre} : le fichier ne contient rien d’autre que le document.")
    executables = [actif for actif in inspection.contenu_actif if actif in EXECUTABLES]
    trouves = enumerer([ACTIFS[actif] for actif in executables or inspection.contenu_actif])
    if not executables:
        return regle.avertir(f"{piece.role.titre} : le fichier contient aussi {trouves}.", inspection.contenu_actif)
    return regle.bloquer(
        f"{piece.role.titre} : par sécurité, un fichier qui contient {trouves} n’est pas accepté. {REFAIRE}",
        inspection.contenu_actif,
    )


def piece_non_examinee(piece: PieceDeposee) -> Controle:
    """Nothing is known of the piece: an agent decides."""
    return _regle("piece-lisible", piece).dire(
        Verdict.INDISPONIBLE,
        f"{piece.role.titre} : le fichier n’a pas pu être examiné. Un agent de l’académie vérifiera.",
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


def _defaut(regle: Regle, piece: PieceDeposee, cause: Cause) -> Controle:
    return regle.bloquer(f"{piece.role.titre} : {defaut(cause, fichier='le fichier', image='l’image')}")
