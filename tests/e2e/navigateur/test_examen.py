"""The examination of pages is worth its word: each defect that it is there for, put in a page, is found."""

import pytest
from playwright.async_api import Page

from .axe import axe
from .examen import Ouvrir, Temoin, debordements, parcourir_au_clavier

PAGE = "<!doctype html><html lang=fr><title>Essai</title><main><h1>Essai</h1>{}</main></html>"
DEFAUTS_DE_CLAVIER = {
    "<button style='outline: none'>Déposer</button>": "focus invisible",
    "<a href=/ tabindex=-1>Accueil</a>": "hors d’atteinte",
    "<a href=/ style='position: fixed; top: -90px'>Accueil</a>": "hors de vue",
}


async def test_axe_finds_a_field_without_a_label_and_a_text_too_pale(page_fr: Page) -> None:
    await page_fr.set_content(PAGE.format('<input name=siret><p style="color: #aaa; background: #fff">Pâle</p>'))
    fautes = " ".join(await axe(page_fr))
    assert "label (critical)" in fautes
    assert "color-contrast (serious)" in fautes


async def test_a_sound_page_has_no_fault(page_fr: Page) -> None:
    await page_fr.set_content(PAGE.format("<label>SIRET <input name=siret></label> <a href=/>Accueil</a>"))
    assert await axe(page_fr) == []
    assert await debordements(page_fr) == []
    assert len(await parcourir_au_clavier(page_fr)) == 2


async def test_what_the_keyboard_cannot_use_is_found(page_fr: Page) -> None:
    for defaut, constat in DEFAUTS_DE_CLAVIER.items():
        await page_fr.set_content(PAGE.format(defaut))
        with pytest.raises(AssertionError, match=constat):
            await parcourir_au_clavier(page_fr)


async def test_what_is_wider_than_the_page_is_named(page_fr: Page) -> None:
    await page_fr.set_content(PAGE.format("<p class=large style='width: 3000px'>Large</p>"))
    assert "p.large" in await debordements(page_fr)


async def test_complaints_and_other_hosts_are_heard(ouvrir: Ouvrir) -> None:
    page = await ouvrir()
    ailleurs = await page.context.new_page()
    temoin = Temoin(ailleurs)
    await ailleurs.set_content(PAGE.format("<img alt='' src=http://192.0.2.1/espion.png>"), wait_until="commit")
    await ailleurs.evaluate("console.error('perdu')")
    assert temoin.plaintes == ["requête vers un autre hôte : 192.0.2.1", "perdu"]
