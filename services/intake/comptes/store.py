"""The only door to `comptes`, `liens`, `sessions` and `tentatives`."""

from services._runtime.mongo import Mongo
from services.intake.comptes.identite import Identite


class Comptes:
    """Accounts by id, and what proves who somebody is."""

    def __init__(self, mongo: Mongo) -> None:
        self._comptes = mongo.database["comptes"]

    async def prepare(self) -> None:
        """Create the indexes."""

    async def identite(self, cookie: str) -> Identite | None:
        """Find who holds this session cookie; None when it is nobody's, or no longer."""
        raise NotImplementedError
