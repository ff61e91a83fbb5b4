"""Runs a mail server that keeps every message it accepts in a Maildir, and misbehaves on request.

`python -m deploy.local.smtp --port P --maildir D --journal F --scenario F`. The scenario, read again whenever it
changes, says what to answer to the next messages (one act each, the last one for ever), by default or by recipient:
`{"repondre": [451, 451, 250], "destinataires": {"mairie@exemple.fr": ["accepter-puis-couper"]}}`. An act is
a code, or one of `Acte`. Journal: one JSON line a message, on disk before the answer, with no personal data.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import mailbox
import os
from collections import Counter
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from enum import StrEnum
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

_ACCEPTE = 250
_TAILLE_MAX = 30_000_000  # bytes


class Acte(StrEnum):
    """What a sender dreads besides a refusal."""

    COUPER = "couper"
    """Drop the connection after the final dot, keeping nothing."""
    ACCEPTER_PUIS_COUPER = "accepter-puis-couper"
    """Keep the message, then drop the connection without the 250: the sender cannot know."""
    COUPER_APRES_250 = "couper-apres-250"
    """Keep the message, answer 250, then drop the connection."""


class Scenario:
    """The acts still to play, from a file re-read when it is replaced."""

    def __init__(self, fichier: Path) -> None:
        self._fichier = fichier
        self._version: tuple[int, int] | None = None
        self._contenu: dict[str, Any] = {}
        self._joues: Counter[str] = Counter()

    def suivant(self, destinataires: list[str]) -> int | Acte:
        """Return the act for a message: that of its first scripted recipient, else the default, else 250."""
        self._relire()
        par_destinataire = self._contenu.get("destinataires", {})
        cle = next((adresse for adresse in destinataires if adresse in par_destinataire), "")
        actes = par_destinataire[cle] if cle else self._contenu.get("repondre", [])
        if not actes:
            return _ACCEPTE
        acte = actes[min(self._joues[cle], len(actes) - 1)]
        self._joues[cle] += 1
        return acte if isinstance(acte, int) else Acte(acte)

    def _relire(self) -> None:
        try:
            etat = self._fichier.stat()
        except FileNotFoundError:
            return
        version = (etat.st_ino, etat.st_mtime_ns)
        if version != self._version:
            self._version = version
            self._contenu = json.loads(self._fichier.read_text(encoding="utf-8"))
            self._joues.clear()


class Reception:
    """aiosmtpd's handler: keeps or refuses each message as the scenario says."""

    def __init__(self, maildir: Path, journal: Path, scenario: Scenario) -> None:
        self._maildir = mailbox.Maildir(maildir)
        self._nouveaux = maildir / "new"
        self._journal = journal
        self._scenario = scenario

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - theirs
        """Answer the final dot."""
        acte = self._scenario.suivant(envelope.rcpt_tos)
        garde = acte in (_ACCEPTE, Acte.ACCEPTER_PUIS_COUPER, Acte.COUPER_APRES_250)
        contenu = envelope.content if isinstance(envelope.content, bytes) else b""
        nom = self._garder(contenu) if garde else None
        self._noter(envelope, contenu, acte, nom)
        if isinstance(acte, int):
            return f"{acte} {'OK' if garde else 'refus du scenario'}"
        return self._couper(server, acte)

    def _garder(self, contenu: bytes) -> str:
        nom = self._maildir.add(contenu)  # fsyncs the file, not its directory
        dossier = os.open(self._nouveaux, os.O_RDONLY)
        os.fsync(dossier)
        os.close(dossier)
        return nom

    def _noter(self, envelope: Envelope, contenu: bytes, acte: int | Acte, nom: str | None) -> None:
        ligne = {
            "instant": datetime.now(UTC).isoformat(),
            "message_id": BytesHeaderParser().parsebytes(contenu)["Message-ID"],
            "domaines": [adresse.rpartition("@")[2] for adresse in envelope.rcpt_tos],
            "code": acte,
            "accepte": nom is not None,
        }
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(ligne) + "\n")
            journal.flush()
            os.fsync(journal.fileno())

    @staticmethod
    def _couper(server: SMTP, acte: Acte) -> str:
        transport = server.transport
        if not isinstance(transport, asyncio.Transport):
            return "421 connexion perdue"
        if acte is Acte.COUPER_APRES_250:
            asyncio.get_running_loop().call_soon(transport.close)  # once the answer is written; close() flushes
        else:
            transport.abort()
        return "250 OK"


async def servir(port: int, reception: Reception) -> None:
    """Serve on 127.0.0.1:`port` until cancelled."""
    boucle = asyncio.get_running_loop()

    def connexion() -> SMTP:
        return SMTP(reception, hostname="smtp.local", data_size_limit=_TAILLE_MAX, enable_SMTPUTF8=True, loop=boucle)

    serveur = await boucle.create_server(connexion, "127.0.0.1", port)
    await serveur.serve_forever()


def main() -> None:
    """Read the command line and serve."""
    options = argparse.ArgumentParser(prog="python -m deploy.local.smtp")
    options.add_argument("--port", type=int, required=True)
    for nom in ("maildir", "journal", "scenario"):
        options.add_argument(f"--{nom}", type=Path, required=True)
    arguments = options.parse_args()
    reception = Reception(arguments.maildir, arguments.journal, Scenario(arguments.scenario))
    asyncio.run(servir(arguments.port, reception))


if __name__ == "__main__":
    main()
