"""The only door to `brouillons`."""

from services._runtime.mongo import Document, Mongo
from services.intake.comptes.identite import Identite


class Brouillons:
    """Drafts by the number that their dossier has, or will have."""

    def __init__(self, mongo: Mongo) -> None:
        self._brouillons = mongo.database["brouillons"]

    async def prepare(self) -> None:
        """Create the indexes."""

    async def lire(self, numero: str, identite: Identite) -> Document | None:
        """Read a draft that this person owns or was invited to."""
        raise NotImplementedError
