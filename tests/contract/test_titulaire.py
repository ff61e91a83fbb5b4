"""What a titulaire receives is what we publish about it, and the sample consumer believes only what it checked."""

import ast
import importlib.util
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.documents import schema
from contracts.evenements import Livraison
from contracts.manifeste import Manifeste
from services._runtime.reading import read_strictly

EXEMPLE = Path(__file__).parents[2] / "docs" / "titulaire" / "consommateur.py"
Livree = tuple[Path, Livraison]


@pytest.fixture(scope="module")
def consommateur() -> ModuleType:
    spec = importlib.util.spec_from_file_location("consommateur", EXEMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dite(livraison: Livraison) -> dict[str, Any]:
    return livraison.model_dump(mode="json")


def test_the_manifest_laid_on_the_server_is_the_one_we_publish(livree: Livree) -> None:
    depot, livraison = livree
    octets = (depot / livraison.manifeste).read_bytes()
    lu = read_strictly(octets, Manifeste)
    assert json.loads(lu.model_dump_json()) == json.loads(octets)
    Draft202012Validator(schema("livraison.manifeste.v1")).validate(json.loads(octets))
    with zipfile.ZipFile(depot / lu.fichier.nom) as archive:
        assert archive.namelist() == [*lu.contenu, "ficAlimMENESR.dtd"]


def test_the_sample_counts_the_pupils_that_the_event_announces(consommateur: ModuleType, livree: Livree) -> None:
    depot, livraison = livree
    eleves = consommateur.controler(depot, dite(livraison))
    assert eleves.total() == livraison.effectifs.eleves > 0
    assert len(eleves) == livraison.nombre_ecoles == 3


def abimer(depot: Path, livraison: Livraison) -> None:
    fichier = depot / livraison.fichier
    fichier.write_bytes(fichier.read_bytes()[:-1] + b"?")


def tronquer(depot: Path, livraison: Livraison) -> None:
    fichier = depot / livraison.fichier
    fichier.write_bytes(fichier.read_bytes()[:-1])


def remplacer_le_manifeste(depot: Path, livraison: Livraison) -> None:
    manifeste = depot / livraison.manifeste
    manifeste.write_text(manifeste.read_text(encoding="utf-8").replace(livraison.sha256, "0" * 64), encoding="utf-8")


def compter_un_eleve_de_plus(depot: Path, livraison: Livraison) -> None:
    manifeste = depot / livraison.manifeste
    contenu = json.loads(manifeste.read_bytes())
    contenu["ecoles"][0]["effectifs"]["eleves"] += 1
    manifeste.write_text(json.dumps(contenu), encoding="utf-8")


@pytest.mark.parametrize("alterer", [abimer, tronquer, remplacer_le_manifeste, compter_un_eleve_de_plus])
def test_the_sample_stops_when_file_manifest_and_event_disagree(
    consommateur: ModuleType, livree: Livree, alterer: Callable[[Path, Livraison], None]
) -> None:
    alterer(*livree)
    with pytest.raises(SystemExit, match=r"différente? de celui|différente? de celle"):
        consommateur.controler(livree[0], dite(livree[1]))


def test_the_sample_stops_when_the_event_announces_other_numbers(consommateur: ModuleType, livree: Livree) -> None:
    depot, livraison = livree
    autre = dite(livraison)
    autre["effectifs"]["eleves"] += 1
    with pytest.raises(SystemExit, match="nombre d’élèves"):
        consommateur.controler(depot, autre)


def test_the_sample_does_not_pass_over_a_file_that_is_not_there(consommateur: ModuleType, livree: Livree) -> None:
    depot, livraison = livree
    (depot / livraison.fichier).unlink()
    with pytest.raises(FileNotFoundError):
        consommateur.controler(depot, dite(livraison))


def test_the_sample_is_short_and_needs_only_aio_pika() -> None:
    texte = EXEMPLE.read_text(encoding="utf-8")
    noeuds = list(ast.walk(ast.parse(texte)))
    importes = {alias.name for n in noeuds if isinstance(n, ast.Import) for alias in n.names}
    importes |= {n.module or "" for n in noeuds if isinstance(n, ast.ImportFrom)}
    externes = {nom.partition(".")[0] for nom in importes} - sys.stdlib_module_names
    assert externes == {"aio_pika"}
    chaines = [n.value for n in noeuds if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)]
    documentation = {ligne for n in chaines for ligne in range(n.lineno, (n.end_lineno or n.lineno) + 1)}
    lignes = [ligne for rang, ligne in enumerate(texte.splitlines(), 1) if rang not in documentation]
    code = [ligne for ligne in lignes if ligne.strip() and not ligne.lstrip().startswith(("#", "import ", "from "))]
    assert len(code) <= 40
