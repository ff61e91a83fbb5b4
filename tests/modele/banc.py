"""What all examples share: a loop, a base, the ears of services, pieces sent once, and partners emptied each time."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from pymongo.synchronous.pool import Connection

from services.intake.depot import Accuse

from .base import SANS_ATTENDRE, Base
from .courrier import RelaisSMTP
from .courtier import Courtier
from .modeles import Cartable
from .processus import Oreilles
from .titulaire import Titulaire

DEBUT: Final = datetime(2026, 11, 23, 8, tzinfo=UTC)
# What was deleted slows mongod down for a while: every so many examples, the base is made anew.
PAR_BASE: Final = 20
PERMANENTES: Final = frozenset({"pieces.files", "pieces.chunks", "televersements"})


@dataclass
class Depot:
    """A submission of a producer, under its key; `reponse` once it was answered."""

    cle: UUID
    modele: int
    par_http: bool
    corrige: str | None = None
    reponse: Accuse | None = None
    perdu: bool = False  # by the broker, before a service of ours had it, or never accepted by it


@dataclass
class Banc:
    """The bench. `maintenant` is the time that all processes and all timers see: it moves only when told to."""

    boucle: asyncio.AbstractEventLoop
    connexion: Connection
    oreilles: Oreilles
    base: Base = field(init=False)
    cartable: Cartable = field(default_factory=Cartable)
    maintenant: datetime = DEBUT
    exemples: int = 0
    ecritures: int = 0
    ecrites: set[str] = field(default_factory=set)  # collections, since the example began
    a_relire: set[str] = field(default_factory=set)  # collections, since the last look
    courtier: Courtier = field(init=False)
    smtp: RelaisSMTP = field(default_factory=RelaisSMTP)
    titulaire: Titulaire = field(default_factory=Titulaire)
    vus: Counter[str] = field(default_factory=Counter)  # over all examples: what they went through

    def __post_init__(self) -> None:
        self.base = Base(self.connexion, self.ecrite)
        self.courtier = Courtier(lambda: self.maintenant)

    def secondes(self) -> float:
        """Tell the loop's time: its timers fire when the world's time has come."""
        return self.maintenant.timestamp()

    def ecrite(self, collection: str) -> None:
        """Learn that a collection was written."""
        self.ecritures += 1
        self.ecrites.add(collection)
        self.a_relire.add(collection)

    def vider(self) -> bool:
        """Begin anew; True when there is nothing left, not even indexes and pieces."""
        self.maintenant = DEBUT
        for partenaire in (self.courtier, self.smtp, self.titulaire):
            partenaire.vider()
        self.exemples += 1
        neuf = self.exemples % PAR_BASE == 1
        if neuf:
            self.base.commander({"dropDatabase": 1, **SANS_ATTENDRE})
        else:
            for nom in self.ecrites - PERMANENTES:
                self.base.vider(nom)
        self.ecrites.clear()
        self.a_relire.clear()
        return neuf
