"""Starts, runs, freezes and buries the processes of one example: two of each service, one step at a time."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

from contracts.flux import SERVICES
from services.aaf_dispatch.fabrique import Fabrique

from .banc import Banc
from .portes import VIE, Pannes, Vie
from .processus import Processus
from .titulaire import Atelier, Export

REPLIQUES: Final = 2
INSTANT: Final = timedelta(milliseconds=1)  # what a step lasts: no two have the same date
Travail = Callable[[], Coroutine[Any, Any, Any]]


class Equipe:
    """The processes. One that froze in a step stays in the middle of it until it resumes or is killed."""

    def __init__(self, banc: Banc, noter: Callable[[str], None], atelier: Path) -> None:
        self.export = Export()
        self.pannes = {service: Pannes() for service in SERVICES}
        self.gelees: list[Processus] = []
        self._banc = banc
        self._noter = noter
        self._atelier = atelier
        self._processus: dict[tuple[str, int], Processus] = {}

    def processus(self, service: str, replique: int = 0) -> Processus | None:
        """Give a process of the service that can work, started if need be; None when all are frozen."""
        for rang in range(replique, replique + REPLIQUES):
            cle = (service, rang % REPLIQUES)
            vivant = self._processus.get(cle)
            if vivant is None or vivant.vie.morte:
                vivant = self._processus[cle] = self._demarrer(*cle)
            if not vivant.vie.gelee:
                return vivant
        return None

    def vivants(self) -> Iterator[Processus]:
        """Give those that are not dead."""
        yield from (processus for processus in self._processus.values() if not processus.vie.morte)

    def _demarrer(self, service: str, rang: int) -> Processus:
        vie = Vie(f"{service}-{rang}", self._noter, self._banc.vus, self.pannes[service])
        atelier = Atelier(self._banc.titulaire, lambda: self.export, self._atelier)
        processus = Processus(service, vie, self._banc.cartable.inspections, cast("Fabrique", atelier))
        if (service, rang) in self._processus:  # started again; at the first start there is nothing to look at again
            processus.base.publisher.on_connected(False)
        return processus

    def executer(self, processus: Processus, quoi: str, travail: Travail) -> Any:  # noqa: ANN401 - what the work gives
        """Have a process do something; give what it gives, or the exception it ended with, or None if cut short."""
        self._noter(f"{processus.vie.nom} : {quoi}")
        self._banc.maintenant += INSTANT
        return self._banc.boucle.run_until_complete(self._mener(processus, travail))

    async def _mener(self, processus: Processus, travail: Travail | None) -> Any:  # noqa: ANN401 - idem
        vie = processus.vie
        vie.arretee = asyncio.get_running_loop().create_future()
        if vie.gelee or vie.morte:  # again, before we were here to see it
            vie.arretee.set_result(None)
        VIE.set(vie)
        if travail is not None:
            vie.travail = asyncio.create_task(travail())
        tache = cast("asyncio.Task[Any]", vie.travail)
        vie.taches.discard(tache)
        await asyncio.wait({tache, vie.arretee}, return_when=asyncio.FIRST_COMPLETED)
        if vie.gelee:
            self.gelees.append(processus)
            return None
        if vie.morte:
            await _enterrer(vie)
            return None
        await asyncio.gather(*vie.taches, return_exceptions=True)  # what the step left: a renewal that was cancelled
        return tache.exception() or tache.result()

    def degeler(self) -> bool:
        """Let the process that has been frozen the longest run on; False when none is."""
        if not self.gelees:
            return False
        processus = self.gelees.pop(0)
        self._noter(f"{processus.vie.nom} reprend")
        processus.vie.degeler()
        self._banc.boucle.run_until_complete(self._mener(processus, None))
        return True

    def tuer(self, *services: str) -> None:
        """Kill the processes of these services, frozen ones too."""
        for processus in self._processus.values():
            if processus.service in services:
                processus.vie.mourir()
                self._banc.boucle.run_until_complete(_enterrer(processus.vie))
        self.gelees = [processus for processus in self.gelees if not processus.vie.morte]


async def _enterrer(vie: Vie) -> None:
    """End every task of a dead process: its doors are shut, nothing it still does is seen."""
    restes = {vie.travail} - {None} | vie.taches
    while vivants := {reste for reste in restes | vie.taches if reste and not reste.done()}:
        restes |= vivants
        for vivant in vivants:  # again and again: what a `finally` waits for would never come
            vivant.cancel()
        await asyncio.sleep(0)
    await asyncio.gather(*(reste for reste in restes if reste), return_exceptions=True)
