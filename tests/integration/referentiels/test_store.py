"""What the form looks up, in a real mongod; nothing there is a case like another."""

from deploy.demo.dossiers import uai
from deploy.demo.referentiel import annuaire_json, communes_json, poser
from services._runtime.mongo import Mongo
from services.intake.referentiels.domain import Commune, Ecole
from services.intake.referentiels.generations import Generations
from services.intake.referentiels.importation import COMMUNES, ECOLES, confronter
from services.intake.referentiels.lecture import Fiche
from services.intake.referentiels.store import Referentiels


async def test_nothing_is_known_before_the_first_import(vides: Referentiels) -> None:
    assert await vides.commune("93066") is None
    assert await vides.communes("93") == []
    assert list(await vides.chercher_communes("saint")) == []
    assert await vides.ecoles_de("93066") == []
    assert await vides.ecoles([uai(1)]) == {}


async def test_schools_are_known_while_communes_are_not(mongo: Mongo, vides: Referentiels) -> None:
    lecture = ECOLES.lire(Fiche("", valeurs) for valeurs in annuaire_json())
    generations = Generations(mongo.database, "ecoles")
    await generations.remplacer(await generations.courante(), confronter(ECOLES, lecture, {}))

    assert [ecole.uai for ecole in await vides.ecoles_de("93059")] == [uai(3, "093")]
    assert (await vides.ecoles([uai(3, "093")]))[uai(3, "093")].commune == "93059"


async def test_a_commune_is_given_by_its_code_or_a_former_one(referentiels: Referentiels) -> None:
    saint_denis = Commune(
        code="93066",
        nom="Saint-Denis",
        departement="93",
        siren="929939411",
        codes_postaux=("93200", "93210", "93380"),
        anciens_codes=("93059",),
        anciens_noms=("Pierrefitte-sur-Seine",),
    )

    assert await referentiels.commune("93066") == saint_denis
    assert await referentiels.commune("93059") == saint_denis
    assert await referentiels.commune("93200") is None
    assert list(await referentiels.chercher_communes("st den", departement="93")) == [
        saint_denis,
        await referentiels.commune("93039"),
    ]


async def test_the_communes_of_a_departement_come_by_name(referentiels: Referentiels) -> None:
    assert [commune.nom for commune in await referentiels.communes("94")] == [
        "Créteil",
        "L'Haÿ-les-Roses",
        "Marolles-en-Brie",
        "Saint-Maur-des-Fossés",
    ]


async def test_the_open_schools_of_a_commune_come_by_name_private_ones_too(referentiels: Referentiels) -> None:
    ecoles = await referentiels.ecoles_de("77288")

    assert [ecole.nom for ecole in ecoles][:3] == [
        "École élémentaire des Coquelicots",
        "École élémentaire des Tilleuls",
        "École élémentaire du Cerf-Volant",
    ]
    assert {ecole.uai for ecole in ecoles} == {uai(numero) for numero in (*range(1, 9), 10)}
    assert {ecole.nom for ecole in ecoles if ecole.statut == "prive"} == {"École primaire privée des Érables"}
    assert await referentiels.ecoles_de("77032") == []
    assert await referentiels.ecoles_de("75056") == []


async def test_the_schools_of_a_commune_that_merged_are_those_of_the_one_in_force(referentiels: Referentiels) -> None:
    for code in ("93066", "93059"):
        assert {ecole.uai for ecole in await referentiels.ecoles_de(code)} == {uai(n, "093") for n in (1, 2, 3)}
    boussole = (await referentiels.ecoles([uai(3, "093")]))[uai(3, "093")]
    assert (boussole.commune, boussole.nom_commune) == ("93066", "Saint-Denis")


async def test_schools_are_known_by_uai_open_or_not(referentiels: Referentiels) -> None:
    connues = await referentiels.ecoles([uai(9), uai(9), uai(1), uai(999), "n’importe quoi", ""])

    assert connues.keys() == {uai(1), uai(9)}
    assert not connues[uai(9)].ouverte
    assert connues[uai(1)] == Ecole(
        uai=uai(1),
        nom="École maternelle des Tilleuls",
        commune="77288",
        nom_commune="Melun",
        statut="public",
        ouverte=True,
        adresse="1 rue des Inventions",
    )


async def test_an_import_is_seen_by_the_next_request_of_every_process(mongo: Mongo, vides: Referentiels) -> None:
    autre_processus = Referentiels(mongo)
    assert await vides.commune("77288") is None
    assert await autre_processus.commune("77288") is None

    await poser(mongo.database)
    assert await vides.commune("77288") is not None
    communes = [commune | {"nom": "Melun-la-Neuve"} for commune in communes_json() if commune["code"] == "77288"]
    generations = Generations(mongo.database, "communes")
    bilan = confronter(COMMUNES, COMMUNES.lire(Fiche("", valeurs) for valeurs in communes), {})
    await generations.remplacer(await generations.courante(), bilan)

    for processus in (vides, autre_processus):
        assert [commune.nom for commune in await processus.chercher_communes("melun")] == ["Melun-la-Neuve"]
        assert await processus.commune("93066") is None
