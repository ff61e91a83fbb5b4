"""The agents' desk over a real mongod: agents and a déposant logged in, a few communes and schools known."""

from collections.abc import Awaitable, Callable

import pytest

from services._runtime.mongo import Mongo
from services.intake.store import Store

from .banc import Dossiers, Personne

Connecter = Callable[..., Awaitable[Personne]]


@pytest.fixture
async def store(store: Store, remplir: Callable[[], Awaitable[None]]) -> Store:
    """Give intake's store, a few communes and schools known."""
    await remplir()
    return store


@pytest.fixture
def dossiers(store: Store, mongo: Mongo) -> Dossiers:
    """Give the dossiers of the base."""
    assert store
    return Dossiers(mongo)


@pytest.fixture
def connecter(entrer: Callable[..., Awaitable[Personne]]) -> Connecter:
    """Log somebody in, as an agent of this code or as anybody."""

    async def faire(code: str = "") -> Personne:
        adresse = f"{code or 'camille.fictive'}@exemple.fr"
        qui = await entrer(adresse, agent=code, facteur=bool(code), pannes=False)
        assert qui.identite.agent == (code or None)
        return Personne(qui.navigateur, qui.identite)

    return faire


@pytest.fixture
async def agent(connecter: Connecter) -> Personne:
    """Give an agent."""
    return await connecter("agent-3")


@pytest.fixture
async def autre(connecter: Connecter) -> Personne:
    """Give another agent."""
    return await connecter("agent-7")


@pytest.fixture
async def deposant(connecter: Connecter) -> Personne:
    """Give somebody who is no agent."""
    return await connecter()
