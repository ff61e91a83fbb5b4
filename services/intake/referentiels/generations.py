"""Replaces a whole référentiel at once: readers see the one before, then the new one, never a part of either.

Entries are written under the name of a new generation, then one write makes it the current one. The generation before
stays until the next switch: a reader who has just learnt its name can finish. What a crash left goes a day later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from services._runtime.clock import now
from services._runtime.mongo import Database, Document
from services.intake.referentiels.importation import Bilan

POINTEURS: Final = "referentiels"
ABANDON: Final = timedelta(days=1)  # no import lasts that long: what it wrote and did not switch to is nobody's
_INTERNES: Final = ("_id", "generation")


class ImportDepasse(Exception):  # noqa: N818  # a finding about a moment
    """Another import ended since this one was prepared."""


@dataclass(frozen=True, slots=True)
class Generation:
    """The one that readers read. `rang` counts the switches; `empreinte` names its content."""

    nom: str = ""
    precedente: str = ""
    rang: int = 0
    empreinte: str = ""
    nombre: int = 0
    en_service: int = 0
    importe_le: datetime | None = None


class Generations:
    """One référentiel: the collection of its name, and its pointer in `referentiels`."""

    def __init__(self, base: Database, nom: str) -> None:
        self.nom = nom
        self._entrees = base[nom]
        self._pointeurs = base[POINTEURS]

    async def prepare(self) -> None:
        """Create the index that imports delete by, and that the form reads the schools of a commune by."""
        await self._entrees.create_index([("generation", 1), ("commune", 1)])

    async def courante(self) -> Generation:
        """Give the current generation, an empty one before the first import."""
        pointeur = await self._pointeurs.find_one({"_id": self.nom}, {"_id": 0})
        return Generation(**pointeur) if pointeur else Generation()

    async def entrees(
        self, generation: Generation, filtre: Document | None = None, *, cles: Iterable[str] | None = None
    ) -> dict[str, Document]:
        """Give the entries of a generation, by code or by UAI: all, those that pass the filter, or those named."""
        nommees = {} if cles is None else {"_id": {"$in": [_id(generation, cle) for cle in cles]}}
        trouvees = self._entrees.find({"generation": generation.nom, **nommees, **(filtre or {})})
        return {e["_id"].partition("/")[2]: {c: e[c] for c in e if c not in _INTERNES} async for e in trouvees}

    async def remplacer(self, courante: Generation, bilan: Bilan) -> None:
        """Make these entries the référentiel, in the place of `courante`. Raises ImportDepasse when it no longer is."""
        nouvelle = Generation(
            nom=_nommer(now()),
            precedente=courante.nom,
            rang=courante.rang + 1,
            empreinte=bilan.empreinte,
            nombre=len(bilan.documents),
            en_service=bilan.en_service,
            importe_le=now(),
        )
        await self._entrees.insert_many(
            [
                {"_id": _id(nouvelle, cle), "generation": nouvelle.nom, **entree}
                for cle, entree in bilan.documents.items()
            ]
        )
        await self._basculer(courante, nouvelle)
        await self._oublier(courante, nouvelle)

    async def _basculer(self, courante: Generation, nouvelle: Generation) -> None:
        pointeur = {champ: getattr(nouvelle, champ) for champ in Generation.__slots__}
        try:
            bascule = await self._pointeurs.replace_one(
                {"_id": self.nom, "rang": courante.rang}, pointeur, upsert=not courante.rang
            )
        except DuplicateKeyError:
            raise ImportDepasse from None
        if not bascule.matched_count and bascule.upserted_id is None:
            raise ImportDepasse

    async def _oublier(self, courante: Generation, nouvelle: Generation) -> None:
        """Delete the generation that no reader can still be reading, and what imports that died have left."""
        abandonnees = {"$lt": _nommer(now() - ABANDON), "$nin": [courante.nom, nouvelle.nom]}
        await self._entrees.delete_many(
            {"$or": [{"generation": courante.precedente}, {"generation": abandonnees}]},
        )


def _id(generation: Generation, cle: str) -> str:
    return f"{generation.nom}/{cle}"


def _nommer(instant: datetime) -> str:
    """Make a name of its own, in the order of time."""
    return f"{instant:%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"
