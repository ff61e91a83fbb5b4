"""Accounts over a real mongod, a real mail server and a real provider of identities."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pyotp
import pytest

from deploy.local.partenaires import PuitsSMTP
from services._runtime.clock import now
from services._runtime.mongo import Mongo
from services.intake.comptes.agents import Agents
from services.intake.portail.page import Portail
from services.intake.reglages import ReglagesFournisseur
from tests.scene import BASE, adresse_neuve

from .banc import Essai, ProConnect


@pytest.fixture(scope="session")
def proconnect(tmp_path_factory: pytest.TempPathFactory, partie: Callable[..., None]) -> Iterator[ProConnect]:
    """Give a real provider."""
    fournisseur = ProConnect(tmp_path_factory.mktemp("proconnect"))
    partie(fournisseur.start)
    yield fournisseur
    fournisseur.stop()


@pytest.fixture
def adresse() -> str:
    """Give an address that no other test uses."""
    return adresse_neuve()


@pytest.fixture
def relais(puits: PuitsSMTP) -> int:
    """Give the port of the mail server."""
    return puits.port


@pytest.fixture
def ouvrir(
    assembler: Callable[..., Portail], naviguer: Callable[..., Any], courriels: Callable[..., Any]
) -> Callable[..., Essai]:
    """Open a portal, with these providers."""

    def faire(*fournisseurs: ReglagesFournisseur, base: str = BASE) -> Essai:
        return Essai(assembler(base, fournisseurs=fournisseurs), naviguer, courriels)

    return faire


@pytest.fixture
def essai(ouvrir: Callable[..., Essai]) -> Essai:
    """Give a portal without providers."""
    return ouvrir()


@pytest.fixture
async def agent(essai: Essai, mongo: Mongo, adresse: str) -> tuple[httpx.AsyncClient, pyotp.TOTP]:
    """Give an agent, logged in by a link, whose second factor is proposed; and his telephone."""
    activation = await Agents(mongo.database).nommer(adresse, "agent-7")
    navigateur = await essai.connecter(adresse)
    await essai.poster(navigateur, "/compte/second-facteur", activation=activation)
    compte = await mongo.database["comptes"].find_one({"courriel": adresse})
    assert compte is not None
    return navigateur, pyotp.TOTP(compte["second_facteur"]["secret"])


@pytest.fixture
def code() -> Callable[..., str]:
    """Read a telephone, now or some steps away."""

    def lire(telephone: pyotp.TOTP, pas: int = 0) -> str:
        return telephone.at(now(), counter_offset=pas)

    return lire
