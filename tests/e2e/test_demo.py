"""`make demo` as a newcomer runs it: it shows three dossiers, ends when asked, and leaves no process behind."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RACINE = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(180)


async def lancer(donnees: Path, *options: str, delai: int = 60) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "from services.cli import main; main()", "demo", *options),
        env={**os.environ, "ENT1D_DEMO": str(donnees), "ENT1D_DEMO_DELAI": str(delai), "PYTHONPATH": str(RACINE)},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


def processus(donnees: Path) -> list[str]:
    """Give the commands that run with this directory in their arguments or their environment."""
    trouves = []
    for dossier in Path("/proc").glob("[0-9]*"):
        try:
            contexte = (dossier / "cmdline").read_bytes() + (dossier / "environ").read_bytes()
        except OSError:  # it has just ended, or is not ours
            continue
        if os.fsencode(donnees) in contexte:
            trouves.append((dossier / "comm").read_text())
    return trouves


async def test_once_it_ends_by_itself_with_the_annuaire_delivered_and_fetched(tmp_path: Path) -> None:
    demo = await lancer(tmp_path, "--once")
    sortie, _ = await demo.communicate()
    texte = sortie.decode()

    assert demo.returncode == 0, texte
    for attendu in ("AAFLivré", "CorrectionDemandée", "DossierRefusé", "relu et vérifié par le titulaire"):
        assert attendu in texte
    assert processus(tmp_path) == []


async def test_it_fails_when_the_annuaire_does_not_reach_the_titulaire(tmp_path: Path) -> None:
    (tmp_path / "annuaire").mkdir()  # an académie without an export: nothing can be delivered

    demo = await lancer(tmp_path, "--once", delai=10)
    sortie, _ = await demo.communicate()

    assert demo.returncode == 1, sortie.decode()
    assert processus(tmp_path) == []


async def test_ctrl_c_stops_everything(tmp_path: Path, fait: Callable[..., Any]) -> None:
    demo = await lancer(tmp_path)
    assert demo.stdout is not None
    while b"Ctrl-C" not in (ligne := await demo.stdout.readline()):
        assert ligne, "the demo ended by itself"

    os.killpg(demo.pid, signal.SIGINT)
    await demo.communicate()

    assert demo.returncode == 0
    await fait(lambda: processus(tmp_path), lambda restants: restants == [])
