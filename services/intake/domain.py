"""The rules of a dossier's life: what a deposit makes, and what is decided on a verification report. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from contracts.dossier import EnvoiLu, Etape, EtatDossier, PerimetreLu, PieceDeposee, PieceJointe, Soumission
from contracts.evenements import (
    AAFLivre,
    Controle,
    CorrectionDemandee,
    Depot,
    DossierDepose,
    DossierRefuse,
    DossierValide,
    Evenement,
    LivraisonSuspendue,
    Motifs,
    PiecesVerifiees,
    Rapport,
    Validation,
    Verdict,
)

SOURCE: Final = "ent1d/intake"
REGLE: Final = "regle:validation-automatique.1"
EN_ATTENTE: Final = "EnAttente"
INVITES_MAX: Final = 10  # colleagues, to a dossier or to a draft
SANS_IMPORTANCE: Final = timedelta(seconds=15)  # what waits for less is not worth a line
COURRIELS: Final = {
    "accuse": "accusé de dépôt",
    "correction": "demande de correction",
    "validation": "dossier validé",
    "livraison": "annuaire livré",
    "refus": "dossier refusé",
    "classement": "dossier classé",
    "suspension": "livraison suspendue",
}
GRAVITE: Final = (Verdict.BLOQUANT, Verdict.INDISPONIBLE, Verdict.AVERTISSEMENT)
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class SoumissionRefusee(Exception):  # noqa: N818  # the field's word
    """A submission that its form allows but that cannot be filed. Holds no value of the submission.

    `statut` is the HTTP status that says it; `detail` names the field; `message` is for a person, in French.
    """

    def __init__(self, statut: int, motif: str, detail: str, message: str) -> None:
        super().__init__(motif)
        self.statut = statut
        self.motif = motif
        self.detail = detail
        self.message = message


@dataclass(frozen=True)
class Proprietaire:
    """The account that a dossier belongs to, and the addresses of the colleagues it invited."""

    compte: str
    invites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transition:
    """A change of a dossier: applied if it is still at this version and in one of these states, with what it tells.

    `rapport` is what the change rests on, kept with it.
    """

    numero: str
    version: int
    depuis: tuple[EtatDossier, ...]
    vers: EtatDossier | None
    etape: Etape
    evenement: Evenement[Any] | None = None
    rapport: Rapport | None = None


def numero_de(producteur: str, cle: UUID) -> str:
    """Derive a dossier's number from its idempotency key: the same deposit, tried again, finds its own number."""
    bits = int.from_bytes(hashlib.sha256(f"{producteur}\n{cle}".encode()).digest()[:7], "big") >> 6
    signes = "".join(_CROCKFORD[bits >> shift & 31] for shift in range(45, -1, -5))
    return f"ENT-{signes[:5]}-{signes[5:]}"


def empreinte(soumission: Soumission) -> str:
    """Give the SHA-256 that tells whether two submissions say the same."""
    return hashlib.sha256(soumission.model_dump_json().encode()).hexdigest()


def pieces_deposees(
    jointes: tuple[PieceJointe, ...], connues: Mapping[str, tuple[str, int]]
) -> tuple[PieceDeposee, ...]:
    """Join the pieces named by a submission with the (SHA-256, size) of those this producer uploaded."""
    deposees = []
    for rang, piece in enumerate(jointes):
        sha256, taille = connues.get(piece.id, ("", 0))
        if not sha256:
            raise SoumissionRefusee(
                422, "piece_inconnue", f"pieces.{rang}.id", "Cette pièce n’a pas été reçue : téléversez-la d’abord."
            )
        if sha256 != piece.sha256:
            raise SoumissionRefusee(
                422,
                "empreinte_differente",
                f"pieces.{rang}.sha256",
                "La pièce reçue n’est pas celle annoncée : téléversez-la de nouveau.",
            )
        deposees.append(PieceDeposee(role=piece.role, id=piece.id, sha256=sha256, taille=taille))
    if len({piece.role for piece in deposees}) < len(deposees):
        raise SoumissionRefusee(
            422, "role_en_double", "pieces", "Une même pièce est fournie deux fois : gardez-en une seule."
        )
    return tuple(deposees)


def depose(
    numero: str, version: int, soumission: Soumission, pieces: tuple[PieceDeposee, ...], le: datetime
) -> DossierDepose:
    """Tell that this version is filed."""
    depot = Depot(
        version=version, siret=soumission.siret, commune=soumission.commune, ecoles=soumission.ecoles, pieces=pieces
    )
    return DossierDepose.dire(numero, depot, source=SOURCE, le=le)


