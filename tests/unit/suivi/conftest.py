"""Dossiers as intake keeps them, as much of them as the follow-up reads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.demo.dossiers import CONFORME

DEBUT = datetime(2027, 3, 3, 8, 5, tzinfo=UTC)
ROLES = ("attestation_adhesion", "bon_commande_editeur", "bon_commande_chorus")


@pytest.fixture
def le() -> Callable[[int], datetime]:
    """Give a moment: so many hours after the beginning."""
    return lambda heures: DEBUT + timedelta(hours=heures)


@pytest.fixture
def etape(le: Callable[[int], datetime]) -> Callable[..., dict[str, Any]]:
    """Write a line of a timeline."""

    def ecrire(fait: str, heures: int = 0, version: int = 1, constat: str = "") -> dict[str, Any]:
        return {"le": le(heures), "fait": fait, "version": version, "constat": constat}

    return ecrire


@pytest.fixture
def controle() -> Callable[..., dict[str, Any]]:
    """Write a finding of a report."""

    def ecrire(verdict: str, champ: str = "ecoles", constat: str = "Constat.", **plus: object) -> dict[str, Any]:
        base = {"id": "essai", "verdict": verdict, "champ": champ, "constat": constat, "source": "essai"}
        return base | {"valeurs": [], "corrigeable": True} | plus

    return ecrire


@pytest.fixture
def rapport() -> Callable[..., dict[str, Any]]:
    """Write the report of a version."""
    return lambda *controles, version=1: {"version": version, "regles": "essai", "controles": list(controles)}


@pytest.fixture
def dossier(le: Callable[[int], datetime], etape: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Write a dossier, just filed unless told another way."""

    def ecrire(**change: object) -> dict[str, Any]:
        pieces = [{"role": role, "id": role[0] * 32, "sha256": "a" * 64, "taille": 2048} for role in ROLES]
        return CONFORME.soumission([]) | {
            "numero": "ENT-5KHZ3-VGE9T",
            "compte": "c" * 32,
            "invites": [],
            "etat": "depose",
            "version": 1,
            "depose_le": le(0),
            "chronologie": [etape("DossierDéposé")],
            "commentaires": "",
            "pieces": pieces,
            **change,
        }

    return ecrire
