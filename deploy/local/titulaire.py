"""The titulaire's side of SFTP: a session that writes down what is done in its directory, and misbehaves on request.

Journal, one JSON line an act, on disk before the answer; `nom` is relative to `racine`, `visible` says that it does
not begin with a dot, `taille` is in bytes, `sha256` that of the file as it is on disk:
`ouverture` (for writing: nom, visible) · `fermeture` (of a file open for writing: nom, visible, taille, sha256) ·
`renommage` (de, vers, visible, taille, sha256) · `suppression` (nom, visible) · `alteration` (nom) ·
`refus` (nom, raison) · `coupure` (raison, octets: of file data taken on that connection).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn, TypedDict, cast

import asyncssh

from deploy.local.consignes import Consignes, Journal


class Actes(TypedDict, total=False):
    """The scenario file: what to do from now on; read again when replaced, played again when the server restarts."""

    couper_apres: list[int]
    """Abort a connection once it has taken so many bytes of file data; one entry a cut, then none."""
    refuser: bool
    """Permission denied to whoever opens a file for writing."""
    plein_apres: int
    """No byte of a file beyond this one: failure, « No space left on device »."""
    alterer: int
    """Change the first byte of so many of the next files written."""
    perdre_reponse: int
    """Do so many of the next renames, and abort the connection instead of answering."""
    lent: float
    """Seconds before each write, one after the other on a connection."""
    sans_extensions: bool
    """Know neither posix-rename nor fsync."""


class Scenario:
    """What is left to play."""

    def __init__(self, fichier: Path) -> None:
        """Describe it; nothing is read."""
        self._consignes = Consignes(fichier)
        self._actes: Actes = {}

    def actes(self) -> Actes:
        """Return the acts in force, to be consumed in place."""
        if self._consignes.relire():
            self._actes = cast("Actes", self._consignes.contenu)
        return self._actes

    def consommer(self, acte: str) -> bool:
        """Take one of the times that `alterer` or `perdre_reponse` must be played, if any is left."""
        actes = cast("dict[str, int]", self.actes())
        reste = actes.get(acte, 0)
        actes[acte] = max(0, reste - 1)
        return reste > 0


@dataclass
class _Ecriture:
    """A file open for writing."""

    nom: str
    commencee: bool = False
    refusee: bool = False


class SessionTitulaire(asyncssh.SFTPServer):
    """One connection of a client: asyncssh's server, which does one act at a time, with a memory and a scenario."""

    def __init__(
        self, canal: asyncssh.SSHServerChannel[bytes], *, racine: Path, journal: Journal, scenario: Scenario
    ) -> None:
        """Serve a connection."""
        super().__init__(canal, chroot=os.fsencode(racine))
        self._racine = racine.resolve()
        self._journal = journal
        self._scenario = scenario
        self._ecritures: dict[object, _Ecriture] = {}
        self._octets = 0
        self._coupee = False

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Open a file, and remember it when it is for writing."""
        actes = self._actes()
        if not pflags & (asyncssh.FXF_WRITE | asyncssh.FXF_APPEND):
            return super().open(path, pflags, attrs)
        nom = self._nom(path)
        if actes.get("refuser"):
            self._journal.noter(acte="refus", nom=nom, raison="refuser")
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        fichier = super().open(path, pflags, attrs)
        self._ecritures[fichier] = _Ecriture(nom)
        self._journal.noter(acte="ouverture", nom=nom, visible=_visible(nom))
        return fichier

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write what the scenario lets be written."""
        await asyncio.sleep(self._actes().get("lent", 0))
        actes, ecriture = self._actes(), self._ecritures[file_obj]
        avant_coupure = next(iter(actes.get("couper_apres", [])), sys.maxsize) - self._octets
        tient = max(0, min(len(data), avant_coupure, actes.get("plein_apres", sys.maxsize) - offset))
        super().write(file_obj, offset, self._alterer(ecriture, data[:tient]))
        self._octets += tient
        if tient >= avant_coupure:
            del actes["couper_apres"][0]
            self._couper("couper_apres")
        if tient < len(data):
            self._saturer(ecriture)
        return tient

    def close(self, file_obj: object) -> None:
        """Close, and say what the file holds."""
        ecriture = self._ecritures.pop(file_obj, None)
        if ecriture is not None:
            contenu = _contenu(Path(f"/proc/self/fd/{cast('IO[bytes]', file_obj).fileno()}"))
            self._journal.noter(acte="fermeture", nom=ecriture.nom, visible=_visible(ecriture.nom), **contenu)
        super().close(file_obj)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename to a name that is free."""
        self._actes()
        super().rename(oldpath, newpath)
        self._renomme(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename, over a file if there is one."""
        self._extension("posix-rename")
        super().posix_rename(oldpath, newpath)
        self._renomme(oldpath, newpath)

    def fsync(self, file_obj: object) -> None:
        """Write to disk."""
        self._extension("fsync")
        super().fsync(file_obj)

    def remove(self, path: bytes) -> None:
        """Remove a file."""
        self._actes()
        super().remove(path)
        nom = self._nom(path)
        self._journal.noter(acte="suppression", nom=nom, visible=_visible(nom))

    def _actes(self) -> Actes:
        """Return the acts in force; raises SFTPConnectionLost on a cut connection, whose requests may still come."""
        if self._coupee:
            raise asyncssh.SFTPConnectionLost("Connection lost")
        return self._scenario.actes()

    def _nom(self, chemin: bytes) -> str:
        return os.path.relpath(os.fsdecode(self.map_path(chemin)), self._racine)

    def _renomme(self, de: bytes, vers: bytes) -> None:
        nom = self._nom(vers)
        contenu = _contenu(self._racine / nom)
        self._journal.noter(acte="renommage", de=self._nom(de), vers=nom, visible=_visible(nom), **contenu)
        if self._scenario.consommer("perdre_reponse"):
            self._couper("perdre_reponse")

    def _extension(self, nom: str) -> None:
        if self._actes().get("sans_extensions"):
            raise asyncssh.SFTPOpUnsupported(f"Operation not supported: {nom}")

    def _alterer(self, ecriture: _Ecriture, data: bytes) -> bytes:
        if ecriture.commencee or not data:
            return data
        ecriture.commencee = True
        if not self._scenario.consommer("alterer"):
            return data
        self._journal.noter(acte="alteration", nom=ecriture.nom)
        return bytes([data[0] ^ 1]) + data[1:]

    def _saturer(self, ecriture: _Ecriture) -> NoReturn:
        if not ecriture.refusee:
            ecriture.refusee = True
            self._journal.noter(acte="refus", nom=ecriture.nom, raison="plein_apres")
        raise asyncssh.SFTPFailure("No space left on device")

    def _couper(self, raison: str) -> NoReturn:
        self._journal.noter(acte="coupure", raison=raison, octets=self._octets)
        self._coupee = True
        self.connection.abort()
        raise asyncssh.SFTPConnectionLost("Connection lost")  # not sent: only ends the request


def _visible(nom: str) -> bool:
    return not Path(nom).name.startswith(".")


def _contenu(fichier: Path) -> dict[str, int | str]:
    with fichier.open("rb") as ouvert:
        sha256 = hashlib.file_digest(ouvert, "sha256").hexdigest()
        return {"taille": ouvert.tell(), "sha256": sha256}
