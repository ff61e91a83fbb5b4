"""The words of the follow-up: states, fields, and the next step in one sentence."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from contracts.dossier import EtatDossier
from services._runtime.francais import INSECABLE, typographier
from services.intake.brouillons.saisie import LIBELLES
from services.intake.decisions import Geste, derniere
from services.intake.referentiels.domain import NOMS_DES_DEPARTEMENTS

Dossier: TypeAlias = Mapping[str, Any]

ETATS: Final = {
    EtatDossier.BROUILLON: "Brouillon",
    EtatDossier.DEPOSE: "Déposé",
    EtatDossier.A_CORRIGER: "À corriger",
    EtatDossier.VALIDE: "Validé",
    EtatDossier.LIVRE: "Annuaire livré",
    EtatDossier.REFUSE: "Refusé",
    EtatDossier.CLASSE_SANS_SUITE: "Classé sans suite",
}
_ENSEMBLES: Final = {"pieces": "Pièces justificatives", "deposant": "Déposant"}
_SUITES: Final = {
    EtatDossier.BROUILLON: "Complétez ce brouillon, puis déposez le dossier.",
    EtatDossier.DEPOSE: "Nous vérifions vos pièces : un courriel vous dira la suite.",
    EtatDossier.A_CORRIGER: "Corrigez ce qui est demandé, puis déposez à nouveau le dossier.",
    EtatDossier.VALIDE: "Nous livrons l’annuaire de vos écoles au titulaire du marché : vous n’avez rien à faire.",
    EtatDossier.LIVRE: "Tout est fait de notre côté : le titulaire du marché vous dira quand l’ENT sera ouvert.",
    EtatDossier.REFUSE: "Ce dossier est clos : lisez-en le motif, puis déposez un nouveau dossier s’il y a lieu.",
    EtatDossier.CLASSE_SANS_SUITE: "Ce dossier est clos : vous pouvez en déposer un nouveau.",
}
_A_EXAMINER: Final = "Vos pièces sont vérifiées : un agent de l’académie examine le dossier. Un courriel suivra."
_ENTAMEE: Final = "Terminez la correction commencée, puis déposez à nouveau le dossier."
_RETIRE: Final = "Vous avez retiré ce dossier : vous pouvez en déposer un nouveau."


def suite(dossier: Dossier, *, correction_entamee: bool = False) -> str:
    """Say what comes next, and whether anything is to be done."""
    return typographier(_suite(dossier, correction_entamee=correction_entamee))


def _suite(dossier: Dossier, *, correction_entamee: bool) -> str:
    match EtatDossier(dossier["etat"]):
        case EtatDossier.DEPOSE if dossier.get("verdict"):
            return _A_EXAMINER
        case EtatDossier.A_CORRIGER if correction_entamee:
            return _ENTAMEE
        case EtatDossier.CLASSE_SANS_SUITE if est_retire(dossier):
            return _RETIRE
        case etat:
            return _SUITES[etat]


def est_retire(dossier: Dossier) -> bool:
    """Tell whether a closed dossier was withdrawn: an agent who closes one leaves a decision."""
    return geste(dossier) != Geste.CLASSER


def geste(dossier: Dossier) -> str:
    """Name the last thing that an agent decided of this version, if one did."""
    return str(derniere(dossier).get("geste", ""))


def libelle(champ: str) -> str:
    """Name a field as the form does: `deposant.nom`, `pieces.bon_commande_chorus` and `pieces` are some too."""
    for nom in (champ, champ.partition(".")[2], champ.partition(".")[0]):
        if nom in LIBELLES or nom in _ENSEMBLES:
            return LIBELLES.get(nom) or _ENSEMBLES[nom]
    return "Dossier"


def compte(nombre: int, quoi: str) -> str:
    """Write « 1 école », « 12 écoles »."""
    return f"{nombre}{INSECABLE}{quoi}{'s' if nombre > 1 else ''}"


def departement(code: str) -> str:
    """Write a département: Seine-et-Marne (77)."""
    return f"{NOMS_DES_DEPARTEMENTS[code]} ({code})" if code in NOMS_DES_DEPARTEMENTS else code
