"""A small disk fills up for the programs that see it, and what was acknowledged on it is there when it grows."""

import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern
from pymongo.errors import PyMongoError

from deploy.local.disque import PetitDisque
from deploy.local.mongod import NoeudMongo
from deploy.local.processus import DemarrageImpossible, PartieAbsente

MO = 1024 * 1024
BLOC = b"x" * 100_000
Fait = Callable[..., Awaitable[Any]]


@pytest.fixture
def disque(tmp_path: Path, partie: Callable[..., None], request: pytest.FixtureRequest) -> Iterator[PetitDisque]:
    petit = PetitDisque(tmp_path / "petit", getattr(request, "param", 20))
    partie(petit.start)
    yield petit
    petit.stop()


def ecrire(disque: PetitDisque, nom: str, octets: int) -> int:
    """Write a file there as a program of ours would; return the size it reached."""
    script = f"head -c {octets} /dev/zero >{nom} 2>/dev/null; stat -c %s {nom}"
    commande = [*disque.prefixe(), "sh", "-c", f"cd {disque.chemin} && {script}"]
    return int(subprocess.run(commande, check=True, capture_output=True).stdout)  # noqa: S603 - the line above


def test_a_small_disk_is_full_when_told_grows_and_is_seen_by_its_programs_only(disque: PetitDisque) -> None:
    assert disque.libre() == 20 * MO
    assert ecrire(disque, "a", 5 * MO) == 5 * MO
    disque.remplir()
    assert disque.libre() == 0
    assert ecrire(disque, "b", MO) == 0
    disque.agrandir(22)
    assert ecrire(disque, "b", MO) == MO
    disque.liberer()
    assert disque.libre() == 16 * MO
    assert list(disque.chemin.iterdir()) == []


def test_a_disk_that_is_not_mounted_runs_nothing(tmp_path: Path) -> None:
    with pytest.raises(DemarrageImpossible):
        PetitDisque(tmp_path, 20).prefixe()


def test_a_machine_that_allows_no_namespace_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for outil in ("unshare", "nsenter"):
        faux = tmp_path / outil
        faux.write_text("#!/bin/sh\necho unshare failed: Operation not permitted >&2; exit 1\n")
        faux.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(PartieAbsente, match="Operation not permitted"):
        PetitDisque(tmp_path / "petit", 20).start()


@pytest.mark.parametrize("disque", [400], indirect=True)
async def test_a_mongod_dies_of_a_full_disk_and_has_every_acknowledged_write_once_it_grew(
    disque: PetitDisque, tmp_path: Path, fait: Fait
) -> None:
    noeud = NoeudMongo(tmp_path / "mongo", prefixe=disque.prefixe(), dbpath=disque.chemin)
    noeud.start()
    try:
        acquittes = ecrire_jusqu_au_bout(noeud, range(20))
        assert len(acquittes) == 20
        disque.remplir()
        acquittes |= ecrire_jusqu_au_bout(noeud, range(20, 10_000))
        await fait(lambda: noeud.vivant, lambda vivant: not vivant)
        with pytest.raises(DemarrageImpossible):
            noeud.start()
        disque.agrandir(800)
        noeud.start()
        with MongoClient[dict[str, Any]](noeud.url) as client:
            presents = {dossier["_id"] for dossier in client.essai.dossiers.find({}, {"_id": 1})}
        assert acquittes <= presents <= acquittes | {len(acquittes)}  # the last one may be there without an answer
    finally:
        noeud.kill()


def ecrire_jusqu_au_bout(noeud: NoeudMongo, numeros: range) -> set[int]:
    """Insert those, or until mongod answers no more; return what it acknowledged."""
    acquittes: set[int] = set()
    with MongoClient[dict[str, Any]](noeud.url, timeoutMS=5000, retryWrites=False) as client, suppress(PyMongoError):
        dossiers = client.essai.get_collection("dossiers", write_concern=WriteConcern("majority", j=True))
        for numero in numeros:
            dossiers.insert_one({"_id": numero, "piece": BLOC})
            acquittes.add(numero)
    return acquittes
