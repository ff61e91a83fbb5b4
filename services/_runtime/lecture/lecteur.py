"""The worker process: bounds itself, then reads one file after another for its parent, over pipes.

It says `{}` once it is ready, hears `{"chemin": "…"}`, answers an Inspection. It ends with its parent: at the end of
its input when idle, at its alarm when reading.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import BinaryIO, Final

from services._runtime.lecture.lecture import lire
from services._runtime.lecture.protocole import ENTETE, Limites, encadrer, longueur

FICHIERS_OUVERTS: Final = 32


def main() -> None:
    """Serve until the parent closes the pipe."""
    limites = Limites.des_arguments(sys.argv[1:])
    sortie = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not fall between two frames
    _borner(limites)
    _servir(sys.stdin.buffer, sortie, lambda: _armer(limites))


def _servir(entree: BinaryIO, sortie: BinaryIO, armer: Callable[[], None]) -> None:
    _dire(sortie, b"{}")
    while entete := entree.read(ENTETE):
        demande = json.loads(entree.read(longueur(entete)))
        armer()
        inspection = lire(Path(demande["chemin"]))
        signal.setitimer(signal.ITIMER_REAL, 0)
        _dire(sortie, inspection.model_dump_json().encode())


def _dire(sortie: BinaryIO, corps: bytes) -> None:
    sortie.write(encadrer(corps))
    sortie.flush()


def _borner(limites: Limites) -> None:
    """Set the bounds that hold for the worker's life: nothing written, few files, memory above what it holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    memoire = pages * resource.getpagesize() + limites.memoire
    resource.setrlimit(resource.RLIMIT_AS, (memoire, memoire))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FICHIERS_OUVERTS, FICHIERS_OUVERTS))


def _armer(limites: Limites) -> None:
    """Give the next job its time. The alarm ends a worker whose parent died before it could."""
    passe = resource.getrusage(resource.RUSAGE_SELF)
    _, plafond = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(passe.ru_utime + passe.ru_stime) + limites.cpu, plafond))
    signal.setitimer(signal.ITIMER_REAL, limites.delai + 1)


if __name__ == "__main__":
    main()
