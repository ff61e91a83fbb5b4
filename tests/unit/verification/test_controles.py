"""Each contrôle of what was declared: what it accepts, each way to be wrong, and when it says nothing."""

from itertools import product

import pytest
from stdnum import luhn

from contracts.dossier import PieceDeposee, RolePiece
from contracts.evenements import Controle, Depot, Verdict
from contracts.valeurs import est_siret, est_uai, lettre_uai
from services.verification.controles import (
    SIREN_PARTICULIERS,
    commune_departement,
    commune_du_siren,
    enumerer,
    pieces_distinctes,
    pieces_presentes,
    siret_cle,
    siret_collectivite,
    uai_cle,
    uai_departement,
    uai_doublon,
)

MELUN, CRETEIL = "21770288500013", "21940028000018"
CONFORME, AVERTISSEMENT, BLOQUANT = Verdict.CONFORME, Verdict.AVERTISSEMENT, Verdict.BLOQUANT


def uai(chiffres: str) -> str:
    return chiffres + lettre_uai(chiffres)


def siret_de(siren: str) -> str:
    siren = siren[:8] + str(luhn.calc_check_digit(siren[:8]))
    return next(code for n in range(100_000) if est_siret(code := f"{siren}{n:05d}"))


def piece(role: RolePiece, octet: str = "") -> PieceDeposee:
    rang = list(RolePiece).index(role)
    return PieceDeposee(role=role, id=f"{rang}" * 32, sha256=(octet or f"{rang}") * 64, taille=10)


TROIS_PIECES = tuple(piece(role) for role in RolePiece)


def depot(
    siret: str = MELUN,
    commune: str = "77288",
    ecoles: tuple[str, ...] = (uai("0779001"),),
    pieces: tuple[PieceDeposee, ...] = TROIS_PIECES,
) -> Depot:
    return Depot(version=1, siret=siret, commune=commune, ecoles=ecoles, pieces=pieces)


def dit(controle: Controle | None) -> Verdict | None:
    return None if controle is None else controle.verdict


@pytest.mark.parametrize("siret", [MELUN, CRETEIL, "35600000049837"])
def test_a_siret_with_a_right_key_is_conforme(siret: str) -> None:
    assert dit(siret_cle(depot(siret))) is CONFORME


def test_a_siret_with_a_wrong_key_can_only_be_mended_by_another_dossier() -> None:
    controle = siret_cle(depot("21770288500014"))
    assert (controle.verdict, controle.corrigeable, controle.champ) == (BLOQUANT, False, "siret")
    assert controle.valeurs == ("21770288500014",)
    assert "nouveau dossier" in controle.constat


@pytest.mark.parametrize(
    ("siret", "commune", "verdict"),
    [
        (MELUN, "77288", CONFORME),
        (MELUN, "77001", AVERTISSEMENT),  # the SIRET of another commune
        (CRETEIL, "77028", AVERTISSEMENT),  # the same three digits in another département
        (siret_de("227700010"), "77288", CONFORME),  # a département files
        (siret_de("200007136"), "77288", CONFORME),  # a syndicat files
        (siret_de("130000007"), "77288", CONFORME),  # a body of the State
        (siret_de("732829320"), "77288", AVERTISSEMENT),  # a company
        (siret_de("929939411"), "93066", CONFORME),  # Saint-Denis starts neither with 1 nor with 2
        (siret_de("929939411"), "77288", AVERTISSEMENT),
        (siret_de("217705359"), "77136", CONFORME),  # Courquetaine's SIREN looks like that of 77535
        (siret_de("200073039"), "77316", CONFORME),
        (siret_de("200073039"), "77288", AVERTISSEMENT),
        (siret_de("219300662"), "93066", CONFORME),  # the former SIREN of Saint-Denis
        ("21770288500014", "77001", None),  # wrong key: `siret-cle` tells it
    ],
)
def test_the_siret_is_that_of_the_collectivite(siret: str, commune: str, verdict: Verdict | None) -> None:
    assert dit(siret_collectivite(depot(siret, commune))) is verdict


def test_every_particular_siren_tells_its_commune() -> None:
    assert {siren: commune_du_siren(siren) for siren in SIREN_PARTICULIERS} == SIREN_PARTICULIERS
    assert len(SIREN_PARTICULIERS) == 6


@pytest.mark.parametrize(
    ("commune", "verdict"),
    [("77288", CONFORME), ("93066", CONFORME), ("94028", CONFORME), ("75056", BLOQUANT), ("2A004", BLOQUANT)],
)
def test_the_commune_is_in_the_academie(commune: str, verdict: Verdict) -> None:
    controle = commune_departement(depot(commune=commune))
    assert (controle.verdict, controle.corrigeable) == (verdict, True)


