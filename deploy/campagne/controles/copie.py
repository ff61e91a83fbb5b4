"""Makes a copy of the product with one seeded bug in it; the tree itself is never touched.

A patch is a unified diff after three lines: `# defaut:` what is broken, `# pannes:` the faults under which it shows,
`# attendu:` the kinds of anomaly of which the witness must find one, a colon, and what it then says.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

RACINE: Final = Path(__file__).parents[3]
COPIES: Final = ("contracts", "services", "deploy", "docs/titulaire", "pyproject.toml")


class ControleImpossible(RuntimeError):  # noqa: N818 - French, as everywhere here
    """A patch does not say what it is, or no longer fits the tree; the message says why."""


@dataclass(frozen=True)
class Controle:
    """One seeded bug, the faults that show it, and what the witness must find."""

    nom: str
    defaut: str
    pannes: tuple[str, ...]
    genres: frozenset[str]
    """Kinds of anomaly (`Anomalie.genre`); one of them at least must be found."""
    attendu: str
    chemin: Path

    @classmethod
    def lire(cls, chemin: Path) -> Self:
        """Read the head of a patch. Raises ControleImpossible when a line is missing."""
        entetes = dict(
            ligne.removeprefix("# ").split(": ", 1)
            for ligne in chemin.read_text(encoding="utf-8").splitlines()
            if ligne.startswith("# ") and ": " in ligne
        )
        try:
            defaut, pannes, attendu = (entetes[nom] for nom in ("defaut", "pannes", "attendu"))
        except KeyError as absent:
            raise ControleImpossible(f"{chemin.name} : ligne {absent} absente") from None
        genres, _, constat = attendu.partition(": ")
        return cls(chemin.stem, defaut, _liste(pannes), frozenset(_liste(genres)), constat, chemin)


def controles() -> list[Controle]:
    """Give every control, in the order of their numbers."""
    return [Controle.lire(chemin) for chemin in sorted(Path(__file__).parent.glob("*.patch"))]


def copie_mutee(patch: Path, vers: Path) -> Path:
    """Copy to `vers`, a directory that does not exist yet, what a campaign needs; apply the patch there; give `vers`.

    Run from there with `vers` as working directory and PYTHONPATH, the copy's modules are those imported, by the
    services too. Raises ControleImpossible when the patch does not fit exactly.
    """
    for nom in COPIES:
        _copier(RACINE / nom, vers / nom)
    commande = ["patch", "-p1", "--fuzz=0", "--batch", "--forward", "--no-backup-if-mismatch", "-i", str(patch)]
    try:
        fait = subprocess.run(commande, cwd=vers, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ControleImpossible("le programme « patch » est absent : paquet Debian patch") from None
    if fait.returncode:
        raise ControleImpossible(f"{patch.name} ne s’applique plus : {fait.stdout}{fait.stderr}")
    return vers


def _copier(depuis: Path, vers: Path) -> None:
    if depuis.is_dir():
        shutil.copytree(depuis, vers, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    else:
        vers.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(depuis, vers)


def _liste(texte: str) -> tuple[str, ...]:
    return tuple(un.strip() for un in texte.split(","))
