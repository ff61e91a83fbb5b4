"""What people decide of a dossier: an agent's four gestures, and the déposant's withdrawal. Pure.

An event names no person and repeats no word that one typed: what an agent writes stays in the dossier, where its
déposant reads it; the event, and the mail it calls for, say what is to be corrected from a short list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from contracts.dossier import Etape, EtatDossier, RolePiece
from contracts.evenements import (
    Cloture,
    Controle,
    CorrectionDemandee,
    DossierClasse,
    DossierRefuse,
    DossierValide,
    Evenement,
    Motifs,
    RaisonCloture,
    Validation,
    Verdict,
)
from services.intake.domain import SOURCE, Transition

Dossier: TypeAlias = Mapping[str, Any]

RETRAIT: Final = "regle:retrait-du-deposant.1"
MOTIVATION_MAX: Final = 2_000
OUVERTS: Final = (EtatDossier.DEPOSE, EtatDossier.A_CORRIGER)
SOURCE_AGENT: Final = "Décision d’un agent de l’académie"
CHAMPS: Final = {
    "siret": "Le SIRET",
    "commune": "La commune",
    "deposant": "Les coordonnées du déposant",
    "ecoles": "La liste des écoles",
    "commentaires": "Les commentaires",
    f"pieces.{RolePiece.ATTESTATION_ADHESION}": "L’attestation d’adhésion",
    f"pieces.{RolePiece.BON_COMMANDE_EDITEUR}": "Le bon de commande éditeur",
    f"pieces.{RolePiece.BON_COMMANDE_CHORUS}": "Le bon de commande Chorus",
}


class Geste(StrEnum):
    """What an agent may do with a dossier."""

    VALIDER = "valider"
    CORRIGER = "corriger"
    REFUSER = "refuser"
    CLASSER = "classer"


class Raison(StrEnum):
    """Why a field or a piece must be corrected."""

    INCORRECT = "incorrect"
    INCOMPLET = "incomplet"
    A_METTRE_A_JOUR = "a_mettre_a_jour"


RAISONS: Final = {
    Raison.INCORRECT: "à corriger (incorrect)",
    Raison.INCOMPLET: "à compléter",
    Raison.A_METTRE_A_JOUR: "à mettre à jour",
}


@dataclass(frozen=True, slots=True)
class Demande:
    """One thing to correct: a key of CHAMPS, and why."""

    champ: str
    raison: Raison


class DecisionImpossible(Exception):  # noqa: N818  # a finding; `message` is for the one who decides, in French
    """This cannot be decided of this dossier now."""

    def __init__(self, message: str) -> None:
        super().__init__("decision_impossible")
        self.message = message


@dataclass(frozen=True, slots=True)
class Decision:
    """An agent's decision. `agent` is the code of his account; `motivation` is read by the déposant, nowhere else."""

    geste: Geste
    agent: str
    motivation: str = ""
    demandes: Sequence[Demande] = ()

    @property
    def par(self) -> str:
        """Name its author as events do."""
        return f"agent:{self.agent}"


def derniere(contenu: Dossier) -> Dossier:
    """Give what an agent decided last of a version of a dossier, as it is kept; empty when none did."""
    prises: Sequence[Dossier] = contenu.get("decisions", ())
    return prises[-1] if prises else {}


def decision(dossier: Dossier, prise: Decision, le: datetime) -> Transition:
    """Turn a decision into what changes and what is told. Raises DecisionImpossible."""
    _verifier(dossier, prise)
    match prise.geste:
        case Geste.VALIDER:
            return _transition(dossier, le, EtatDossier.VALIDE, _validation(dossier, prise, le), "Validé par un agent.")
        case Geste.CORRIGER:
            motifs = [_a_corriger(demande) for demande in prise.demandes]
            return _motivee(dossier, prise, le, (CorrectionDemandee, EtatDossier.A_CORRIGER), motifs)
        case Geste.REFUSER:
            return _motivee(dossier, prise, le, (DossierRefuse, EtatDossier.REFUSE), [_REFUS])
        case Geste.CLASSER:
            cloture = Cloture(version=dossier["version"], raison=RaisonCloture.DECISION, decide_par=prise.par)
            return _classement(dossier, cloture, le, "Classé sans suite par un agent.")


