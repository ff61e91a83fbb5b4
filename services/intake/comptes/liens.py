"""Secrets that are worth one use, for a few minutes: what a mailed link holds, what a provider must bring back."""

import hashlib
from datetime import timedelta
from enum import StrEnum
from secrets import token_urlsafe
from typing import Final

from services._runtime.clock import now
from services._runtime.mongo import Database, Document

VALIDITE: Final = timedelta(minutes=10)  # ASVS 6.5.5; mails that take longer are rare, and another costs a click


class Genre(StrEnum):
    """What a secret is for: one of another kind opens nothing."""

    CONNEXION = "connexion"
    FOURNISSEUR = "fournisseur"
    SORTIE = "sortie"


def secret() -> str:
    """Draw a secret of 256 bits, in 43 characters that an address bears."""
    return token_urlsafe(32)


def empreinte(secret: str) -> str:
    """Give what is kept of a secret: the base, read by somebody, opens nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Liens:
    """The collection `liens`: each secret, by its SHA-256, with what it was given for."""

    def __init__(self, base: Database) -> None:
        self._liens = base["liens"]

    async def prepare(self) -> None:
        """Let MongoDB forget what is too old."""
        await self._liens.create_index("expire_le", expireAfterSeconds=0)

    async def emettre(self, genre: Genre, contenu: Document) -> str:
        """Give a new secret, good for ten minutes."""
        nouveau = secret()
        await self._liens.insert_one(
            {**contenu, "_id": empreinte(nouveau), "genre": genre, "expire_le": now() + VALIDITE}
        )
        return nouveau

    async def lire(self, genre: Genre, secret: str) -> Document | None:
        """Look at what a secret was given for, without using it."""
        trouve: Document | None = await self._liens.find_one(_bon(genre, secret))
        return trouve

    async def consommer(self, genre: Genre, secret: str) -> Document | None:
        """Use a secret: whoever comes second, at whatever instant, finds nothing."""
        trouve: Document | None = await self._liens.find_one_and_delete(_bon(genre, secret))
        return trouve


def _bon(genre: Genre, secret: str) -> Document:
    return {"_id": empreinte(secret), "genre": genre, "expire_le": {"$gt": now()}}
