"""The importers on the files that the project was given to try them on; they are read where they are, never copied."""

from pathlib import Path
from typing import Any

import pytest

from services._runtime.mongo import Mongo
from services.intake.referentiels.generations import Generations
from services.intake.referentiels.importation import COMMUNES, ECOLES, Bilan, Nature, confronter
from services.intake.referentiels.lecture import fiches
from services.intake.referentiels.recherche import REPONSES_MAX
from services.intake.referentiels.store import Referentiels

DONNEES = Path(__file__).parents[4] / "shared" / "data"
FERMEES = ("0940352X", "0940800J", "0940864D")  # in the lists of 2022, no more in the annuaire of 2026
pytestmark = pytest.mark.skipif(not DONNEES.is_dir(), reason="les fichiers réels ne sont pas à côté du dépôt")


async def importer(mongo: Mongo, nature: Nature[Any], fichier: str) -> Bilan:
    """Import a file whose every record is ours and right."""
    lecture = nature.lire(fiches(DONNEES / fichier))
    assert (lecture.defauts, lecture.doublons, lecture.hors_champ) == (0, 0, 0)
    generations = Generations(mongo.database, nature.nom)
    courante = await generations.courante()
    bilan = confronter(nature, lecture, await generations.entrees(courante))
    await generations.remplacer(courante, bilan)
    return bilan


async def test_the_593_communes_are_found_as_people_type_them(mongo: Mongo) -> None:
    bilan = await importer(mongo, COMMUNES, "communes_77_93_94.json")
    referentiels = Referentiels(mongo)

    assert bilan.en_service == 593
    assert [len(await referentiels.communes(departement)) for departement in ("77", "93", "94")] == [507, 39, 47]
    toutes = [commune for departement in ("77", "93", "94") for commune in await referentiels.communes(departement)]
    assert len({commune.libelle for commune in toutes}) == 593
    for commune in toutes:
        assert (await referentiels.chercher_communes(commune.nom, departement=commune.departement))[0] == commune
    partage = await referentiels.chercher_communes("77320")
    assert len(partage) == 22 < REPONSES_MAX
    marolles = await referentiels.chercher_communes("marolles en brie")
    assert [commune.code for commune in marolles] == ["77278", "94048"]
    (saint_denis,) = await referentiels.chercher_communes("pierrefitte")
    assert (saint_denis, saint_denis.siren) == (await referentiels.commune("93059"), "929939411")


async def test_schools_of_lists_made_before_a_merger_are_those_of_the_commune_in_force(mongo: Mongo) -> None:
    await importer(mongo, COMMUNES, "communes_77_93_94.json")
    bilan = await importer(mongo, ECOLES, "ecoles_creteil.json")
    ecoles = await Referentiels(mongo).ecoles_de("93066")

    assert bilan.en_service == 1772
    assert sum(bilan.documents[ecole.uai]["commune"] == "93059" for ecole in ecoles) == 8
    assert {(ecole.commune, ecole.nom_commune) for ecole in ecoles} == {("93066", "Saint-Denis")}


async def test_the_annuaire_of_one_departement_alone_does_not_replace_that_of_three(mongo: Mongo) -> None:
    await importer(mongo, ECOLES, "ecoles_creteil.json")

    bilan = await importer(mongo, ECOLES, "annuaire-education_94_ods-export.json")

    assert "est-il complet" in bilan.obstacle()
    assert (bilan.ajoutees, bilan.en_service, bilan.retirees) == (0, 613, 1159)
    connues = await Referentiels(mongo).ecoles(FERMEES)
    assert [connues[uai].ouverte for uai in FERMEES] == [False, False, False]
