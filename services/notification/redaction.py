"""Says in French what each event means to the person who reads it; no address, no MIME, no sending."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import singledispatch
from types import MappingProxyType
from typing import Any, Final

from contracts.dossier import Deposant, DossierLu, RolePiece
from contracts.evenements import (
    AAFLivre,
    Controle,
    CorrectionDemandee,
    DossierClasse,
    DossierDepose,
    DossierRefuse,
    DossierValide,
    Evenement,
    LivraisonSuspendue,
    MotifSuspension,
    RaisonCloture,
)
from services._runtime.francais import moment, siret

_PIECES: Final = {
    RolePiece.ATTESTATION_ADHESION: f"l’{RolePiece.ATTESTATION_ADHESION.nom}",
    RolePiece.BON_COMMANDE_EDITEUR: f"le {RolePiece.BON_COMMANDE_EDITEUR.nom}",
    RolePiece.BON_COMMANDE_CHORUS: f"le {RolePiece.BON_COMMANDE_CHORUS.nom}",
}
# Read from the top: the first key that begins the field's path speaks for it.
_QUE_FAIRE: Final = {
    **{f"pieces.{role}": f"Remplacez {piece} par un document conforme." for role, piece in _PIECES.items()},
    "pieces": "Vérifiez les trois pièces et remplacez celle qui ne convient pas.",
    "ecoles": "Vérifiez la liste des écoles : corrigez ou retirez le code UAI signalé.",
    "siret": "Vérifiez le SIRET de la collectivité (14 chiffres) et corrigez-le.",
    "commune": "Vérifiez la commune qui passe la commande et corrigez-la.",
    "deposant": "Vérifiez les coordonnées du déposant et corrigez-les.",
    "": "Corrigez ce point dans votre dossier.",
}
_A_CONVENIR: Final = "Répondez à ce message pour convenir de la suite avec nous."
_SUSPENSIONS: Final = {
    MotifSuspension.ECOLES_ABSENTES: (
        "Des écoles validées sont absentes de l’annuaire de l’académie.",
        "Vérifiez leur code UAI, puis fournissez un export de l’annuaire qui les contient.",
    ),
    MotifSuspension.BAISSE_DE_VOLUME: (
        "L’annuaire à livrer est nettement plus petit que le précédent.",
        "Si cette baisse est justifiée, approuvez la livraison ; sinon, fournissez un export complet de l’annuaire.",
    ),
    MotifSuspension.ANNUAIRE_INVALIDE: (
        "L’annuaire à livrer ne respecte pas le format attendu par le titulaire.",
        "Faites corriger l’export de l’annuaire, puis fournissez-le à nouveau.",
    ),
}


class Motif(StrEnum):
    """Why a mail is written: it names the template and ends the key of the envoi."""

    ACCUSE = "accuse"
    CORRECTION = "correction"
    VALIDATION = "validation"
    LIVRAISON = "livraison"
    REFUS = "refus"
    CLASSEMENT = "classement"
    SUSPENSION = "suspension"


@dataclass(frozen=True)
class Courrier:
    """A mail before its form. `aux_agents`: it goes to the agents' mailbox and names no déposant."""

    motif: Motif
    objet: str
    titre: str
    contexte: Mapping[str, Any]
    aux_agents: bool = False


@singledispatch
def rediger(evenement: Evenement[Any], dossier: DossierLu) -> Courrier:
    """Give the mail that tells `evenement`. Facts come from the event; the dossier adds its déposant and its schools.

    Raises:
        TypeError: the event is told to nobody by mail (`PiecesVerifiees`).
    """
    raise TypeError(f"aucun courrier pour {type(evenement).__name__} ({dossier.numero})")


@rediger.register
def _accuse(evenement: DossierDepose, dossier: DossierLu) -> Courrier:
    depot = evenement.data
    corrige = f" de la version {depot.version}" if depot.version > 1 else ""
    faits = {"Dossier": dossier.numero, "Déposé le": moment(evenement.time), "SIRET": siret(depot.siret)}
    contexte = {
        "faits": faits,
        "version": depot.version,
        "ecoles": depot.ecoles,
        "pieces": [_PIECES[piece.role] for piece in depot.pieces],
    }
    return _au_deposant(Motif.ACCUSE, f"accusé de dépôt{corrige}", "Votre dossier est déposé", dossier, contexte)


