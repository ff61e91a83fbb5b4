"""Who is an agent: said by hand, by `ent1d agent`, and by nothing else."""

from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from services._runtime.clock import now
from services._runtime.mongo import Database, Document
from services.intake.comptes.activation import nouvelle
from services.intake.comptes.sessions import Sessions


class Agents:
    """The accounts that have a role. Each of these is done once, and may be asked again."""

    def __init__(self, base: Database) -> None:
        self._comptes = base["comptes"]
        self._sessions = Sessions(base)

    async def nommer(self, courriel: str, code: str) -> str | None:
        """Make an address, already somebody's account or not yet, an agent's; None when it or the code is taken.

        Give what he is to be told by another way than his mailbox: the code that activates his second factor.
        """
        maintenant, (a_dire, activation) = now(), nouvelle()
        try:
            await self._comptes.update_one(
                {"courriel": courriel, "agent.code": {"$in": [None, code]}},
                {
                    "$set": {"agent.code": code, "agent.activation": activation},
                    "$min": {"agent.depuis": maintenant},
                    "$setOnInsert": {"_id": uuid4().hex, "identites": [], "cree_le": maintenant},
                },
                upsert=True,
            )
        except DuplicateKeyError:
            return None
        return a_dire

    async def lister(self) -> list[Document]:
        """Give each agent by his code, never by his address."""
        champs = {"_id": 0, "code": "$agent.code", "depuis": "$agent.depuis", "connecte_le": 1}
        facteur = {"second_facteur": {"$gt": ["$second_facteur.actif_le", None]}}
        agents = self._comptes.find({"agent.code": {"$exists": True}}, champs | facteur).sort("agent.code", 1)
        return await agents.to_list(None)

    async def retirer(self, code: str) -> bool:
        """Take the role away, at once, wherever he is logged in; his account and his dossiers stay."""
        return await self._oter(code, {"$unset": {"agent": 1, "second_facteur": 1}})

    async def reinitialiser(self, code: str) -> str | None:
        """Forget all that proves who he is but his address: a lost telephone, a doubt. None when there is no such one.

        He starts again from a link, and from the activation code that this gives.
        """
        a_dire, activation = nouvelle()
        change = {"$unset": {"second_facteur": 1}, "$set": {"identites": [], "agent.activation": activation}}
        return a_dire if await self._oter(code, change) else None

    async def _oter(self, code: str, changement: Document) -> bool:
        compte = await self._comptes.find_one_and_update({"agent.code": code}, changement, {"_id": 1})
        if compte is None:
            return False
        await self._sessions.fermer_toutes(compte["_id"])
        return True
