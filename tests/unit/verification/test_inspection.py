"""The pool of workers: killed, hung, exhausted or orphaned, none gives a wrong answer or stops the service."""

import asyncio
import errno
import os
import select
import signal
import sys
import time
import zlib
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
import uvloop
from PIL import Image

from deploy.demo.pieces import bon_commande_editeur
from services._runtime.lecture.inspection import Inspecteur, LecteurIndisponibleError
from services._runtime.lecture.protocole import Limites

SAIN = bon_commande_editeur(["0779001R"], "Commune d’Exemple", "21770288500013")
RACINE = Path(__file__).parents[3]


@pytest.fixture
def sain(tmp_path: Path) -> Path:
    chemin = tmp_path / "sain"
    chemin.write_bytes(SAIN)
    return chemin


@pytest.fixture
def attente(tmp_path: Path) -> Path:
    """A piece that makes its reader wait: a FIFO."""
    chemin = tmp_path / "attente"
    os.mkfifo(chemin)
    return chemin


def processus(inspecteur: Inspecteur) -> list[Process]:
    return [lecteur.processus for lecteur in inspecteur._lecteurs if lecteur.processus is not None]


async def ouvrir_en_lecture(attente: Path) -> int:
    """Open the FIFO to write once a worker is reading it; fail if none does."""
    return await asyncio.to_thread(ouvrir_avant, attente, time.monotonic() + 20)


def ouvrir_avant(attente: Path, echeance: float) -> int:
    while True:
        try:
            return os.open(attente, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as erreur:
            if erreur.errno != errno.ENXIO or time.monotonic() > echeance:
                raise
            select.select([], [], [], 0.01)


async def tuer_en_lecture(inspecteur: Inspecteur, attente: Path) -> None:
    ecriture = await ouvrir_en_lecture(attente)
    (lecteur,) = processus(inspecteur)
    os.kill(lecteur.pid, signal.SIGKILL)
    os.close(ecriture)
    await lecteur.wait()


@pytest.mark.parametrize("lancer", [asyncio.run, uvloop.run])  # tests run on the first, the services on the second
def test_a_worker_killed_while_it_reads_is_replaced_and_the_piece_read(
    attente: Path, sain: Path, lancer: Callable[[Coroutine[None, None, None]], None]
) -> None:
    async def scene() -> None:
        async with Inspecteur(lecteurs=1) as inspecteur:
            tache = asyncio.create_task(inspecteur.inspecter(attente, "a" * 64))
            await tuer_en_lecture(inspecteur, attente)
            ecriture = await ouvrir_en_lecture(attente)
            os.write(ecriture, b"texte " * 10)
            os.close(ecriture)
            assert (await tache).cause == "type"
            assert (await inspecteur.inspecter(sain, "b" * 64)).uai == ("0779001R",)

    lancer(scene())


async def test_a_piece_that_kills_two_workers_is_told_and_not_remembered(attente: Path, sain: Path) -> None:
    async with Inspecteur(lecteurs=1) as inspecteur:
        tache = asyncio.create_task(inspecteur.inspecter(attente, "a" * 64))
        await tuer_en_lecture(inspecteur, attente)
        await tuer_en_lecture(inspecteur, attente)
        assert (await tache).cause == "plantage"
        assert (await inspecteur.inspecter(sain, "a" * 64)).lisible


async def test_a_piece_that_hangs_its_worker_is_told_in_time(attente: Path, sain: Path) -> None:
    async with Inspecteur(Limites(delai=1.0), lecteurs=1) as inspecteur:
        assert (await inspecteur.inspecter(attente, "a" * 64)).cause == "delai"
        assert (await inspecteur.inspecter(sain, "b" * 64)).lisible


async def test_a_piece_that_takes_all_the_processor_is_told_in_time(tmp_path: Path) -> None:
    texte = zlib.compress(b"BT /F 9 Tf " + b"(abcdefghij) Tj " * 20_000 + b"ET")
    objets = b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 300/Kids[%s]>>endobj " % (
        b"3 0 R " * 300
    )
    objets += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources 6 0 R>>endobj "
    objets += b"6 0 obj<</Font<</F 5 0 R>>>>endobj "
    objets += b"4 0 obj<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj " % (len(texte), texte)
    corps = b"%PDF-1.4\n" + objets + b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    rangs = b"".join(b"%010d 00000 n \n" % corps.index(b"%d 0 obj" % n) for n in range(1, 7))
    fin = b"xref\n0 7\n0000000000 65535 f \n%strailer<</Size 7/Root 1 0 R>>startxref\n%d\n%%%%EOF"
    (tmp_path / "lent").write_bytes(corps + fin % (rangs, len(corps)))
    async with Inspecteur(Limites(cpu=1), lecteurs=1) as inspecteur:
        assert (await inspecteur.inspecter(tmp_path / "lent", "a" * 64)).cause == "delai"