@rediger.register
def _correction(evenement: CorrectionDemandee, dossier: DossierLu) -> Courrier:
    contexte = {"motifs": [_point(motif) for motif in evenement.data.motifs], "ecoles": dossier.ecoles}
    return _au_deposant(Motif.CORRECTION, "correction demandée", "Votre dossier est à corriger", dossier, contexte)


@rediger.register
def _validation(evenement: DossierValide, dossier: DossierLu) -> Courrier:
    faits = {"Dossier": dossier.numero, "Validé le": moment(evenement.time)}
    contexte = {"faits": faits, "ecoles": evenement.data.ecoles}
    return _au_deposant(Motif.VALIDATION, "dossier validé", "Votre dossier est validé", dossier, contexte)


@rediger.register
def _livraison(evenement: AAFLivre, dossier: DossierLu) -> Courrier:
    remise = evenement.data
    faits = {"Dossier": dossier.numero, "Livré le": moment(evenement.time), "Titulaire du marché": remise.titulaire}
    contexte = {"faits": faits, "titulaire": remise.titulaire, "ecoles": remise.ecoles}
    titre = "L’annuaire de vos écoles est livré"
    return _au_deposant(Motif.LIVRAISON, "annuaire livré au titulaire du marché", titre, dossier, contexte)


@rediger.register
def _refus(evenement: DossierRefuse, dossier: DossierLu) -> Courrier:
    motifs = [_point(motif) | {"que_faire": ""} for motif in evenement.data.motifs]
    contexte = {"motifs": motifs, "ecoles": dossier.ecoles}
    return _au_deposant(Motif.REFUS, "dossier refusé", "Votre dossier est refusé", dossier, contexte)


@rediger.register
def _classement(evenement: DossierClasse, dossier: DossierLu) -> Courrier:
    retire = evenement.data.raison is RaisonCloture.RETRAIT
    titre = "Votre dossier est retiré" if retire else "Votre dossier est classé sans suite"
    contexte = {"retire": retire, "le": moment(evenement.time), "ecoles": dossier.ecoles}
    objet = "dossier retiré" if retire else "dossier classé sans suite"
    return _au_deposant(Motif.CLASSEMENT, objet, titre, dossier, contexte)


@rediger.register
def _suspension(evenement: LivraisonSuspendue, dossier: DossierLu) -> Courrier:
    arret = evenement.data
    raison, que_faire = _SUSPENSIONS[arret.motif]
    faits = {"Dossier": dossier.numero, "Suspendue le": moment(evenement.time), "Titulaire du marché": arret.titulaire}
    contexte = {
        "faits": faits,
        "raison": raison,
        "constats": arret.constat.splitlines(),
        "que_faire": que_faire,
        "ecoles": arret.ecoles,
        "salutation": "Bonjour,",
    }
    objet = f"Dossier {dossier.numero} : livraison de l’annuaire suspendue"
    return Courrier(Motif.SUSPENSION, objet, "Une livraison attend votre décision", MappingProxyType(contexte), True)


def _au_deposant(motif: Motif, objet: str, titre: str, dossier: DossierLu, contexte: Mapping[str, Any]) -> Courrier:
    # The subject names the dossier and no person: it shows on locked screens and in the logs of every relay.
    complet = MappingProxyType({**contexte, "salutation": _salutation(dossier.deposant)})
    return Courrier(motif, f"Dossier {dossier.numero} : {objet}", titre, complet)


def _salutation(deposant: Deposant) -> str:
    titre = "Madame" if deposant.civilite == "Mme" else "Monsieur"
    return f"Bonjour {titre} {deposant.nom},"


def _point(motif: Controle) -> dict[str, Any]:
    que_faire = next(conseil for champ, conseil in _QUE_FAIRE.items() if motif.champ.startswith(champ))
    return {
        "constat": motif.constat,
        "valeurs": motif.valeurs,
        "que_faire": que_faire if motif.corrigeable else _A_CONVENIR,
    }
