"""Serves one directory by SFTP, as the titulaire does: public keys only, no shell, and makes the keys for it.

`python -m deploy.local.sftp --port P --racine D --cle-hote F --cles-autorisees F --journal F --scenario F`. Any user
name goes with an authorised key; clients see `racine` as `/` and cannot leave it. See deploy.local.titulaire for
the journal and the scenario.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncssh

from deploy.local.consignes import Journal
from deploy.local.titulaire import Scenario, SessionTitulaire


@dataclass(frozen=True)
class Cles:
    """Files of an Ed25519 server and of its one client."""

    hote: Path
    client: Path
    autorisees: Path
    """The client's public key, in authorized_keys format."""

    def known_hosts(self, port: int) -> str:
        """Return the known_hosts line that pins this server's key on 127.0.0.1:`port`."""
        publique = asyncssh.read_private_key(self.hote).export_public_key().decode()
        return f"[127.0.0.1]:{port} {publique}"


def cles(dossier: Path) -> Cles:
    """Return the keys kept in `dossier`, made on the first call (private ones readable by us alone)."""
    dossier.mkdir(parents=True, exist_ok=True)
    resultat = Cles(dossier / "hote", dossier / "client", dossier / "cles_autorisees")
    for privee in (resultat.hote, resultat.client):
        if not privee.exists():
            asyncssh.generate_private_key("ssh-ed25519").write_private_key(privee)
    asyncssh.read_private_key(resultat.client).write_public_key(resultat.autorisees)
    return resultat


async def servir(port: int, cle_hote: Path, cles_autorisees: Path, session: Callable[..., asyncssh.SFTPServer]) -> None:
    """Serve on 127.0.0.1:`port` until cancelled."""
    serveur = await asyncssh.listen(
        "127.0.0.1",
        port,
        server_host_keys=[cle_hote],
        authorized_client_keys=str(cles_autorisees),
        sftp_factory=session,
        allow_pty=False,
    )
    await serveur.wait_closed()


def main() -> None:
    """Read the command line and serve."""
    options = argparse.ArgumentParser(prog="python -m deploy.local.sftp")
    options.add_argument("--port", type=int, required=True)
    for nom in ("racine", "cle-hote", "cles-autorisees", "journal", "scenario"):
        options.add_argument(f"--{nom}", type=Path, required=True)
    recues = options.parse_args()
    journal, scenario = Journal(recues.journal), Scenario(recues.scenario)
    session = partial(SessionTitulaire, racine=recues.racine, journal=journal, scenario=scenario)
    asyncio.run(servir(recues.port, recues.cle_hote, recues.cles_autorisees, session))


if __name__ == "__main__":
    main()
