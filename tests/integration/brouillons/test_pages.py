"""Each page of the form: what it shows, what it keeps, what it says is wrong and where."""

import html
from collections.abc import Awaitable, Callable

import pytest

from deploy.demo.dossiers import SIRET_EXEMPLE, uai
from services._runtime.mongo import Mongo
from services.intake.brouillons.store import BROUILLONS_MAX
from tests.scene import texte

from .banc import VALEURS, Usager
from .lecture import champ_en_erreur, sommaire, titre


@pytest.mark.parametrize(
    ("rubrique", "champ", "saisie", "dit"),
    [
        ("etablissement", "siret", "", "Indiquez le numéro SIRET"),
        ("etablissement", "siret", "217 709 997", "numéro SIREN"),
        ("etablissement", "siret", "21770999700018", "inexact"),
        ("etablissement", "siret", "2177", "il en manque 10"),
        ("etablissement", "departement", "75", "trois départements"),
        ("etablissement", "commune", "94028", "pas dans le département choisi"),
        ("etablissement", "commune", "", "Choisissez la commune"),
        ("deposant", "civilite", "Dr", "civilité"),
        ("deposant", "nom", "", "votre nom"),
        ("deposant", "prenom", "--", "votre prénom"),
        ("deposant", "fonction", "a" * 400, "raccourcissez-le"),
        ("deposant", "courriel", "camille", "un seul « @ »"),
        ("deposant", "telephone", "12", "10 chiffres"),
        ("ecoles", "ecoles", "", "au moins une école"),
        ("ecoles", "ecoles", "0779001A", f"c’est {uai(1)}"),
        ("commentaires", "commentaires", "a" * 2001, "retirez-en 1"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_in_the_summary_and_stays_as_typed(
    usager: Usager, rubrique: str, champ: str, saisie: str, dit: str
) -> None:
    numero = await usager.commencer(**VALEURS)
    chemin = f"/brouillons/{numero}/{rubrique}"
    page = await usager.poster(chemin, **{champ: saisie})
    assert page.status_code == 422
    assert dit in champ_en_erreur(page, champ)
    assert dit in sommaire(page)[champ]
    assert titre(page).startswith("Erreur : ")
    if champ not in {"departement", "civilite"}:  # what is none of the choices is no choice of anybody
        assert html.escape(saisie) in page.text
    tenue = (await usager.valeurs(numero))[champ]
    assert tenue == (saisie.splitlines() if champ == "ecoles" else saisie)
    encore = await usager.voir(chemin)  # later, or from another place
    assert dit in champ_en_erreur(encore, champ)


async def test_a_page_that_nobody_has_been_through_shows_no_error(usager: Usager) -> None:
    numero = await usager.commencer()
    for rubrique in ("etablissement", "deposant", "ecoles", "commentaires"):
        page = await usager.voir(f"/brouillons/{numero}/{rubrique}")
        assert (page.status_code, sommaire(page)) == (200, {})
        assert "fr-message--error" not in page.text
        assert not titre(page).startswith("Erreur")
    page = await usager.voir(f"/brouillons/{numero}/deposant?verifier=oui")
    assert "votre nom" in champ_en_erreur(page, "nom")


async def test_each_page_says_which_step_it_is(usager: Usager) -> None:
    numero = await usager.commencer()
    noms = ("etablissement", "deposant", "ecoles", "pieces", "commentaires", "recapitulatif")
    for rang, nom in enumerate(noms, start=1):
        assert f"Étape {rang} sur 6" in texte(await usager.voir(f"/brouillons/{numero}/{nom}"))


@pytest.mark.parametrize(
    ("rubrique", "champs", "suite"),
    [
        ("etablissement", {"siret": "217 709 997 00019", "commune_trouvee": "77288"}, "deposant"),
        ("deposant", {c: VALEURS[c] for c in ("civilite", "nom", "prenom", "fonction", "telephone")}, "ecoles"),
        ("ecoles", {"ecoles": uai(1)}, "pieces"),
        ("commentaires", {"commentaires": "Rien à dire"}, "recapitulatif"),
    ],
)
async def test_a_page_that_is_right_leads_to_the_next(
    usager: Usager, rubrique: str, champs: dict[str, str], suite: str
) -> None:
    numero = await usager.commencer()
    chemin = f"/brouillons/{numero}/{rubrique}"
    reponse = await usager.poster(chemin, **champs)
    assert (reponse.status_code, reponse.headers.get("location")) == (303, f"/brouillons/{numero}/{suite}")
    revenu = await usager.poster(f"{chemin}?retour=oui", retour="oui", **champs)
    assert revenu.headers["location"] == f"/brouillons/{numero}/recapitulatif"


async def test_somebody_may_save_anything_and_leave(usager: Usager) -> None:
    numero = await usager.commencer()
    chemin = f"/brouillons/{numero}/deposant"
    reponse = await usager.poster(chemin, nom="Fic", telephone="01", suite="quitter")
    assert reponse.headers["location"] == "/dossiers?fait=brouillon-enregistre"
    page = await usager.voir(chemin)
    assert 'value="Fic"' in page.text
    assert sommaire(page) == {}  # he has not said that he was done


@pytest.mark.parametrize("suite", ["continuer", "quitter"])
async def test_what_is_too_long_to_be_kept_stays_on_the_page(usager: Usager, suite: str) -> None:
    numero = await usager.commencer(**VALEURS)
    page = await usager.poster(f"/brouillons/{numero}/deposant", nom="a" * 10_000, prenom="Dominique", suite=suite)
    assert page.status_code == 422
    assert "trop long" in champ_en_erreur(page, "nom")
    assert "a" * 10_000 in page.text
    tenues = await usager.valeurs(numero)
    assert (tenues["nom"], tenues["prenom"]) == ("Fictive", "Dominique")


@pytest.mark.parametrize(
    "hostile",
    [
        '"><script>alert(1)</script>',
        "{{7*7}}",
        "{% raw %}",
        "a\r\nSet-Cookie: a=b",
        '{"$ne": null}',
        "'; db.dropDatabase()",
        "\x00\x1b[2J",
        "\u202egnp.exe",
    ],
)
async def test_hostile_values_are_only_shown(usager: Usager, hostile: str) -> None:
    numero = await usager.commencer(**VALEURS)
    for rubrique, champ in (
        ("deposant", "nom"),
        ("deposant", "courriel"),
        ("ecoles", "ecoles"),
        ("etablissement", "recherche"),
    ):
        page = await usager.poster(
            f"/brouillons/{numero}/{rubrique}", **{champ: hostile, "compte": "x", "corrige": "1"}
        )
        assert page.status_code in {200, 303, 422}
        assert "<script>alert" not in page.text
        assert ">49<" not in page.text
    recapitulatif = await usager.voir(f"/brouillons/{numero}/recapitulatif")
    assert recapitulatif.status_code == 200
    assert "<script>alert" not in recapitulatif.text
    brouillon = await usager.brouillon(numero)
    assert (brouillon["compte"], brouillon["corrige"]) == (usager.identite.compte, False)


async def test_the_form_begins_again_where_something_is_missing(usager: Usager) -> None:
    numero = await usager.commencer(**VALEURS | {"nom": ""})
    assert (await usager.voir(f"/brouillons/{numero}")).headers["location"] == f"/brouillons/{numero}/deposant"
    numero = await usager.complet()
    assert (await usager.voir(f"/brouillons/{numero}")).headers["location"] == f"/brouillons/{numero}/recapitulatif"


async def test_too_many_drafts_are_refused_with_a_word(usager: Usager) -> None:
    for _ in range(BROUILLONS_MAX):
        await usager.store.brouillons.creer(usager.identite)
    reponse = await usager.navigateur.post("/brouillons", data={"jeton": usager.identite.jeton})
    assert reponse.headers["location"] == "/dossiers?fait=trop-de-brouillons"


async def test_the_siret_of_the_employer_is_there_from_the_start(usager: Usager, mongo: Mongo) -> None:
    await mongo.database["comptes"].update_one({"_id": usager.identite.compte}, {"$set": {"siret": SIRET_EXEMPLE}})
    tenues = await usager.valeurs(await usager.commencer())
    assert (tenues["siret"], tenues["courriel"]) == (SIRET_EXEMPLE, usager.identite.courriel)


async def test_a_draft_of_somebody_else_is_not_there(
    usager: Usager, connecter: Callable[[str], Awaitable[Usager]]
) -> None:
    numero = await usager.complet()
    autre = await connecter("dominique@exemple.fr")
    jeton = {"jeton": autre.identite.jeton}
    for rubrique in ("", "/etablissement", "/deposant", "/ecoles", "/commentaires", "/recapitulatif"):
        assert (await autre.voir(f"/brouillons/{numero}{rubrique}")).status_code == 404
        if rubrique:
            assert (await autre.poster(f"/brouillons/{numero}{rubrique}", caches=jeton)).status_code == 404
    for geste in ("enregistrer", "supprimer"):
        assert (await autre.poster(f"/brouillons/{numero}/{geste}", caches=jeton)).status_code == 404
    assert await usager.brouillon(numero)


async def test_a_draft_is_deleted_by_its_owner_alone(
    usager: Usager, connecter: Callable[[str], Awaitable[Usager]]
) -> None:
    numero, autre = await usager.complet(), await connecter("dominique@exemple.fr")
    await usager.store.brouillons.inviter(numero, autre.identite.courriel)
    await autre.poster(f"/brouillons/{numero}/supprimer", caches={"jeton": autre.identite.jeton})
    assert await usager.brouillon(numero)
    reponse = await usager.poster(f"/brouillons/{numero}/supprimer", caches={"jeton": usager.identite.jeton})
    assert reponse.headers["location"] == "/dossiers?fait=brouillon-supprime"
    assert await usager.store.brouillons.lire(numero, usager.identite) is None