def retrait(dossier: Dossier, le: datetime) -> Transition:
    """Withdraw a dossier for its déposant. Raises DecisionImpossible once it is decided."""
    if dossier["etat"] not in OUVERTS:
        raise DecisionImpossible("Ce dossier est déjà traité : il ne peut plus être retiré.")
    cloture = Cloture(version=dossier["version"], raison=RaisonCloture.RETRAIT, decide_par=RETRAIT)
    return _classement(dossier, cloture, le, "Retiré par le déposant.")


def _verifier(dossier: Dossier, prise: Decision) -> None:
    corrige = prise.geste is Geste.CORRIGER
    connues = {demande.champ for demande in prise.demandes} & CHAMPS.keys()
    for empeche, message in (
        (dossier["etat"] not in OUVERTS, "Ce dossier est déjà traité."),
        (
            corrige and dossier["etat"] != EtatDossier.DEPOSE,
            "Une correction est déjà demandée : attendez le nouveau dépôt.",
        ),
        (corrige and not prise.demandes, "Dites au moins une chose à corriger, et pourquoi."),
        (
            len(connues) < len(prise.demandes),
            "Une même chose est demandée deux fois, ou n’est pas de celles qui se corrigent.",
        ),
        (
            prise.geste is not Geste.VALIDER and not prise.motivation,
            "Écrivez une motivation : le déposant la lira.",
        ),
        (len(prise.motivation) > MOTIVATION_MAX, "La motivation dépasse 2 000 caractères."),
    ):
        if empeche:
            raise DecisionImpossible(message)


def _validation(dossier: Dossier, prise: Decision, le: datetime) -> DossierValide:
    try:
        data = Validation(
            version=dossier["version"],
            siret=dossier["siret"],
            commune=dossier["commune"],
            ecoles=tuple(dossier["ecoles"]),
            decide_par=prise.par,
        )
    except ValidationError:
        raise DecisionImpossible(
            "Le SIRET ou un code UAI est inexact : le titulaire ne pourrait rien en faire. Demandez une correction."
        ) from None
    return DossierValide.dire(dossier["numero"], data, source=SOURCE, le=le)


def _motivee(
    dossier: Dossier,
    prise: Decision,
    le: datetime,
    suite: tuple[type[CorrectionDemandee | DossierRefuse], EtatDossier],
    motifs: Sequence[Controle],
) -> Transition:
    genre, vers = suite
    data = Motifs(version=dossier["version"], motifs=tuple(motifs), decide_par=prise.par)
    evenement = genre.dire(dossier["numero"], data, source=SOURCE, le=le)
    return _transition(dossier, le, vers, evenement, " ".join(motif.constat for motif in motifs))


def _classement(dossier: Dossier, cloture: Cloture, le: datetime, constat: str) -> Transition:
    evenement = DossierClasse.dire(dossier["numero"], cloture, source=SOURCE, le=le)
    return _transition(dossier, le, EtatDossier.CLASSE_SANS_SUITE, evenement, constat)


def _transition(
    dossier: Dossier, le: datetime, vers: EtatDossier, evenement: Evenement[Any], constat: str
) -> Transition:
    etape = Etape(le=le, fait=evenement.nom(), version=dossier["version"], constat=constat)
    return Transition(dossier["numero"], dossier["version"], (EtatDossier(dossier["etat"]),), vers, etape, evenement)


def _a_corriger(demande: Demande) -> Controle:
    return Controle(
        id="demande-agent",
        verdict=Verdict.BLOQUANT,
        constat=f"{CHAMPS[demande.champ]} : {RAISONS[demande.raison]}.",
        champ=demande.champ,
        source=SOURCE_AGENT,
    )


_REFUS: Final = Controle(
    id="decision-agent",
    verdict=Verdict.BLOQUANT,
    constat="Un agent de l’académie a refusé ce dossier. Sa motivation se lit dans le dossier.",
    champ="dossier",
    source=SOURCE_AGENT,
    corrigeable=False,
)
