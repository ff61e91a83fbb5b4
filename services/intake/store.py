"""The only door of intake to `dossiers`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.dossier import Etape, EtatDossier, PieceDeposee, Soumission, Suivi
from contracts.evenements import Approbation, DossierDepose, LivraisonApprouvee
from services._runtime.clock import now
from services._runtime.mongo import Document
from services._runtime.service import Base
from services.intake.brouillons.store import Brouillons
from services.intake.bureau.store import Bureau
from services.intake.bureau.verrous import libre_pour
from services.intake.comptes.store import Comptes
from services.intake.domain import INVITES_MAX, SOURCE, Proprietaire, Transition, verdict
from services.intake.lecture import Lecture
from services.intake.menage import Menage
from services.intake.pieces import Pieces
from services.intake.pieces_lecture import PiecesLues
from services.intake.referentiels.store import Referentiels
from services.intake.televersements.store import Televersements

CONTENU: Final = (
    *("siret", "commune", "deposant", "ecoles", "pieces", "commentaires"),
    *("version", "depose_le", "rapport", "decisions"),
)


@dataclass(frozen=True)
class Deposant:
    """Who files: a producteur, on behalf of an account or of none."""

    producteur: str
    proprietaire: Proprietaire | None = None

    @property
    def compte(self) -> str | None:
        """Give the account."""
        return self.proprietaire.compte if self.proprietaire else None


class Store(Lecture):
    """Dossiers by number. Each write carries what it tells; each is safe to repeat."""

    def __init__(self, base: Base) -> None:
        super().__init__(base.mongo)
        self._dossiers = base.outbox("dossiers")
        self.pieces = Pieces(base.mongo)
        self.comptes = Comptes(base.mongo)
        self.referentiels = Referentiels(base.mongo)
        self.brouillons = Brouillons(base.mongo)
        self.televersements = Televersements(base.mongo, self.pieces)
        self.menage = Menage(base.mongo, self.pieces)
        self.pieces_lues = PiecesLues(base.mongo, self.pieces)
        self.bureau = Bureau(base.mongo)

    async def prepare(self) -> None:
        """Create the indexes of `dossiers`, that of `depot_de` first: a key files one dossier, or one correction."""
        await self._dossiers.collection.create_index(
            [("producteur", 1), ("depots.cle", 1)],
            unique=True,
            partialFilterExpression={"depots.cle": {"$exists": True}},
        )
        for a_qui in ("compte", "invites"):
            await self._dossiers.collection.create_index([(a_qui, 1), ("depose_le", -1)])
        parties = (self.pieces, self.comptes, self.referentiels, self.brouillons, self.televersements, self.bureau)
        for partie in parties:
            await partie.prepare()

    async def ouvrir(
        self,
        qui: Deposant,
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
                "producteur": qui.producteur,
                "depots": [depot],
                "chronologie": [etape.model_dump()],
                **_appartenance(qui),
                **_contenu(1, soumission, pieces, evenement.time),
            },
            evenement,
        )

    async def redeposer(
        self,
        dossier: Document,
        depot: Document,
        soumission: Soumission,
        pieces: Sequence[PieceDeposee],
        evenement: DossierDepose,
    ) -> bool:
        """File the next version of a dossier to be corrected; False when it no longer is, or the key was used.

        `dossier` as it was read: what it held becomes its earlier version.
        """
        version = evenement.data.version
        etape = Etape(le=evenement.time, fait=evenement.nom(), version=version)
        return await self._dossiers.update(
            evenement.subject,
            {"version": version - 1, "etat": EtatDossier.A_CORRIGER},
            {
                "$set": _contenu(version, soumission, pieces, evenement.time),
                "$push": {
                    "depots": depot,
                    "chronologie": etape.model_dump(),
                    "versions": {nom: dossier[nom] for nom in CONTENU if nom in dossier},
                },
                "$unset": dict.fromkeys(("rapport", "verdict", "decisions", "verrou"), ""),
            },
            evenement,
        )

    async def appliquer(self, transition: Transition) -> bool:
        """Apply a transition once; False on a dossier already further on, or already told of this: nothing changes."""
        return await self._appliquer(transition, {}, {})

    async def decider(self, transition: Transition, prise: Document, agent: str) -> bool:
        """Apply an agent's decision, kept with its motivation; his lock on the dossier goes with it.

        False too while another agent is on the dossier.
        """
        change: dict[str, Document] = {"$push": {"decisions": prise}, "$unset": {"verrou": ""}}
        return await self._appliquer(transition, libre_pour(agent, now()), change)

    async def _appliquer(self, transition: Transition, condition: Document, plus: dict[str, Document]) -> bool:
        etape = transition.etape.model_dump()
        change = {**plus, "$push": {**plus.get("$push", {}), "chronologie": etape}, "$set": _change(transition)}
        return await self._dossiers.update(
            transition.numero,
            {
                "version": transition.version,
                "etat": {"$in": transition.depuis},
                "chronologie": {
                    "$not": {"$elemMatch": {"fait": etape["fait"], "version": etape["version"], "le": etape["le"]}}
                },
                **condition,
            },
            {operateur: champs for operateur, champs in change.items() if champs},  # MongoDB refuses an empty one
            *([transition.evenement] if transition.evenement else []),
        )

    async def inviter(self, numero: str, courriel: str) -> bool:
        """Let a colleague read a dossier; False once ten do, or when there is no such dossier."""
        faite = await self._dossiers.collection.update_one(
            {"_id": numero, f"invites.{INVITES_MAX - 1}": {"$exists": False}}, {"$addToSet": {"invites": courriel}}
        )
        return bool(faite.matched_count)

    async def desinviter(self, numero: str, courriel: str) -> None:
        """Let a colleague read it no longer."""
        await self._dossiers.collection.update_one({"_id": numero}, {"$pull": {"invites": courriel}})

    async def approuver_livraison(self, nom: str, agent: str) -> bool:
        """Owe the LivraisonApprouvée of a suspended delivery as it stands now; False when none waits that may leave."""
        lue = await self.livraison_suspendue(nom)
        attendu = await self.premier_en_attente(lue.titulaire) if lue else None
        if lue is None or attendu is None:
            return False
        (numero, version), le = attendu, now()
        data = Approbation(
            version=version,
            livraison=nom,
            essai=lue.empreinte,
            decide_par=f"agent:{agent}",
        )
        evenement = LivraisonApprouvee.dire(numero, data, source=SOURCE, le=le, rang=lue.empreinte)
        constat = f"Un agent laisse partir la livraison {nom}."
        etape = Etape(le=le, fait=evenement.nom(), version=version, constat=constat)
        await self._dossiers.update(
            numero,
            {"approbations": {"$ne": lue.empreinte}},
            {"$push": {"chronologie": etape.model_dump(), "approbations": lue.empreinte}},
            evenement,
        )
        return True


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


def _change(transition: Transition) -> Document:
    change: Document = {"etat": transition.vers} if transition.vers else {}
    if transition.rapport:
        change |= {"rapport": transition.rapport.model_dump(mode="json"), "verdict": verdict(transition.rapport)}
    return change


def _appartenance(qui: Deposant) -> Document:
    if qui.proprietaire is None:
        return {}
    return {"compte": qui.proprietaire.compte, "invites": list(qui.proprietaire.invites)}


def _contenu(version: int, soumission: Soumission, pieces: Sequence[PieceDeposee], le: datetime) -> Document:
    return {
        **soumission.model_dump(mode="json", exclude={"pieces", "corrige"}),
        "departement": soumission.commune[:2],
        "version": version,
        "etat": EtatDossier.DEPOSE,
        "pieces": [piece.model_dump(mode="json") for piece in pieces],
        "depose_le": le,
    }
