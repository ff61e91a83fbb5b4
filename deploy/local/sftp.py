"""Serves one directory by SFTP, as the titulaire does: public keys only, no shell, and makes the keys for it.

`python -m deploy.local.sftp --port P --racine D --cle-hote F --cles-autorisees F`. Any user name goes with an
authorised key; clients see `racine` as `/` and cannot leave it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

import asyncssh


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


async def servir(port: int, racine: Path, cle_hote: Path, cles_autorisees: Path) -> None:
    """Serve `racine` on 127.0.0.1:`port` until cancelled."""

    def confine(canal: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(canal, chroot=os.fsencode(racine))

    serveur = await asyncssh.listen(
        "127.0.0.1",
        port,
        server_host_keys=[cle_hote],
        authorized_client_keys=str(cles_autorisees),
        sftp_factory=confine,
        allow_pty=False,
    )
    await serveur.wait_closed()


def main() -> None:
    """Read the command line and serve."""
    options = argparse.ArgumentParser(prog="python -m deploy.local.sftp")
    options.add_argument("--port", type=int, required=True)
    for nom in ("racine", "cle-hote", "cles-autorisees"):
        options.add_argument(f"--{nom}", type=Path, required=True)
    arguments = options.parse_args()
    asyncio.run(servir(arguments.port, arguments.racine, arguments.cle_hote, arguments.cles_autorisees))


if __name__ == "__main__":
    main()
