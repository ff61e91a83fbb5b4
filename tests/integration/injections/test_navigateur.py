"""In a real Chromium: pages all made of hostile texts run nothing, ask nobody for anything, and say so nowhere."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Final

import pytest
from playwright.async_api import Browser, Page, Request, expect

from contracts.dossier import RolePiece
from deploy.local.partenaires import PuitsSMTP
from services.intake.portail.app import build_portail
from tests.chromium import Servir
from tests.e2e.navigateur.examen import Temoin
from tests.scene import Personne

from .champs import RANGS
from .monde import Monde
from .portes import envahir
from .sorties import adresses
from .vecteurs import marque

FICHIERS: Final = (".pdf", ".csv", ".xlsx", ".svg")
FORTS: Final = ("tout à la fois", "nul")  # the second, because only browsers read NUL as browsers do
INTRUS: Final = """() => [...document.querySelectorAll("*")].filter((e) =>
  ["CANARI", "SVG", "OBJECT", "EMBED", "BASE"].includes(e.tagName.toUpperCase())
  || [...e.attributes].some((a) => /^on|canari/.test(a.name))
  || (e.tagName === "SCRIPT" && !e.src.startsWith(location.origin + "/statique/"))
  || /^(javascript|data|vbscript):/.test(e.href ?? e.src ?? e.action ?? "")).map((e) => e.outerHTML.slice(0, 200))"""


class Guet(Temoin):
    """Hears besides what a vector would do: a dialog, a request of its own."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        page.on("dialog", lambda boite: self.plaintes.append(f"dialogue : {boite.message}"))
        page.on("request", self._canari)

    def _canari(self, requete: Request) -> None:
        if "canari" in requete.url:
            self.plaintes.append(f"requête : {requete.url}")


@pytest.fixture
async def monde_hostile(monde: Callable[[str], Awaitable[Monde]], puits: PuitsSMTP, vecteur: str) -> Monde:
    """Give the world that a vector makes."""
    ici = await monde(vecteur)
    await envahir(ici, puits)
    return ici


@pytest.fixture
async def base(monde_hostile: Monde, servir: Servir) -> str:
    """Serve that world; give its address."""
    portail = monde_hostile.portail
    return await servir(lambda ici: build_portail(replace(portail, reglages=replace(portail.reglages, base=ici))))


@pytest.fixture
async def ouvrir(
    base: str, monde_hostile: Monde, navigateur: Browser
) -> AsyncIterator[Callable[[Personne], Awaitable[Page]]]:
    """Open a browser for somebody; what a vector did in it fails the test."""
    guets: list[Guet] = []

    async def agir(qui: Personne) -> Page:
        assert qui.identite is not None
        facteur = "telephone" if qui is monde_hostile.agent else None
        cookie = await monde_hostile.portail.store.comptes.sessions.ouvrir(qui.identite.compte, facteur=facteur)
        contexte = await navigateur.new_context(base_url=base, locale="fr-FR")
        await contexte.add_cookies([{"name": "ent1d", "value": cookie, "url": base}])
        page = await contexte.new_page()
        guets.append(Guet(page))
        return page

    yield agir
    for guet in guets:
        assert guet.plaintes == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("vecteur", FORTS)
async def test_every_page_made_of_hostile_texts_runs_none_of_them(
    ouvrir: Callable[[Personne], Awaitable[Page]], monde_hostile: Monde
) -> None:
    pages = {id(qui): await ouvrir(qui) for qui in (monde_hostile.deposant, monde_hostile.agent)}
    for qui, chemin in adresses(monde_hostile):
        telecharge = "/pieces/" in chemin or chemin.partition("?")[0].endswith(FICHIERS)
        if telecharge or chemin.startswith("/referentiels"):
            continue
        page = pages[id(qui)]
        await page.goto(chemin)
        assert await page.evaluate(INTRUS) == [], chemin


@pytest.mark.parametrize("vecteur", FORTS[:1])
async def test_our_scripts_write_hostile_texts_as_text(
    ouvrir: Callable[[Personne], Awaitable[Page]], monde_hostile: Monde
) -> None:
    page, sale = await ouvrir(monde_hostile.deposant), monde_hostile.brouillons[0]
    await page.goto(f"/brouillons/{sale}/ecoles")
    await page.locator("#ecoles").fill(monde_hostile.brut("formulaire.ecoles") + "\n0779001R")
    await expect(page.locator("[data-enregistrement]")).to_contain_text("Enregistré à")
    await expect(page.locator("[data-ecoles]")).to_contain_text(marque(RANGS["formulaire.ecoles"]))
    assert await page.evaluate(INTRUS) == []

    await page.goto(f"/brouillons/{sale}/etablissement")
    await page.locator("#recherche").press_sequentially("77000")
    await expect(page.locator("[data-trouvees]")).to_contain_text(marque(RANGS["referentiel.communes.nom"]))
    assert await page.evaluate(INTRUS) == []

    await page.goto(f"/brouillons/{sale}/pieces")
    nom = monde_hostile.brut("fichier.tus").replace("/", "-")
    place = page.locator(f"#piece-{RolePiece.ATTESTATION_ADHESION}")
    choisi = {"name": nom, "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}
    await place.locator("input[type=file]").set_input_files(choisi)  # type: ignore[arg-type]  # a FilePayload, which mypy takes for a dict
    await expect(place.locator("bdi")).to_contain_text(marque(RANGS["fichier.tus"]))
    await expect(page.locator("#annonces")).to_contain_text("est arrivé")
    assert await page.evaluate(INTRUS) == []
