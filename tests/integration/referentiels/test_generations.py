"""An import replaces all at once: readers see a whole référentiel, and who imports at the same time is told."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from deploy.demo.dossiers import uai
from deploy.demo.referentiel import annuaire_json, poser
from services._runtime.mongo import Mongo
from services.intake.referentiels.generations import Generation, Generations, ImportDepasse
from services.intake.referentiels.importation import ECOLES, Bilan, confronter
from services.intake.referentiels.lecture import Fiche
from services.intake.referentiels.store import Referentiels


def bilan(*numeros: int, nom: str = "École") -> Bilan:
    """Make a référentiel of these schools."""
    modele = annuaire_json()[0]
    fiches = [modele | {"identifiant_de_l_etablissement": uai(n), "nom_etablissement": nom} for n in numeros]
    return confronter(ECOLES, ECOLES.lire(Fiche("", fiche) for fiche in fiches), {})


@pytest.fixture
def generations(mongo: Mongo) -> Generations:
    """Give the generations of the schools."""
    return Generations(mongo.database, "ecoles")


async def importer(generations: Generations, contenu: Bilan) -> Generation:
    await generations.remplacer(await generations.courante(), contenu)
    return await generations.courante()


async def test_an_import_is_counted_dated_and_named_by_its_content(generations: Generations) -> None:
    avant = datetime.now(UTC) - timedelta(seconds=5)

    premiere = await importer(generations, bilan(1, 2))
    seconde = await importer(generations, bilan(1, 2, 3))

    assert (premiere.rang, premiere.nombre, premiere.en_service) == (1, 2, 2)
    assert (seconde.rang, seconde.nombre, seconde.precedente) == (2, 3, premiere.nom)
    assert premiere.empreinte == bilan(2, 1).empreinte != seconde.empreinte
    assert seconde.importe_le is not None
    assert seconde.importe_le > avant


async def test_a_reader_who_has_just_learnt_the_generation_finishes_on_it(generations: Generations) -> None:
    lue = await importer(generations, bilan(1, 2))

    await importer(generations, bilan(3))

    assert set(await generations.entrees(lue)) == {uai(1), uai(2)}


async def test_only_the_generation_in_force_and_the_one_before_are_kept(mongo: Mongo, generations: Generations) -> None:
    noms = [(await importer(generations, bilan(numero))).nom for numero in (1, 2, 3, 4)]

    assert sorted(await mongo.database["ecoles"].distinct("generation")) == sorted(noms[-2:])


async def test_of_two_imports_prepared_together_one_is_done_and_the_other_told(generations: Generations) -> None:
    for tour in ("premier", "second"):  # before any import, then over one
        courante = await generations.courante()
        essais = await asyncio.gather(
            generations.remplacer(courante, bilan(1, 2, nom=f"{tour}, A")),
            generations.remplacer(courante, bilan(3, nom=f"{tour}, B")),
            return_exceptions=True,
        )

        assert sorted(type(essai) for essai in essais if essai is not None) == [ImportDepasse]
        entrees = await generations.entrees(await generations.courante())
        assert set(entrees) in ({uai(1), uai(2)}, {uai(3)})


async def test_an_import_that_died_changes_nothing_and_what_it_left_goes_a_day_later(
    mongo: Mongo, generations: Generations
) -> None:
    await importer(generations, bilan(1))
    restes = {"_id": "20200101T000000-0badcafe/x", "generation": "20200101T000000-0badcafe"}
    en_cours = {"_id": "29990101T000000-0badcafe/x", "generation": "29990101T000000-0badcafe"}
    await mongo.database["ecoles"].insert_many([restes, en_cours])

    assert set(await generations.entrees(await generations.courante())) == {uai(1)}
    await importer(generations, bilan(2))

    assert await mongo.database["ecoles"].find_one({"_id": restes["_id"]}) is None
    assert await mongo.database["ecoles"].find_one({"_id": en_cours["_id"]}) is not None


async def test_readers_see_one_whole_import_while_others_follow(mongo: Mongo, generations: Generations) -> None:
    referentiels = Referentiels(mongo)
    tous = range(1, 200)
    await importer(generations, bilan(*tous, nom="Import 0"))
    vues: list[set[str]] = []

    async def lire() -> None:
        while True:
            ecoles = await referentiels.ecoles(uai(numero) for numero in tous)
            assert len(ecoles) == len(tous)
            vues.append({ecole.nom for ecole in ecoles.values()})

    lecteurs: Sequence[asyncio.Task[None]] = [asyncio.create_task(lire()) for _ in range(4)]
    for rang in range(1, 11):
        await importer(generations, bilan(*tous, nom=f"Import {rang}"))
    for lecteur in lecteurs:
        lecteur.cancel()
        with suppress(asyncio.CancelledError):
            await lecteur

    assert {len(noms) for noms in vues} == {1}
    assert len({nom for noms in vues for nom in noms}) > 1


async def test_the_demo_s_import_done_again_changes_nothing(mongo: Mongo, generations: Generations) -> None:
    await poser(mongo.database)
    premiere = await generations.courante()

    await poser(mongo.database)

    assert await generations.courante() == premiere
