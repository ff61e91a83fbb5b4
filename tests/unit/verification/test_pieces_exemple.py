"""The sample pieces, really read and examined: what each variant of a dossier is told."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from contracts.dossier import PieceDeposee, RolePiece
from contracts.evenements import Depot, Rapport, Verdict
from deploy.demo.pieces import attestation_adhesion, bon_commande_chorus, bon_commande_editeur, chiffrer, numeriser
from services._runtime.lecture.inspection import Inspecteur
from services.verification.domain import examiner, pieces_a_inspecter

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMUNE, SIRET = "Commune d’Exemple & associés", "21770288500013"
ECOLES = ("0779001R", "0779002S")
BON = bon_commande_editeur(ECOLES, COMMUNE, SIRET)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspecteur() -> AsyncIterator[Inspecteur]:
    async with Inspecteur(lecteurs=1) as celui:
        yield celui


async def examen(inspecteur: Inspecteur, dossier: Path, bon: bytes) -> Rapport:
    octets = {
        RolePiece.ATTESTATION_ADHESION: attestation_adhesion(COMMUNE, SIRET),
        RolePiece.BON_COMMANDE_EDITEUR: bon,
        RolePiece.BON_COMMANDE_CHORUS: bon_commande_chorus(COMMUNE, SIRET, len(ECOLES)),
    }
    pieces = tuple(deposer(dossier, role, contenu) for role, contenu in octets.items())
    depot = Depot(version=1, siret=SIRET, commune="77288", ecoles=ECOLES, pieces=pieces)
    lues = {p.id: await inspecteur.inspecter(dossier / p.id, p.sha256) for p in pieces_a_inspecter(depot)}
    return examiner(depot, lues)


def deposer(dossier: Path, role: RolePiece, octets: bytes) -> PieceDeposee:
    sha256 = hashlib.sha256(octets).hexdigest()
    (dossier / sha256[:32]).write_bytes(octets)
    return PieceDeposee(role=role, id=sha256[:32], sha256=sha256, taille=len(octets))


@pytest.mark.parametrize(
    ("bon", "reproches"),
    [
        (BON, {}),
        (bon_commande_editeur(ECOLES[:1], COMMUNE, SIRET), {"bon-commande-ecoles": Verdict.BLOQUANT}),
        (bon_commande_editeur((*ECOLES, "0779003T"), COMMUNE, SIRET), {"bon-commande-ecoles": Verdict.AVERTISSEMENT}),
        (numeriser(BON, "PDF"), {"bon-commande-ecoles": Verdict.INDISPONIBLE}),
        (numeriser(BON, "JPEG"), {"bon-commande-ecoles": Verdict.INDISPONIBLE}),
        (numeriser(BON, "PNG"), {"bon-commande-ecoles": Verdict.INDISPONIBLE}),
        (chiffrer(BON, ""), {"piece-chiffree": Verdict.AVERTISSEMENT}),
        (chiffrer(BON, "secret"), {"piece-chiffree": Verdict.BLOQUANT}),
        (b"", {"piece-lisible": Verdict.BLOQUANT}),
        (BON[:-600], {"piece-lisible": Verdict.BLOQUANT}),
        (b"Bonjour", {"piece-type": Verdict.BLOQUANT}),
        (
            attestation_adhesion(COMMUNE, SIRET),
            {"pieces-distinctes": Verdict.BLOQUANT},
        ),
    ],
    ids=[
        "right",
        "missing",
        "extra",
        "scan",
        "jpeg",
        "png",
        "restricted",
        "password",
        "empty",
        "cut",
        "text",
        "wrong-file",
    ],
)
async def test_a_dossier_is_told_what_is_wrong_and_nothing_else(
    inspecteur: Inspecteur, tmp_path: Path, bon: bytes, reproches: dict[str, Verdict]
) -> None:
    rapport = await examen(inspecteur, tmp_path, bon)
    trouves = {c.id: c.verdict for c in rapport.controles if c.verdict is not Verdict.CONFORME}
    assert trouves == reproches


async def test_the_sample_pieces_are_the_same_bytes_every_time_and_differ() -> None:
    def trois() -> set[bytes]:
        return {
            attestation_adhesion(COMMUNE, SIRET),
            bon_commande_editeur(ECOLES, COMMUNE, SIRET),
            bon_commande_chorus(COMMUNE, SIRET),
        }

    assert trois() == trois()
    assert len(trois()) == 3
