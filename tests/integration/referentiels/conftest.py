"""The small référentiel of the demo, in a database of its own."""

import pytest

from deploy.demo.referentiel import poser
from services._runtime.mongo import Mongo
from services.intake.referentiels.store import Referentiels


@pytest.fixture
async def vides(mongo: Mongo) -> Referentiels:
    """Give référentiels where nothing was ever imported."""
    referentiels = Referentiels(mongo)
    await referentiels.prepare()
    return referentiels


@pytest.fixture
async def referentiels(mongo: Mongo, vides: Referentiels) -> Referentiels:
    """Give the demo's référentiels, as its importers make them."""
    await poser(mongo.database)
    return vides
