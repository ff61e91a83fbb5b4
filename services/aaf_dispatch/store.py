"""The only door of aaf_dispatch to MongoDB: who is to be delivered (`perimetres`) and what was (`livraisons`)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from pymongo.errors import DuplicateKeyError, PyMongoError

from contracts.evenements import DossierValide, Effectifs, Livraison, LivraisonApprouvee, MotifSuspension
from services._runtime.clock import now
from services._runtime.lease import Lease, LeaseLost
from services._runtime.mongo import Document
from services._runtime.service import Base
from services.aaf_dispatch.domain import Arret, Inscription, livre, nom_livraison, suspendu
from services.aaf_dispatch.empechements import RAISONS, Empechement

BAIL: Final = timedelta(seconds=10)  # how long a dead process holds up its titulaire; renewed three times as often


class Store:
    """Inscriptions by `titulaire:numero`, deliveries by name."""

    def __init__(self, base: Base, titulaire: str) -> None:
        self.titulaire = titulaire
        self._perimetres = base.outbox("perimetres")
        self._livraisons = base.mongo.database["livraisons"]
        self._jeton = uuid4().hex

    async def prepare(self) -> None:
        """Create the key that gives one rank to one delivery, and the index of what waits."""
        await self._livraisons.create_index([("titulaire", 1), ("ordre", -1)], unique=True)
        await self._perimetres.collection.create_index([("titulaire", 1), ("livree", 1)])
        await self._perimetres.collection.create_index("numero")

    async def inscrire(self, valide: DossierValide) -> None:
        """Owe a delivery to this dossier. A redelivered event changes nothing."""
        data = valide.data
        await self._perimetres.insert(
            {
                "_id": f"{self.titulaire}:{valide.subject}",
                "titulaire": self.titulaire,
                "numero": valide.subject,
                "version": data.version,
                "ecoles": list(data.ecoles),
                "livree": False,
                "inscrit_le": now(),
                "suspensions": [],
            }
        )

    async def en_attente(self) -> bool:
        """Tell whether a dossier waits for its delivery."""
        return (
            await self._perimetres.collection.find_one({"titulaire": self.titulaire, "livree": False}, {"_id": 1})
            is not None
        )

    async def inscriptions(self) -> list[Inscription]:
        """Give all the dossiers of the titulaire, delivered or not."""
        toutes = self._perimetres.collection.find(
            {"titulaire": self.titulaire}, {"numero": 1, "version": 1, "ecoles": 1, "livree": 1}
        )
        return [Inscription(i["numero"], i["version"], frozenset(i["ecoles"]), i["livree"]) async for i in toutes]

    async def derniere_remise(self) -> Document | None:
        """Give the last delivery that reached the titulaire."""
        trouvee: Document | None = await self._livraisons.find_one(
            {"titulaire": self.titulaire, "etat": "livree"}, sort=[("ordre", -1)]
        )
        return trouvee

    async def ouvrir(self) -> Document | None:
        """Take the delivery in progress, or open the next; None while another process holds it."""
        maintenant = now()
        # One read tells both whether one is open and the next rank: two would miss what is opened in between.
        derniere = await self._livraisons.find_one({"titulaire": self.titulaire}, sort=[("ordre", -1)])
        if derniere and derniere["etat"] != "livree":
            nom = derniere["_id"]
        else:
            nom = await self._inscrire_livraison(derniere["ordre"] + 1 if derniere else 1, maintenant)
        return await self._prendre(nom, {"$or": [{"bail": {"$lte": maintenant}}, {"jeton": self._jeton}]})

    async def _inscrire_livraison(self, ordre: int, maintenant: datetime) -> str:
        """Write down a new delivery; of processes that try together, its rank keeps one."""
        nom = nom_livraison(maintenant.date(), ordre)
        with suppress(DuplicateKeyError):
            await self._livraisons.insert_one(
                {
                    "_id": nom,
                    "titulaire": self.titulaire,
                    "ordre": ordre,
                    "etat": "en_cours",
                    "ouverte_le": maintenant,
                    "bail": maintenant,
                    "approuvee": "",
                }
            )
        return nom

    async def _prendre(self, nom: str, condition: Document) -> Document | None:
        prise: Document | None = await self._livraisons.find_one_and_update(
            {"_id": nom, "etat": {"$ne": "livree"}, **condition},
            {"$set": {"jeton": self._jeton, "bail": now() + BAIL}},
        )
        return prise

    @asynccontextmanager
    async def tenir(self, nom: str) -> AsyncIterator[Lease]:
        """Renew the lease of a delivery while the body runs, and give it back after.

        Raises LeaseLost when somebody took it before, TimeoutError in the body when it could not be renewed: this
        process must stop before it touches the titulaire's server, for another may have taken over. One that was
        itself stopped learns it late: the body asks the lease right before each effect.
        """
        async with asyncio.timeout(BAIL.total_seconds()) as limite:
            bail = Lease(BAIL, self._jeton)
            if await self._prendre(nom, {"jeton": self._jeton}) is None:
                raise LeaseLost
            renouvellement = asyncio.create_task(self._renouveler(nom, limite, bail))
            try:
                yield bail
            finally:
                renouvellement.cancel()
                await self._livraisons.update_one({"_id": nom, "jeton": self._jeton}, {"$set": {"bail": now()}})

    async def _renouveler(self, nom: str, limite: asyncio.Timeout, bail: Lease) -> None:
        horloge = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BAIL.total_seconds() / 3)
            asked_at, echeance = now(), horloge.time() + BAIL.total_seconds()
            with suppress(PyMongoError):
                tenue = await self._prendre(nom, {"jeton": self._jeton}) is not None
                bail.asked_at = asked_at if tenue else asked_at - BAIL
                limite.reschedule(echeance if tenue else horloge.time())

    async def suspendre(self, nom: str, empreinte: str, pourquoi: Arret) -> None:
        """Write down that this delivery waits for an agent."""
        await self._livraisons.update_one(
            {"_id": nom, "jeton": self._jeton},
            {
                "$set": {
                    "etat": "suspendue",
                    "empreinte": empreinte,
                    "motif": pourquoi.motif,
                    "constat": pourquoi.constat,
                }
            },
        )

    async def approuver(self, approuvee: LivraisonApprouvee) -> None:
        """Let an attempt leave that waits for an agent; changed since he saw it, or invalid, it waits on."""
        data = approuvee.data
        await self._livraisons.update_one(
            {
                "_id": data.livraison,
                "etat": "suspendue",
                "empreinte": data.essai,
                "motif": {"$ne": MotifSuspension.ANNUAIRE_INVALIDE},
            },
            {"$set": {"approuvee": data.essai, "approuvee_par": data.decide_par, "approuvee_le": approuvee.time}},
        )

    async def empecher(self, empechement: Empechement, inscriptions: Sequence[Inscription] | None) -> None:
        """Write down why these dossiers (None: all that wait) are not delivered; since when, the first time."""
        du: Document = {"titulaire": self.titulaire, "livree": False, "attente.empechement": {"$ne": empechement}}
        if inscriptions is not None:
            du["_id"] = {"$in": [self._cle(inscription) for inscription in inscriptions]}
        attente = {
            "depuis": {"$ifNull": ["$attente.depuis", now()]},
            "raison": RAISONS[empechement],
            "empechement": empechement,
        }
        await self._perimetres.collection.update_many(du, [{"$set": {"attente": attente}}])

    async def non_livres(self) -> dict[str | None, tuple[int, datetime | None]]:
        """Count the dossiers validated and not delivered, by what keeps them, with the date of the oldest."""
        groupes = self._perimetres.collection.aggregate(
            [
                {"$match": {"titulaire": self.titulaire, "livree": False}},
                {"$group": {"_id": "$attente.empechement", "nombre": {"$sum": 1}, "le": {"$min": "$inscrit_le"}}},
            ]
        )
        return {groupe["_id"]: (groupe["nombre"], groupe["le"]) async for groupe in groupes}

    async def signaler(self, inscription: Inscription, pourquoi: Arret) -> None:
        """Owe a LivraisonSuspendue for this dossier, once for each reason; what kept it before keeps it no longer."""
        await self._perimetres.collection.update_one(
            {"_id": self._cle(inscription), "attente": {"$exists": True}}, {"$unset": {"attente": ""}}
        )
        evenement = suspendu(inscription, self.titulaire, pourquoi, now())
        await self._perimetres.update(
            self._cle(inscription),
            {"livree": False, "suspensions": {"$ne": pourquoi.motif}},
            {"$push": {"suspensions": pourquoi.motif}},
            evenement,
        )

    async def remise(self, livraison: Livraison, ecoles: frozenset[str], inscriptions: tuple[Inscription, ...]) -> None:
        """Record that the titulaire has it: each of its dossiers owes its AAFLivré, then the delivery is closed."""
        le = now()
        contenu = livraison.model_dump(mode="json", exclude={"nom"}) | {"ecoles": sorted(ecoles)}
        await asyncio.gather(*(self._livrer(inscription, livraison, le) for inscription in inscriptions))
        await self._livraisons.update_one(
            {"_id": livraison.nom},
            {"$set": {"etat": "livree", "livree_le": le, **contenu}},
        )

    async def _livrer(self, inscription: Inscription, livraison: Livraison, le: datetime) -> None:
        await self._perimetres.update(
            self._cle(inscription),
            {"livree": False},
            {"$set": {"livree": True, "livraison": livraison.nom}, "$unset": {"attente": ""}},
            livre(inscription, self.titulaire, livraison, le),
        )

    def _cle(self, inscription: Inscription) -> str:
        return f"{self.titulaire}:{inscription.numero}"


def ecoles_de(livraison: Document | None) -> frozenset[str]:
    """Read the schools of a delivery."""
    return frozenset(livraison["ecoles"]) if livraison else frozenset()


def effectifs_de(livraison: Document | None) -> Effectifs | None:
    """Read the counts of a delivery."""
    return Effectifs(**livraison["effectifs"]) if livraison else None
