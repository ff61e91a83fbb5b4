"""Keeps secrets as files of one directory: each made once, written whole or not at all, never shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

PRIVE: Final = 0o600
# Compose mounts a secret file with the owner and mode it has outside, and containers run under uids of their own: the
# file must be readable by all. What guards it is its directory, which only its owner may enter.
MONTABLE: Final = 0o444


class Coffre:
    """The directory `dossier`, made if absent, closed to all but its owner. `mode`: of the files it writes."""

    def __init__(self, dossier: Path, *, mode: int = PRIVE) -> None:
        """Open it. Raises OSError when it cannot be made or closed to others."""
        dossier.mkdir(parents=True, exist_ok=True)
        dossier.chmod(0o700)
        self._dossier = dossier
        self._mode = mode

    def noms(self, prefixe: str) -> set[str]:
        """Give what follows the prefix in the names of the secrets that begin with it."""
        return {fichier.name.removeprefix(prefixe) for fichier in self._dossier.glob(f"{prefixe}*")}

    def lire(self, nom: str) -> str | None:
        """Give a secret, without the newline an editor may have left; None when there is no such file."""
        fichier = self._dossier / nom
        return fichier.read_text(encoding="utf-8").strip() if fichier.exists() else None

    def garder(self, nom: str, fabrique: Callable[[], str]) -> str:
        """Give a secret; make it first when there is none."""
        connu = self.lire(nom)
        if connu is not None:
            return connu
        nouveau = fabrique()
        self.ecrire(nom, nouveau)
        return nouveau

    def ecrire(self, nom: str, contenu: str) -> bool:
        """Write a secret in place of the former one; False, and nothing touched, when it already holds this."""
        if self.lire(nom) == contenu.strip():
            return False
        provisoire = self._dossier / f".{nom}.part"
        provisoire.unlink(missing_ok=True)
        provisoire.touch(mode=PRIVE, exist_ok=False)
        provisoire.write_text(contenu, encoding="utf-8")
        provisoire.chmod(self._mode)
        provisoire.rename(self._dossier / nom)
        return True
