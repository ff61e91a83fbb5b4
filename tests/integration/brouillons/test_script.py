"""What the form's script adds, in a real browser: saving while one types, cuts, live checks, communes as one types."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from deploy.demo.dossiers import SIRET_EXEMPLE, uai
from services._runtime.mongo import Document

from .banc import VALEURS, Usager


@dataclass
class Poste:
    """Somebody before his screen, his draft open."""

    contexte: BrowserContext
    page: Page
    usager: Usager
    numero: str

    async def ouvrir(self, rubrique: str) -> None:
        """Go to a page of the form."""
        await self.page.goto(f"/brouillons/{self.numero}/{rubrique}")

    async def remplir(self, **valeurs: object) -> None:
        """Have these values typed already."""
        assert await self.usager.store.brouillons.enregistrer(self.numero, valeurs)

    async def valeurs(self) -> Document:
        """Read what the draft holds."""
        return await self.usager.valeurs(self.numero)

    async def enregistre(self) -> None:
        """Wait until the page says that it has saved."""
        await expect(self.page.locator("[data-enregistrement]")).to_contain_text("Enregistré à")


@pytest.fixture
async def poste(
    navigateur: Browser, servi: str, usager: Usager, session: Callable[..., Awaitable[str]]
) -> AsyncIterator[Poste]:
    """Give somebody logged in, in Chromium, with a draft."""
    contexte = await navigateur.new_context(base_url=servi, locale="fr-FR")
    cookie = await session(usager.identite.courriel)
    await contexte.add_cookies([{"name": "ent1d", "value": cookie, "url": servi}])
    page = await contexte.new_page()
    fautes: list[str] = []
    page.on("pageerror", lambda faute: fautes.append(str(faute)))
    page.on("console", lambda dit: fautes.append(dit.text) if "Content Security" in dit.text else None)
    yield Poste(contexte, page, usager, await usager.commencer())
    assert fautes == []


async def test_what_is_typed_is_saved_without_a_click(poste: Poste, fait: Callable[..., Awaitable[object]]) -> None:
    await poste.ouvrir("deposant")
    await poste.page.get_by_label("Nom", exact=False).first.fill("Fictive")
    await poste.enregistre()
    assert (await poste.valeurs())["nom"] == "Fictive"
    await poste.page.get_by_label("Monsieur").check()
    await poste.page.get_by_label("Téléphone").fill("01 99")
    await poste.page.reload()  # before the pause that a save waits for: the browser sends it while the page goes
    await fait(poste.valeurs, lambda valeurs: (valeurs["civilite"], valeurs["telephone"]) == ("M.", "01 99"))
    await poste.page.reload()
    await expect(poste.page.get_by_label("Monsieur")).to_be_checked()


async def test_what_is_wrong_is_said_when_one_leaves_the_field(poste: Poste) -> None:
    await poste.ouvrir("etablissement")
    siret = poste.page.get_by_label("Numéro SIRET")
    await siret.press_sequentially("2177099")
    await poste.enregistre()
    await expect(poste.page.locator("#siret-messages")).to_be_empty()  # he is still typing
    await poste.page.get_by_label("Chercher une commune").focus()
    await expect(poste.page.locator("#siret-messages")).to_contain_text("il en manque 7")
    await expect(siret).to_have_attribute("aria-invalid", "true")
    await siret.fill(SIRET_EXEMPLE)
    await poste.page.get_by_label("Chercher une commune").focus()
    await expect(poste.page.locator("#siret-messages")).to_be_empty()
    await expect(siret).not_to_have_attribute("aria-invalid", "true")


async def test_communes_come_as_one_types_and_are_chosen_with_the_keyboard(poste: Poste) -> None:
    await poste.remplir(siret=SIRET_EXEMPLE)
    await poste.ouvrir("etablissement")
    await poste.page.get_by_label("Chercher une commune").press_sequentially("marolles")
    await expect(poste.page.locator("[data-nombre]")).to_have_text("2 communes trouvées.")
    await poste.page.keyboard.press("Tab")  # the button
    await poste.page.keyboard.press("Tab")
    await poste.page.keyboard.press("Space")
    await poste.page.keyboard.press("ArrowDown")
    await expect(poste.page.get_by_label("Marolles-en-Brie – 94440 (Val-de-Marne)")).to_be_checked()
    await poste.page.keyboard.press("Enter")
    await poste.page.wait_for_url("**/deposant")
    assert (await poste.valeurs())["commune"] == "94048"


async def test_schools_are_named_as_their_codes_are_typed(poste: Poste) -> None:
    await poste.remplir(commune="94028", departement="94")
    await poste.ouvrir("ecoles")
    await poste.page.get_by_label("Codes UAI").fill(f"{uai(1)}\n0779002A")
    await expect(poste.page.locator("[data-ecoles]")).to_contain_text("École des Lilas, Melun")
    await expect(poste.page.locator("[data-ecoles]")).to_contain_text(f"c’est {uai(2)}")
    await expect(poste.page.locator("[data-compte]")).to_have_text("Une école dans votre liste.")


async def test_what_is_typed_during_a_cut_is_saved_when_it_ends(poste: Poste) -> None:
    await poste.ouvrir("commentaires")
    await poste.contexte.set_offline(True)
    zone = poste.page.get_by_label("Ce que l’académie doit savoir")
    await zone.fill("Écrit dans un tunnel")
    await expect(poste.page.locator("[data-enregistrement]")).to_contain_text("nous réessayons")
    await poste.contexte.set_offline(False)
    await poste.enregistre()
    assert (await poste.valeurs())["commentaires"] == "Écrit dans un tunnel"


async def test_what_a_cut_would_have_lost_is_offered_back(poste: Poste) -> None:
    await poste.ouvrir("commentaires")
    await poste.page.route("**/enregistrer", lambda route: route.abort())
    zone = poste.page.get_by_label("Ce que l’académie doit savoir")
    await zone.fill("Presque perdu")
    await expect(poste.page.locator("[data-enregistrement]")).to_contain_text("nous réessayons")
    await poste.page.reload()
    await poste.page.unroute("**/enregistrer")
    await expect(zone).to_have_value("")
    await poste.page.get_by_role("button", name="La reprendre").click()
    await expect(zone).to_have_value("Presque perdu")
    await poste.enregistre()
    await poste.page.reload()
    await expect(zone).to_have_value("Presque perdu")
    await expect(poste.page.get_by_role("button", name="La reprendre")).to_have_count(0)


async def test_what_went_through_is_not_offered_back(poste: Poste) -> None:
    await poste.remplir(**VALEURS)
    await poste.ouvrir("ecoles")
    await poste.page.get_by_label("Codes UAI").fill(uai(4))
    await poste.page.get_by_role("button", name="Continuer").click()
    await poste.page.wait_for_url("**/pieces")
    await poste.ouvrir("ecoles")
    await expect(poste.page.get_by_label("Codes UAI")).to_have_value(uai(4))
    await expect(poste.page.get_by_role("button", name="La reprendre")).to_have_count(0)


async def test_two_tabs_are_told_of_each_other(poste: Poste) -> None:
    await poste.remplir(**VALEURS)
    await poste.ouvrir("deposant")
    autre = await poste.contexte.new_page()
    await autre.goto(poste.page.url)
    await poste.page.get_by_label("Prénom").fill("Un")
    await poste.enregistre()
    await autre.get_by_label("Prénom").fill("Deux")
    await expect(autre.locator("[data-enregistrement]")).to_contain_text("changées ailleurs")
    await autre.get_by_role("button", name="Continuer").click()
    await expect(autre.get_by_text("Prénom : « Un »")).to_be_visible()
    await expect(autre.get_by_label("Prénom")).to_have_value("Deux")
    assert (await poste.valeurs())["prenom"] == "Un"


async def test_a_session_that_ends_is_told_and_loses_nothing(poste: Poste) -> None:
    await poste.ouvrir("commentaires")
    cookies = await poste.contexte.cookies()
    await poste.contexte.clear_cookies()
    zone = poste.page.get_by_label("Ce que l’académie doit savoir")
    await zone.fill("Après la pause")
    await expect(poste.page.locator("[data-enregistrement]")).to_contain_text("votre session a pris fin")
    await poste.contexte.add_cookies([{k: c[k] for k in ("name", "value", "domain", "path")} for c in cookies])
    await poste.page.reload()
    await poste.page.get_by_role("button", name="La reprendre").click()
    await poste.enregistre()
    assert (await poste.valeurs())["commentaires"] == "Après la pause"


async def test_the_characters_left_are_counted(poste: Poste) -> None:
    await poste.ouvrir("commentaires")
    reste = poste.page.locator("[data-reste]")
    await expect(reste).to_have_text("Il reste 2 000 caractères.")
    await poste.page.get_by_label("Ce que l’académie doit savoir").fill("é" * 1_990)
    await expect(reste).to_have_text("Il reste 10 caractères.")
    await poste.page.get_by_label("Ce que l’académie doit savoir").fill("a" * 2_001)
    await expect(reste).to_have_text("Retirez 1 caractère.")
