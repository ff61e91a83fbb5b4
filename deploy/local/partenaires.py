"""Owns the two partners' servers as processes: the mail relay and the titulaire's SFTP server."""

from __future__ import annotations

import email
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from deploy.local.ports import port_libre
from deploy.local.processus import Processus, port_ouvert
from deploy.local.sftp import cles

_DEPOT = Path(__file__).parents[2]
_DELAI = 30.0  # seconds to listen: half a second usually


class PuitsSMTP:
    """A mail server on 127.0.0.1:`port` keeping messages in `maildir`; its acts are in deploy.local.smtp.

    Methods block for half a second at most; data survive kill() and restart().
    """

    def __init__(self, donnees: Path) -> None:
        """Describe a server living in `donnees`; nothing starts."""
        self.donnees = donnees.resolve()
        self.port = port_libre()
        self.maildir = self.donnees / "Maildir"
        self._journal = self.donnees / "receptions.jsonl"
        self._scenario = self.donnees / "scenario.json"
        fichiers = {"maildir": self.maildir, "journal": self._journal, "scenario": self._scenario}
        self._processus = _processus("smtp", self.donnees, self.port, fichiers)

    def start(self) -> None:
        """Start and return once listening."""
        _demarrer(self._processus, self.donnees, self.port)

    def stop(self) -> None:
        """Stop."""
        self._processus.arreter()

    def kill(self) -> None:
        """SIGKILL the server."""
        self._processus.tuer()

    def restart(self) -> None:
        """Stop if running, then start on the same port and data."""
        self.stop()
        self.start()

    def effacer(self) -> None:
        """Kill the server and erase what it received."""
        self.kill()
        shutil.rmtree(self.donnees, ignore_errors=True)

    def programmer(self, *actes: int | str, destinataires: Mapping[str, Sequence[int | str]] | None = None) -> None:
        """Set the answers to the next messages (codes or `Acte`s, the last for ever); no argument: accept all."""
        scenario = {"repondre": actes, "destinataires": dict(destinataires or {})}
        nouveau = self._scenario.with_suffix(".nouveau")
        nouveau.write_text(json.dumps(scenario), encoding="utf-8")
        nouveau.replace(self._scenario)

    def messages(self) -> list[EmailMessage]:
        """Return the accepted messages, oldest first."""
        fichiers = sorted((self.maildir / "new").glob("*"), key=lambda fichier: fichier.stat().st_mtime_ns)
        return [email.message_from_bytes(fichier.read_bytes(), policy=default) for fichier in fichiers]

    def receptions(self) -> list[dict[str, Any]]:
        """Return the journal, refusals included: instant, message_id, domaines, code, accepte."""
        if not self._journal.exists():
            return []
        return [json.loads(ligne) for ligne in self._journal.read_text(encoding="utf-8").splitlines()]


class TitulaireSFTP:
    """The titulaire's server on 127.0.0.1:`port`: what he receives is under `racine`.

    A client needs `cles.client` (private key file) and `known_hosts` (file pinning the host key), any user name.
    """

    def __init__(self, donnees: Path) -> None:
        """Describe a server living in `donnees`, making its keys; nothing starts."""
        self.donnees = donnees.resolve()
        self.port = port_libre()
        self.racine = self.donnees / "racine"
        self.known_hosts = self.donnees / "known_hosts"
        self.cles = cles(self.donnees / "cles")
        fichiers = {"racine": self.racine, "cle-hote": self.cles.hote, "cles-autorisees": self.cles.autorisees}
        self._processus = _processus("sftp", self.donnees, self.port, fichiers)

    def start(self) -> None:
        """Start and return once listening."""
        self.racine.mkdir(exist_ok=True)
        self.known_hosts.write_text(self.cles.known_hosts(self.port), encoding="ascii")
        _demarrer(self._processus, self.donnees, self.port)

    def stop(self) -> None:
        """Stop."""
        self._processus.arreter()

    def kill(self) -> None:
        """SIGKILL the server."""
        self._processus.tuer()

    def restart(self) -> None:
        """Stop if running, then start on the same port and data."""
        self.stop()
        self.start()

    def effacer(self) -> None:
        """Kill the server and erase what it received; its keys stay, as a partner's would."""
        self.kill()
        shutil.rmtree(self.racine, ignore_errors=True)


def _processus(module: str, donnees: Path, port: int, fichiers: Mapping[str, Path]) -> Processus:
    """Describe `python -m deploy.local.MODULE --port P --NAME FILE…`, run by our own interpreter."""
    commande = [sys.executable, "-m", f"deploy.local.{module}", "--port", str(port)]
    for option, fichier in fichiers.items():
        commande += [f"--{option}", str(fichier)]
    env = {**os.environ, "PYTHONPATH": str(_DEPOT)}
    return Processus(module, commande, journal=donnees / f"{module}.log", env=env)


def _demarrer(processus: Processus, donnees: Path, port: int) -> None:
    donnees.mkdir(parents=True, exist_ok=True)
    processus.demarrer()
    processus.attendre(lambda: port_ouvert(port), _DELAI)
