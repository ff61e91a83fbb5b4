"""The only door to `comptes`, `liens`, `sessions` and `tentatives`."""

from contextlib import suppress
from typing import Any
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from services._runtime.clock import now
from services._runtime.logs import logger
from services._runtime.mongo import Document, Mongo
from services.intake.comptes.adresses import reseau
from services.intake.comptes.identite import Identite
from services.intake.comptes.liens import Genre, Liens, empreinte
from services.intake.comptes.limites import LIENS_EN_TOUT, LIENS_PAR_ADRESSE, LIENS_PAR_IP, Limites
from services.intake.comptes.personne import Personne
from services.intake.comptes.second_facteur import SecondFacteur
from services.intake.comptes.sessions import Sessions


class Comptes:
    """Accounts by id, and what proves who somebody is.

    An account is {_id, courriel, identites, agent?, second_facteur?, siret?, cree_le, connecte_le}. Nobody asks for
    one: it is made when somebody first proves that an address is his.
    """

    def __init__(self, mongo: Mongo) -> None:
        base = mongo.database
        self._comptes = base["comptes"]
        self.liens = Liens(base)
        self.limites = Limites(base)
        self.sessions = Sessions(base)
        self.second_facteur = SecondFacteur(base, self.limites)

    async def prepare(self) -> None:
        """Create the indexes. An address, a person of a provider, an agent's code: each is one account's at most."""
        await self._comptes.create_index("courriel", unique=True)
        for cles in (["identites.fournisseur", "identites.sub"], ["agent.code"]):
            await self._comptes.create_index(
                [(cle, 1) for cle in cles], unique=True, partialFilterExpression={cles[-1]: {"$exists": True}}
            )
        for partie in (self.liens, self.limites, self.sessions):
            await partie.prepare()

    async def identite(self, cookie: str) -> Identite | None:
        """Find who holds this session cookie; None when it is nobody's, or no longer."""
        session = await self.sessions.lire(cookie)
        if session is None:
            return None
        compte = session["titulaire"]
        # Derived, not kept: who reads the base cannot forge a form.
        jeton = empreinte(f"jeton\n{cookie}")
        return Identite(compte["_id"], compte["courriel"], jeton, _agent(compte, session["facteur"]))

    async def lire(self, compte: str) -> Document:
        """Read an account. Raises LookupError."""
        trouve: Document | None = await self._comptes.find_one({"_id": compte})
        if trouve is None:
            raise LookupError("ce compte n’existe pas")
        return trouve

    async def siret(self, compte: str) -> str:
        """Give the SIRET of somebody's employer, as his provider said last; empty when none did."""
        return str((await self.lire(compte)).get("siret", ""))

    async def demander_lien(self, courriel: str, ip: str, contenu: Document) -> str | None:
        """Give the secret of a link to be mailed to this address; None when there were too many.

        No account is looked at: whether there is one changes nothing, not even the time it takes.
        """
        for limite, qui in ((LIENS_PAR_IP, reseau(ip)), (LIENS_PAR_ADRESSE, courriel), (LIENS_EN_TOUT, "")):
            if not await self.limites.admettre(limite, qui):
                logger().warning("link_not_sent", limite=limite.nom)
                return None
        return await self.liens.emettre(Genre.CONNEXION, {**contenu, "courriel": courriel})

    async def de_courriel(self, courriel: str) -> Document:
        """Give the account of an address that has just been proved, made if there is none."""
        maintenant = now()
        compte: Document = await self._comptes.find_one_and_update(
            {"courriel": courriel},
            {
                "$setOnInsert": {"_id": uuid4().hex, "identites": [], "cree_le": maintenant},
                "$set": {"connecte_le": maintenant},
            },
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return compte

    async def de_personne(self, personne: Personne) -> Document | None:
        """Give the account of somebody whom a provider names; None when his address is to be proved first.

        He is known by his `sub`, whatever his address has become; a proved address finds him the first time only.
        """
        connu = await self._connu(personne)
        if connu is None and personne.verifie:
            compte = await self.de_courriel(personne.courriel)
            with suppress(DuplicateKeyError):  # known meanwhile, by another tab
                await self._comptes.update_one({"_id": compte["_id"]}, {"$addToSet": {"identites": personne.identite}})
            connu = await self._connu(personne)
        return connu

    async def _connu(self, personne: Personne) -> Document | None:
        su: dict[str, Any] = {"connecte_le": now()} | ({"siret": personne.siret} if personne.siret else {})
        lui = {"identites": {"$elemMatch": personne.identite}}
        if personne.verifie:
            # His address has changed: the old mailbox may be another's by now. One that is taken stays whose it is,
            # and an agent's is the one he was named by.
            with suppress(DuplicateKeyError):
                change = {**lui, "agent": {"$exists": False}, "courriel": {"$ne": personne.courriel}}
                await self._comptes.update_one(change, {"$set": {"courriel": personne.courriel}})
        trouve: Document | None = await self._comptes.find_one_and_update(
            lui, {"$set": su}, return_document=ReturnDocument.AFTER
        )
        return trouve


def _agent(compte: Document, facteur: str | None) -> str | None:
    """Give an agent's code, if the second proof of his session is still one of his account."""
    preuves = {compte.get("second_facteur", {}).get("id"), *(i["fournisseur"] for i in compte["identites"])}
    if facteur is None or facteur not in preuves or "agent" not in compte:
        return None
    return str(compte["agent"]["code"])
