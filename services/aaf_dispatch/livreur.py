"""Delivers what is owed, one delivery at a time: plan, make, hand over, record. Run again after any interruption."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pymongo.errors import PyMongoError

from services._runtime.clock import now
from services._runtime.lease import Lease, LeaseLost
from services._runtime.logs import logger
from services._runtime.mongo import Document
from services.aaf_dispatch.domain import Inscription, Plan, absence, arret, empreinte, invalide, planifier
from services.aaf_dispatch.empechements import Empechement, empechement_de
from services.aaf_dispatch.fabrique import Commande, Fabrique, Produit, Source, livraison_de
from services.aaf_dispatch.mesures import EMPECHEES
from services.aaf_dispatch.remise import Depot, Serveur, ouvrir
from services.aaf_dispatch.store import Store, ecoles_de, effectifs_de


@dataclass(frozen=True)
class Regles:
    """`baisse_max`: part of the pupils that may go missing; `intervalle`: the least between two deliveries."""

    baisse_max: float
    intervalle: timedelta


@dataclass(frozen=True)
class Essai:
    """One try of a delivery: the document it was opened with, what it is to hold, and the lease on it."""

    ouverte: Document
    source: Source
    plan: Plan
    bail: Lease

    @property
    def nom(self) -> str:
        """The name of the delivery."""
        return str(self.ouverte["_id"])


class Livreur:
    """The step of the delivery worker."""

    def __init__(self, store: Store, fabrique: Fabrique, serveur: Serveur, regles: Regles) -> None:
        self._store = store
        self._fabrique = fabrique
        self._serveur = serveur
        self._regles = regles
        self._pas_avant = datetime.min.replace(tzinfo=UTC)

    async def livrer(self) -> bool:
        """Make the next delivery if one is owed and may leave; True when one was made."""
        derniere = await self._store.derniere_remise()
        if self._trop_tot(derniere) or not await self._store.en_attente():
            return False
        async with self._constater(None):
            source = await self._fabrique.source()
        plan = planifier(await self._store.inscriptions(), source.ecoles, ecoles_de(derniere))
        for inscription in plan.absentes:
            await self._store.signaler(inscription, absence(inscription, source.ecoles))
        if not plan.a_livrer:
            return False
        ouverte = await self._store.ouvrir()
        if ouverte is None or not self._a_revoir(ouverte, source, plan):
            return False
        async with self._store.tenir(ouverte["_id"]) as bail, self._constater(plan.a_livrer):
            try:
                return await self._faire(Essai(ouverte, source, plan, bail))
            finally:
                self._fabrique.vider()  # pupils' data: not even until the next try

    def _trop_tot(self, derniere: Document | None) -> bool:
        recente = derniere is not None and now() - derniere["livree_le"] < self._regles.intervalle
        return recente or now() < self._pas_avant

    @asynccontextmanager
    async def _constater(self, concernes: Sequence[Inscription] | None) -> AsyncIterator[None]:
        """Write down what keeps these dossiers (None: all that wait) from being delivered, if something does."""
        try:
            yield
        except (LeaseLost, PyMongoError):
            raise
        except Exception as panne:
            empechement = empechement_de(panne)
            if empechement is not Empechement.INJOIGNABLE:  # cheap to try; the others may cost the making of a Complet
                self._pas_avant = now() + self._regles.intervalle
            EMPECHEES.labels(empechement).inc()
            logger().error("livraison_empechee", empechement=empechement, error=type(panne).__name__)
            await self._store.empecher(empechement, concernes)
            raise

    def _a_revoir(self, ouverte: Document, source: Source, plan: Plan) -> bool:
        """A suspended delivery is made again only once something has changed."""
        essai = empreinte(self._store.titulaire, source.empreinte, plan)
        return ouverte.get("empreinte") != essai or ouverte["approuvee"] == essai

    async def _faire(self, essai: Essai) -> bool:
        nom, plan = essai.nom, essai.plan
        async with ouvrir(self._serveur) as depot:
            depot.sous(essai.bail)
            await depot.balayer()
            if await self._deja_faite(depot, nom, plan):
                return True
            produit = await self._fabrique.produire(
                Commande(nom, self._store.titulaire, plan.ecoles, essai.ouverte["ouverte_le"])
            )
            if await self._fabrique.source() != essai.source:
                return True  # replaced meanwhile: what was made is neither of the old export nor of the new one
            if not await self._peut_partir(essai, produit):
                return False
            await depot.deposer(produit.zip)
            await depot.deposer(produit.manifeste)
        await self._store.remise(produit.livraison, plan.ecoles, plan.a_livrer)
        logger().info("livraison", nom=nom, ecoles=len(plan.ecoles), taille=produit.livraison.taille)
        return True

    async def _deja_faite(self, depot: Depot, nom: str, plan: Plan) -> bool:
        """Adopt a delivery whose manifest is on the server: its process died between the hand-over and the record."""
        manifeste = await depot.manifeste(nom)
        if manifeste is None:
            return False
        ecoles = frozenset(ecole["uai"] for ecole in manifeste["ecoles"])
        tenues = tuple(i for i in plan.a_livrer if i.ecoles <= ecoles)
        await self._store.remise(livraison_de(manifeste), ecoles, tenues)
        return True

    async def _peut_partir(self, essai: Essai, produit: Produit) -> bool:
        plan = essai.plan
        celui_ci = empreinte(self._store.titulaire, essai.source.empreinte, plan)
        precedents = effectifs_de(await self._store.derniere_remise())
        pourquoi = arret(plan, produit.livraison.effectifs, precedents, self._regles.baisse_max)
        if produit.fautes:
            pourquoi = invalide(produit.fautes)
        elif essai.ouverte["approuvee"] == celui_ci:
            pourquoi = None
        if pourquoi is None:
            return True
        await self._store.suspendre(essai.nom, celui_ci, pourquoi)
        for inscription in plan.a_livrer:
            await self._store.signaler(inscription, pourquoi)
        return False
