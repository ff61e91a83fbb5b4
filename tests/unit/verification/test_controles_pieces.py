"""Each contrôle of a piece, and the report they make together."""

from typing import get_args

import pytest

from contracts.dossier import PieceDeposee, RolePiece
from contracts.evenements import Controle, Depot, Verdict
from contracts.valeurs import lettre_uai
from services._runtime.lecture import mots
from services._runtime.lecture.resultat import Cause, ContenuActif, Inspection
from services.verification.controles_pieces import (
    bon_commande_ecoles,
    piece_chiffree,
    piece_contenu_actif,
    piece_lisible,
    piece_type,
)
from services.verification.domain import SUR_UNE_PIECE, examiner, pieces_a_inspecter

CONFORME, AVERTISSEMENT, BLOQUANT, INDISPONIBLE = Verdict
PDF = Inspection(format="pdf", type_detecte="application/pdf", pages=1)
ECOLES = tuple(chiffres + lettre_uai(chiffres) for chiffres in ("0779001", "0779002", "0779003"))
PIECES = tuple(
    PieceDeposee(role=role, id=f"{n}" * 32, sha256=f"{n}" * 64, taille=10) for n, role in enumerate(RolePiece)
)
ATTESTATION, EDITEUR, CHORUS = PIECES


def depot(ecoles: tuple[str, ...] = ECOLES, pieces: tuple[PieceDeposee, ...] = PIECES) -> Depot:
    return Depot(version=2, siret="21770288500013", commune="77288", ecoles=ecoles, pieces=pieces)


def dit(controle: Controle | None) -> Verdict | None:
    return None if controle is None else controle.verdict


def verdicts(inspection: Inspection) -> list[Verdict | None]:
    regles = (piece_lisible, piece_type, piece_chiffree, piece_contenu_actif)
    return [dit(regle(CHORUS, inspection)) for regle in regles]


@pytest.mark.parametrize(
    ("inspection", "attendu"),
    [
        (PDF, [CONFORME] * 4),
        (Inspection(format="png", pages=1, pages_sans_texte=1), [CONFORME, CONFORME, None, None]),
        (Inspection(format="jpeg", pages=1, pages_sans_texte=1), [CONFORME, CONFORME, None, None]),
        (Inspection(format="vide", cause="vide"), [BLOQUANT, None, None, None]),
        (Inspection(format="autre", type_detecte="text/html", cause="type"), [None, BLOQUANT, None, None]),
        (Inspection(format="pdf", cause="chiffre", chiffre=True), [None, CONFORME, BLOQUANT, None]),
        (PDF.model_copy(update={"chiffre": True}), [CONFORME, CONFORME, AVERTISSEMENT, CONFORME]),
        (Inspection(format="pdf", cause="abime"), [BLOQUANT, CONFORME, None, None]),
        (Inspection(format="png", cause="demesure"), [BLOQUANT, CONFORME, None, None]),
        (Inspection(format="autre", cause="delai"), [BLOQUANT, None, None, None]),
        (Inspection(format="autre", cause="plantage"), [BLOQUANT, None, None, None]),
        (PDF.model_copy(update={"contenu_actif": ("javascript",)}), [CONFORME, CONFORME, CONFORME, BLOQUANT]),
        (PDF.model_copy(update={"contenu_actif": ("fichier-joint", "lancement")}), [CONFORME] * 3 + [BLOQUANT]),
        (PDF.model_copy(update={"contenu_actif": ("fichier-joint",)}), [CONFORME] * 3 + [AVERTISSEMENT]),
    ],
)
def test_one_cause_gives_one_motif(inspection: Inspection, attendu: list[Verdict | None]) -> None:
    assert verdicts(inspection) == attendu


@pytest.mark.parametrize("cause", get_args(Cause))
@pytest.mark.parametrize("piece", PIECES)
def test_every_cause_blocks_exactly_once_and_names_its_piece(cause: Cause, piece: PieceDeposee) -> None:
    longue = f"application/{'x' * 88}"
    trouves = [regle(piece, Inspection(format="autre", type_detecte=longue, cause=cause)) for regle in SUR_UNE_PIECE]
    bloquants = [controle for controle in trouves if dit(controle) is BLOQUANT]
    assert [controle.champ for controle in bloquants if controle] == [f"pieces.{piece.role}"]


