"""Plays a campaign: dossiers flow, faults come one after another, each on a victim seen working; then all drains."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from deploy.campagne.pannes import Panne
from deploy.campagne.temoin.comptes import Comptes
from deploy.campagne.temoin.files import profondeurs
from deploy.campagne.temoin.verificateur import Anomalie, verifier
from deploy.campagne.terrain import FILES, Terrain

VIVANT: Final = 90.0  # seconds within which a victim must be seen working, or the campaign has failed
SANS_PROGRES: Final = 150.0  # seconds without any progress before the drain is given up; the longest wait is 72


@dataclass
class Resultat:
    """What was played and found.

    `reprises` are, by fault, the seconds from each restart to the victim seen working again; `atteints` the deaths at
    each named point.
    """

    reprises: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    atteints: Counter[str] = field(default_factory=Counter)
    anomalies: list[Anomalie] = field(default_factory=list)
    comptes: Comptes | None = None
    duree: float = 0.0
    vidange: float = 0.0

    @property
    def coups(self) -> int:
        """Count the faults played, deaths at a point included."""
        return sum(map(len, self.reprises.values())) + self.atteints.total()


@dataclass(frozen=True)
class Plan:
    """What to play while `debit` dossiers are filed each second: `coups`, in this order, by `voies` at once.

    `aussi` is played beside them, and ends by itself; the drain is given up after `patience` seconds without progress.
    """

    coups: Iterator[Panne]
    debit: float = 4.0
    voies: int = 1
    patience: float = SANS_PROGRES
    aussi: Callable[[Resultat], Coroutine[Any, Any, None]] | None = None


async def derouler(terrain: Terrain, plan: Plan, suivre: Callable[[Resultat], None]) -> Resultat:
    """Play the plan on a ground that is up, drain, and judge; never raises for what the product does."""
    resultat, debut, fin = Resultat(), time.monotonic(), asyncio.Event()
    async with terrain.producteur() as producteur:
        debit = asyncio.create_task(producteur.debiter(terrain.modeles, plan.debit, fin))
        try:
            verrous = _Verrous()
            async with asyncio.TaskGroup() as voies:
                for _ in range(plan.voies):
                    voies.create_task(_voie(terrain, plan.coups, resultat, suivre, verrous))
                if plan.aussi:
                    voies.create_task(plan.aussi(resultat))
        except* TimeoutError as groupe:
            for trop_tard in groupe.exceptions:
                constat = str(trop_tard) or f"rien n’a bougé pendant {VIVANT:g} s"
                resultat.anomalies.append(Anomalie("bloque", "campagne", constat))
        fin.set()
        await debit
        arret = time.monotonic()
        if not await producteur.finir(plan.patience):
            resultat.anomalies.append(Anomalie("bloque", "producteur", "des dépôts restent sans réponse"))
        await _vider(terrain, plan.patience)
    resultat.vidange = time.monotonic() - arret
    resultat.comptes = await terrain.comptes()
    resultat.anomalies += await asyncio.to_thread(verifier, resultat.comptes)
    resultat.duree = time.monotonic() - debut
    return resultat


class _Verrous:
    """One fault at a time on one part, whatever the number of lanes."""

    def __init__(self) -> None:
        self._par_partie: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def de(self, panne: Panne) -> asyncio.Lock:
        """Give the lock of the part that this fault breaks."""
        partie, _, reste = panne.nom.partition(".")
        return self._par_partie[reste.partition(":")[2] or partie]


async def _voie(
    terrain: Terrain,
    coups: Iterator[Panne],
    resultat: Resultat,
    suivre: Callable[[Resultat], None],
    verrous: _Verrous,
) -> None:
    for panne in coups:
        async with verrous.de(panne):
            reprise = await _coup(terrain, panne)
        resultat.reprises[panne.nom].append(reprise)
        suivre(resultat)


async def _coup(terrain: Terrain, panne: Panne) -> float:
    """Play one fault on a victim at work; give the seconds it then took to be seen at work again."""
    await _au_travail(terrain, panne.temoin)
    await asyncio.sleep(terrain.alea.uniform(0, 0.3))
    remise = await panne.jouer(terrain, terrain.alea)
    await _au_travail(terrain, panne.temoin)
    return time.monotonic() - remise


async def _au_travail(terrain: Terrain, temoin: str) -> None:
    vu = await asyncio.to_thread(terrain.regard.vie, temoin)
    limite = time.monotonic() + VIVANT
    while (actuel := await asyncio.to_thread(terrain.regard.vie, temoin)) <= vu:
        vu = max(-1, min(vu, actuel))  # after a crash mongod's quick count may start lower
        if time.monotonic() > limite:
            raise TimeoutError
        await asyncio.sleep(0.02)


async def _vider(terrain: Terrain, patience: float) -> None:
    """Wait until nothing is on its way any more, as long as there is progress."""
    vu: object = None
    limite = time.monotonic() + patience
    while time.monotonic() < limite:
        reste = await asyncio.to_thread(terrain.regard.reste_a_faire)
        files = await profondeurs(terrain.amqp_temoin, FILES)
        if not reste and not any(files.values()):
            return
        if (reste, files) != vu:
            vu, limite = (reste, files), time.monotonic() + patience
        await asyncio.sleep(0.25)


def au_hasard(pannes: Sequence[Panne], alea: random.Random, duree: float) -> Iterator[Panne]:
    """Draw faults until `duree` seconds are over."""
    limite = time.monotonic() + duree
    while time.monotonic() < limite:
        yield alea.choice(pannes)


def comptees(nombres: Sequence[tuple[Panne, int]], alea: random.Random) -> Iterator[Panne]:
    """Give so many of each, shuffled."""
    coups = [panne for panne, nombre in nombres for _ in range(nombre)]
    alea.shuffle(coups)
    yield from coups
