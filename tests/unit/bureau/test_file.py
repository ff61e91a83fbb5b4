"""The questions that the queue asks, on values alone."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.evenements import Verdict
from services.intake.bureau.criteres import Criteres
from services.intake.bureau.file import VERDICTS, Cible, Filtres, Index, Onglet, Ordre, Repere, Tri, sources
from services.intake.bureau.recherche import reconnaitre

LE = datetime(2026, 11, 23, 9, 30, 0, 123_000, tzinfo=UTC)
NUMERO = "ENT-7K3Q9-0ABCD"
instants = st.datetimes(datetime(1971, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  # made aware
    lambda instant: instant.replace(microsecond=instant.microsecond // 1000 * 1000)
)


@given(
    instants, st.from_regex(r"ENT-[0-9A-Z]{5}-[0-9A-Z]{5}", fullmatch=True), st.sampled_from(["", "77288", "bloquant"])
)
def test_a_place_survives_the_journey_through_an_address(le: datetime, numero: str, valeur: str) -> None:
    repere = Repere(le, numero, valeur)

    assert Repere.lire(str(repere)) == repere


@given(st.text())
def test_an_address_made_by_hand_is_no_place_or_a_harmless_one(texte: str) -> None:
    repere = Repere.lire(texte)

    assert repere is None or str(repere).partition(".")[2] == texte.partition(".")[2]


@pytest.mark.parametrize("ordre", [Ordre(tri, sens) for tri in Tri for sens in (False, True)])
def test_ranges_follow_one_another_without_a_hole_nor_an_overlap(ordre: Ordre) -> None:
    tous = product(range(2), range(2), ("77288", "94028"), VERDICTS)
    dossiers = [
        {"_id": f"ENT-{rang:05}-00000", "depose_le": LE + timedelta(days=jour), "commune": commune, "verdict": verdict}
        for rang, (_, jour, commune, verdict) in enumerate(tous)
    ]

    entiers = list(_lire(dossiers, ordre, None))

    assert len(entiers) == len(dossiers)
    for rang, dossier in enumerate(entiers):
        assert list(_lire(dossiers, ordre, Repere.de(dossier, ordre.tri))) == entiers[rang + 1 :]


def _lire(dossiers: list[dict[str, object]], ordre: Ordre, apres: Repere | None) -> list[dict[str, object]]:
    lus = []
    for tranche in ordre.tranches(apres):
        trouves = [dossier for dossier in dossiers if all(_repond(dossier[cle], tranche[cle]) for cle in tranche)]
        lus += sorted(trouves, key=ordre.cle, reverse=ordre.decroissant)
    return lus


def _repond(valeur: object, attendu: object) -> bool:
    """Compare as MongoDB does."""
    if isinstance(attendu, dict):
        ((operateur, borne),) = attendu.items()
        return bool(valeur > borne if operateur == "$gt" else valeur < borne)  # type: ignore[operator]
    return valeur == attendu


def test_the_gravest_comes_first() -> None:
    assert [tranche["verdict"] for tranche in Ordre(Tri.VERDICT).tranches(None)] == list(VERDICTS)
    assert VERDICTS[0] is Verdict.BLOQUANT
    assert VERDICTS[-1] is None


@pytest.mark.parametrize(
    ("filtres", "tri", "index"),
    [
        (Filtres(), Tri.DEPOT, Index.DEPOT),
        (Filtres(), Tri.COMMUNE, Index.COMMUNE),
        (Filtres(departement="77"), Tri.DEPOT, Index.DEPARTEMENT),
        (Filtres(departement="77"), Tri.COMMUNE, Index.COMMUNE),
        (Filtres(commune="77288", departement="77"), Tri.DEPOT, Index.COMMUNE),
        (Filtres(uai="0779001R", commune="77288"), Tri.COMMUNE, Index.ECOLES),
        (Filtres(uai="0779001R", cible=Cible(Index.NUMERO, "_id", NUMERO)), Tri.DEPOT, Index.NUMERO),
        (Filtres(uai="0779001R", cible=Cible(Index.COMMUNE, "commune", "77288")), Tri.DEPOT, Index.ECOLES),
    ],
)
def test_the_most_telling_index_answers(filtres: Filtres, tri: Tri, index: Index) -> None:
    assert [source.index for source in sources(filtres, tri, LE)] == [index]


def test_incidents_come_from_three_places() -> None:
    trouvees = sources(Filtres(Onglet.INCIDENTS), Tri.DEPOT, LE, [NUMERO])

    assert [source.index for source in trouvees] == [Index.DEPOT, Index.SUSPENDUS, Index.NUMERO]
    assert {"etat": "valide", "_id": {"$in": [NUMERO]}} in trouvees[2].filtre["$and"]


@pytest.mark.parametrize(
    ("saisie", "cible"),
    [
        ("ENT-7K3Q9-0ABCD", Cible(Index.NUMERO, "_id", NUMERO)),
        ("ent 7k3q9 oabcd", Cible(Index.NUMERO, "_id", NUMERO)),
        ("ent7k3q90abcd", Cible(Index.NUMERO, "_id", NUMERO)),
        ("217 709 997 00019", Cible(Index.SIRET, "siret", "21770999700019")),
        ("077 9001 r", Cible(Index.ECOLES, "ecoles", "0779001R")),
        ("Entraigues", None),
        ("77288", None),
        ("", None),
        ("ENT-$ne", None),
    ],
)
def test_what_has_a_form_of_its_own_is_recognised(saisie: str, cible: Cible | None) -> None:
    assert reconnaitre(saisie) == cible


def test_criteria_keep_what_was_typed_and_ask_only_what_is_right() -> None:
    adresse = {"onglet": "tous", "uai": "077", "commune": " 77288 ", "departement": "75", "age": "7", "tri": "-commune"}
    criteres = Criteres.lire(lambda nom: adresse.get(nom, ""))

    assert criteres == Criteres("tous", commune="77288", uai="077", age="7", tri="-commune")
    assert [champ for champ, _ in criteres.erreurs()] == ["uai"]
    assert criteres.filtres() == Filtres(Onglet.TOUS, commune="77288", age=7)
    assert criteres.ordre() == Ordre(Tri.COMMUNE, decroissant=True)


def test_an_address_says_the_same_criteria_again() -> None:
    criteres = Criteres("tous", q="L’Haÿ & Cie", departement="94", tri="verdict")

    assert criteres.adresse(onglet="valides", q="") == "/agent?onglet=valides&departement=94&tri=verdict"
    assert criteres.adresse("/agent/export.csv").startswith(
        "/agent/export.csv?onglet=tous&q=L%E2%80%99Ha%C3%BF+%26+Cie&"
    )
