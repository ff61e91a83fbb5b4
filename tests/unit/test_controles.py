"""Each seeded bug still fits today's code: a refactoring that makes a control void is seen at once."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.campagne.controles.copie import RACINE, Controle, ControleImpossible, controles, copie_mutee
from deploy.campagne.pannes import choisir

CONTROLES = pytest.mark.parametrize("controle", controles(), ids=lambda controle: controle.nom)
GENRES = {"perdu", "bloque", "double", "dechire", "fantome", "desordre", "traine"}
REJETS = "*.rej"


def fichiers(controle: Controle) -> list[str]:
    """Name the files that a patch changes."""
    return re.findall(r"^\+\+\+ b/(\S+)", controle.chemin.read_text(), re.MULTILINE)


def importer(copie: Path, modules: list[str]) -> list[str]:
    """Import modules in a fresh interpreter run from a copy, as a campaign does; give where they came from."""
    code = "import importlib, sys; print(*(importlib.import_module(m).__file__ for m in sys.argv[1:]), sep='\\n')"
    env = {**os.environ, "PYTHONPATH": str(copie), "PYTHONDONTWRITEBYTECODE": "1"}
    commande = [sys.executable, "-c", code, *modules]
    fait = subprocess.run(commande, cwd=copie, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    assert fait.returncode == 0, fait.stderr
    return fait.stdout.splitlines()


def test_there_are_ten_controls_at_least_each_with_a_number_of_its_own() -> None:
    numeros = [controle.nom[:2] for controle in controles()]

    assert numeros == [f"{rang:02}" for rang in range(1, len(numeros) + 1)]
    assert len(numeros) >= 10


@CONTROLES
def test_a_control_says_what_it_breaks_under_which_faults_and_what_must_be_found(controle: Controle) -> None:
    assert controle.defaut
    assert controle.attendu
    assert controle.genres
    assert controle.genres <= GENRES
    assert all(choisir(panne) for panne in controle.pannes)


@CONTROLES
def test_a_control_fits_todays_code_and_what_it_changes_can_still_be_imported(
    controle: Controle, tmp_path: Path
) -> None:
    copie = copie_mutee(controle.chemin, tmp_path / "copie")

    changes = fichiers(controle)
    assert all((copie / fichier).read_bytes() != (RACINE / fichier).read_bytes() for fichier in changes)
    modules = [fichier.removesuffix(".py").replace("/", ".") for fichier in changes]
    assert importer(copie, modules) == [str(copie / fichier) for fichier in changes]
    assert not [*copie.rglob(REJETS)]


def test_a_patch_that_no_longer_fits_is_told_by_its_name(tmp_path: Path) -> None:
    controle = controles()[0]
    perime = tmp_path / "99-perime.patch"
    lignes = controle.chemin.read_text().splitlines(keepends=True)
    perime.write_text("".join(f"-{ligne[1:-1]} autrement\n" if ligne[:2] == "- " else ligne for ligne in lignes))

    with pytest.raises(ControleImpossible, match=r"99-perime\.patch"):
        copie_mutee(perime, tmp_path / "copie")


def test_a_patch_that_does_not_say_what_it_breaks_is_refused(tmp_path: Path) -> None:
    muet = tmp_path / "98-muet.patch"
    muet.write_text("# defaut: quelque chose\n# pannes: mongod.tuer\n")

    with pytest.raises(ControleImpossible, match="attendu"):
        Controle.lire(muet)