def test_a_wrong_letter_is_told_with_the_right_one() -> None:
    juste = uai("0779002")
    faux = juste[:7] + ("A" if juste[7] != "A" else "B")
    controle = uai_cle(depot(ecoles=(uai("0779001"), faux)))
    assert (controle.verdict, controle.valeurs) == (BLOQUANT, (faux,))
    assert juste in controle.constat


def test_right_letters_are_conforme() -> None:
    assert dit(uai_cle(depot(ecoles=(uai("0779001"), uai("0779002"))))) is CONFORME


@pytest.mark.parametrize(
    ("ecoles", "verdict", "valeurs"),
    [
        ((uai("0779001"),), CONFORME, ()),
        ((uai("0779001"), uai("0939001")), AVERTISSEMENT, (uai("0939001"),)),
        ((uai("0939001"), uai("0759001")), BLOQUANT, (uai("0759001"),)),
        ((uai("7779001"),), BLOQUANT, (uai("7779001"),)),
        (("0759001I",), None, ()),  # wrong letter: `uai-cle` tells it
    ],
)
def test_the_schools_are_in_the_departement(
    ecoles: tuple[str, ...], verdict: Verdict | None, valeurs: tuple[str, ...]
) -> None:
    controle = uai_departement(depot(ecoles=ecoles))
    assert dit(controle) is verdict
    assert controle is None or controle.valeurs == valeurs


def test_a_commune_outside_the_academie_is_told_once() -> None:
    assert dit(uai_departement(depot(commune="75056"))) is CONFORME


def test_a_school_declared_twice_is_told() -> None:
    un, deux = uai("0779001"), uai("0779002")
    assert dit(uai_doublon(depot(ecoles=(un, deux)))) is CONFORME
    controle = uai_doublon(depot(ecoles=(un, deux, un)))
    assert (controle.verdict, controle.valeurs) == (BLOQUANT, (un,))


@pytest.mark.parametrize("absent", list(RolePiece))
def test_each_missing_piece_is_named(absent: RolePiece) -> None:
    controle = pieces_presentes(depot(pieces=tuple(piece(role) for role in RolePiece if role is not absent)))
    assert (controle.verdict, controle.champ, controle.valeurs) == (BLOQUANT, "pieces", (absent.value,))
    assert absent.nom in controle.constat


def test_three_pieces_are_conforme() -> None:
    assert dit(pieces_presentes(depot())) is CONFORME


def test_the_same_file_in_two_roles_is_told() -> None:
    editeur, chorus = RolePiece.BON_COMMANDE_EDITEUR, RolePiece.BON_COMMANDE_CHORUS
    controle = pieces_distinctes(depot(pieces=(piece(editeur, "a"), piece(chorus, "a"))))
    assert controle is not None
    assert (controle.verdict, controle.valeurs) == (BLOQUANT, (editeur.value, chorus.value))


@pytest.mark.parametrize(("nombre", "verdict"), [(0, None), (1, None), (3, CONFORME)])
def test_distinct_files_are_conforme_when_there_are_several(nombre: int, verdict: Verdict | None) -> None:
    assert dit(pieces_distinctes(depot(pieces=TROIS_PIECES[:nombre]))) is verdict


@pytest.mark.parametrize(
    ("nombre", "phrase"),
    [
        (1, "a"),
        (2, "a et b"),
        (5, "a, b, c, d et e"),
        (6, "a, b, c, d, e et 1 autre"),
        (8, "a, b, c, d, e et 3 autres"),
    ],
)
def test_a_list_is_told_in_french(nombre: int, phrase: str) -> None:
    assert enumerer(list("abcdefgh")[:nombre]) == phrase


def test_the_longest_lists_still_make_a_constat() -> None:
    chiffres = [f"{prefixe}{n:04d}" for prefixe, n in product(("077", "075"), range(250))]
    fausses = tuple(code for c in chiffres if not est_uai(code := f"{c}{'A' if lettre_uai(c) != 'A' else 'B'}"))
    assert len(fausses) == 500
    justes = tuple(uai(c) for c in chiffres)
    for regle, ecoles in ((uai_cle, fausses), (uai_departement, justes), (uai_doublon, justes[:250] * 2)):
        assert dit(regle(depot(ecoles=ecoles))) is BLOQUANT
    assert dit(pieces_presentes(depot(pieces=()))) is BLOQUANT
    memes = tuple(piece(role, "a") for role in RolePiece)
    assert dit(pieces_distinctes(depot(pieces=memes))) is BLOQUANT
