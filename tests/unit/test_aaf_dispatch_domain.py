"""What may be delivered and when it must wait, on values alone."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contracts.evenements import Effectifs, Livraison, MotifSuspension, NomLivraison
from services.aaf_dispatch.domain import (
    Arret,
    Inscription,
    Plan,
    absence,
    arret,
    empreinte,
    invalide,
    livre,
    nom_livraison,
    planifier,
    suspendu,
)

LE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
A, B, C, D = "0779001R", "0779002S", "0939001D", "0949001Y"
AUCUNE = frozenset[str]()
ECOLES = st.frozensets(st.sampled_from([A, B, C, D]), min_size=1)
SIGNES = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
INSCRIPTIONS = st.lists(
    st.builds(
        Inscription,
        numero=st.text(SIGNES, min_size=10, max_size=10).map(lambda s: f"ENT-{s[:5]}-{s[5:]}"),
        version=st.integers(1, 3),
        ecoles=ECOLES,
        livree=st.booleans(),
    ),
    max_size=8,
)


def dossier(rang: int, *ecoles: str, livree: bool = False) -> Inscription:
    return Inscription(f"ENT-E55A1-0000{rang}", 1, frozenset(ecoles), livree)


def effectifs(eleves: int) -> Effectifs:
    return Effectifs(etablissements=1, eleves=eleves, responsables=1, personnels=1)


def plan(*, perdues: frozenset[str] = frozenset(), ecoles: frozenset[str] = frozenset({A})) -> Plan:
    return Plan(ecoles, (), (), perdues)


def test_a_school_that_the_source_lacks_holds_back_its_dossier_and_no_other() -> None:
    complet, incomplet = dossier(1, A), dossier(2, B, C)

    trouve = planifier([complet, incomplet], frozenset({A, B}), AUCUNE)

    assert trouve.a_livrer == (complet,)
    assert trouve.absentes == (incomplet,)
    assert trouve.ecoles == {A}, "B would leave without its dossier"


def test_what_was_delivered_stays_in_every_delivery() -> None:
    trouve = planifier([dossier(1, A, B, livree=True), dossier(2, C)], frozenset({A, B, C, D}), frozenset({A, B}))

    assert trouve.ecoles == {A, B, C}
    assert [i.numero for i in trouve.a_livrer] == ["ENT-E55A1-00002"]


def test_a_school_of_the_last_delivery_that_is_gone_from_the_source_is_lost() -> None:
    trouve = planifier([dossier(1, A, B, livree=True), dossier(2, C)], frozenset({A, C}), frozenset({A, B}))

    assert trouve.perdues == {B}
    assert trouve.ecoles == {A, C}


def test_a_school_whose_loss_was_approved_is_not_lost_again_and_returns_with_the_source() -> None:
    inscriptions = [dossier(1, A, B, livree=True), dossier(2, C)]

    assert planifier(inscriptions, frozenset({A, C}), frozenset({A})).perdues == AUCUNE
    assert planifier(inscriptions, frozenset({A, B, C}), frozenset({A})).ecoles == {A, B, C}


@given(INSCRIPTIONS, ECOLES, ECOLES)
def test_every_dossier_not_delivered_is_either_delivered_or_held_back(
    inscriptions: list[Inscription], presentes: frozenset[str], remises: frozenset[str]
) -> None:
    trouve = planifier(inscriptions, presentes, remises)

    attendues = [i for i in inscriptions if not i.livree]
    assert sorted([*trouve.a_livrer, *trouve.absentes], key=id) == sorted(attendues, key=id)


@given(INSCRIPTIONS, ECOLES)
def test_a_complet_holds_each_school_told_and_none_that_was_not_validated(
    inscriptions: list[Inscription], presentes: frozenset[str]
) -> None:
    deja = frozenset(uai for i in inscriptions if i.livree for uai in i.ecoles)

    trouve = planifier(inscriptions, presentes, deja)

    a_livrer = {uai for i in trouve.a_livrer for uai in i.ecoles}
    assert a_livrer <= trouve.ecoles
    assert trouve.ecoles <= presentes
    assert trouve.ecoles == (deja | a_livrer) - trouve.perdues


@given(INSCRIPTIONS, ECOLES)
def test_the_next_plan_never_holds_less_from_the_same_source(
    inscriptions: list[Inscription], presentes: frozenset[str]
) -> None:
    avant = planifier(inscriptions, presentes, AUCUNE)
    faites = [Inscription(i.numero, i.version, i.ecoles, i.livree or i in avant.a_livrer) for i in inscriptions]

    apres = planifier(faites, presentes, avant.ecoles)

    assert apres.ecoles >= avant.ecoles
    assert apres.perdues == AUCUNE
    assert apres.a_livrer == ()


def test_a_first_delivery_leaves_whatever_its_volume() -> None:
    assert arret(plan(), effectifs(0), None, 0.1) is None


@pytest.mark.parametrize(("eleves", "suspendue"), [(1000, False), (1500, False), (900, False), (899, True), (0, True)])
def test_more_than_a_tenth_of_the_pupils_missing_suspends_and_a_tenth_does_not(eleves: int, *, suspendue: bool) -> None:
    trouve = arret(plan(), effectifs(eleves), effectifs(1000), 0.1)

    assert (trouve is not None) is suspendue
    if trouve:
        assert trouve.motif is MotifSuspension.BAISSE_DE_VOLUME
        assert f"{eleves} élèves au lieu de 1000" in trouve.constat


@pytest.mark.parametrize(("baisse_max", "suspendue"), [(0.0, True), (1.0, False)])
def test_the_part_that_may_go_missing_is_a_setting(baisse_max: float, *, suspendue: bool) -> None:
    assert (arret(plan(), effectifs(999), effectifs(1000), baisse_max) is not None) is suspendue


def test_a_lost_school_suspends_even_a_larger_delivery_and_is_named() -> None:
    trouve = arret(plan(perdues=frozenset({C, B})), effectifs(5000), effectifs(1000), 0.1)

    assert trouve is not None
    assert trouve.motif is MotifSuspension.ECOLES_ABSENTES
    assert f"{B}, {C}" in trouve.constat


def test_only_the_schools_that_the_source_lacks_are_named_as_absent() -> None:
    trouve = absence(dossier(1, A, B), frozenset({A}))

    assert trouve.motif is MotifSuspension.ECOLES_ABSENTES
    assert B in trouve.constat
    assert A not in trouve.constat


def test_a_constat_lists_twenty_and_counts_the_rest() -> None:
    ecoles = [f"0779{rang:03d}A" for rang in range(25)]

    constat = absence(dossier(1, *ecoles), frozenset()).constat

    assert constat.count("0779") == 20
    assert constat.endswith("et 5 autres.")
    assert "autres" not in absence(dossier(1, *ecoles[:20]), frozenset()).constat


def test_an_invalid_annuaire_is_told_by_its_codes() -> None:
    trouve = invalide(["uai", "jointure", "uai"])

    assert trouve == Arret(MotifSuspension.ANNUAIRE_INVALIDE, "L’annuaire produit n’est pas valide : jointure, uai.")


@given(st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.integers(1, 99_998))
def test_a_name_is_one_of_the_contract_and_a_later_rank_sorts_after_on_one_day(jour: date, ordre: int) -> None:
    nom = nom_livraison(jour, ordre)

    assert TypeAdapter(NomLivraison).validate_python(nom) == nom
    assert nom < nom_livraison(jour, ordre + 1)


@given(ECOLES, ECOLES, st.sampled_from(["s1", "s2"]), st.sampled_from(["s1", "s2"]))
def test_an_attempt_is_told_by_its_schools_and_its_source(
    unes: frozenset[str], autres: frozenset[str], source: str, autre_source: str
) -> None:
    une, autre = empreinte("t", source, plan(ecoles=unes)), empreinte("t", autre_source, plan(ecoles=autres))

    assert (une == autre) is ((unes, source) == (autres, autre_source))
    assert une != empreinte("u", source, plan(ecoles=unes)), "another titulaire, another delivery"


def test_a_delivery_is_told_once_for_a_version_and_a_suspension_once_for_a_motif() -> None:
    livraison = Livraison(
        nom="ENT1D.20261123-00001",
        fichier="ENT1D.20261123-00001.zip",
        manifeste="ENT1D.20261123-00001.json",
        taille=1,
        sha256="0" * 64,
        effectifs=effectifs(1),
        nombre_ecoles=1,
    )
    autre = livraison.model_copy(update={"nom": "ENT1D.20261123-00002"})
    inscription = dossier(1, B, A)
    baisse, vide = Arret(MotifSuspension.BAISSE_DE_VOLUME, "moins"), Arret(MotifSuspension.ECOLES_ABSENTES, "vide")

    evenement = livre(inscription, "exemple", livraison, LE)

    assert evenement.id == livre(inscription, "exemple", autre, LE).id
    assert evenement.data.ecoles == (A, B)
    assert suspendu(inscription, "exemple", baisse, LE).id == suspendu(inscription, "exemple", baisse, LE).id
    assert suspendu(inscription, "exemple", baisse, LE).id != suspendu(inscription, "exemple", vide, LE).id
