"""Counts attempts where all replicas see them, and says when there were too many."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pymongo import ReturnDocument

from services._runtime.clock import now
from services._runtime.mongo import Database, Document
from services.intake.comptes.liens import empreinte

HEURE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limite:
    """At most `nombre` attempts in any `duree`, for each one who tries."""

    nom: str
    nombre: int
    duree: timedelta


LIENS_PAR_ADRESSE: Final = Limite("lien-adresse", 3, HEURE)  # nobody's mailbox is flooded through us
LIENS_PAR_IP: Final = Limite("lien-ip", 30, HEURE)  # a town hall comes out by one address: ten people, three links each
LIENS_EN_TOUT: Final = Limite("lien", 1000, HEURE)  # twice the communes of the academy; above, the relay's good name
FOURNISSEUR_PAR_IP: Final = Limite("fournisseur-ip", 120, HEURE)  # each writes ten minutes of state: more is a flood
CODES_PAR_COMPTE: Final = Limite("code", 5, timedelta(minutes=15))  # 3 codes in a million are right at any instant


class Limites:
    """The collection `tentatives`: the recent attempts of each, under a digest of who tries."""

    def __init__(self, base: Database) -> None:
        self._tentatives = base["tentatives"]

    async def prepare(self) -> None:
        """Let MongoDB forget what is too old to count."""
        await self._tentatives.create_index("expire_le", expireAfterSeconds=0)

    async def admettre(self, limite: Limite, qui: str) -> bool:
        """Count an attempt, if there is room for it: of any number at once, no more than the limit are admitted.

        One that is refused is not counted: the wait does not grow.
        """
        maintenant = now()
        recentes = {"$filter": {"input": {"$ifNull": ["$recentes", []]}, "cond": {"$gt": ["$$this", "$$avant"]}}}
        etapes: list[Document] = [
            {"$set": {"recentes": {"$let": {"vars": {"avant": maintenant - limite.duree}, "in": recentes}}}},
            {"$set": {"admise": {"$lt": [{"$size": "$recentes"}, limite.nombre]}}},
            {
                "$set": {
                    "recentes": {
                        "$cond": ["$admise", {"$concatArrays": ["$recentes", [maintenant]]}, "$recentes"],
                    },
                    "expire_le": maintenant + limite.duree,
                }
            },
        ]
        vue = await self._tentatives.find_one_and_update(
            {"_id": _cle(limite, qui)}, etapes, upsert=True, return_document=ReturnDocument.AFTER
        )
        return bool(vue["admise"])

    async def oublier(self, limite: Limite, qui: str) -> None:
        """Forget somebody's attempts: he has proved who he is."""
        await self._tentatives.delete_one({"_id": _cle(limite, qui)})


def _cle(limite: Limite, qui: str) -> str:
    return f"{limite.nom}:{empreinte(qui)}"
