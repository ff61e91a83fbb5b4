"""The agents’ queue as MongoDB is asked for it: tabs, filters, order, and where a page begins. Pure.

Every question names the index that answers it, and keys of that index alone decide the order: a page costs what it
shows, whatever the base holds, and nothing is left to a planner that learns from the last question.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

from contracts.dossier import EtatDossier
from contracts.evenements import LivraisonSuspendue, Verdict
from services._runtime.mongo import Document


class Onglet(StrEnum):
    """The tabs."""

    A_TRAITER = "a_traiter"
    A_CORRIGER = "a_corriger"
    VALIDES = "valides"
    INCIDENTS = "incidents"
    TOUS = "tous"


class Tri(StrEnum):
    """What orders the queue."""

    DEPOT = "depose_le"
    COMMUNE = "commune"
    VERDICT = "verdict"


class Index(StrEnum):
    """The indexes of `dossiers` that the queue reads, by name."""

    NUMERO = "_id_"
    SIRET = "bureau_siret"
    ECOLES = "bureau_ecoles"
    COMMUNE = "bureau_commune"
    DEPARTEMENT = "bureau_departement"
    DEPOT = "bureau_depot"
    SUSPENDUS = "bureau_suspendus"


DEPOSES: Final = tuple(etat for etat in EtatDossier if etat is not EtatDossier.BROUILLON)
ETATS: Final[Mapping[Onglet, Sequence[EtatDossier]]] = MappingProxyType(
    {
        Onglet.A_TRAITER: (EtatDossier.DEPOSE,),
        Onglet.A_CORRIGER: (EtatDossier.A_CORRIGER,),
        Onglet.VALIDES: (EtatDossier.VALIDE, EtatDossier.LIVRE),
        Onglet.TOUS: DEPOSES,
    }
)
# The gravest first; then what has not been examined yet.
VERDICTS: Final = (Verdict.BLOQUANT, Verdict.INDISPONIBLE, Verdict.AVERTISSEMENT, Verdict.CONFORME, None)
NON_VERIFIE: Final = "non_verifie"  # asked of a verdict: there is none yet
SUSPENDU: Final[Document] = {
    "etat": EtatDossier.VALIDE,
    "chronologie.fait": LivraisonSuspendue.nom(),
}


@dataclass(frozen=True, slots=True)
class Cible:
    """What a search came down to: a field, the value that answers, and the index that finds it."""

    index: Index
    champ: str
    valeur: str


@dataclass(frozen=True, slots=True)
class Filtres:
    """What of the queue is asked for; an empty value asks for nothing. `age` in days."""

    onglet: Onglet = Onglet.A_TRAITER
    departement: str = ""
    commune: str = ""
    uai: str = ""
    age: int = 0
    verdict: str = ""
    cible: Cible | None = None

    def vise(self, index: Index) -> bool:
        """Tell whether the search came down to what this index finds."""
        return self.cible is not None and self.cible.index is index


@dataclass(frozen=True, slots=True)
class Repere:
    """A dossier beside which a page begins. `valeur` is what the order compares before the date: commune or verdict."""

    depose_le: datetime
    numero: str
    valeur: str = ""

    @classmethod
    def lire(cls, texte: str) -> Self | None:
        """Read one out of an address; None for anything that `str` did not write."""
        lu = re.fullmatch(r"([0-9]{1,14})\.(ENT-[0-9A-Z]{5}-[0-9A-Z]{5})\.([0-9A-Za-z]{0,20})", texte, re.ASCII)
        return cls(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(lu[1])), lu[2], lu[3]) if lu else None

    @classmethod
    def de(cls, dossier: Document, tri: Tri) -> Self:
        """Mark the place of a dossier in this order."""
        valeur = "" if tri is Tri.DEPOT else dossier.get(tri) or ""
        return cls(dossier["depose_le"], dossier["_id"], valeur)

    def __str__(self) -> str:
        millisecondes = (self.depose_le - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
        return f"{millisecondes}.{self.numero}.{self.valeur}"


@dataclass(frozen=True, slots=True)
class Ordre:
    """How the queue is ordered. Dossiers that compare alike follow the day of their deposit, then their number."""

    tri: Tri = Tri.DEPOT
    decroissant: bool = False

    @property
    def cles(self) -> list[tuple[str, int]]:
        """Give the keys that MongoDB sorts by. A verdict is none: see `tranches`."""
        sens = -1 if self.decroissant else 1
        commune = [("commune", sens)] if self.tri is Tri.COMMUNE else []
        return [*commune, ("depose_le", sens), ("_id", sens)]

    def cle(self, dossier: Document) -> tuple[Any, ...]:
        """Give what compares a dossier with those of a same range."""
        return tuple(dossier[cle] for cle, _ in self.cles)

    def parmi(self, filtres: Filtres) -> "Ordre":
        """Give the same order with no key in vain: those of one commune, or verdict, are in that of their deposit."""
        fixes = {Tri.COMMUNE: filtres.commune or filtres.vise(Index.COMMUNE), Tri.VERDICT: filtres.verdict}
        return replace(self, tri=Tri.DEPOT) if fixes.get(self.tri) else self

    def inverse(self) -> "Ordre":
        """Give the same order, read from its end."""
        return replace(self, decroissant=not self.decroissant)

    def tranches(self, apres: Repere | None) -> Iterator[Document]:
        """Cut what comes after a place into questions, to be read one after the other until a page is full.

        Each is a range of an index: one `$or` would say the same, and be read from the beginning of the index.
        """
        plus = "$lt" if self.decroissant else "$gt"
        if self.tri is Tri.VERDICT:
            yield from self._par_verdict(apres, plus)
            return
        if apres is None:
            yield {}
            return
        pareils = {"commune": apres.valeur} if self.tri is Tri.COMMUNE else {}
        yield from _apres(apres, plus, pareils)
        if self.tri is Tri.COMMUNE:
            yield {"commune": {plus: apres.valeur}}

    def _par_verdict(self, apres: Repere | None, plus: str) -> Iterator[Document]:
        """Group by verdict in the order that matters to an agent, which is not the alphabet’s."""
        verdicts = VERDICTS[::-1] if self.decroissant else VERDICTS
        suite = 0
        if apres is not None:
            rang = next((i for i, verdict in enumerate(verdicts) if (verdict or "") == apres.valeur), 0)
            yield from _apres(apres, plus, {"verdict": verdicts[rang]})
            suite = rang + 1
        yield from ({"verdict": verdict} for verdict in verdicts[suite:])


def _apres(repere: Repere, plus: str, pareils: Document) -> Iterator[Document]:
    yield {**pareils, "depose_le": repere.depose_le, "_id": {plus: repere.numero}}
    yield {**pareils, "depose_le": {plus: repere.depose_le}}


@dataclass(frozen=True, slots=True)
class Source:
    """A question to `dossiers`, and the index that answers it."""

    filtre: Document
    index: Index


def sources(filtres: Filtres, tri: Tri, maintenant: datetime, en_attente: Sequence[str] = ()) -> list[Source]:
    """Say where the dossiers of a tab are. `en_attente`: the dossiers whose mails or delivery wait."""
    communs = _conditions(filtres, tri, maintenant)
    if filtres.onglet is not Onglet.INCIDENTS:
        etats: Document = {"etat": {"$in": list(ETATS[filtres.onglet])}}
        # Each known verdict is a point of the index: MongoDB then merges ranges that are already in order.
        verdicts: Document = {"verdict": {"$in": list(VERDICTS)}}
        par_verdict = filtres.verdict or tri is Tri.VERDICT
        return [Source({"$and": [etats, *communs, *([] if par_verdict else [verdicts])]}, _index(filtres, tri))]
    non_verifiable: Document = {"etat": EtatDossier.DEPOSE, "verdict": Verdict.INDISPONIBLE}
    en_suspens: Document = {"etat": EtatDossier.VALIDE, "_id": {"$in": list(en_attente)}}
    return [
        Source({"$and": [non_verifiable, *communs]}, _index(filtres, tri)),
        Source({"$and": [SUSPENDU, *communs]}, Index.SUSPENDUS),
        Source({"$and": [en_suspens, *communs]}, Index.NUMERO),
    ]


def _index(filtres: Filtres, tri: Tri) -> Index:
    """Choose the index, the most telling first."""
    if filtres.cible is not None and not filtres.vise(Index.COMMUNE):
        return filtres.cible.index
    if filtres.uai:
        return Index.ECOLES
    if filtres.commune or filtres.vise(Index.COMMUNE) or tri is Tri.COMMUNE:
        return Index.COMMUNE
    return Index.DEPARTEMENT if filtres.departement else Index.DEPOT


def _conditions(filtres: Filtres, tri: Tri, maintenant: datetime) -> list[Document]:
    conditions: list[Document] = []
    if filtres.cible is not None:
        conditions.append({filtres.cible.champ: filtres.cible.valeur})
    if filtres.departement and tri is Tri.COMMUNE:  # its communes are a range of the index
        conditions.append({"commune": {"$gte": filtres.departement, "$lt": str(int(filtres.departement) + 1)}})
    if filtres.verdict:
        conditions.append({"verdict": None if filtres.verdict == NON_VERIFIE else filtres.verdict})
    egaux = {"departement": filtres.departement, "commune": filtres.commune, "ecoles": filtres.uai}
    conditions += [{champ: valeur} for champ, valeur in egaux.items() if valeur]
    if filtres.age:
        conditions.append({"depose_le": {"$lte": maintenant - timedelta(days=filtres.age)}})
    return conditions
