"""The lives of dossiers: filed, examined by the real contrôles, decided, delivered, through the doors of intake.

What other services write is put in the base in their shape.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import uuid4

from contracts.dossier import PieceDeposee, Soumission
from contracts.evenements import (
    AAFLivre,
    Depot,
    Effectifs,
    Livraison,
    LivraisonSuspendue,
    MotifSuspension,
    PiecesVerifiees,
    Remise,
    Suspension,
)
from deploy.demo.dossiers import CONFORME, Exemple
from services._runtime.clock import now
from services._runtime.lecture.resultat import Inspection
from services._runtime.mongo import Document
from services.intake.bureau.decider import decider
from services.intake.bureau.saisie import Saisie, vu
from services.intake.decisions import Geste, retrait
from services.intake.depot import deposer
from services.intake.domain import Proprietaire, livre, suspendu
from services.intake.domain import decider as decider_seul
from services.intake.reglages import PORTAIL
from services.verification.domain import examiner

from .monde import CAMILLE, CLAUDE, Monde, Personne

TITULAIRE: Final = "exemple"


class Vie:
    """The life of one dossier, step by step."""

    def __init__(self, monde: Monde, numero: str) -> None:
        self._monde, self.numero = monde, numero

    @classmethod
    async def commencer(
        cls, monde: Monde, exemple: Exemple = CONFORME, *, qui: Personne = CAMILLE, invites: tuple[str, ...] = ()
    ) -> "Vie":
        """File a dossier."""
        compte = (await monde.compte(qui))["_id"]
        soumission = await _soumission(monde, exemple)
        accuse = await deposer(monde.store, PORTAIL, uuid4(), soumission, proprietaire=Proprietaire(compte, invites))
        return cls(monde, accuse.numero)

    async def corriger(self, exemple: Exemple) -> "Vie":
        """File its next version."""
        lu = await self.lire()
        soumission = await _soumission(self._monde, exemple, self.numero)
        await deposer(self._monde.store, PORTAIL, uuid4(), soumission, proprietaire=Proprietaire(lu["compte"]))
        return self

    async def verifier(self, *, valider: bool = True, sauf: str = "") -> "Vie":
        """Have it examined, `sauf` one piece, which cannot be read; and decided, as its report calls for."""
        lu = await self.lire()
        pieces = tuple(PieceDeposee.model_validate(piece, strict=False) for piece in lu["pieces"])
        depot = Depot(
            version=lu["version"], siret=lu["siret"], commune=lu["commune"], ecoles=tuple(lu["ecoles"]), pieces=pieces
        )
        inspections = {piece.id: await self._inspecter(piece) for piece in pieces if piece.role != sauf}
        rapport = PiecesVerifiees.dire(self.numero, examiner(depot, inspections), source="ent1d/verification", le=now())
        assert await self._monde.store.appliquer(decider_seul(rapport, valider=valider))
        return self

    async def decider(self, geste: Geste, motivation: str = "", demandes: Mapping[str, str] | None = None) -> "Vie":
        """Have an agent decide."""
        lu = await self.lire()
        saisie = Saisie(geste, motivation, demandes or {}, vu(lu), confirme=True)
        await decider(self._monde.store, lu, saisie, CLAUDE.agent)
        return self

    async def retirer(self) -> "Vie":
        """Withdraw it."""
        assert await self._monde.store.appliquer(retrait(await self.lire(), now()))
        return self

    async def suspendre(self) -> "Vie":
        """Hold its delivery back: one of its schools is not in the annuaire of the académie."""
        lu = await self.lire()
        absente = lu["ecoles"][-1]
        data = Suspension(
            version=lu["version"],
            ecoles=tuple(lu["ecoles"]),
            titulaire=TITULAIRE,
            motif=MotifSuspension.ECOLES_ABSENTES,
            constat=f"L’annuaire de l’académie ne contient pas encore : {absente}.",
        )
        evenement = LivraisonSuspendue.dire(self.numero, data, source="ent1d/aaf_dispatch", le=now())
        assert await self._monde.store.appliquer(suspendu(evenement))
        return self

    async def livrer(self) -> "Vie":
        """Deliver the annuaire of its schools."""
        lu = await self.lire()
        livraison = Livraison(
            nom="ENT1D.20270303-00001",
            fichier="ENT1D_Complet_20270303.tar.gz",
            manifeste="ENT1D_Complet_20270303.json",
            taille=48_213,
            sha256="0" * 64,
            effectifs=Effectifs(etablissements=2, eleves=310, responsables=540, personnels=24),
            nombre_ecoles=2,
        )
        data = Remise(version=lu["version"], ecoles=tuple(lu["ecoles"]), titulaire=TITULAIRE, livraison=livraison)
        evenement = AAFLivre.dire(self.numero, data, source="ent1d/aaf_dispatch", le=now())
        assert await self._monde.store.appliquer(livre(evenement))
        return self

    async def attendre_la_livraison(self, raison: str) -> "Vie":
        """Have the delivery wait, as aaf_dispatch says."""
        attente = {"depuis": now() - timedelta(hours=3), "raison": raison}
        perimetre = {"_id": f"{TITULAIRE}:{self.numero}", "titulaire": TITULAIRE, "livree": False, "attente": attente}
        await self._monde.base["perimetres"].insert_one(perimetre | {"numero": self.numero, "version": 1})
        return self

    async def ecrire(self, motif: str, etat: str, *, raison: str = "") -> "Vie":
        """Have a mail sent, or not, as notification says; `raison`: why it waits."""
        journal = [{"le": now() - timedelta(minutes=5), "etat": "prevu"}, {"le": now(), "etat": etat}]
        envoi: Document = {"_id": f"{self.numero}:1:{motif}", "motif": motif, "etat": etat, "journal": journal}
        if raison:
            envoi["attente"] = {"depuis": now() - timedelta(minutes=5), "raison": raison}
        await self._monde.base["envois"].insert_one(envoi | {"numero": self.numero, "version": 1})
        return self

    async def vieillir(self, jours: int) -> "Vie":
        """Let days pass since it was filed."""
        await self._monde.base["dossiers"].update_one(
            {"_id": self.numero}, {"$set": {"depose_le": now() - timedelta(days=jours)}}
        )
        return self

    async def lire(self) -> Document:
        """Read it."""
        lu = await self._monde.store.dossier_d_agent(self.numero)
        assert lu is not None
        return lu

    async def _inspecter(self, piece: PieceDeposee) -> Inspection:
        contenu = b"".join([morceau async for morceau in self._monde.store.pieces.relire(piece.id)])
        return await self._monde.inspecter(contenu)


async def _soumission(monde: Monde, exemple: Exemple, corrige: str | None = None) -> Soumission:
    gardees = {role: await monde.garder(role, contenu) for role, contenu in exemple.pieces().items()}
    jointes = [{"role": role, "id": gardee.id, "sha256": gardee.sha256} for role, gardee in gardees.items()]
    return Soumission.model_validate(exemple.soumission(jointes, corrige), strict=False)
