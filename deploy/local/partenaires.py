"""Owns the two partners' servers as processes: the mail relay and the titulaire's SFTP server."""

from __future__ import annotations

import email
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Unpack

from deploy.local.consignes import Journal, ecrire_consignes
from deploy.local.partie import Serveur
from deploy.local.ports import port_libre
from deploy.local.processus import Processus, port_ouvert
from deploy.local.sftp import cles
from deploy.local.titulaire import Actes

_DEPOT = Path(__file__).parents[2]
_DELAI = 30.0  # seconds to listen: half a second usually


class _Partenaire(Serveur):
    """A server that is one process."""

    _processus: Processus

    def stop(self) -> None:
        """Stop."""
        self._processus.arreter()

    def kill(self) -> None:
        """SIGKILL the server."""
        self._processus.tuer()


class PuitsSMTP(_Partenaire):
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

    def effacer(self) -> None:
        """Kill the server and erase what it received."""
        self.kill()
        shutil.rmtree(self.donnees, ignore_errors=True)

    def programmer(self, *actes: int | str, destinataires: Mapping[str, Sequence[int | str]] | None = None) -> None:
        """Set the answers to the next messages (codes or `Acte`s, the last for ever); no argument: accept all."""
        ecrire_consignes(self._scenario, {"repondre": actes, "destinataires": dict(destinataires or {})})

    def messages(self) -> list[EmailMessage]:
        """Return the accepted messages, oldest first."""
        fichiers = sorted((self.maildir / "new").glob("*"), key=lambda fichier: fichier.stat().st_mtime_ns)
        return [email.message_from_bytes(fichier.read_bytes(), policy=default) for fichier in fichiers]

    def receptions(self) -> list[dict[str, Any]]:
        """Return the journal, refusals included: instant, message_id, domaines, acte, code, sha256, accepte."""
        return Journal(self._journal).lire()


class TitulaireSFTP(_Partenaire):
    """The titulaire's server on 127.0.0.1:`port`: what he receives is under `racine`.

    A client needs `cles.client` (private key file) and `known_hosts` (file pinning the host key), any user name. What
    the server writes down and can be told to do is in deploy.local.titulaire.
    """

    def __init__(self, donnees: Path) -> None:
        """Describe a server living in `donnees`, making its keys; nothing starts."""
        self.donnees = donnees.resolve()
        self.port = port_libre()
        self.racine = self.donnees / "racine"
        self.known_hosts = self.donnees / "known_hosts"
        self.cles = cles(self.donnees / "cles")
        self._cle_en_service = self.donnees / "cle_en_service"
        self._journal = self.donnees / "actes.jsonl"
        self._scenario = self.donnees / "scenario.json"
        fichiers = {
            "racine": self.racine,
            "cle-hote": self._cle_en_service,
            "cles-autorisees": self.cles.autorisees,
            "journal": self._journal,
            "scenario": self._scenario,
        }
        self._processus = _processus("sftp", self.donnees, self.port, fichiers)
        self._servir_avec(self.cles.hote)

    def start(self) -> None:
        """Start and return once listening."""
        self.racine.mkdir(exist_ok=True)
        self.known_hosts.write_text(self.known_hosts_pour(self.port), encoding="ascii")
        _demarrer(self._processus, self.donnees, self.port)

    def known_hosts_pour(self, port: int) -> str:
        """Return what pins the host key for clients that come by another port, a proxy's."""
        return self.cles.known_hosts(port)

    def programmer(self, **actes: Unpack[Actes]) -> None:
        """Set what to do from now on, whatever was set before; no argument: nothing but serve."""
        ecrire_consignes(self._scenario, {**actes})

    def journal(self) -> list[dict[str, Any]]:
        """Return what was done here, oldest first."""
        return Journal(self._journal).lire()

    def changer_cle(self) -> None:
        """Start again with another host key; `known_hosts` still pins the first."""
        self._servir_avec(cles(self.donnees / "autres_cles").hote)
        self.restart()

    def remettre_cle(self) -> None:
        """Start again with the host key that is pinned."""
        self._servir_avec(self.cles.hote)
        self.restart()

    def _servir_avec(self, cle: Path) -> None:
        shutil.copy(cle, self._cle_en_service)

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
