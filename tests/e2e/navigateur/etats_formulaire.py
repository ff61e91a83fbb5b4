"""The states of the pages of the form where something is typed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from playwright.async_api import Page, Route, expect

from deploy.demo.dossiers import uai
from services.intake.brouillons.saisie import Rubrique

from .examen import CLAIR, MOBILE, TOUTES
from .gestes import AUCUNE, CLAIRE, Atteindre, Etat, Geste, envoyer
from .monde import CAMILLE, REMPLI, VIDE, Monde

COMMUNE: Final = {"departement": "77", "commune": "77288"}
FAUX: Final = {
    "civilite": "Mme",
    "nom": "F1ctive",
    "prenom": "",
    "fonction": "x" * 400,
    "courriel": "camille.fictive@exemple",
    "telephone": "01 99 00",
}


def page_de(rubrique: Rubrique, valeurs: Mapping[str, Any], puis: Geste | None = None) -> Atteindre:
    """Open a page of a new draft that says this, then do that."""

    async def atteindre(monde: Monde) -> Page:
        numero = await monde.brouillon(valeurs)
        page = await monde.aller(f"/brouillons/{numero}/{rubrique}", CAMILLE)
        if puis:
            await puis(page)
        return page

    return atteindre


def etat(nom: str, rubrique: Rubrique, atteindre: Atteindre, vues: Sequence[str] = CLAIRE) -> Etat:
    """Name a state of a page of the form."""
    return Etat(f"formulaire-{rubrique}{nom and '-'}{nom}", f"/brouillons/{{numero}}/{rubrique}", atteindre, vues)


async def continuer(page: Page) -> None:
    await envoyer(page, "Continuer")


async def verifier(page: Page) -> None:
    await envoyer(page, "Vérifier la liste")


def chercher(quoi: str) -> Geste:
    async def faire(page: Page) -> None:
        await page.locator("#recherche").fill(quoi)
        await envoyer(page, "Chercher la commune")

    return faire


async def taper_une_commune(page: Page) -> None:
    """Let the script find communes as one types."""
    await page.locator("#recherche").press_sequentially("marolles")
    await expect(page.locator("[data-trouvees] input")).to_have_count(2)


async def se_tromper(page: Page) -> None:
    """Leave a field that is wrong: the script says so when it saves."""
    await page.locator("#siret").fill("217 709 997 00018")
    await page.locator("#recherche").focus()
    await expect(page.locator("#siret-messages p")).to_be_visible()


async def perdre_la_connexion(page: Page) -> None:
    """Type while nothing arrives, and come back: what was not saved is offered."""
    await page.locator("#siret").fill("217 709 997 00019")

    async def couper(route: Route) -> None:
        await route.abort()

    await page.route("**/enregistrer", couper)
    await page.locator("#siret").fill("217 709 997 00")
    await page.reload()
    await expect(page.get_by_text("Une saisie qui n’avait pas pu être enregistrée")).to_be_visible()
    await page.unroute("**/enregistrer")


async def en_conflit(monde: Monde) -> Page:
    """Send a page whose answers another tab has changed meanwhile."""
    numero = await monde.brouillon(REMPLI)
    page = await monde.aller(f"/brouillons/{numero}/{Rubrique.DEPOSANT}", CAMILLE)
    await monde.store.brouillons.enregistrer(numero, {"nom": "Inventée", "fonction": ""}, onglet="un autre")
    await page.locator("#nom").fill("Imaginaire")
    await page.locator("#fonction").fill("Directrice générale des services")
    await continuer(page)
    return page


_ETABLISSEMENT, _DEPOSANT, _ECOLES, _COMMENTAIRES = (
    *(Rubrique.ETABLISSEMENT, Rubrique.DEPOSANT),
    *(Rubrique.ECOLES, Rubrique.COMMENTAIRES),
)
# A school of the commune, of another, of another département, a closed one, an unknown one.
_LISTE: Final = [uai(1), uai(11), uai(1, "093"), uai(9), uai(120)]

ETABLISSEMENT: Final = (
    etat("", _ETABLISSEMENT, page_de(_ETABLISSEMENT, VIDE)),
    etat("avertissement", _ETABLISSEMENT, page_de(_ETABLISSEMENT, REMPLI)),
    etat("erreurs", _ETABLISSEMENT, page_de(_ETABLISSEMENT, VIDE, continuer), vues=TOUTES),
    etat(
        "commune-inconnue",
        _ETABLISSEMENT,
        page_de(_ETABLISSEMENT, REMPLI | {"commune": "77999"}, continuer),
        vues=AUCUNE,
    ),
    etat("communes", _ETABLISSEMENT, page_de(_ETABLISSEMENT, {"departement": "93"}, chercher(""))),
    etat("homonymes", _ETABLISSEMENT, page_de(_ETABLISSEMENT, VIDE, chercher("marolles en brie"))),
    etat("aucune-commune", _ETABLISSEMENT, page_de(_ETABLISSEMENT, VIDE, chercher("Bordeaux"))),
    etat("suggestions", _ETABLISSEMENT, page_de(_ETABLISSEMENT, VIDE, taper_une_commune)),
    etat("erreur-au-fil", _ETABLISSEMENT, page_de(_ETABLISSEMENT, VIDE, se_tromper)),
    etat("retrouvee", _ETABLISSEMENT, page_de(_ETABLISSEMENT, VIDE, perdre_la_connexion)),
)
PERSONNE: Final = (
    etat("", _DEPOSANT, page_de(_DEPOSANT, REMPLI)),
    etat("vide", _DEPOSANT, page_de(_DEPOSANT, VIDE)),
    etat("erreurs", _DEPOSANT, page_de(_DEPOSANT, FAUX, continuer)),
    etat("avertissement", _DEPOSANT, page_de(_DEPOSANT, REMPLI | {"courriel": "camille.fictive@gmial.com"})),
    etat("conflit", _DEPOSANT, en_conflit),
    etat("", _COMMENTAIRES, page_de(_COMMENTAIRES, REMPLI)),
    etat("vide", _COMMENTAIRES, page_de(_COMMENTAIRES, VIDE)),
    etat(
        "trop-longs", _COMMENTAIRES, page_de(_COMMENTAIRES, {"commentaires": "Bonjour. " * 300}, continuer), vues=AUCUNE
    ),
)
ECOLES: Final = (
    etat("", _ECOLES, page_de(_ECOLES, REMPLI), vues=(CLAIR, MOBILE)),
    etat("sans-commune", _ECOLES, page_de(_ECOLES, VIDE)),
    etat("a-choisir", _ECOLES, page_de(_ECOLES, COMMUNE)),
    etat("erreurs", _ECOLES, page_de(_ECOLES, COMMUNE | {"ecoles": [*_LISTE, "0779001A", "Les Tilleuls"]}, continuer)),
    etat("verifiees", _ECOLES, page_de(_ECOLES, COMMUNE | {"ecoles": _LISTE}, verifier), vues=AUCUNE),
)
