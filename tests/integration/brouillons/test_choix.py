"""Choosing a commune and its schools, without script."""

import re

import pytest

from deploy.demo.dossiers import SIRET_EXEMPLE, uai
from services._runtime.mongo import Mongo
from tests.scene import texte

from .banc import VALEURS, Usager
from .lecture import champ_en_erreur


@pytest.mark.parametrize("suite", ["chercher", "continuer"])
@pytest.mark.parametrize(
    ("recherche", "trouve"),
    [
        ("marolles", ["Marolles-en-Brie – 77120 (Seine-et-Marne)", "Marolles-en-Brie – 94440 (Val-de-Marne)"]),
        ("MELUN", ["Melun – 77000"]),
        ("94000", ["Créteil – 94000"]),
        ("creteil", ["code Insee 94028"]),
        ("paris", ["Aucune commune trouvée"]),
    ],
)
async def test_a_commune_is_found_by_its_name_or_postal_code_without_script(
    usager: Usager, suite: str, recherche: str, trouve: list[str]
) -> None:
    numero = await usager.commencer(siret=SIRET_EXEMPLE)
    page = await usager.poster(f"/brouillons/{numero}/etablissement", siret="217", recherche=recherche, suite=suite)
    assert page.status_code == (200 if suite == "chercher" else 422)
    for attendu in trouve:
        assert attendu in texte(page)
    assert f'value="{recherche}"' in page.text
    assert (await usager.valeurs(numero))["siret"] == "217"


async def test_a_commune_is_chosen_in_the_list_of_its_departement(usager: Usager) -> None:
    numero = await usager.commencer(siret=SIRET_EXEMPLE)
    chemin = f"/brouillons/{numero}/etablissement"
    page = await usager.poster(chemin, departement="77", suite="chercher")
    assert re.findall(r'<option value="(\w*)"', page.text) == ["", "77277", "77288"]
    assert (await usager.poster(chemin, departement="77", commune="77288")).status_code == 303
    assert "Commune choisie : Melun – 77000" in texte(await usager.voir(chemin))


async def test_a_commune_that_was_searched_for_tells_its_departement(usager: Usager) -> None:
    numero = await usager.commencer(siret=SIRET_EXEMPLE, departement="77", commune="77288")
    await usager.poster(f"/brouillons/{numero}/etablissement", departement="77", commune_trouvee="94048")
    tenues = await usager.valeurs(numero)
    assert (tenues["departement"], tenues["commune"]) == ("94", "94048")


async def test_a_siret_of_another_body_than_the_commune_is_only_a_warning(usager: Usager) -> None:
    numero = await usager.commencer()
    chemin = f"/brouillons/{numero}/etablissement"
    assert (await usager.poster(chemin, siret=SIRET_EXEMPLE, commune_trouvee="77288")).status_code == 303
    assert "Ce SIRET n’est pas celui de la commune de Melun" in texte(await usager.voir(chemin))


async def test_an_empty_referentiel_stops_nobody(usager: Usager, mongo: Mongo) -> None:
    await mongo.database["referentiels"].delete_many({})
    numero = await usager.commencer(siret=SIRET_EXEMPLE)
    chemin = f"/brouillons/{numero}/etablissement"
    page = await usager.poster(chemin, departement="77", suite="chercher")
    assert "Code Insee de la commune" in texte(page)
    assert (await usager.poster(chemin, departement="77", commune="77288")).status_code == 303
    assert (await usager.poster(f"/brouillons/{numero}/ecoles", ecoles=uai(1))).status_code == 303


async def test_the_schools_of_the_commune_are_offered_to_tick(usager: Usager) -> None:
    numero = await usager.commencer(**VALEURS | {"ecoles": []})
    chemin = f"/brouillons/{numero}/ecoles"
    page = await usager.voir(chemin)
    assert re.findall(r'type="checkbox" id="[^"]+" name="cochees" value="(\w+)"', page.text) == [uai(1), uai(2)]
    page = await usager.poster(chemin, suite="toutes", ecoles=uai(4))
    assert page.text.count(" checked>") == 2
    assert "3 écoles dans votre liste." in texte(page)
    await usager.poster(chemin, cochees=[uai(2)], ecoles=f"{uai(1)}\n{uai(4)}")
    assert (await usager.valeurs(numero))["ecoles"] == [uai(2), uai(1), uai(4)]
    page = await usager.voir(chemin)
    assert page.text.count(" checked>") == 2
    assert re.search(rf"<textarea[^>]*>\n{uai(4)}</textarea>", page.text)


async def test_each_line_of_a_pasted_list_is_explained_in_its_place(usager: Usager) -> None:
    numero = await usager.commencer(**VALEURS)
    collee = (
        f"{uai(1)}\tÉcole des Lilas\r\n0779002A; {uai(3).lower()}\r\n{uai(4)} {uai(1)}\r\n"
        f"École sans code\r\n{uai(9, '093')}"
    )
    page = await usager.poster(f"/brouillons/{numero}/ecoles", ecoles=collee, suite="verifier")
    liste = texte(page).partition("Votre liste ")[2]
    assert liste.startswith(
        f"4 écoles dans votre liste. {uai(1)} – École des Lilas, Melun "
        f"0779002A La lettre ne correspond pas aux chiffres. Si les chiffres sont justes, c’est {uai(2)}. "
        f"{uai(3)} – École fermée, Melun Cette école est fermée"
    )
    assert f"{uai(4)} – École d’ailleurs, Marolles-en-Brie Cette école est dans une autre commune" in liste
    assert "École sans code Aucun code UAI n’est reconnu." in liste
    assert f"{uai(9, '093')} Cette école est en Seine-Saint-Denis" in liste
    assert (await usager.poster(f"/brouillons/{numero}/ecoles", ecoles=collee)).status_code == 422
    assert (
        await usager.poster(f"/brouillons/{numero}/ecoles", ecoles=f"{uai(3)} {uai(4)} {uai(9)}")
    ).status_code == 303


async def test_a_dossier_has_five_hundred_schools_at_most(usager: Usager) -> None:
    numero = await usager.commencer(**VALEURS)
    chemin = f"/brouillons/{numero}/ecoles"
    codes = [uai(rang) for rang in range(501)]
    page = await usager.poster(chemin, ecoles=" ".join(codes))
    assert "retirez-en 1" in champ_en_erreur(page, "ecoles")
    assert (await usager.poster(chemin, ecoles=" ".join(codes[:500]))).status_code == 303
