"""Remembers who is logged in, by a cookie of which only the digest is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services._runtime.clock import now
from services._runtime.mongo import Database, Document
from services.intake.comptes.liens import empreinte, secret


@dataclass(frozen=True, slots=True)
class Duree:
    """How long a session lasts: in all, and while nothing is asked."""

    absolue: timedelta
    inactivite: timedelta


ORDINAIRE: Final = Duree(timedelta(hours=12), timedelta(hours=2))  # a day's work, a lunch
AGENT: Final = Duree(timedelta(hours=8), timedelta(minutes=30))  # he sees every dossier
VUE: Final = timedelta(minutes=1)  # a write for each page would cost more than the page


class Sessions:
    """The collection `sessions`. `facteur` is the proof besides the address, when one was given."""

    def __init__(self, base: Database) -> None:
        self._sessions = base["sessions"]

    async def prepare(self) -> None:
        """Let MongoDB forget what has ended; find all those of an account."""
        await self._sessions.create_index("expire_le", expireAfterSeconds=0)
        await self._sessions.create_index("compte")

    async def ouvrir(self, compte: str, *, facteur: str | None = None, fournisseur: Document | None = None) -> str:
        """Open a session; give its cookie, never seen before. `fournisseur`: what its own logout will ask for."""
        cookie, maintenant = secret(), now()
        cesse_le = maintenant + _duree(facteur).absolue
        await self._sessions.insert_one(
            {
                "_id": empreinte(cookie),
                "compte": compte,
                "facteur": facteur,
                "fournisseur": fournisseur,
                "cesse_le": cesse_le,
                **_vue(maintenant, facteur, cesse_le),
            }
        )
        return cookie

    async def lire(self, cookie: str) -> Document | None:
        """Give a session that has not ended, with its account under `titulaire`, in one round trip."""
        maintenant = now()
        compte = {"from": "comptes", "localField": "compte", "foreignField": "_id", "as": "titulaire"}
        trouvees = self._sessions.aggregate(
            [
                {"$match": {"_id": empreinte(cookie), "expire_le": {"$gt": maintenant}}},
                {"$lookup": compte},
                {"$unwind": "$titulaire"},
            ]
        )
        session: Document
        for session in await trouvees.to_list(1):
            await self._voir(session, maintenant)
            return session
        return None

    async def fermer(self, cookie: str) -> Document | None:
        """Close a session; give what it was."""
        fermee: Document | None = await self._sessions.find_one_and_delete({"_id": empreinte(cookie)})
        return fermee

    async def fermer_toutes(self, compte: str) -> None:
        """Close every session of an account, on all its devices."""
        await self._sessions.delete_many({"compte": compte})

    async def _voir(self, session: Document, maintenant: datetime) -> None:
        if maintenant - session["vue_le"] < VUE:
            return
        vue = _vue(maintenant, session["facteur"], session["cesse_le"])
        await self._sessions.update_one({"_id": session["_id"]}, {"$set": vue})


def _duree(facteur: str | None) -> Duree:
    return AGENT if facteur else ORDINAIRE


def _vue(maintenant: datetime, facteur: str | None, cesse_le: datetime) -> Document:
    return {"vue_le": maintenant, "expire_le": min(maintenant + _duree(facteur).inactivite, cesse_le)}
