"""The portal with a real mail server behind it, and the world that a vector makes of it."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from deploy.local.partenaires import PuitsSMTP
from services._runtime.mongo import Mongo
from services.intake.api import build_api
from services.intake.entetes import Entetes
from services.intake.portail.page import Portail
from services.intake.store import Store
from tests.scene import BASE

from .monde import CLE, PRODUCTEUR, Monde


@pytest.fixture
def relais(puits: PuitsSMTP) -> int:
    """Give the port of the mail server."""
    return puits.port


@pytest.fixture
async def api(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """Give the client of a producer."""
    application = Entetes(build_api(store, {PRODUCTEUR: hashlib.sha256(CLE.encode()).hexdigest()}))
    transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
    entetes = {"Authorization": f"Bearer {CLE}"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=entetes) as client:
        yield client


@pytest.fixture
async def monde(
    portail: Portail, mongo: Mongo, api: httpx.AsyncClient, entrer: Callable[..., Awaitable[Any]]
) -> Callable[[str], Awaitable[Monde]]:
    """Make an empty world for a vector."""

    async def faire(vecteur: str) -> Monde:
        deposant = await entrer("camille.fictive@mairie-exemple.fr")
        agent = await entrer("agent@ac-exemple.fr", agent="agent-7", facteur=True)
        return Monde(vecteur, portail, mongo.database, deposant, agent, api)

    return faire
