"""The follow-up over a real mongod and a real mail server."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contracts.evenements import Controle, Verdict
from deploy.demo.referentiel import poser
from deploy.local.partenaires import PuitsSMTP
from services._runtime.mongo import Mongo
from services.intake.store import Store
from tests.scene import Personne

from .banc import Courriels, Essai, Trouver


@pytest.fixture
def controle() -> Trouver:
    """Make a finding of verification."""

    def trouver(verdict: Verdict, champ: str = "ecoles", constat: str = "Constat.", **plus: Any) -> Controle:  # noqa: ANN401
        return Controle(id="essai", verdict=verdict, constat=constat, champ=champ, source="essai", **plus)

    return trouver


@pytest.fixture
def relais(puits: PuitsSMTP) -> int:
    """Give the port of the mail server."""
    return puits.port


@pytest.fixture
async def essai(store: Store, mongo: Mongo, entrer: Callable[..., Awaitable[Personne]], courriels: Courriels) -> Essai:
    """Give what a test does, on a base which knows the communes and schools of the demo."""
    await poser(mongo.database)
    return Essai(store, mongo, entrer, courriels)
