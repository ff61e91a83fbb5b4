"""Gives a program a small disk of its own that fills up: a tmpfs only it sees, without being root."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from deploy.local.partie import Partie
from deploy.local.processus import DemarrageImpossible, PartieAbsente, Processus

_DELAI: Final = 20.0  # seconds
_LEST: Final = ".lest"
_PRET: Final = "disque pret"
_MONTER: Final = 'mount -t tmpfs -o "size=${1}M,mode=700" disque "$2" && echo "$3" && exec sleep infinity'


class PetitDisque(Partie):
    """A tmpfs of `mo` MB mounted on `chemin`, seen by the programs run with `prefixe()` and by nobody else.

    Lives in a user and mount namespace held by one process; what it holds is lost with it. Also a context manager.
    """

    def __init__(self, donnees: Path, mo: int) -> None:
        """Describe a disk; nothing starts. From outside, `chemin` stays an empty directory of `donnees`."""
        self.chemin = donnees.resolve() / "disque"
        self._mo = mo
        self._journal = donnees.resolve() / "disque.log"
        self._teneur: Processus | None = None

    def start(self) -> None:
        """Mount it. Raises PartieAbsente, with the reason, where user namespaces are not allowed."""
        if absents := [outil for outil in ("unshare", "nsenter") if shutil.which(outil) is None]:
            raise PartieAbsente(f"{absents[0]} absent : paquet Debian util-linux")
        self.chemin.mkdir(parents=True, exist_ok=True)
        monter = ["unshare", "-Urm", "sh", "-c", _MONTER, "sh", str(self._mo), str(self.chemin), _PRET]
        teneur = Processus("disque", monter, journal=self._journal)
        teneur.demarrer()
        try:
            teneur.attendre(lambda: _PRET in teneur.sortie(), _DELAI)
        except DemarrageImpossible as refus:
            raise PartieAbsente(f"espaces de noms utilisateur refusés par cette machine : {refus}") from refus
        self._teneur = teneur

    def stop(self) -> None:
        """Lose the disk and what it holds; programs that still run on it keep it until they end."""
        if self._teneur is not None:
            self._teneur.tuer()
            self._teneur = None

    def prefixe(self) -> list[str]:
        """Return what to put before a command so that it sees the disk; nsenter then becomes that command."""
        if self._teneur is None:
            raise DemarrageImpossible("le petit disque n'est pas monté")
        return ["nsenter", "--preserve-credentials", "-U", "-m", "-t", str(self._teneur.pid), "--"]

    def agrandir(self, mo: int) -> None:
        """Make it `mo` MB in all, what it holds kept."""
        # Options are not read back: those of an ordinary user hold his own uid, which means nothing in there.
        self._dedans("mount", "--options-mode", "ignore", "-o", f"remount,size={mo}M", str(self.chemin))
        self._mo = mo

    def remplir(self) -> None:
        """Leave no byte free: a ballast file takes what is left."""
        self._dedans("sh", "-c", 'cat /dev/zero >>"$1" 2>/dev/null || :', "sh", str(self.chemin / _LEST))

    def liberer(self) -> None:
        """Remove the ballast."""
        self._dedans("rm", "-f", str(self.chemin / _LEST))

    def libre(self) -> int:
        """Return how many bytes are free."""
        blocs, taille = self._dedans("stat", "-f", "-c", "%a %S", str(self.chemin)).split()
        return int(blocs) * int(taille)

    def _dedans(self, *commande: str) -> str:
        return subprocess.run(
            [*self.prefixe(), *commande], check=True, capture_output=True, text=True, timeout=_DELAI
        ).stdout
