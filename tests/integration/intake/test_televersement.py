"""The largest piece through a process of the whole system: its memory is that of a small one."""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contracts.dossier import TAILLE_MAX_PIECE
from deploy.local.ports import port_libre
from deploy.local.processus import Processus, http_repond
from deploy.local.systeme import Systeme

MIO = 1024 * 1024
PIC_MAX = 150 * MIO


@pytest.fixture
def replique(systeme: Systeme, tmp_path: Path) -> Iterator[tuple[Processus, str]]:
    """Start one more intake, whose memory no other test has moved."""
    port = port_libre()
    env = systeme.environnement("intake") | {"PORT": str(port)}
    commande = [sys.executable, "-c", "from services.cli import main; main()", "serve", "intake"]
    processus = Processus("intake", commande, journal=tmp_path / "journal", env=env)
    processus.demarrer()
    processus.attendre(lambda: http_repond(port, "/readyz"), 60)
    yield processus, f"http://127.0.0.1:{port}"
    processus.arreter()


def test_the_largest_piece_passes_in_less_than_150_mib_of_memory(
    systeme: Systeme, replique: tuple[Processus, str]
) -> None:
    processus, url = replique
    bloc, hachage = os.urandom(MIO), hashlib.sha256()
    au_repos = _memoire(processus.pid, "VmRSS")

    def morceaux() -> Iterator[bytes]:
        for _ in range(TAILLE_MAX_PIECE // MIO):
            hachage.update(bloc)
            yield bloc

    entetes = {"Authorization": f"Bearer {systeme.cle_api}"}
    reponse = httpx.post(f"{url}/api/v1/pieces", content=morceaux(), headers=entetes, timeout=100)

    assert reponse.status_code == 201
    assert (reponse.json()["taille"], reponse.json()["sha256"]) == (TAILLE_MAX_PIECE, hachage.hexdigest())
    pic = _memoire(processus.pid, "VmHWM")
    assert pic < PIC_MAX, f"pic {pic // MIO} Mio, {au_repos // MIO} Mio avant"


def _memoire(pid: int, mesure: str) -> int:
    """Read a measure of memory of a process, in bytes."""
    lignes = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(ligne.split()[1]) * 1024 for ligne in lignes if ligne.startswith(mesure))