async def test_a_piece_that_takes_all_the_memory_is_told(tmp_path: Path) -> None:
    Image.new("RGB", (4000, 4000)).save(tmp_path / "lourd", format="PNG")
    async with Inspecteur(Limites(memoire=40_000_000), lecteurs=1) as inspecteur:
        assert (await inspecteur.inspecter(tmp_path / "lourd", "a" * 64)).cause == "memoire"


async def test_a_cancelled_reading_leaves_no_answer_to_the_next(attente: Path, sain: Path) -> None:
    async with Inspecteur(lecteurs=1) as inspecteur:
        tache = asyncio.create_task(inspecteur.inspecter(attente, "a" * 64))
        ecriture = await ouvrir_en_lecture(attente)
        tache.cancel()
        with pytest.raises(asyncio.CancelledError):
            await tache
        os.close(ecriture)
        assert (await inspecteur.inspecter(sain, "b" * 64)).uai == ("0779001R",)


@pytest.mark.parametrize("lancer", [asyncio.run, uvloop.run])
def test_a_worker_killed_while_idle_costs_nothing(
    sain: Path, lancer: Callable[[Coroutine[None, None, None]], None]
) -> None:
    async def scene() -> None:
        async with Inspecteur(lecteurs=1) as inspecteur:
            for sha256 in ("a", "b", "c"):
                assert (await inspecteur.inspecter(sain, sha256 * 64)).lisible
                (lecteur,) = processus(inspecteur)
                os.kill(lecteur.pid, signal.SIGKILL)
                if sha256 == "a":
                    await lecteur.wait()  # known to be dead, or not yet

    lancer(scene())


async def test_the_same_bytes_are_read_once_among_the_last_ones(sain: Path) -> None:
    async with Inspecteur(lecteurs=1, souvenirs=2) as inspecteur:
        for sha256 in ("a", "b", "a", "c"):
            await inspecteur.inspecter(sain, sha256 * 64)
        os.unlink(sain)  # noqa: PTH108 - ruff would have pathlib refused here too
        assert (await inspecteur.inspecter(sain, "a" * 64)).lisible
        with pytest.raises(FileNotFoundError):
            await inspecteur.inspecter(sain, "b" * 64)


async def test_more_pieces_than_workers_wait_their_turn(sain: Path) -> None:
    async with Inspecteur(lecteurs=2) as inspecteur:
        lus = await asyncio.gather(*(inspecteur.inspecter(sain, f"{n:064x}") for n in range(50)))
        assert {lu.uai for lu in lus} == {("0779001R",)}
        assert len(processus(inspecteur)) == 2


async def test_a_worker_is_replaced_after_its_share(sain: Path) -> None:
    async with Inspecteur(lecteurs=1, travaux=2) as inspecteur:
        await inspecteur.inspecter(sain, "a" * 64)
        (premier,) = processus(inspecteur)
        await inspecteur.inspecter(sain, "b" * 64)
        assert processus(inspecteur) == []
        assert premier.returncode == -signal.SIGKILL


async def test_a_worker_that_cannot_start_says_nothing_of_the_piece(
    sain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Inspecteur(lecteurs=1) as inspecteur:
        with monkeypatch.context() as panne:
            panne.setattr(sys, "executable", "/bin/true")
            with pytest.raises(LecteurIndisponibleError):
                await inspecteur.inspecter(sain, "a" * 64)
        assert (await inspecteur.inspecter(sain, "a" * 64)).lisible


async def test_leaving_ends_every_worker(sain: Path) -> None:
    async with Inspecteur(lecteurs=2) as inspecteur:
        await asyncio.gather(inspecteur.inspecter(sain, "a" * 64), inspecteur.inspecter(sain, "b" * 64))
        lecteurs = processus(inspecteur)
    assert [lecteur.returncode for lecteur in lecteurs] == [-signal.SIGKILL] * 2


PARENT = """
import asyncio, sys
from pathlib import Path
from services._runtime.lecture.inspection import Inspecteur
async def vivre():
    async with Inspecteur(lecteurs=1) as inspecteur:
        await inspecteur.inspecter(Path(sys.argv[1]), "a" * 64)
        print(inspecteur._lecteurs[0].processus.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(vivre())
"""


async def test_a_worker_ends_with_its_parent_even_killed(sain: Path) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(sain), cwd=RACINE, stdout=PIPE)
    assert parent.stdout is not None
    lecteur = os.pidfd_open(int(await parent.stdout.readline()))
    try:
        parent.kill()
        await parent.wait()
        fini, _, _ = select.select([lecteur], [], [], 10)
        assert fini
    finally:
        os.close(lecteur)