def test_every_active_content_can_be_told() -> None:
    tout = PDF.model_copy(update={"contenu_actif": get_args(ContenuActif)})
    for piece in PIECES:
        assert dit(piece_contenu_actif(piece, tout)) is BLOQUANT
    for mime in mots._TYPES_USUELS:
        assert dit(piece_type(ATTESTATION, Inspection(format="autre", type_detecte=mime, cause="type"))) is BLOQUANT


@pytest.mark.parametrize(
    ("uai", "pages_sans_texte", "verdict", "valeurs"),
    [
        (ECOLES, 0, CONFORME, ()),
        (ECOLES, 1, CONFORME, ()),  # all found: a page without text hides nothing that matters
        (ECOLES[:2], 0, BLOQUANT, ECOLES[2:]),
        ((), 0, BLOQUANT, ECOLES),
        ((*ECOLES, "0779004U"), 0, AVERTISSEMENT, ("0779004U",)),
        (ECOLES[:2], 1, INDISPONIBLE, ECOLES[2:]),  # one page of two is a scan
        ((), 2, INDISPONIBLE, ECOLES),
    ],
)
def test_the_bon_de_commande_orders_the_declared_schools(
    uai: tuple[str, ...], pages_sans_texte: int, verdict: Verdict, valeurs: tuple[str, ...]
) -> None:
    lu = Inspection(format="pdf", pages=2, pages_sans_texte=pages_sans_texte, uai=uai)
    controle = bon_commande_ecoles(depot(), EDITEUR, lu)
    assert controle is not None
    assert (controle.verdict, controle.valeurs, controle.champ) == (verdict, valeurs, "pieces.bon_commande_editeur")


@pytest.mark.parametrize(
    ("ecoles", "piece", "inspection"),
    [
        (ECOLES, CHORUS, PDF),  # only the éditeur's order lists the schools
        (ECOLES, EDITEUR, Inspection(format="pdf", cause="abime")),  # `piece-lisible` tells it
        (("0779001A",), EDITEUR, PDF),  # `uai-cle` tells it
        (("0759001A", "0759001" + lettre_uai("0759001")), EDITEUR, PDF),  # `uai-departement` tells it
    ],
)
def test_the_schools_are_not_looked_for_where_another_controle_speaks(
    ecoles: tuple[str, ...], piece: PieceDeposee, inspection: Inspection
) -> None:
    assert bon_commande_ecoles(depot(ecoles), piece, inspection) is None


def inspections() -> dict[str, Inspection]:
    return {
        ATTESTATION.id: PDF,
        EDITEUR.id: PDF.model_copy(update={"uai": ECOLES}),
        CHORUS.id: Inspection(format="jpeg", pages=1, pages_sans_texte=1),
    }


def test_a_right_dossier_gets_a_report_without_a_reproach() -> None:
    rapport = examiner(depot(), inspections())
    assert (rapport.version, rapport.regles) == (2, "2026.1")
    assert {controle.verdict for controle in rapport.controles} == {CONFORME}
    assert len(rapport.controles) == 8 + 4 + 5 + 2


def test_each_finding_has_its_own_name_and_the_report_its_own_order() -> None:
    rapport = examiner(depot(), inspections())
    noms = [(controle.id, controle.champ) for controle in rapport.controles]
    assert len(set(noms)) == len(noms)
    assert examiner(depot(pieces=PIECES[::-1]), inspections()) == rapport


def test_a_piece_that_was_not_inspected_is_left_to_an_agent() -> None:
    rapport = examiner(depot(), {ATTESTATION.id: PDF, CHORUS.id: PDF})
    assert [(c.id, c.champ) for c in rapport.controles if c.verdict is INDISPONIBLE] == [
        ("piece-lisible", "pieces.bon_commande_editeur")
    ]
    assert BLOQUANT not in {controle.verdict for controle in rapport.controles}


def test_an_absent_bon_de_commande_is_told_once() -> None:
    rapport = examiner(depot(pieces=(ATTESTATION, CHORUS)), inspections())
    assert [controle.id for controle in rapport.controles if controle.verdict is not CONFORME] == ["pieces-presentes"]


def test_a_file_in_two_roles_is_inspected_once() -> None:
    double = CHORUS.model_copy(update={"role": RolePiece.ATTESTATION_ADHESION})
    assert pieces_a_inspecter(depot(pieces=(CHORUS, EDITEUR, double))) == (CHORUS, EDITEUR)
