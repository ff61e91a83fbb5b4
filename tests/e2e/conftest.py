"""What the end-to-end tests look at besides."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.systeme import Systeme
from services._runtime.mongo import Database, Mongo


@pytest.fixture
async def mongo_du_systeme(systeme: Systeme) -> AsyncIterator[Database]:
    """Give the database of the running system."""
    mongo = Mongo(systeme.grappe.mongo.url, "ent1d")
    yield mongo.database
    mongo.close()
