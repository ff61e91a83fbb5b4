"""Runs a mail server that keeps every message it accepts in a Maildir, and misbehaves on request.

`python -m deploy.local.smtp --port P --maildir D --journal F --scenario F`. The scenario, read again whenever it
changes, says what to answer to the next messages (one act each, the last one for ever), by default or by recipient:
`{"repondre": [451, 451, 250], "destinataires": {"mairie@exemple.fr": ["accepter-puis-couper"]}}`. An act is
a code, or one of `Acte`. Journal: one JSON line a message, on disk before the answer, with no personal data:
`message_id`, `domaines`, `acte` (its name; `accepter`, `refuser` for codes), `code` (the act as scripted; 250 for
`attendre`), `sha256` of the bytes received, `accepte`.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import mailbox
import os
from collections import Counter
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from enum import StrEnum
from pathlib import Path
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.consignes import Consignes, Journal

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
    ATTENDRE = "attendre"
    """`attendre:SECONDS`: keep the message at once, answer 250 after so long."""


@dataclass(frozen=True)
class Reponse:
    """What to do of a message: an answer, or an act (`attente` in seconds)."""

    acte: int | Acte
    attente: float = 0.0

    @classmethod
    def lire(cls, brut: int | str) -> Self:
        """Read a scripted act. Raises ValueError for one that is unknown."""
        if isinstance(brut, int):
            return cls(brut)
        nom, _, secondes = brut.partition(":")
        return cls(Acte(nom), float(secondes or 0))

    @property
    def garde(self) -> bool:
        """Whether the message is kept."""
        return self.acte is not Acte.COUPER if isinstance(self.acte, Acte) else self.acte == _ACCEPTE

    @property
    def nom(self) -> str:
        """Its name in the journal."""
        if isinstance(self.acte, Acte):
            return self.acte.value
        return "accepter" if self.garde else "refuser"


class Scenario:
    """The acts still to play, from a file re-read when it is replaced."""

    def __init__(self, fichier: Path) -> None:
        self._consignes = Consignes(fichier)
        self._joues: Counter[str] = Counter()

    def suivant(self, destinataires: list[str]) -> Reponse:
        """Return the act for a message: that of its first scripted recipient, else the default, else 250."""
        if self._consignes.relire():
            self._joues.clear()
        contenu = self._consignes.contenu
        par_destinataire = contenu.get("destinataires", {})
        cle = next((adresse for adresse in destinataires if adresse in par_destinataire), "")
        actes = par_destinataire[cle] if cle else contenu.get("repondre", [])
        if not actes:
            return Reponse(_ACCEPTE)
        acte = actes[min(self._joues[cle], len(actes) - 1)]
        self._joues[cle] += 1
        return Reponse.lire(acte)


class Reception:
    """aiosmtpd's handler: keeps or refuses each message as the scenario says."""

    def __init__(self, maildir: Path, journal: Journal, scenario: Scenario) -> None:
        self._maildir = mailbox.Maildir(maildir)
        self._nouveaux = maildir / "new"
        self._journal = journal
        self._scenario = scenario

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - theirs
        """Answer the final dot."""
        reponse = self._scenario.suivant(envelope.rcpt_tos)
        contenu = envelope.content if isinstance(envelope.content, bytes) else b""
        if reponse.garde:
            self._garder(contenu)
        self._noter(envelope, contenu, reponse)
        await asyncio.sleep(reponse.attente)
        if isinstance(reponse.acte, int):
            return f"{reponse.acte} {'OK' if reponse.garde else 'refus du scenario'}"
        return self._couper(server, reponse.acte) if reponse.acte is not Acte.ATTENDRE else "250 OK"

    def _garder(self, contenu: bytes) -> None:
        self._maildir.add(contenu)  # fsyncs the file, not its directory
        dossier = os.open(self._nouveaux, os.O_RDONLY)
        os.fsync(dossier)
        os.close(dossier)

    def _noter(self, envelope: Envelope, contenu: bytes, reponse: Reponse) -> None:
        self._journal.noter(
            message_id=BytesHeaderParser().parsebytes(contenu)["Message-ID"],
            domaines=[adresse.rpartition("@")[2] for adresse in envelope.rcpt_tos],
            acte=reponse.nom,
            code=_ACCEPTE if reponse.acte is Acte.ATTENDRE else reponse.acte,
            sha256=hashlib.sha256(contenu).hexdigest(),
            accepte=reponse.garde,
        )

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
    reception = Reception(arguments.maildir, Journal(arguments.journal), Scenario(arguments.scenario))
    asyncio.run(servir(arguments.port, reception))


if __name__ == "__main__":
    main()
