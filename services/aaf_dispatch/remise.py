"""Hands a delivery over by SFTP so that the titulaire sees all of it or nothing.

The zip is written under a hidden name, read back, then renamed; the manifest follows in the same way, last: it is what
the titulaire acts on, and what tells a process that died in between that the delivery was made.
"""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import asyncssh

from services._runtime.lease import Lease

BLOC: Final = 256 * 1024
DELAIS: Final = 20  # seconds without an answer before the connection counts as dead


@dataclass(frozen=True)
class Serveur:
    """The titulaire's server: `hotes_connus` pins its key, there is no trust on first use."""

    hote: str
    port: int
    utilisateur: str
    cle: Path
    hotes_connus: Path
    dossier: str


class EcritureAltereeError(OSError):
    """What was read back is not what was sent."""


class Depot:
    """The delivery directory on the titulaire's server, for the time of one connection."""

    def __init__(self, sftp: asyncssh.SFTPClient, dossier: str) -> None:
        self._sftp = sftp
        self._dossier = dossier.rstrip("/")
        self._bail: Lease | None = None

    def sous(self, bail: Lease) -> None:
        """Change nothing on the server any more, and raise LeaseLost, once this lease is over.

        Hidden names then carry its token: who takes over removes them, so a rename already on its way finds nothing.
        """
        self._bail = bail

    async def manifeste(self, nom: str) -> dict[str, Any] | None:
        """Read the manifest of a delivery already made whole, if it is there."""
        with suppress(asyncssh.SFTPNoSuchFile):
            async with self._sftp.open(self._chemin(f"{nom}.json"), "rb") as fichier:
                lu: dict[str, Any] = json.loads(await fichier.read())
                return lu
        return None

    async def deposer(self, fichier: Path) -> None:
        """Put a file under its name, whole or not at all."""
        provisoire = self._chemin(f".{fichier.name}{f'.{self._bail.token[:8]}' if self._bail else ''}.part")
        try:
            sha256 = await self._ecrire(fichier, provisoire)
            await self._verifier(provisoire, sha256)
            await self._renommer(provisoire, self._chemin(fichier.name))
        except BaseException:
            # Pupils' data must not stay behind. When the connection itself is gone, `balayer` does it next time.
            with suppress(asyncssh.Error, OSError):
                await self._sftp.remove(provisoire)
            raise

    async def balayer(self) -> None:
        """Remove what an interrupted delivery left under a hidden name of ours."""
        for nom in await self._sftp.listdir(self._dossier or "/"):
            if str(nom).startswith(".ENT1D.") and str(nom).endswith(".part"):
                self._permis()
                await self._sftp.remove(self._chemin(str(nom)))

    async def _ecrire(self, fichier: Path, vers: str) -> str:
        hachage = hashlib.sha256()
        self._permis()
        async with self._sftp.open(vers, "wb") as cible:
            with fichier.open("rb") as source:
                while bloc := source.read(BLOC):
                    self._permis()
                    hachage.update(bloc)
                    await cible.write(bloc)
            with suppress(asyncssh.SFTPOpUnsupported):
                await cible.fsync()
        return hachage.hexdigest()

    async def _verifier(self, chemin: str, sha256: str) -> None:
        hachage = hashlib.sha256()
        async with self._sftp.open(chemin, "rb") as fichier:
            while bloc := cast("bytes", await fichier.read(BLOC)):
                hachage.update(bloc)
        if hachage.hexdigest() != sha256:
            raise EcritureAltereeError("le fichier relu diffère du fichier envoyé")

    async def _renommer(self, depuis: str, vers: str) -> None:
        self._permis()
        try:
            await self._sftp.posix_rename(depuis, vers)
        except asyncssh.SFTPOpUnsupported:
            self._permis()
            # Plain rename refuses to overwrite: what an earlier try left under this name was never announced.
            with suppress(asyncssh.SFTPNoSuchFile):
                await self._sftp.remove(vers)
            self._permis()
            await self._sftp.rename(depuis, vers)

    def _permis(self) -> None:
        if self._bail is not None:
            self._bail.check()

    def _chemin(self, nom: str) -> str:
        return f"{self._dossier}/{nom}"


@asynccontextmanager
async def ouvrir(serveur: Serveur) -> AsyncIterator[Depot]:
    """Connect. When the key is not the pinned one, raises asyncssh.HostKeyNotVerifiable before anything is sent."""
    async with (
        asyncssh.connect(
            serveur.hote,
            serveur.port,
            username=serveur.utilisateur,
            client_keys=[str(serveur.cle)],
            known_hosts=str(serveur.hotes_connus),
            config=None,
            agent_path=None,
            connect_timeout=DELAIS,
            login_timeout=DELAIS,
            keepalive_interval=DELAIS / 2,
        ) as connexion,
        connexion.start_sftp_client() as sftp,
    ):
        yield Depot(sftp, serveur.dossier)
