"""What the agents' desk asks of MongoDB: pages of the queue, counts, neighbours, deliveries; and the locks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final

from pymongo import ASCENDING

from contracts.dossier import EtatDossier
from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from services.intake.bureau.file import (
    ETATS,
    SUSPENDU,
    VERDICTS,
    Filtres,
    Index,
    Onglet,
    Ordre,
    Repere,
    Source,
    Tri,
    sources,
)
from services.intake.bureau.verrous import Verrous
from services.intake.domain import SANS_IMPORTANCE

PAR_PAGE: Final = 50
COMPTE_MAX: Final = 1_000  # beyond, a tab says « 1 000+ »: nobody's work depends on how many more
VOISINS_MAX: Final = 20
LIVRAISONS_MAX: Final = 100
LOT: Final = 200  # dossiers read at once by an export
EN_COURS: Final = (EtatDossier.DEPOSE, EtatDossier.A_CORRIGER, EtatDossier.VALIDE, EtatDossier.LIVRE)
# The states of a mail that is owed (GLOSSARY.md, EtatEnvoi), and an index of notification's.
COURRIELS_DUS: Final = ("prevu", "refus_temporaire", "douteux")
FRAICHEUR: Final = timedelta(seconds=10)  # what waits is looked for no more often than that
INDEX: Final = {
    Index.SIRET: ("siret",),
    Index.ECOLES: ("ecoles", "depose_le", "_id"),
    Index.COMMUNE: ("etat", "verdict", "commune", "depose_le", "_id"),
    Index.DEPARTEMENT: ("etat", "departement", "verdict", "depose_le", "_id"),
    Index.DEPOT: ("etat", "verdict", "depose_le", "_id"),
}
LIGNE: Final = dict.fromkeys(
    ("etat", "version", "commune", "ecoles", "depose_le", "verdict", "verrou", "siret", "departement"), 1
)
EXPORTEE: Final = LIGNE | {"chronologie": 1}
LIVRAISON: Final = dict.fromkeys(("titulaire", "etat", "motif", "constat", "ouverte_le", "nombre_ecoles"), 1)


class Bureau:
    """Reads `dossiers` by the indexes that `prepare` makes, whatever their number; writes locks, by `verrous`."""

    def __init__(self, mongo: Mongo) -> None:
        self._dossiers = mongo.database["dossiers"]
        self._envois = mongo.database["envois"]
        self._perimetres = mongo.database["perimetres"]
        self._livraisons = mongo.database["livraisons"]
        self._attendus: tuple[datetime, list[str]] | None = None
        self.verrous = Verrous(mongo)

    async def prepare(self) -> None:
        """Create the indexes of the queue."""
        for nom, cles in INDEX.items():
            await self._dossiers.create_index([(cle, ASCENDING) for cle in cles], name=nom)
        await self._dossiers.create_index(
            [("etat", ASCENDING), ("depose_le", ASCENDING), ("_id", ASCENDING)],
            name=Index.SUSPENDUS,
            partialFilterExpression=SUSPENDU,
        )

    async def page(self, filtres: Filtres, ordre: Ordre, apres: Repere | None = None) -> list[Document]:
        """Read what follows a place in the queue: a page and, when there is more, the first dossier of the next."""
        lus: list[Document] = []
        demandes = await self._sources(filtres, ordre.tri)
        for tranche in ordre.tranches(apres):
            lus += await self._tranche(demandes, tranche, ordre, PAR_PAGE + 1 - len(lus))
            if len(lus) > PAR_PAGE:
                break
        return lus

    async def compteurs(self) -> dict[Onglet, int]:
        """Count the dossiers of each tab, up to one more than COMPTE_MAX."""
        return dict(zip(Onglet, await asyncio.gather(*map(self._compter, Onglet)), strict=True))

    async def parcourir(self, filtres: Filtres | None) -> AsyncIterator[Document]:
        """Give all the dossiers that the filters (None: nothing) let through, with their timeline.

        They come in the order of their deposit; incidents, kind by kind.
        """
        vus: set[str] = set()
        demandes = await self._sources(filtres, Tri.DEPOT) if filtres else []
        for source in demandes:
            async for dossier in self._lire(source, Ordre(), EXPORTEE):
                if dossier["_id"] not in vus:
                    yield dossier
                if len(demandes) > 1:  # of one source, nothing comes twice, and there is no end to what it may give
                    vus.add(dossier["_id"])

    async def voisins(self, dossier: Document) -> list[Document]:
        """Give the other dossiers that live and speak of a same school, or else of the same commune."""
        autres = {"_id": {"$ne": dossier["_id"]}, "etat": {"$in": list(EN_COURS)}}
        ecoles = {**autres, "ecoles": {"$in": dossier["ecoles"]}}
        commune = {**autres, "commune": dossier["commune"], "verdict": {"$in": list(VERDICTS)}}
        trouves = await asyncio.gather(
            self._lire(Source(ecoles, Index.ECOLES), Ordre(), nombre=VOISINS_MAX).to_list(),
            self._lire(Source(commune, Index.COMMUNE), Ordre(), nombre=VOISINS_MAX).to_list(),
        )
        return list({voisin["_id"]: voisin for voisin in chain(*trouves)}.values())[:VOISINS_MAX]

    async def livraisons(self) -> list[Document]:
        """Give the last deliveries, the latest first."""
        return await self._livraisons.find({}, LIVRAISON, sort=[("_id", -1)], limit=LIVRAISONS_MAX).to_list()

    async def _sources(self, filtres: Filtres, tri: Tri) -> list[Source]:
        attendus = await self._en_attente() if filtres.onglet is Onglet.INCIDENTS else ()
        return sources(filtres, tri, now(), attendus)

    async def _tranche(
        self, demandes: Sequence[Source], tranche: Document, ordre: Ordre, nombre: int
    ) -> list[Document]:
        """Read the first dossiers of a range. Sources overlap; each is in order: sorted together, they are one."""
        bornees = [Source({"$and": [demande.filtre, tranche]}, demande.index) for demande in demandes]
        trouves = await asyncio.gather(*(self._lire(bornee, ordre, nombre=nombre).to_list() for bornee in bornees))
        uniques = {dossier["_id"]: dossier for dossier in chain(*trouves)}
        return sorted(uniques.values(), key=ordre.cle, reverse=ordre.decroissant)[:nombre]

    def _lire(self, source: Source, ordre: Ordre, champs: Document = LIGNE, nombre: int = 0) -> Any:  # noqa: ANN401  # motor has no types: its cursor
        return self._dossiers.find(
            source.filtre, champs, hint=source.index, sort=ordre.cles, limit=nombre, batch_size=0 if nombre else LOT
        )

    async def _compter(self, onglet: Onglet) -> int:
        if onglet is Onglet.TOUS:
            return min(await self._dossiers.estimated_document_count(), COMPTE_MAX + 1)
        if onglet is not Onglet.INCIDENTS:
            etats = {"etat": {"$in": list(ETATS[onglet])}}
            return int(await self._dossiers.count_documents(etats, hint=Index.DEPOT, limit=COMPTE_MAX + 1))
        demandes = await self._sources(Filtres(onglet), Tri.DEPOT)
        vus = [
            self._dossiers.find(demande.filtre, {"_id": 1}, hint=demande.index, limit=COMPTE_MAX + 1).to_list()
            for demande in demandes
        ]
        return len({dossier["_id"] for dossier in chain(*await asyncio.gather(*vus))})

    async def _en_attente(self) -> list[str]:
        """Give the numbers of dossiers whose delivery or mail waits: of each, enough to know that they are too many."""
        maintenant = now()
        if self._attendus is None or maintenant - self._attendus[0] >= FRAICHEUR:
            depuis: Document = {"attente.depuis": {"$lte": maintenant - SANS_IMPORTANCE}}
            # Both by an index of the collection: what is delivered, or was sent, is not looked at.
            du = {"titulaire": {"$in": await self._perimetres.distinct("titulaire")}, "livree": False, **depuis}
            envoi = {"etat": {"$in": list(COURRIELS_DUS)}, **depuis}
            trouves = await asyncio.gather(
                self._perimetres.find(du, {"numero": 1}, limit=COMPTE_MAX + 1).to_list(),
                self._envois.find(envoi, {"numero": 1}, limit=COMPTE_MAX + 1).to_list(),
            )
            self._attendus = maintenant, sorted({attendu["numero"] for attendu in chain(*trouves)})
        return self._attendus[1]
