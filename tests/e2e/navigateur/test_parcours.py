"""The procedure as people live it, in a real browser, through the whole running system."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pyotp
import pytest
from PIL import Image
from playwright.async_api import Page, expect

from deploy.demo.dossiers import A_CORRIGER, CONFORME, Exemple
from deploy.demo.referentiel import poser
from deploy.local.systeme import Systeme
from services._runtime.clock import now
from services._runtime.mongo import Database, Mongo
from services.intake.comptes.agents import Agents

from .examen import Ouvrir
from .parcours import Visiteur

Venir = Callable[..., Awaitable[Visiteur]]
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def base(systeme: Systeme) -> AsyncIterator[Database]:
    """Give the database of the running system, its référentiels in place."""
    mongo = Mongo(systeme.grappe.mongo.url, "ent1d")
    await mongo.ping()
    await poser(mongo.database)
    yield mongo.database
    mongo.close()


@pytest.fixture
def image() -> bytes:
    """Give a scan: a picture, in which no machine of ours reads the codes of schools."""
    fichier = BytesIO()
    Image.new("L", (800, 1100), "white").save(fichier, "PNG")
    return fichier.getvalue()


@pytest.fixture
def venir(ouvrir: Ouvrir, systeme: Systeme, base: Database) -> Venir:
    """Bring somebody new to the portal, logged in."""

    async def faire(**navigateur: object) -> Visiteur:
        page: Page = await ouvrir(**navigateur)
        visiteur = Visiteur(page, systeme, f"camille.{uuid4().hex[:10]}@mairie-exemple.fr")
        await visiteur.entrer()
        return visiteur

    del base
    return faire


async def test_a_dossier_goes_from_its_first_page_to_the_delivered_annuaire(venir: Venir, tmp_path: Path) -> None:
    elle = await venir()
    await elle.commencer()
    await elle.bouton("Continuer").click()
    await expect(elle.page).to_have_title(re.compile("^Erreur"))
    await elle.identifier("217 709 997 00019", "Melun")
    await elle.se_presenter(CONFORME.deposant)
    await elle.choisir(CONFORME.ecoles)
    await elle.joindre(CONFORME.pieces(), tmp_path)
    await elle.continuer("Commentaires éventuels")
    await elle.continuer("Récapitulatif et dépôt")
    numero = await elle.deposer()

    await elle.voir_l_etat(numero, "Annuaire livré")
    for papier in ("recapitulatif", "attestation"):
        reponse = await elle.page.request.get(f"{elle.systeme.url}/dossiers/{numero}/{papier}.pdf")
        assert (reponse.status, (await reponse.body())[:5]) == (200, b"%PDF-")


async def test_without_javascript_a_dossier_is_filed_all_the_same(venir: Venir, tmp_path: Path) -> None:
    lui = await venir(java_script_enabled=False)

    numero = await lui.remplir(CONFORME, tmp_path, envoyer=True)

    await lui.voir_l_etat(numero, "Annuaire livré")


async def test_what_is_to_be_corrected_reopens_and_nothing_else(venir: Venir, tmp_path: Path) -> None:
    elle = await venir()
    numero = await elle.remplir(A_CORRIGER, tmp_path)
    await elle.voir_l_etat(numero, "À corriger")

    await elle.bouton("Corriger le dossier").click()
    await elle.titre("Récapitulatif et dépôt")
    await elle.aller(f"/brouillons/{numero}/pieces")
    assert await elle.page.locator("form[action$='/pieces/attestation_adhesion'] input[type=file]").count() == 0
    juste = Exemple("corrigé", ecoles=A_CORRIGER.ecoles).pieces()["bon_commande_editeur"]
    dossier = tmp_path / "corrige"
    dossier.mkdir()
    await elle.joindre({"bon_commande_editeur": juste}, dossier)
    await elle.aller(f"/brouillons/{numero}/recapitulatif")
    assert await elle.deposer() == numero

    await elle.voir_l_etat(numero, "Annuaire livré")


@pytest.fixture
async def agent(ouvrir: Ouvrir, systeme: Systeme, base: Database) -> Visiteur:
    """Bring an agent to his desk: named by the operator, logged in by a link, then by his telephone."""
    lui = Visiteur(await ouvrir(), systeme, f"agent.{uuid4().hex[:8]}@ac-exemple.fr")
    activation = await Agents(base).nommer(lui.adresse, f"agent-{uuid4().hex[:6]}")
    await lui.entrer()
    await lui.aller("/compte")
    await lui.page.get_by_label("Code d’activation").fill(str(activation))
    await lui.bouton("Activer mon second facteur").click()
    compte = await base["comptes"].find_one({"courriel": lui.adresse})
    assert compte is not None
    code = pyotp.TOTP(compte["second_facteur"]["secret"]).at(now())
    await lui.page.get_by_role("main").get_by_label("code").fill(code)
    await lui.page.get_by_role("main").get_by_role("button").last.click()
    await lui.aller("/agent")
    return lui


async def test_an_agent_decides_what_rules_cannot(venir: Venir, agent: Visiteur, tmp_path: Path, image: bytes) -> None:
    elle = await venir()
    numero = await elle.remplir(CONFORME, tmp_path, autres={"bon_commande_editeur": image})

    await agent.aller(f"/agent/dossiers/{numero}")
    await agent.bouton("Prendre ce dossier").click()
    await agent.page.get_by_role("radio", name="Valider le dossier").check()
    await agent.page.get_by_label("Je confirme cette décision").check()
    await agent.bouton("Décider").click()

    await elle.voir_l_etat(numero, "Annuaire livré")


async def test_with_the_keyboard_alone_one_logs_in_and_begins(ouvrir: Ouvrir, systeme: Systeme) -> None:
    page = await ouvrir()
    await page.goto(systeme.url)
    await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text(re.compile("contenu", re.IGNORECASE))  # the skip link comes first
    await page.keyboard.press("Enter")
    await expect(page.locator("#contenu")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")  # « Commencer ou reprendre un dossier »
    await expect(page).to_have_url(re.compile("/connexion"))
    await page.get_by_label("Votre adresse électronique").focus()
    await page.keyboard.type("camille.fictive@mairie-exemple.fr")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/connexion/envoyee$"))
