"""What intake reads of dossiers, of its own and in the read shapes of those that other services write."""

from typing import Final
from uuid import UUID

from pymongo.read_concern import ReadConcern

from contracts.dossier import CourrielLu, EnvoiLu, Etape, LivraisonLue, PerimetreLu
from contracts.evenements import MotifSuspension
from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from services.intake.comptes.identite import Identite
from services.intake.domain import attentes

LISTE_MAX: Final = 200  # dossiers of one account on one page
RESUME: Final = ("numero", "etat", "version", "commune", "ecoles", "depose_le", "compte", "verdict", "decisions.geste")


class Lecture:
    """Changes nothing."""

    def __init__(self, mongo: Mongo) -> None:
        self._lus = mongo.database["dossiers"]
        self._envois = mongo.database["envois"]
        self._perimetres = mongo.database["perimetres"]
        self._livraisons = mongo.database["livraisons"]

    async def dossier(self, numero: str, producteur: str) -> Document | None:
        """Read a dossier that this producer filed."""
        trouve: Document | None = await self._lus.find_one({"_id": numero, "producteur": producteur})
        return trouve

    async def dossier_de(self, numero: str, identite: Identite, *, invites: bool) -> Document | None:
        """Read a dossier that this person owns, or (`invites`) was invited to."""
        a_elle: list[Document] = [{"compte": identite.compte}]
        if invites:
            a_elle.append({"invites": identite.courriel})
        trouve: Document | None = await self._lus.find_one({"_id": numero, "$or": a_elle})
        return trouve

    async def dossier_d_agent(self, numero: str) -> Document | None:
        """Read any dossier, for an agent."""
        trouve: Document | None = await self._lus.find_one({"_id": numero})
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
        trouve = await self._lus.find_one({"_id": numero}, {"version": 1})
        return int(trouve["version"]) if trouve else 0

    async def depot_de(self, producteur: str, cle: UUID) -> Document | None:
        """Read the dossier that this producer filed with this key."""
        # What the majority has: the answer made of it must not be undone by an election.
        dossiers = self._lus.with_options(read_concern=ReadConcern("majority"))
        trouve: Document | None = await dossiers.find_one({"producteur": producteur, "depots.cle": str(cle)})
        return trouve

    async def dossiers_de(self, identite: Identite) -> list[Document]:
        """Read the dossiers that this person owns or was invited to, the last filed first."""
        siens = {"$or": [{"compte": identite.compte}, {"invites": identite.courriel}]}
        return await self._lus.find(siens, dict.fromkeys(RESUME, 1)).sort("depose_le", -1).to_list(LISTE_MAX)

    async def courriels(self, numero: str) -> list[CourrielLu]:
        """Read the mails that a dossier called for, in the order in which they were owed."""
        trouves = self._envois.find({"numero": numero}, dict.fromkeys(CourrielLu.model_fields, 1))
        lus = [CourrielLu.model_validate(envoi, strict=False) async for envoi in trouves]
        return sorted(lus, key=lambda courriel: courriel.journal[0].le)

    async def livraison_suspendue(self, nom: str) -> LivraisonLue | None:
        """Read a delivery that waits for an agent, and that he may let leave."""
        approuvable = {"_id": nom, "etat": "suspendue", "motif": {"$ne": MotifSuspension.ANNUAIRE_INVALIDE}}
        trouvee = await self._livraisons.find_one(approuvable, dict.fromkeys(LivraisonLue.model_fields, 1))
        return LivraisonLue.model_validate(trouvee) if trouvee else None

    async def premier_en_attente(self, titulaire: str) -> tuple[str, int] | None:
        """Name the first dossier, with its version, that waits for a delivery to this titulaire."""
        trouve = await self._perimetres.find_one(
            {"titulaire": titulaire, "livree": False}, {"numero": 1, "version": 1}, sort=[("_id", 1)]
        )
        return (trouve["numero"], trouve["version"]) if trouve else None
