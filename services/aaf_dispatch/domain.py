"""What may be delivered and when it must wait: perimeters, volumes, names. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from contracts.evenements import (
    AAFLivre,
    Effectifs,
    Livraison,
    LivraisonSuspendue,
    MotifSuspension,
    Remise,
    Suspension,
)

SOURCE: Final = "ent1d/aaf_dispatch"


@dataclass(frozen=True)
class Inscription:
    """The schools of one validated dossier, for one titulaire; `livree` once a delivery has held them."""

    numero: str
    version: int
    ecoles: frozenset[str]
    livree: bool


@dataclass(frozen=True)
class Plan:
    """What the next Complet holds, for which dossiers, and which dossiers it cannot serve yet.

    `perdues` are schools of the last delivery that this one would not hold: it would tell the titulaire to delete their
    users. Once an agent has let that happen, they are not lost again at each delivery.
    """

    ecoles: frozenset[str]
    a_livrer: tuple[Inscription, ...]
    absentes: tuple[Inscription, ...]
    perdues: frozenset[str]


@dataclass(frozen=True)
class Arret:
    """Why a delivery is suspended, in words for an agent."""

    motif: MotifSuspension
    constat: str


def planifier(inscriptions: Iterable[Inscription], presentes: frozenset[str], remises: frozenset[str]) -> Plan:
    """Sort the dossiers: a school that the source lacks holds back its own dossier, never the others.

    `presentes` are the schools of today's source, `remises` those of the last delivery.
    """
    toutes = tuple(inscriptions)
    attendues = tuple(i for i in toutes if not i.livree)
    absentes = tuple(i for i in attendues if not i.ecoles <= presentes)
    a_livrer = tuple(i for i in attendues if i.ecoles <= presentes)
    livrees = frozenset[str]().union(*(i.ecoles for i in toutes if i.livree))
    ecoles = livrees.union(*(i.ecoles for i in a_livrer)) & presentes
    return Plan(ecoles, a_livrer, absentes, remises - ecoles)


def empreinte(titulaire: str, source: str, plan: Plan) -> str:
    """Tell one attempt from another: the same schools from the same source make the same delivery."""
    return hashlib.sha256("\n".join([titulaire, source, *sorted(plan.ecoles)]).encode()).hexdigest()


def nom_livraison(jour: date, ordre: int) -> str:
    """Name a delivery as titulaires expect (`ENT1D.AAAAMMJJ…`), with a rank that tells which of two is the later."""
    return f"ENT1D.{jour:%Y%m%d}-{ordre:05d}"


def arret(plan: Plan, nouveaux: Effectifs, precedents: Effectifs | None, baisse_max: float) -> Arret | None:
    """Say why a Complet must not leave without an agent's approval, if it must not.

    `baisse_max` is the largest part of the pupils of the last delivery that may be missing from this one.
    """
    if plan.perdues:
        constat = f"Des écoles déjà livrées sont absentes de l’annuaire de l’académie : {_enumerer(plan.perdues)}."
        return Arret(MotifSuspension.ECOLES_ABSENTES, constat)
    if precedents and nouveaux.eleves < precedents.eleves * (1 - baisse_max):
        constat = (
            f"L’annuaire compte {nouveaux.eleves} élèves au lieu de {precedents.eleves} à la livraison précédente : "
            "le titulaire supprimerait les comptes manquants."
        )
        return Arret(MotifSuspension.BAISSE_DE_VOLUME, constat)
    return None


def absence(inscription: Inscription, presentes: frozenset[str]) -> Arret:
    """Say which schools of a dossier the source lacks."""
    manquantes = _enumerer(inscription.ecoles - presentes)
    return Arret(MotifSuspension.ECOLES_ABSENTES, f"L’annuaire de l’académie ne contient pas encore : {manquantes}.")


def invalide(codes: Sequence[str]) -> Arret:
    """Say that the annuaire produced does not pass its own validation."""
    return Arret(MotifSuspension.ANNUAIRE_INVALIDE, f"L’annuaire produit n’est pas valide : {_enumerer(codes)}.")


def livre(inscription: Inscription, titulaire: str, livraison: Livraison, le: datetime) -> AAFLivre:
    """Tell a dossier's delivery."""
    remise = Remise(version=inscription.version, ecoles=_tri(inscription), titulaire=titulaire, livraison=livraison)
    return AAFLivre.dire(inscription.numero, remise, source=SOURCE, le=le)


def suspendu(inscription: Inscription, titulaire: str, pourquoi: Arret, le: datetime) -> LivraisonSuspendue:
    """Tell that a dossier's delivery waits; once for each reason."""
    suspension = Suspension(
        version=inscription.version,
        ecoles=_tri(inscription),
        titulaire=titulaire,
        motif=pourquoi.motif,
        constat=pourquoi.constat,
    )
    return LivraisonSuspendue.dire(inscription.numero, suspension, source=SOURCE, le=le, rang=pourquoi.motif)


def _tri(inscription: Inscription) -> tuple[str, ...]:
    return tuple(sorted(inscription.ecoles))


def _enumerer(mots: Iterable[str]) -> str:
    """List at most twenty: a constat is read, not parsed."""
    tous = sorted(set(mots))
    return ", ".join(tous[:20]) + (f" et {len(tous) - 20} autres" if len(tous) > 20 else "")  # noqa: PLR2004
