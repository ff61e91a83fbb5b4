"""Where a process meets the world: at each of its doors it may be killed, fail, or freeze, before or after the act."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from selectors import DefaultSelector, SelectorKey
from typing import Any, Final, TypeVar

T = TypeVar("T")


class Mort(BaseException):
    """The process is killed here: nothing of it runs any more, not even its `finally`."""


class Porte(StrEnum):
    """Through a door goes what has an effect outside the process."""

    MONGO = "mongo"
    BUS = "bus"
    SMTP = "smtp"
    SFTP = "sftp"


class Moment(StrEnum):
    """Before the act (it does not take place) or after it (it did, and the process does not learn it)."""

    AVANT = "avant"
    APRES = "apres"


class Effet(StrEnum):
    """What happens to the process there. `GEL` is a SIGSTOP: it resumes where it was, however late."""

    MORT = "mort"
    ERREUR = "erreur"
    GEL = "gel"


@dataclass(frozen=True)
class Panne:
    """One fault to come: at the `rang`-th passage of a door from now (the next is 1), by any process of a service."""

    porte: Porte
    rang: int
    moment: Moment
    effet: Effet

    def __str__(self) -> str:
        return f"{self.effet} {self.moment} le passage {self.rang} par {self.porte}"


class Pannes:
    """The faults that wait for the processes of one service; each strikes once."""

    def __init__(self) -> None:
        self._attendent: list[tuple[Panne, Counter[Porte]]] = []

    def attendre(self, panne: Panne) -> None:
        """Have one more wait."""
        self._attendent.append((panne, Counter()))

    def oublier(self) -> None:
        """Have none."""
        self._attendent.clear()

    def passage(self, porte: Porte) -> Panne | None:
        """Count a passage; give the fault that strikes at this one."""
        for panne, passages in self._attendent:
            passages[porte] += 1
            if panne.porte is porte and passages[porte] >= panne.rang:
                self._attendent.remove((panne, passages))
                return panne
        return None


class Vie:
    """One life of one process, from its start to its death, with all the tasks it started."""

    def __init__(self, nom: str, noter: Callable[[str], None], vus: Counter[str], pannes: Pannes) -> None:
        self.nom = nom
        self.vus = vus
        self.pannes = pannes
        self.noter = noter
        self.base: Any = None  # what its service stands on, once it is made
        self.morte = False
        self.arretee: asyncio.Future[None] | None = None  # done when the step that runs died or froze
        self.travail: asyncio.Task[Any] | None = None
        self.taches: set[asyncio.Task[Any]] = set()
        self._reveil: asyncio.Event | None = None

    @property
    def gelee(self) -> bool:
        """Tell whether it is stopped, not dead."""
        return self._reveil is not None

    def degeler(self) -> None:
        """Let it run again."""
        if self._reveil is not None:
            self._reveil.set()
            self._reveil = None

    def mourir(self) -> None:
        """Kill it."""
        self.morte = True
        self.degeler()
        self._arreter()

    async def seuil(self) -> None:
        """Stand at a door: the dead do not pass, the frozen wait."""
        await asyncio.sleep(0)
        while self._reveil is not None:
            await self._reveil.wait()
        if self.morte:
            raise Mort

    async def subir(self, panne: Panne, quoi: str, erreur: BaseException) -> None:
        """Undergo a fault."""
        self.vus[f"{panne.effet} {panne.moment} {panne.porte}"] += 1
        self.noter(f"  {panne.effet} de {self.nom} {panne.moment} : {quoi}")
        if panne.effet is Effet.ERREUR:
            raise erreur
        if panne.effet is Effet.MORT:
            self.morte = True
        else:
            self._reveil = self._reveil or asyncio.Event()
        self._arreter()
        await self.seuil()

    def _arreter(self) -> None:
        if self.arretee is not None and not self.arretee.done():
            self.arretee.set_result(None)


VIE: Final[ContextVar[Vie]] = ContextVar("vie")


async def franchir(porte: Porte, quoi: str, acte: Callable[[], T], erreur: Callable[[Moment], BaseException]) -> T:
    """Do `acte` for the process that runs, unless what is armed at this door has it otherwise.

    `erreur` makes what the process is told when it is to fail before, or after, the act.
    """
    vie = VIE.get()
    await vie.seuil()
    panne = vie.pannes.passage(porte)
    if panne is not None and panne.moment is Moment.AVANT:
        await vie.subir(panne, quoi, erreur(Moment.AVANT))
    resultat = acte()
    if panne is not None and panne.moment is Moment.APRES:
        await vie.subir(panne, quoi, erreur(Moment.APRES))
    return resultat


class SansAttente(DefaultSelector):
    """A selector for a loop that nothing outside can wake: to wait is to wait for ever."""

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Look, and never wait."""
        if timeout != 0:
            piles = [tache.get_stack() for tache in asyncio.all_tasks(asyncio.get_running_loop())]
            raise AssertionError(f"tout attend : {[str(pile[-1]) for pile in piles if pile]}")
        return super().select(0)


def suivre(boucle: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:  # noqa: ANN401
    """Make a task, known to the process that starts it: to be set as the loop's task factory."""
    tache: asyncio.Task[Any] = asyncio.Task(coroutine, loop=boucle, **options)
    vie = VIE.get(None)
    if vie is not None:
        vie.taches.add(tache)
        tache.add_done_callback(vie.taches.discard)
    return tache
