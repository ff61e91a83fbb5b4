"""The form over a real mongod: a few communes and schools known, and people who use it."""

from collections.abc import Awaitable, Callable

import pytest

from services.intake.store import Store
from tests.scene import Personne

from .banc import Usager

Connecter = Callable[[str], Awaitable[Usager]]


@pytest.fixture
async def store(store: Store, remplir: Callable[[], Awaitable[None]]) -> Store:
    """Give intake's store, a few communes and schools known."""
    await remplir()
    return store


@pytest.fixture
def connecter(store: Store, entrer: Callable[..., Awaitable[Personne]]) -> Connecter:
    """Log somebody in, in a browser of his own."""

    async def faire(courriel: str) -> Usager:
        qui = await entrer(courriel, pannes=False)
        return Usager(qui.navigateur, qui.identite, store=store)

    return faire


@pytest.fixture
async def usager(connecter: Connecter) -> Usager:
    """Give somebody logged in."""
    return await connecter("camille.fictive@exemple.fr")
