"""Has pieces read by bounded worker processes: no file can stop, fill or slow the service beyond its bound."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Final, Self, cast

from services._runtime.lecture.protocole import ENTETE, Limites, encadrer, longueur
from services._runtime.lecture.resultat import Inspection

REPONSE_MAX: Final = 1024 * 1024  # bytes; CODES_MAX codes of each kind take about 150 KB
DEMARRAGE: Final = 30.0  # seconds; a worker is ready in less than one
MOURANT: Final = 2.0  # seconds; a worker that closed its pipe is ending: killing it at once would hide how
_RACINE: Final = Path(__file__).parents[3]
_FINS_DE_DELAI: Final = (-signal.SIGXCPU, -signal.SIGALRM)


class LecteurIndisponibleError(OSError):
    """A worker cannot even start: the fault is ours, the file has nothing to do with it."""


class Inspecteur:
    """An async context manager: `inspecter` reads pieces with at most `lecteurs` workers, the others wait their turn.

    A worker is replaced after `travaux` files, and whenever a file kills or hangs it. Answers are kept by SHA-256 (the
    same bytes, the same answer), the `souvenirs` last used.
    """

    def __init__(
        self, limites: Limites | None = None, *, lecteurs: int = 2, travaux: int = 500, souvenirs: int = 10_000
    ) -> None:
        self._lecteurs = [_Lecteur(limites or Limites(), travaux) for _ in range(lecteurs)]
        self._libres: asyncio.LifoQueue[_Lecteur] = asyncio.LifoQueue()  # the last used first: it is already warm
        for lecteur in self._lecteurs:
            self._libres.put_nowait(lecteur)
        self._connus: OrderedDict[str, Inspection] = OrderedDict()
        self._souvenirs = souvenirs

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(lecteur.arreter() for lecteur in self._lecteurs))

    def connue(self, sha256: str) -> Inspection | None:
        """Give the inspection of bytes read before, without a file."""
        if sha256 in self._connus:
            self._connus.move_to_end(sha256)
        return self._connus.get(sha256)

    async def inspecter(self, chemin: Path, sha256: str) -> Inspection:
        """Read the file, whose bytes have this SHA-256.

        Raises OSError if it does not exist, LecteurIndisponibleError if no worker can start: neither speaks of the
        file, both are to be tried again.
        """
        if (connue := self.connue(sha256)) is not None:
            return connue
        inspection = await self._lire(_existant(chemin))
        if inspection.cause not in {"delai", "plantage"}:  # those two may come from the machine, not from the bytes
            self._connus[sha256] = inspection
            if len(self._connus) > self._souvenirs:
                self._connus.popitem(last=False)
        return inspection

    async def _lire(self, chemin: Path) -> Inspection:
        lecteur = await self._libres.get()
        try:
            inspection = await lecteur.lire(chemin)
            if inspection.cause in {"plantage", "memoire"}:
                # The file's doing, or a kill from outside, or what earlier files left? A fresh worker tells.
                inspection = await lecteur.lire(chemin)
            return inspection
        finally:
            self._libres.put_nowait(lecteur)


class _Lecteur:
    """One worker process, started when it is first needed and again after each end."""

    def __init__(self, limites: Limites, travaux: int) -> None:
        self.processus: Process | None = None
        self._limites = limites
        self._travaux = travaux
        self._lus = 0

    async def lire(self, chemin: Path) -> Inspection:
        """Give what the worker answers, or how it failed."""
        try:
            processus = await self._pret()
            inspection = await self._demander(processus, chemin)
        except (EOFError, TimeoutError, ValueError) as erreur:
            fin = await self.arreter(MOURANT if isinstance(erreur, EOFError) else 0.0)
            tard = isinstance(erreur, TimeoutError) or fin in _FINS_DE_DELAI
            return Inspection(format="autre", cause="delai" if tard else "plantage")
        except BaseException:
            await self.arreter()  # cancelled: its answer would be taken for the next file's
            raise
        self._lus += 1
        if self._lus >= self._travaux or inspection.cause == "memoire":
            await self.arreter()
        return inspection

    async def arreter(self, patience: float = 0.0) -> int | None:
        """Kill it if it lives after `patience` seconds, and give how it ended, as subprocess does (-9: SIGKILL)."""
        processus, self.processus, self._lus = self.processus, None, 0
        if processus is None:
            return None
        try:
            return await asyncio.wait_for(processus.wait(), patience)
        except TimeoutError:
            with suppress(ProcessLookupError):  # it ended a moment ago
                processus.kill()
            return await processus.wait()
        finally:
            cast("asyncio.StreamWriter", processus.stdin).close()

    async def _demander(self, processus: Process, chemin: Path) -> Inspection:
        entree = cast("asyncio.StreamWriter", processus.stdin)
        if entree.is_closing():  # it was killed while idle; uvloop raises RuntimeError where asyncio drops the bytes
            raise EOFError
        entree.write(encadrer(json.dumps({"chemin": os.fspath(chemin)}).encode()))
        return Inspection.model_validate_json(await asyncio.wait_for(_recevoir(processus), self._limites.delai))

    async def _pret(self) -> Process:
        if self.processus is not None:
            return self.processus
        self.processus = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "services._runtime.lecture.lecteur", *self._limites.arguments()),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,  # a parser's message may quote the piece
            env={"PYTHONPATH": str(_RACINE), "LANG": "C.UTF-8"},
            cwd="/",
        )
        try:
            await asyncio.wait_for(_recevoir(self.processus), DEMARRAGE)
        except (EOFError, TimeoutError) as erreur:
            raise LecteurIndisponibleError("le lecteur de pièces ne démarre pas") from erreur
        return self.processus


def _existant(chemin: Path) -> Path:
    return chemin.resolve(strict=True)


async def _recevoir(processus: Process) -> bytes:
    """Raise EOFError if the worker ended, ValueError if it announces more than an Inspection can hold."""
    tube = cast("asyncio.StreamReader", processus.stdout)
    taille = longueur(await tube.readexactly(ENTETE))
    if taille > REPONSE_MAX:
        raise ValueError("réponse démesurée d’un lecteur de pièces")
    return await tube.readexactly(taille)
