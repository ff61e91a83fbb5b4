"""The only door of intake to `dossiers`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pymongo.read_concern import ReadConcern

from contracts.dossier import EnvoiLu, Etape, EtatDossier, PerimetreLu, PieceDeposee, Soumission, Suivi
from contracts.evenements import DossierDepose
from services._runtime.clock import now
from services._runtime.mongo import Document
from services._runtime.service import Base
from services.intake.brouillons.store import Brouillons
from services.intake.comptes.identite import Identite
from services.intake.comptes.store import Comptes
from services.intake.domain import Transition, attentes
from services.intake.pieces import Pieces
from services.intake.referentiels.store import Referentiels


class Store:
    """Dossiers by number. Each write carries what it tells; each is safe to repeat."""

    def __init__(self, base: Base) -> None:
        self._dossiers = base.outbox("dossiers")
        self._envois = base.mongo.database["envois"]
        self._perimetres = base.mongo.database["perimetres"]
        self.pieces = Pieces(base.mongo)
        self.comptes = Comptes(base.mongo)
        self.referentiels = Referentiels(base.mongo)
        self.brouillons = Brouillons(base.mongo)

    async def prepare(self) -> None:
        """Create the index behind `depot_de`. Unique: a key files one dossier, or one correction, never two."""
        await self._dossiers.collection.create_index(
            [("producteur", 1), ("depots.cle", 1)],
            unique=True,
            partialFilterExpression={"depots.cle": {"$exists": True}},
        )
        for partie in (self.pieces, self.comptes, self.referentiels, self.brouillons):
            await partie.prepare()

    async def ouvrir(
        self,
        producteur: str,
        depot: Document,
        soumission: Soumission,
        pieces: Sequence[PieceDeposee],
        evenement: DossierDepose,
    ) -> bool:
        """Create a dossier that owes its DossierDéposé; False when this number exists, or the key was used."""
        etape = Etape(le=evenement.time, fait=evenement.nom(), version=1)
        return await self._dossiers.insert(
            {
                "_id": evenement.subject,
                "numero": evenement.subject,
                "producteur": producteur,
                "depots": [depot],
                "chronologie": [etape.model_dump()],
                **_contenu(1, soumission, pieces, evenement.time),
            },
            evenement,
        )

    async def redeposer(
        self, depot: Document, soumission: Soumission, pieces: Sequence[PieceDeposee], evenement: DossierDepose
    ) -> bool:
        """File the next version of a dossier to be corrected; False when it no longer is, or the key was used."""
        version = evenement.data.version
        etape = Etape(le=evenement.time, fait=evenement.nom(), version=version)
        return await self._dossiers.update(
            evenement.subject,
            {"version": version - 1, "etat": EtatDossier.A_CORRIGER},
            {
                "$set": _contenu(version, soumission, pieces, evenement.time),
                "$push": {"depots": depot, "chronologie": etape.model_dump()},
            },
            evenement,
        )

    async def appliquer(self, transition: Transition) -> bool:
        """Apply a transition once; False on a dossier already further on, or already told of this: nothing changes."""
        etape = transition.etape.model_dump()
        return await self._dossiers.update(
            transition.numero,
            {
                "version": transition.version,
                "etat": {"$in": transition.depuis},
                "chronologie": {
                    "$not": {"$elemMatch": {"fait": etape["fait"], "version": etape["version"], "le": etape["le"]}}
                },
            },
            {"$push": {"chronologie": etape}, **({"$set": {"etat": transition.vers}} if transition.vers else {})},
            *([transition.evenement] if transition.evenement else []),
        )

    async def dossier(self, numero: str, producteur: str) -> Document | None:
        """Read a dossier that this producer filed."""
        trouve: Document | None = await self._dossiers.collection.find_one({"_id": numero, "producteur": producteur})
        return trouve

    async def dossier_de(self, numero: str, identite: Identite, *, invites: bool) -> Document | None:
        """Read a dossier that this person owns, or (`invites`) was invited to."""
        a_elle: list[Document] = [{"compte": identite.compte}]
        if invites:
            a_elle.append({"invites": identite.courriel})
        trouve: Document | None = await self._dossiers.collection.find_one({"_id": numero, "$or": a_elle})
        return trouve

    async def dossier_d_agent(self, numero: str) -> Document | None:
        """Read any dossier, for an agent."""
        trouve: Document | None = await self._dossiers.collection.find_one({"_id": numero})
        return trouve

    async def attentes(self, numero: str) -> tuple[Etape, ...]:
        """Read what the other services have not been able to do yet for this dossier."""
        en_attente = {"numero": numero, "attente": {"$exists": True}}
        envois = self._envois.find(en_attente, dict.fromkeys(EnvoiLu.model_fields, 1))
        perimetres = self._perimetres.find(en_attente, dict.fromkeys(PerimetreLu.model_fields, 1))
        return attentes(
            [EnvoiLu.model_validate(e) async for e in envois],
            [PerimetreLu.model_validate(p) async for p in perimetres],
            now(),
        )

    async def version(self, numero: str) -> int:
        """Read the version of a dossier; 0 when there is none."""
        trouve = await self._dossiers.collection.find_one({"_id": numero}, {"version": 1})
        return int(trouve["version"]) if trouve else 0

    async def depot_de(self, producteur: str, cle: UUID) -> Document | None:
        """Read the dossier that this producer filed with this key."""
        # What the majority has: the answer made of it must not be undone by an election.
        dossiers = self._dossiers.collection.with_options(read_concern=ReadConcern("majority"))
        trouve: Document | None = await dossiers.find_one({"producteur": producteur, "depots.cle": str(cle)})
        return trouve


def suivi(dossier: Document, attentes: Sequence[Etape] = ()) -> Suivi:
    """Show a dossier as its producer may see it, with what it waits for at the end of its timeline."""
    etat = EtatDossier(dossier["etat"])
    chronologie = tuple(Etape(**etape) for etape in dossier["chronologie"])
    return Suivi(
        numero=dossier["numero"],
        etat=etat,
        version=dossier["version"],
        depose_le=dossier["depose_le"],
        ecoles=tuple(dossier["ecoles"]),
        chronologie=(*chronologie, *attentes),
    )


def _contenu(version: int, soumission: Soumission, pieces: Sequence[PieceDeposee], le: datetime) -> Document:
    return {
        **soumission.model_dump(mode="json", exclude={"pieces", "corrige"}),
        "version": version,
        "etat": EtatDossier.DEPOSE,
        "pieces": [piece.model_dump(mode="json") for piece in pieces],
        "depose_le": le,
    }
