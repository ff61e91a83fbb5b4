"""What a deposit is made of, on values alone: its pieces, its fingerprint, what it tells."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from contracts.dossier import PieceJointe, RolePiece, Soumission
from deploy.demo.dossiers import CONFORME
from services.intake.domain import SoumissionRefusee, depose, empreinte, pieces_deposees

MAINTENANT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
NUMERO = "ENT-7K3Q9-0ABCD"


def test_pieces_are_kept_in_the_order_given_with_the_size_received() -> None:
    jointes = tuple(_jointe(role) for role in reversed(RolePiece))
    connues = {piece.id: (piece.sha256, rang) for rang, piece in enumerate(jointes)}

    deposees = pieces_deposees(jointes, connues)
    assert [(piece.role, piece.id, piece.taille) for piece in deposees] == [
        (piece.role, piece.id, rang) for rang, piece in enumerate(jointes)
    ]


def test_no_piece_at_all_is_a_finding_of_verification_not_of_the_deposit() -> None:
    assert pieces_deposees((), {}) == ()


@pytest.mark.parametrize(
    ("trouble", "detail", "motif"),
    [
        ("inconnue", "pieces.1.id", "piece_inconnue"),
        ("changee", "pieces.1.sha256", "empreinte_differente"),
        ("role", "pieces", "role_en_double"),
    ],
)
def test_a_piece_that_is_not_the_one_announced_is_refused_in_words(trouble: str, detail: str, motif: str) -> None:
    premiere, seconde = _jointe(RolePiece.BON_COMMANDE_CHORUS), _jointe(RolePiece.BON_COMMANDE_EDITEUR)
    connues = {piece.id: (piece.sha256, 1) for piece in (premiere, seconde)}
    if trouble == "inconnue":
        del connues[seconde.id]
    elif trouble == "changee":
        connues[seconde.id] = ("f" * 64, 1)
    else:
        seconde = seconde.model_copy(update={"role": premiere.role})

    with pytest.raises(SoumissionRefusee) as refus:
        pieces_deposees((premiere, seconde), connues)
    assert (refus.value.statut, refus.value.detail, refus.value.motif) == (422, detail, motif)
    assert refus.value.message.endswith(".")
    for valeur in (seconde.id, seconde.sha256):
        assert valeur not in str(refus.value) + refus.value.message


def test_two_submissions_have_one_fingerprint_only_when_they_say_the_same() -> None:
    une = _soumission()

    assert empreinte(une) == empreinte(Soumission.model_validate_json(une.model_dump_json()))
    for changes in ({"commune": "93001"}, {"commentaires": "x"}, {"corrige": NUMERO}, {"ecoles": CONFORME.ecoles[:1]}):
        assert empreinte(une) != empreinte(_soumission(**changes))


def test_the_deposit_tells_no_person() -> None:
    evenement = depose(NUMERO, 1, _soumission(commentaires="Appelez Camille"), (), MAINTENANT)

    corps = evenement.model_dump_json()
    for secret in (*CONFORME.deposant.values(), "Appelez"):
        if secret != "Mme":
            assert secret not in corps


def _jointe(role: RolePiece) -> PieceJointe:
    return PieceJointe(role=role, id=uuid4().hex, sha256=uuid4().hex * 2)


def _soumission(**changes: object) -> Soumission:
    corps = CONFORME.soumission([]) | {"pieces": (), "ecoles": CONFORME.ecoles} | changes
    return Soumission.model_validate(corps)
