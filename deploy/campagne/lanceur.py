"""Runs a service that a campaign can trap: `python -m deploy.campagne.lanceur DIR serve SERVICE`.

`DIR/point.SERVICE` holds `name:passage`, the named point where the process will die, or nothing; before dying it says
so in `DIR/points.jsonl`. `DIR/horloge.SERVICE`, read all the time, holds the seconds by which its wall clock is wrong.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any, Final

import time_machine

from deploy.campagne.points import AVANT, Point, point

PERIODE: Final = 0.2  # seconds between two looks at the clock's file


def poser(vise: Point, mourir: Callable[[], None]) -> None:
    """Wrap the function of a point, so that each passage there calls `mourir`."""
    module, _, chemin = vise.cible.partition(":")
    classe, _, methode = chemin.partition(".")
    proprietaire = getattr(import_module(module), classe)
    setattr(proprietaire, methode, _pieger(getattr(proprietaire, methode), mourir, avant=vise.moment == AVANT))


def _pieger(fonction: Callable[..., Any], mourir: Callable[[], None], *, avant: bool) -> Callable[..., Any]:
    """Call `mourir` before a function, or after it: once awaited if it is a coroutine's."""

    async def attendre_puis_mourir(suite: Awaitable[Any]) -> Any:  # noqa: ANN401  # as the function it wraps
        resultat = await suite
        mourir()
        return resultat

    @wraps(fonction)
    def avant_elle(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # idem
        mourir()
        return fonction(*args, **kwargs)

    @wraps(fonction)
    def apres_elle(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # idem
        resultat = fonction(*args, **kwargs)
        if isinstance(resultat, Awaitable):
            return attendre_puis_mourir(resultat)
        mourir()
        return resultat

    return avant_elle if avant else apres_elle


def _mort(vise: Point, passage: int, journal: Path) -> Callable[[], None]:
    passes = 0

    def mourir() -> None:
        nonlocal passes
        passes += 1
        if passes == passage:
            ligne = json.dumps({"service": vise.service, "point": vise.nom, "passage": passage})
            with journal.open("a", encoding="ascii") as sortie:
                sortie.write(f"{ligne}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    return mourir


def _derailler(fichier: Path) -> None:
    """Shift the wall clock of this process by what the file says, for ever; the monotonic clock is left alone."""
    actuel, voyage = 0.0, None
    while True:
        voulu = float(fichier.read_text(encoding="ascii") or 0) if fichier.exists() else 0.0
        if voulu != actuel:
            if voyage is not None:
                voyage.stop()
            voyage = time_machine.travel(datetime.now(UTC) + timedelta(seconds=voulu), tick=True)
            voyage.start()
            actuel = voulu
        time.sleep(PERIODE)


def main() -> None:
    """Set the point that is armed, if any, then be `ent1d`."""
    donnees, *arguments = sys.argv[1:]
    service = arguments[-1]
    Thread(target=_derailler, args=(Path(donnees, f"horloge.{service}"),), daemon=True).start()
    fichier = Path(donnees, f"point.{service}")
    nom, _, passage = fichier.read_text(encoding="ascii").partition(":") if fichier.exists() else ("", "", "")
    if nom:
        vise = point(service, nom)
        poser(vise, _mort(vise, int(passage), Path(donnees, "points.jsonl")))
    sys.argv = ["ent1d", *arguments]
    import_module("services.cli").main()


if __name__ == "__main__":
    main()
