"""The theme, on a page that shows every component in every state, and on the pages that are for everybody."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.async_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from services.intake.comptes.identite import Identite
from services.intake.entetes import Entetes
from services.intake.portail.app import POLITIQUE, build_portail
from services.intake.portail.page import Portail
from services.intake.portail.rendu import STATIQUE, _gabarits
from services.intake.reglages import ReglagesPortail, Theme
from tests.chromium import Servir

from .examen import Ouvrir, capture, debordements, examiner, parcourir_au_clavier

VITRINE = Path(__file__).with_name("vitrine.html.j2").read_text(encoding="utf-8")
AGENT = Identite("0" * 32, "claude.martin@ac-creteil.example", "jeton", agent="A12")
TITRES = {
    "/": "Finalisation de commande",
    "/aide": "Aide",
    "/accessibilite": "Accessibilité",
    "/mentions-legales": "Mentions légales",
}


def reglages(base: str, theme: Theme = Theme.NEUTRE) -> ReglagesPortail:
    return ReglagesPortail(base=base, service="Académie de Créteil", theme=theme, fournisseurs=())


def rendue(gabarit: str, **valeurs: object) -> str:
    """Render a template as the portal does, for an agent who is logged in."""
    communes = {
        "identite": AGENT,
        "jeton": AGENT.jeton,
        "reglages": reglages("http://127.0.0.1"),
        "chemin": "/agent/dossiers/ENT-5KHZ3-VGE9T",
        "fait": "",
        "instant": datetime(2027, 3, 3, 8, 5, tzinfo=UTC),
    }
    return _gabarits().from_string(gabarit).render(communes | valeurs)


def vitrine(_: str) -> ASGIApp:
    """Give the gallery, under the policy of the portal; its piece alone may be framed, as those of the desk are."""

    async def montrer(_: Request) -> Response:
        return HTMLResponse(rendue(VITRINE))

    async def piece(_: Request) -> Response:
        page = "<!doctype html><html lang=fr><title>Attestation</title><h1>Attestation d’adhésion</h1>"
        return HTMLResponse(page, headers={"Content-Security-Policy": "default-src 'none'; frame-ancestors 'self'"})

    routes = [
        Mount("/statique", StaticFiles(directory=STATIQUE)),
        Route("/vitrine", montrer),
        Route("/piece", piece),
    ]
    return Entetes(Starlette(routes=routes), POLITIQUE)


def publiques(base: str) -> ASGIApp:
    """Give the portal with its settings and nothing else: what is for everybody must need no more."""
    return build_portail(cast("Portail", SimpleNamespace(store=None, reglages=reglages(base))))


@pytest.fixture
async def galerie(servir: Servir, page_fr: Page) -> Page:
    await page_fr.goto(await servir(vitrine) + "/vitrine")
    return page_fr


async def test_every_component_in_every_state_stands_the_whole_examination(galerie: Page) -> None:
    await examiner(galerie, "vitrine")


async def test_the_pages_for_everybody_need_no_database(servir: Servir, page_fr: Page) -> None:
    base = await servir(publiques)
    for chemin, titre in TITRES.items():
        reponse = await page_fr.goto(base + chemin)
        assert reponse is not None
        assert reponse.status == 200, chemin
        assert await page_fr.title() == f"{titre} – ENT 1er degré – Académie de Créteil"


async def test_a_page_that_does_not_exist_says_so_and_where_to_go(servir: Servir, page_fr: Page) -> None:
    reponse = await page_fr.goto(await servir(publiques) + "/rien")
    assert reponse is not None
    assert reponse.status == 404
    assert await page_fr.get_by_role("heading", level=1).inner_text() == "Cette page n’existe pas"


@pytest.mark.parametrize("statut", [400, 401, 403, 404, 405, 413, 429, 500, 503, 418])
def test_every_failure_is_said_in_french_with_a_way_out(statut: int) -> None:
    page = rendue('{% extends "erreur.html.j2" %}', statut=statut, identite=None)
    assert f"Code de l’erreur&nbsp;: {statut}" in page
    assert 'href="/"' in page.split("<main")[1]


async def test_the_summary_of_errors_takes_the_focus_and_leads_to_each_field(galerie: Page) -> None:
    assert await galerie.evaluate("document.activeElement.id") == "erreurs"
    await galerie.get_by_role("link", name="Choisissez une civilité.").click()
    assert await galerie.evaluate("document.activeElement.id") == "civilite-fausse"


async def test_each_field_in_error_is_described_by_its_message(galerie: Page) -> None:
    champ = galerie.get_by_label("SIRET en erreur")
    assert await champ.get_attribute("aria-invalid") == "true"
    message = galerie.locator(f"#{await champ.get_attribute('aria-describedby')}")
    assert "il en manque un" in await message.inner_text()


async def test_the_keyboard_starts_with_the_way_to_the_content(servir: Servir, page_fr: Page) -> None:
    await page_fr.goto(await servir(publiques) + "/aide")
    await page_fr.keyboard.press("Tab")
    lien = page_fr.get_by_role("link", name="Aller au contenu")
    assert await lien.evaluate("e => e === document.activeElement")
    assert await lien.is_visible()
    await page_fr.keyboard.press("Enter")
    assert await page_fr.evaluate("document.activeElement.id") == "contenu"


async def test_at_four_hundred_per_cent_nothing_is_lost_sideways(servir: Servir, ouvrir: Ouvrir) -> None:
    page = await ouvrir(viewport={"width": 320, "height": 256}, device_scale_factor=4)
    await page.goto(await servir(vitrine) + "/vitrine")
    assert await debordements(page) == []
    await parcourir_au_clavier(page)


async def test_colours_chosen_by_the_reader_keep_every_button_its_border(servir: Servir, ouvrir: Ouvrir) -> None:
    page = await ouvrir(forced_colors="active")
    await page.goto(await servir(vitrine) + "/vitrine")
    await parcourir_au_clavier(page)
    await capture(page, "vitrine-contraste")
    sans_bord = await page.evaluate(
        "[...document.querySelectorAll('.fr-btn, .fr-input, .fr-select, .fr-connect, .fr-badge')]"
        ".filter((e) => parseFloat(getComputedStyle(e).borderTopWidth) < 1).map((e) => e.className)"
    )
    assert sans_bord == []


async def test_targets_are_large_enough_for_a_thumb(servir: Servir, ouvrir: Ouvrir) -> None:
    page = await ouvrir(viewport={"width": 320, "height": 640}, has_touch=True)
    await page.goto(await servir(vitrine) + "/vitrine")
    petites = await page.evaluate(
        """[...document.querySelectorAll(".fr-btn:not(.fr-btn--sm), .fr-input, .fr-select, .fr-nav__link, summary,"
        + " .fr-radio-group label, .fr-checkbox-group label")]
        .filter((e) => e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)"""
    )
    assert petites == []


async def test_paper_gets_the_content_and_no_button(galerie: Page) -> None:
    await galerie.emulate_media(media="print")
    assert await galerie.get_by_role("button").count() == 0
    assert await galerie.get_by_role("heading", level=1).is_visible()


def test_the_dsfr_takes_the_place_of_our_theme_and_of_nothing_else() -> None:
    neutre, dsfr = (
        rendue(VITRINE, reglages=reglages("http://127.0.0.1", theme)) for theme in (Theme.NEUTRE, Theme.DSFR)
    )
    assert "/dsfr/" not in neutre
    assert "theme.css" not in dsfr
    for chemin in ("/dsfr/dsfr.min.css", "/dsfr/utility/utility.min.css", "/dsfr/dsfr.module.min.js"):
        assert f'"{chemin}"' in dsfr
    assert "complements.css" in neutre
    assert "complements.css" in dsfr
