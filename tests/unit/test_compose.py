"""compose.yaml against what it must hold: each service confined, fully set, and given its secrets as files."""

import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings
from ruamel.yaml import YAML

from contracts.flux import SERVICES
from services._runtime.settings import RuntimeSettings

RACINE = Path(__file__).parents[2]
FICHIERS = (RACINE / "compose.yaml", RACINE / "deploy/compose/smtp-authentifie.yaml")
A_DEMEURE = (*SERVICES, "rabbitmq", "mongo")


def lu(fichier: Path) -> dict[str, Any]:
    contenu: dict[str, Any] = YAML(typ="safe").load(fichier.read_text(encoding="utf-8"))
    return contenu


COMPOSE = lu(FICHIERS[0])


def reglages(service: str) -> type[BaseSettings]:
    kind: type[BaseSettings] = getattr(import_module(f"services.{service}.app"), "Settings", RuntimeSettings)
    return kind


def cibles(service: str) -> dict[str, str]:
    """The secrets of a service, by the name of their file in /run/secrets."""
    return dict(_cible(secret) for secret in COMPOSE["services"][service].get("secrets", []))


def _cible(secret: str | dict[str, str]) -> tuple[str, str]:
    return (secret, secret) if isinstance(secret, str) else (secret["target"], secret["source"])


@pytest.mark.parametrize("fichier", FICHIERS, ids=lambda fichier: fichier.name)
def test_the_file_follows_the_compose_specification(fichier: Path) -> None:
    juge = subprocess.run(  # noqa: S603 - our own file, judged by our own tool
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(fichier)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert juge.returncode == 0, juge.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_served_by_its_own_command_from_the_one_image(service: str) -> None:
    conteneur = COMPOSE["services"][service]
    assert conteneur["command"] == ["ent1d", "serve", service]
    assert conteneur["build"]["dockerfile"] == "deploy/Dockerfile"


@pytest.mark.parametrize("service", A_DEMEURE)
def test_each_part_is_confined_watched_and_restarted(service: str) -> None:
    conteneur = COMPOSE["services"][service]
    assert conteneur["read_only"] is True
    assert conteneur["cap_drop"] == ["ALL"]
    assert conteneur["security_opt"] == ["no-new-privileges:true"]
    assert conteneur["user"].split(":")[0] not in {"", "0", "root"}
    assert conteneur["restart"] == "unless-stopped"
    assert conteneur["mem_limit"]
    assert conteneur["healthcheck"]["test"]
    assert "container_name" not in conteneur


@pytest.mark.parametrize("service", sorted(set(COMPOSE["services"]) - {"intake"}))
def test_only_intake_publishes_a_port_so_the_others_can_be_scaled(service: str) -> None:
    assert "ports" not in COMPOSE["services"][service]


@pytest.mark.parametrize("service", SERVICES)
def test_each_required_setting_is_given_by_the_environment_or_by_a_secret(service: str) -> None:
    donnes = {nom.lower() for nom in COMPOSE["services"][service]["environment"]} | set(cibles(service))
    exiges = {nom for nom, champ in reglages(service).model_fields.items() if champ.is_required()}
    assert exiges <= donnes


@pytest.mark.parametrize("service", SERVICES)
def test_no_variable_is_given_that_the_service_does_not_read(service: str) -> None:
    donnes = {nom.lower() for nom in COMPOSE["services"][service]["environment"]}
    assert donnes <= set(reglages(service).model_fields)


@pytest.mark.parametrize("service", SERVICES)
def test_each_setting_that_is_a_secret_comes_from_a_file(service: str) -> None:
    environnement = {nom.lower() for nom in COMPOSE["services"][service]["environment"]}
    secrets = {nom for nom, champ in reglages(service).model_fields.items() if "Secret" in str(champ.annotation)}
    assert {"rabbitmq_url", "mongodb_url"} <= secrets <= set(reglages(service).model_fields)
    assert not environnement & secrets


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_has_the_broker_account_that_bears_its_name(service: str) -> None:
    assert cibles(service)["rabbitmq_url"] == f"rabbitmq_url_{service}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_longer_to_stop_than_it_takes_to_drain(service: str) -> None:
    conteneur = COMPOSE["services"][service]
    drain = float(conteneur["environment"]["DRAIN_TIMEOUT"])
    assert float(conteneur["stop_grace_period"].removesuffix("s")) > 2 * drain


@pytest.mark.parametrize("fichier", FICHIERS, ids=lambda fichier: fichier.name)
def test_each_secret_is_a_file_and_has_no_other_source(fichier: Path) -> None:
    contenu = lu(fichier)
    for nom, secret in contenu["secrets"].items():
        assert list(secret) == ["file"], nom
        assert secret["file"].startswith("${ENT1D_SECRETS:-./secrets}/")
    references = {_cible(s)[1] for conteneur in contenu["services"].values() for s in conteneur.get("secrets", [])}
    assert references == set(contenu["secrets"])


@pytest.mark.parametrize("fichier", FICHIERS, ids=lambda fichier: fichier.name)
def test_no_password_is_written_nor_read_from_a_variable(fichier: Path) -> None:
    texte = fichier.read_text(encoding="utf-8")
    assert not re.search(r"://[^/\s:]*:[^/\s]*@", texte)
    variables = {*re.findall(r"\$\{([A-Z0-9_]+)", texte), *re.findall(r"^ +([A-Z0-9_]+):", texte, re.MULTILINE)}
    assert not {nom for nom in variables - {"ENT1D_SECRETS"} if re.search("PASS|SECRET|TOKEN|CREDENTIAL", nom)}


def test_the_image_holds_every_file_that_the_code_reads_beside_it() -> None:
    paquets = tomllib.loads((RACINE / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    motifs = paquets["package-data"]["*"]
    donnees = [
        fichier
        for paquet in ("contracts", "services")
        for fichier in (RACINE / paquet).rglob("*")
        if fichier.is_file() and fichier.suffix not in {".py", ".pyc"}
    ]
    assert donnees
    assert not [str(f.relative_to(RACINE)) for f in donnees if not any(fnmatch(f.name, motif) for motif in motifs)]
