"""Installs what tests need from npm, at the versions and digests of a lock file, once for all runs."""

import shutil
import subprocess
from pathlib import Path

from deploy.local.processus import PartieAbsente


def installer(sources: Path, vers: Path) -> None:
    """Put the packages that `sources` locks in `vers/node_modules`. Raises PartieAbsente where npm cannot."""
    verrou = (sources / "package-lock.json").read_text(encoding="utf-8")
    marque = vers / "installe"
    if shutil.which("npm") is None:
        raise PartieAbsente("npm et Node.js manquent (apt install npm)")
    if marque.exists() and marque.read_text(encoding="utf-8") == verrou:
        return
    vers.mkdir(parents=True, exist_ok=True)
    for fichier in ("package.json", "package-lock.json"):
        shutil.copy(sources / fichier, vers / fichier)
    fin = subprocess.run(  # the ordinary client, with no word from outside
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],  # noqa: S607  # the one that is installed
        cwd=vers,
        capture_output=True,
        timeout=100,
        check=False,
    )
    if fin.returncode:
        raise PartieAbsente(f"npm n’a pas pu installer {sources.name} : {fin.stderr.decode()[-300:]}")
    marque.write_text(verrou, encoding="utf-8")
