"""The dossiers that the model files: one for each way a dossier can go, and what inspecting its pieces tells."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from contracts.dossier import Deposant, PieceJointe, RolePiece, Soumission
from deploy.demo.dossiers import CONFORME, ECOLES, SIRET_EXEMPLE, uai
from services._runtime.lecture.resultat import Inspection
from services.intake.pieces import Pieces

PRODUCTEUR: Final = "demo"


@dataclass(frozen=True)
class Modele:
    """What a commune declares, and the schools its bon de commande holds (None: a scan, nothing can be read)."""

    nom: str
    ecoles: tuple[str, ...]
    commandees: tuple[str, ...] | None
    siret: str = SIRET_EXEMPLE

    @property
    def inspection(self) -> Inspection:
        """Tell what its bon de commande says."""
        if self.commandees is None:
            return Inspection(format="pdf", type_detecte="application/pdf", pages=1, pages_sans_texte=1)
        return Inspection(format="pdf", type_detecte="application/pdf", pages=1, uai=self.commandees)


HORS_ANNUAIRE: Final = uai(900)
MODELES: Final = (
    Modele("conforme", ECOLES[:1], ECOLES[:1]),
    Modele("conforme, deux écoles", ECOLES[1:3], ECOLES[1:3]),
    Modele("à corriger", ECOLES[3:5], ECOLES[3:4]),
    Modele("à refuser", ECOLES[5:6], ECOLES[5:6], siret="21770999700018"),
    Modele("à examiner par un agent", ECOLES[6:7], None),
    Modele("école absente de l’annuaire", (HORS_ANNUAIRE,), (HORS_ANNUAIRE,)),
)


@dataclass
class Cartable:
    """The pieces, sent once for all examples: claim checks by model, and inspections by SHA-256."""

    jointes: dict[str, tuple[PieceJointe, ...]] = field(default_factory=dict)
    inspections: dict[str, Inspection] = field(default_factory=dict)

    async def televerser(self, pieces: Pieces) -> None:
        """Send the three pieces of each model."""
        for modele in MODELES:
            envoyees = []
            for role in RolePiece:
                octets = f"{modele.nom} {role}".encode()
                gardee = await pieces.garder(PRODUCTEUR, "piece.pdf", _flux(octets))
                envoyees.append(PieceJointe(role=role, id=gardee.id, sha256=gardee.sha256))
                est_bon = role is RolePiece.BON_COMMANDE_EDITEUR
                self.inspections[hashlib.sha256(octets).hexdigest()] = (
                    modele.inspection if est_bon else Inspection(format="pdf", type_detecte="application/pdf", pages=1)
                )
            self.jointes[modele.nom] = tuple(envoyees)

    def soumission(self, modele: Modele, corrige: str | None = None) -> Soumission:
        """Make what is filed."""
        return Soumission(
            siret=modele.siret,
            commune=CONFORME.commune,
            deposant=Deposant.model_validate(CONFORME.deposant),
            ecoles=modele.ecoles,
            pieces=self.jointes[modele.nom],
            corrige=corrige,
        )


async def _flux(octets: bytes) -> AsyncIterator[bytes]:
    yield octets