def decider(verifie: PiecesVerifiees, *, valider: bool = True) -> Transition:
    """Decide on a report: conforme is validated, what no correction can mend is refused, the rest is sent back.

    A contrôle that could not be made blocks nothing and validates nothing: the dossier waits for an agent. So does what
    is conforme where agents `valider` themselves.
    """
    rapport = verifie.data
    bloquants = tuple(c for c in rapport.controles if c.verdict is Verdict.BLOQUANT)
    sans_remede = tuple(c for c in bloquants if not c.corrigeable)
    if sans_remede:
        return _motive(verifie, DossierRefuse, EtatDossier.REFUSE, sans_remede)
    if bloquants:
        return _motive(verifie, CorrectionDemandee, EtatDossier.A_CORRIGER, bloquants)
    if any(c.verdict is Verdict.INDISPONIBLE for c in rapport.controles):
        return _transition(verifie, None, "Un contrôle n’a pas pu être fait : un agent va examiner le dossier.")
    if not valider:
        return _transition(verifie, None, f"{_rien_ne_s_oppose(rapport)} : un agent va valider le dossier.")
    data = Validation(
        version=rapport.version, siret=rapport.siret, commune=rapport.commune, ecoles=rapport.ecoles, decide_par=REGLE
    )
    evenement = DossierValide.dire(verifie.subject, data, source=SOURCE, le=verifie.time)
    return _transition(verifie, EtatDossier.VALIDE, f"{_rien_ne_s_oppose(rapport)}.", evenement)


def _rien_ne_s_oppose(rapport: Rapport) -> str:
    """Say why a dossier is, or may be, validated: what an agent is to look at stops nothing, but is not conforme."""
    a_noter = sum(controle.verdict is Verdict.AVERTISSEMENT for controle in rapport.controles)
    if not a_noter:
        return "Toutes les vérifications sont conformes"
    return f"Rien ne s’oppose à la validation ({a_noter} point{'s' if a_noter > 1 else ''} à noter)"


def _motive(
    verifie: PiecesVerifiees,
    genre: type[CorrectionDemandee | DossierRefuse],
    vers: EtatDossier,
    motifs: tuple[Controle, ...],
) -> Transition:
    data = Motifs(version=verifie.data.version, motifs=motifs, decide_par=REGLE)
    # The moment of the report: deciding again on the same report tells the same fact, to the byte.
    evenement = genre.dire(verifie.subject, data, source=SOURCE, le=verifie.time)
    return _transition(verifie, vers, " ".join(motif.constat for motif in motifs)[:2000], evenement)


def _transition(
    verifie: PiecesVerifiees, vers: EtatDossier | None, constat: str, evenement: Evenement[Any] | None = None
) -> Transition:
    fait = evenement.nom() if evenement else verifie.nom()
    etape = Etape(le=verifie.time, fait=fait, version=verifie.data.version, constat=constat)
    depuis = (EtatDossier.DEPOSE,)
    return Transition(verifie.subject, verifie.data.version, depuis, vers, etape, evenement, verifie.data)


def verdict(rapport: Rapport) -> Verdict:
    """Sum a report up by the gravest of its verdicts."""
    trouves = {controle.verdict for controle in rapport.controles}
    return next((grave for grave in GRAVITE if grave in trouves), Verdict.CONFORME)


def livre(evenement: AAFLivre) -> Transition:
    """Follow up: the annuaire of the dossier's schools has been delivered."""
    remise = evenement.data
    constat = (
        f"L’annuaire de {len(remise.ecoles)} école(s) a été remis au titulaire : livraison {remise.livraison.nom}."
    )
    etape = Etape(le=evenement.time, fait=evenement.nom(), version=remise.version, constat=constat)
    return Transition(evenement.subject, remise.version, (EtatDossier.VALIDE,), EtatDossier.LIVRE, etape)


def suspendu(evenement: LivraisonSuspendue) -> Transition:
    """Follow up: the delivery waits for an agent."""
    suspension = evenement.data
    etape = Etape(le=evenement.time, fait=evenement.nom(), version=suspension.version, constat=suspension.constat)
    return Transition(evenement.subject, suspension.version, (EtatDossier.VALIDE,), None, etape)


def attentes(envois: Iterable[EnvoiLu], perimetres: Iterable[PerimetreLu], maintenant: datetime) -> tuple[Etape, ...]:
    """Say what a dossier waits for, as lines that end its timeline for as long as it does."""
    toutes: tuple[tuple[EnvoiLu | PerimetreLu, str], ...] = (
        *((e, f"Le courriel « {COURRIELS.get(e.motif, e.motif)} » attend") for e in envois),
        *((p, "La livraison de l’annuaire attend") for p in perimetres),
    )
    return tuple(
        Etape(le=lu.attente.depuis, fait=EN_ATTENTE, version=lu.version, constat=f"{quoi} : {lu.attente.raison}.")
        for lu, quoi in sorted(toutes, key=lambda attente: attente[0].attente.depuis)
        if maintenant - lu.attente.depuis >= SANS_IMPORTANCE
    )
