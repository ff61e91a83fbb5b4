"""Examines a dossier: runs every contrôle, keeps every finding, decides nothing (intake decides)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from contracts.dossier import PieceDeposee, RolePiece
from contracts.evenements import Controle, Depot, Rapport
from services._runtime.lecture.resultat import Inspection
from services.verification.controles import (
    commune_departement,
    pieces_distinctes,
    pieces_presentes,
    siret_cle,
    siret_collectivite,
    uai_cle,
    uai_departement,
    uai_doublon,
)
from services.verification.controles_pieces import (
    bon_commande_ecoles,
    piece_chiffree,
    piece_contenu_actif,
    piece_lisible,
    piece_non_examinee,
    piece_type,
)

REGLES: Final = "2026.1"  # the version of the set below: it changes whenever the set or one of its contrôles does

SUR_LE_DEPOT: Final[tuple[Callable[[Depot], Controle | None], ...]] = (
    siret_cle,
    siret_collectivite,
    commune_departement,
    uai_cle,
    uai_departement,
    uai_doublon,
    pieces_presentes,
    pieces_distinctes,
)
SUR_UNE_PIECE: Final[tuple[Callable[[PieceDeposee, Inspection], Controle | None], ...]] = (
    piece_lisible,
    piece_type,
    piece_chiffree,
    piece_contenu_actif,
)
SUR_UNE_PIECE_ET_LE_DEPOT: Final[tuple[Callable[[Depot, PieceDeposee, Inspection], Controle | None], ...]] = (
    bon_commande_ecoles,
)


def pieces_a_inspecter(depot: Depot) -> tuple[PieceDeposee, ...]:
    """Give the pieces to inspect, each file once, in the order of their roles."""
    return tuple({piece.id: piece for piece in _dans_l_ordre(depot)}.values())


def examiner(depot: Depot, inspections: Mapping[str, Inspection]) -> Rapport:
    """Give the report of this version. `inspections` is by piece id; a piece without one is told `indisponible`.

    The order of the findings depends on the contrôles and on the roles, not on how the dossier was sent.
    """
    trouves = (*(regle(depot) for regle in SUR_LE_DEPOT), *_sur_les_pieces(depot, inspections))
    return Rapport(
        version=depot.version,
        siret=depot.siret,
        commune=depot.commune,
        ecoles=depot.ecoles,
        regles=REGLES,
        controles=tuple(trouve for trouve in trouves if trouve is not None),
    )


def _sur_les_pieces(depot: Depot, inspections: Mapping[str, Inspection]) -> Iterator[Controle | None]:
    for piece in _dans_l_ordre(depot):
        inspection = inspections.get(piece.id)
        if inspection is None:
            yield piece_non_examinee(piece)
            continue
        yield from (regle(piece, inspection) for regle in SUR_UNE_PIECE)
        yield from (regle(depot, piece, inspection) for regle in SUR_UNE_PIECE_ET_LE_DEPOT)


def _dans_l_ordre(depot: Depot) -> list[PieceDeposee]:
    roles = list(RolePiece)
    return sorted(depot.pieces, key=lambda piece: roles.index(piece.role))
