"""Starts, awaits and ends one child process, none of which can outlive us."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_GARDIEN = Path(__file__).with_name("gardien.py")
_PAS = 0.02  # seconds between two looks at a condition
_LIGNES_MONTREES = 40


class PartieAbsente(RuntimeError):  # noqa: N818 - French, as everywhere in the domain
    """A program of the embedded set is not installed; the message says how to install it."""


class DemarrageImpossible(RuntimeError):  # noqa: N818 - idem
    """A server ended or stayed silent instead of becoming ready; the message ends with its last log lines."""


class Processus:
    """One child in its own session, its output appended to `journal`, dead at the latest when we are.

    All methods block and may be called from any thread; `demarrer` may be called again after an end.
    """

    def __init__(
        self, nom: str, commande: Sequence[str], *, journal: Path, env: Mapping[str, str] | None = None
    ) -> None:
        """Describe the child; nothing starts. `env` replaces the environment, None inherits ours."""
        self.nom = nom
        self.journal = journal
        self._commande = list(commande)
        self._env = dict(env) if env is not None else None
        self._gardien: subprocess.Popen[bytes] | None = None
        self._debut_du_journal = 0
        self.pid = 0

    @property
    def vivant(self) -> bool:
        """Whether the child runs."""
        return self._gardien is not None and self._gardien.poll() is None

    def demarrer(self) -> None:
        """Start the child under its guardian. Raises DemarrageImpossible if it cannot be executed."""
        if self.vivant:
            return
        lecture, ecriture = os.pipe()
        with self.journal.open("ab") as sortie, os.fdopen(lecture) as annonce:
            self._debut_du_journal = sortie.tell()
            try:
                self._gardien = self._lancer_gardien(ecriture, sortie.fileno())
            finally:
                os.close(ecriture)
            pid = annonce.readline()
        if not pid:
            self.tuer()
            raise self._echec("n'a pas pu être lancé")
        self.pid = int(pid)

    def _lancer_gardien(self, annonce: int, sortie: int) -> subprocess.Popen[bytes]:
        gardien = [sys.executable, "-I", "-S", str(_GARDIEN), str(os.getpid()), str(annonce)]
        return subprocess.Popen(
            [*gardien, *self._commande],
            stdin=subprocess.DEVNULL,
            stdout=sortie,
            stderr=subprocess.STDOUT,
            env=self._env,
            pass_fds=(annonce,),
            start_new_session=True,  # a Ctrl-C in the terminal is for our caller, who stops us in order
        )

    def attendre(self, pret: Callable[[], bool], delai: float) -> None:
        """Poll `pret` until true; after `delai` seconds or the child's end, kill it, raise DemarrageImpossible."""
        limite = time.monotonic() + delai
        while not pret():
            if not self.vivant or time.monotonic() > limite:
                raison = f"pas prêt après {delai:g} s" if self.vivant else "s'est arrêté au démarrage"
                self.tuer()
                raise self._echec(raison)
            time.sleep(_PAS)

    def arreter(self, delai: float = 20.0) -> None:
        """SIGTERM, then SIGKILL to the whole group if it has not ended within `delai` seconds."""
        if self._gardien is None:
            return
        self.signaler(signal.SIGTERM)
        self.signaler(signal.SIGCONT)  # one that was stopped would not hear it
        with suppress(subprocess.TimeoutExpired):
            self._gardien.wait(delai)
        self.tuer()

    def tuer(self) -> None:
        """SIGKILL the child's group; return once it and all it spawned are gone."""
        if self._gardien is None:
            return
        if self.vivant and self.pid:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._gardien.wait()
        self._gardien, self.pid = None, 0

    def signaler(self, signal_: signal.Signals) -> None:
        """Send a signal (SIGTERM, SIGSTOP, SIGCONT…) to the child alone, if it runs."""
        if self.vivant and self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal_)

    def sortie(self) -> str:
        """Return what the child wrote since its last start."""
        with self.journal.open("rb") as journal:
            journal.seek(self._debut_du_journal)
            return journal.read().decode(errors="replace")

    def _echec(self, raison: str) -> DemarrageImpossible:
        fin = "\n".join(self.sortie().splitlines()[-_LIGNES_MONTREES:])
        return DemarrageImpossible(f"{self.nom} : {raison} (journal : {self.journal})\n{fin}")


def port_ouvert(port: int) -> bool:
    """Whether something accepts TCP connections on 127.0.0.1:`port`."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def http_repond(port: int, chemin: str) -> bool:
    """Whether GET `chemin` on 127.0.0.1:`port` answers a 2xx."""
    connexion = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connexion.request("GET", chemin)
        return connexion.getresponse().status // 100 == 2  # noqa: PLR2004 - the 2xx class
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connexion.close()
