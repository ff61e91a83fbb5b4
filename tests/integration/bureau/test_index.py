"""What a page of the queue costs does not depend on how many dossiers there are: MongoDB says how it answers."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from contracts.dossier import EtatDossier
from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from services.intake.bureau.file import Cible, Filtres, Index, Onglet, Ordre, Repere, Source, Tri, sources
from services.intake.store import Store

NOMBRE = 600
FILTRES: list[dict[str, Any]] = [
    {},
    {"departement": "94"},
    {"commune": "94028"},
    {"uai": "0779003A"},
    {"verdict": "conforme"},
    {"verdict": "non_verifie"},
    {"age": 14},
    {"departement": "77", "verdict": "avertissement", "age": 7},
    {"cible": Cible(Index.NUMERO, "_id", "ENT-00000-00003")},
    {"cible": Cible(Index.SIRET, "siret", "21770000000003")},
    {"cible": Cible(Index.ECOLES, "ecoles", "0779003A")},
    {"cible": Cible(Index.COMMUNE, "commune", "94028")},
]


@pytest.fixture
async def nombreux(store: Store, mongo: Mongo) -> Store:
    """Give a base where a scan would be seen."""
    maintenant = now()
    await mongo.database["dossiers"].insert_many(
        [
            {
                "_id": f"ENT-00000-{rang:05}",
                "numero": f"ENT-00000-{rang:05}",
                "depots": [{"cle": f"cle-{rang}"}],
                "etat": list(EtatDossier)[1 + rang % 6],
                "verdict": ("conforme", "avertissement", "bloquant", "indisponible")[rang // 6 % 4],
                "commune": ("77288", "94028", "93001")[rang % 3],
                "departement": ("77", "94", "93")[rang % 3],
                "siret": f"2177{rang:010}",
                "ecoles": [f"0779{rang:03}A"],
                "depose_le": maintenant - timedelta(hours=rang),
                "chronologie": [{"fait": "LivraisonSuspendue"}] if rang % 60 == 2 else [],
            }
            for rang in range(NOMBRE)
        ]
    )
    return store


async def expliquer(mongo: Mongo, source: Source, tranche: Document, ordre: Ordre) -> Document:
    """Ask MongoDB how it answers a page, and what that takes."""
    question = {
        "find": "dossiers",
        "filter": {"$and": [source.filtre, tranche]},
        "hint": source.index,
        "sort": dict(ordre.cles),
        "limit": 51,
    }
    reponse: Document = await mongo.database.command("explain", question, verbosity="executionStats")
    return reponse


def etapes(plan: Document) -> Iterator[Document]:
    """Give all the stages of a plan."""
    yield plan
    for suite in (*plan.get("inputStages", ()), *([plan["inputStage"]] if "inputStage" in plan else [])):
        yield from etapes(suite)


@pytest.mark.parametrize("onglet", Onglet)
async def test_no_question_of_the_queue_reads_the_collection(nombreux: Store, mongo: Mongo, onglet: Onglet) -> None:
    assert nombreux
    repere = Repere(now() - timedelta(days=3), "ENT-00000-00050", "")
    for filtre, tri, apres in product(FILTRES, Tri, (None, repere)):
        ordre = Ordre(tri)
        for source in sources(Filtres(onglet, **filtre), tri, now(), ["ENT-00000-00002"]):
            for tranche in ordre.tranches(apres):
                plan = (await expliquer(mongo, source, tranche, ordre))["executionStats"]["executionStages"]
                noms = {etape["stage"] for etape in etapes(plan)}
                assert noms & {"IXSCAN", "IDHACK", "EOF"}, (filtre, tri, apres)
                assert "COLLSCAN" not in noms


@pytest.mark.parametrize("tri", Tri)
@pytest.mark.parametrize("onglet", [Onglet.A_TRAITER, Onglet.VALIDES, Onglet.TOUS])
@pytest.mark.parametrize("filtre", [{}, {"departement": "94"}, {"commune": "94028"}, {"verdict": "conforme"}])
async def test_a_page_is_read_in_order_and_reads_little_more_than_itself(
    nombreux: Store, mongo: Mongo, onglet: Onglet, tri: Tri, filtre: Document
) -> None:
    assert nombreux
    filtres = Filtres(onglet, **filtre)
    ordre = Ordre(tri).parmi(filtres)
    (source,) = sources(filtres, ordre.tri, now())
    for tranche in ordre.tranches(None):
        resume = (await expliquer(mongo, source, tranche, ordre))["executionStats"]
        assert "SORT" not in {etape["stage"] for etape in etapes(resume["executionStages"])}
        assert resume["totalDocsExamined"] <= 60
        assert resume["totalKeysExamined"] <= 60 + 40  # one more for each range of states and verdicts


async def test_suspended_dossiers_have_an_index_that_holds_nothing_else(nombreux: Store, mongo: Mongo) -> None:
    assert nombreux
    ordre = Ordre()
    source = sources(Filtres(Onglet.INCIDENTS), Tri.DEPOT, now())[1]

    resume = (await expliquer(mongo, source, {}, ordre))["executionStats"]

    assert resume["nReturned"] == resume["totalKeysExamined"] == 10


@pytest.mark.parametrize("onglet", [Onglet.A_TRAITER, Onglet.A_CORRIGER, Onglet.VALIDES])
async def test_a_count_reads_the_index_alone(nombreux: Store, mongo: Mongo, onglet: Onglet) -> None:
    compteurs = await nombreux.bureau.compteurs()
    etats = {"a_traiter": ["depose"], "a_corriger": ["a_corriger"], "valides": ["valide", "livre"]}[onglet]
    question = {"count": "dossiers", "query": {"etat": {"$in": etats}}, "limit": 1_001, "hint": Index.DEPOT}

    resume = (await mongo.database.command("explain", question, verbosity="executionStats"))["executionStats"]

    assert compteurs[onglet] == NOMBRE // 6 * len(etats)
    assert resume["totalDocsExamined"] == 0


async def test_neighbours_are_read_by_their_schools_and_their_commune(nombreux: Store) -> None:
    dossier = {"_id": "ENT-00000-00001", "ecoles": ["0779003A", "0779009A"], "commune": "93001"}

    voisins = await nombreux.bureau.voisins(dossier)

    assert [voisin["_id"] for voisin in voisins[:2]] == ["ENT-00000-00009", "ENT-00000-00003"]
    assert {voisin["commune"] for voisin in voisins[2:]} == {"93001"}
    assert {voisin["etat"] for voisin in voisins} <= {"depose", "a_corriger", "valide", "livre"}
