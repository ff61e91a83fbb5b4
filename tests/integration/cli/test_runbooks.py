"""The pages of docs/ops speak of commands, metrics and settings that exist."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from prometheus_client import REGISTRY

from contracts.flux import SERVICES
from services.cli import app

OPS = Path(__file__).parents[3] / "docs" / "ops"
PAGES = sorted(OPS.glob("*.md"))
# What RabbitMQ's own exporter gives for the families of deploy/compose/prometheus.yml, and its alarms.
DE_RABBITMQ = {
    "rabbitmq_detailed_queue_messages",
    "rabbitmq_detailed_queue_consumers",
    "rabbitmq_alarms_free_disk_space_watermark",
    "rabbitmq_alarms_memory_used_watermark",
}
METRIQUE = re.compile(
    r"`((?:messages?|outbox|envois?|partner|livraisons|livraison_attente|perimetres?|parking|dossiers|rabbitmq_detailed|rabbitmq_alarms)"
    r"_[a-z_]+)"
    r'(\{[a-z]+="[a-z_]+"\})?`'
)
REGLAGES_DE_COMPOSE = {"RABBITMQ_MEMOIRE", "AAF_DISPATCH_MEMOIRE", "ATELIER", "ENT1D_PAR"}


def commandes(page: str) -> Iterator[str]:
    """Give the `ent1d …` of code blocks and of inline code."""
    for bloc in re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL):
        yield from (ligne.strip() for ligne in bloc.splitlines() if ligne.strip().startswith("ent1d "))
    yield from re.findall(r"`(ent1d [^`]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL))


def analyser(commande: str) -> None:
    """Parse a command as the program does, and run nothing. Raises what the operator would be told."""
    noeud: Any = typer.main.get_command(app)
    mots = shlex.split(commande, comments=True)[1:]
    while hasattr(noeud, "commands"):
        noeud = noeud.commands[mots.pop(0)]
    if mots:  # else only its name is quoted
        noeud.make_context("ent1d", mots)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_of_a_page_is_one_that_exists(page: Path) -> None:
    for commande in commandes(page.read_text(encoding="utf-8")):
        analyser(commande)


def test_each_command_of_the_operator_is_in_a_page() -> None:
    cites = {" ".join(c.split()[1:3]) for page in PAGES for c in commandes(page.read_text(encoding="utf-8"))}
    racine: Any = typer.main.get_command(app)
    du_quotidien = {
        f"{groupe} {nom}" for groupe in ("parking", "livraison", "dossier") for nom in racine.commands[groupe].commands
    }

    assert du_quotidien <= cites
    assert {"outbox", "interventions"} <= {cite.split()[0] for cite in cites}


def test_a_command_that_does_not_exist_would_be_seen() -> None:
    for fausse in ("ent1d parking vider", "ent1d parking lister --tout", "ent1d outbox --depuis hier"):
        with pytest.raises((KeyError, typer.TyperException)):
            analyser(fausse)


def test_each_metric_of_a_page_is_exported() -> None:
    for service in SERVICES:
        import_module(f"services.{service}.app")
    exportees = {f"{m.name}{'_total' if m.type == 'counter' else ''}" for m in REGISTRY.collect()} | DE_RABBITMQ
    citees = {m[0] for page in PAGES for m in METRIQUE.findall(page.read_text(encoding="utf-8"))}

    assert citees <= exportees
    assert {
        "messages_parked_total",
        "outbox_oldest_unpublished_seconds",
        "envois_douteux",
        "livraison_attente_seconds",
    } <= citees


def test_each_link_leads_to_a_page_and_a_section() -> None:
    for page in PAGES:
        for cible, ancre in re.findall(r"\]\(([a-z]+\.md)(?:#([a-z0-9-]+))?\)", page.read_text(encoding="utf-8")):
            texte = (OPS / cible).read_text(encoding="utf-8")
            titres = {
                re.sub(r"[^a-z0-9 -]", "", t.lower()).replace(" ", "-")
                for t in re.findall(r"^#+ (.*)", texte, re.MULTILINE)
            }
            assert not ancre or ancre in titres, f"{page.name}: {cible}#{ancre}"


def test_each_setting_of_a_page_is_one_of_a_service_or_of_compose() -> None:
    connus = set(REGLAGES_DE_COMPOSE)
    for service in SERVICES:
        connus |= {nom.upper() for nom in import_module(f"services.{service}.app").Settings.model_fields}
    for page in PAGES:
        if page.name != "installation.md":
            cites = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", page.read_text(encoding="utf-8")))
            assert cites <= connus, page.name
