"""The page of the pieces in a real Chromium: uploads at once, cut, resumed, given up; and without JavaScript."""

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from contracts.dossier import TAILLE_MAX_PIECE, RolePiece
from services._runtime.mongo import FILE_CHUNK

from .banc import ATTESTATION, Personne, Portail

MIO = FILE_CHUNK
GRAND = 40 * MIO
Ouvrir = Callable[..., Awaitable[Page]]
expect.set_options(timeout=30_000)  # a busy machine


@pytest.fixture
async def ouvrir(navigateur: Browser, portail: Portail, camille: Personne) -> AsyncIterator[Ouvrir]:
    """Open the page of the pieces in a browser; whatever it complains of fails the test."""
    plaintes: list[str] = []

    async def agir(*, javascript: bool = True) -> Page:
        contexte = await navigateur.new_context(java_script_enabled=javascript)
        contexte.set_default_timeout(60_000)
        await contexte.add_cookies([{"name": "ent1d", "value": camille.cookie, "url": portail.url}])
        page = await contexte.new_page()
        page.on("pageerror", lambda erreur: plaintes.append(str(erreur)))
        page.on("console", lambda ligne: plaintes.append(ligne.text) if "Policy" in ligne.text else None)
        await page.goto(portail.url + camille.page)
        return page

    yield agir
    assert plaintes == []


@pytest.fixture
def fichier(tmp_path: Path, grand: Callable[[int, int], bytes]) -> tuple[Path, str]:
    """Give a large file and its SHA-256."""
    chemin, contenu = tmp_path / "grand.pdf", grand(0, GRAND)
    chemin.write_bytes(contenu)
    return chemin, hashlib.sha256(contenu).hexdigest()


def place(role: str = ATTESTATION) -> str:
    """Give the selector of a place of the page."""
    return f"#piece-{role}"


async def choisir(page: Page, chemin: object, role: str = ATTESTATION) -> None:
    """Choose a file for a place."""
    await page.locator(f"{place(role)} input[type=file]").set_input_files(chemin)  # type: ignore[arg-type]


async def test_three_files_sent_at_once_show_their_progress_and_are_joined(
    portail: Portail, camille: Personne, ouvrir: Ouvrir, modele: dict[str, bytes], fichier: tuple[Path, str]
) -> None:
    portail.reseau.brider(20 * MIO)
    page = await ouvrir()
    await choisir(page, fichier[0], RolePiece.BON_COMMANDE_CHORUS)
    for role in (ATTESTATION, RolePiece.BON_COMMANDE_EDITEUR):
        await choisir(page, {"name": f"{role}.pdf", "mimeType": "application/pdf", "buffer": modele[role]}, role)
        await expect(page.locator(f"{place(role)} bdi")).to_have_text(f"{role}.pdf")

    en_cours = page.locator(place(RolePiece.BON_COMMANDE_CHORUS))
    await expect(en_cours.locator("[data-texte]")).to_have_text(re.compile(r"^[1-9]\d?\s%"))
    assert float(await en_cours.locator("progress").get_attribute("value") or 0) > 0
    portail.reseau.transmettre()
    portail.reseau.brider(0)
    await expect(en_cours.locator("bdi")).to_have_text("grand.pdf")
    await expect(page.locator("#annonces")).to_have_text("«\u00a0grand.pdf\u00a0» est arrivé.")

    pieces = (await camille.brouillon())["pieces"]
    assert pieces[RolePiece.BON_COMMANDE_CHORUS]["sha256"] == fichier[1]
    assert [pieces[role]["constat"] for role in (ATTESTATION, RolePiece.BON_COMMANDE_EDITEUR)] == ["", ""]


async def test_an_upload_that_the_network_cuts_resumes_by_itself_where_it_was(
    portail: Portail, camille: Personne, ouvrir: Ouvrir, fichier: tuple[Path, str]
) -> None:
    page = await ouvrir()
    avant = portail.reseau.octets
    portail.reseau.couper_apres(21 * MIO)
    await choisir(page, fichier[0])
    await expect(page.locator(f"{place()} bdi")).to_have_text("grand.pdf")

    assert (await camille.brouillon())["pieces"][ATTESTATION]["sha256"] == fichier[1]
    # What was kept is not sent again, but for the request that was cut, which Chromium first tries again by itself.
    assert portail.reseau.octets - avant < GRAND + 10 * MIO


async def test_an_upload_waits_for_a_network_that_is_away(
    portail: Portail, camille: Personne, ouvrir: Ouvrir, fichier: tuple[Path, str]
) -> None:
    page = await ouvrir()
    portail.reseau.couper_apres(10 * MIO)
    portail.reseau.brider(20 * MIO)
    await choisir(page, fichier[0])
    await expect(page.locator(f"{place()} progress")).to_have_attribute("value", re.compile(r"^[1-9]"))
    portail.reseau.refuser()
    await expect(page.locator(f"{place()} [data-texte]")).to_contain_text("Connexion interrompue")
    portail.reseau.transmettre()
    portail.reseau.brider(0)
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(f"{place()} bdi")).to_have_text("grand.pdf")

    assert (await camille.brouillon())["pieces"][ATTESTATION]["sha256"] == fichier[1]


async def test_a_page_that_is_loaded_again_goes_on_with_the_file_chosen_again(
    portail: Portail, camille: Personne, ouvrir: Ouvrir, fichier: tuple[Path, str]
) -> None:
    page = await ouvrir()
    portail.reseau.brider(10 * MIO)
    await choisir(page, fichier[0])
    await expect(page.locator(f"{place()} progress")).to_have_attribute("value", re.compile(r"^[2-9]\d"))
    await page.reload()
    await expect(page.locator(f"{place()} .fr-message--info")).to_contain_text("«\u00a0grand.pdf\u00a0» s’est arrêté à")

    portail.reseau.transmettre()
    portail.reseau.brider(0)
    avant = portail.reseau.octets
    await choisir(page, fichier[0])
    await expect(page.locator(f"{place()} bdi")).to_have_text("grand.pdf")
    assert (await camille.brouillon())["pieces"][ATTESTATION]["sha256"] == fichier[1]
    assert portail.reseau.octets - avant < GRAND - 4 * MIO


async def test_an_upload_given_up_leaves_nothing_and_another_file_may_be_chosen(
    portail: Portail, ouvrir: Ouvrir, fichier: tuple[Path, str], fait: Callable[..., Awaitable[object]]
) -> None:
    page = await ouvrir()
    portail.reseau.brider(10 * MIO)
    await choisir(page, fichier[0])
    await expect(page.locator(f"{place()} progress")).to_have_attribute("value", re.compile(r"^[1-9]"))
    await page.get_by_role("button", name="Annuler l’envoi").click()
    await expect(page.locator("#annonces")).to_have_text("Envoi annulé.")
    portail.reseau.brider(0)

    await fait(portail.morceaux, lambda nombre: nombre == 0)
    await choisir(page, {"name": "autre.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"})
    await expect(page.locator(f"{place()} bdi")).to_have_text("autre.pdf")


async def test_a_file_that_is_empty_or_too_large_is_told_before_it_is_sent(
    portail: Portail, ouvrir: Ouvrir, tmp_path: Path
) -> None:
    vide, lourd = tmp_path / "vide.pdf", tmp_path / "lourd.pdf"
    vide.touch()
    with lourd.open("wb") as creux:
        creux.truncate(TAILLE_MAX_PIECE + 1)
    page = await ouvrir()
    for chemin, phrase in ((vide, "Ce fichier est vide."), (lourd, "Ce fichier dépasse 200\u00a0Mo.")):
        await choisir(page, chemin)
        await expect(page.locator(f"{place()} .fr-message--error")).to_contain_text(phrase)
        await expect(page.locator(f"{place()} input[type=file]")).to_have_attribute("aria-invalid", "true")
    assert await portail.mongo.database["televersements"].count_documents({}) == 0


async def test_a_file_that_is_not_what_its_name_says_is_told_at_once(ouvrir: Ouvrir, modele: dict[str, bytes]) -> None:
    page = await ouvrir()
    await choisir(page, {"name": "bon.pdf", "mimeType": "application/pdf", "buffer": b"Bonjour, du texte"})

    await expect(page.locator(f"{place()} .fr-message--error")).to_contain_text("il contient du texte")
    await expect(page.locator("#sommaire")).to_contain_text("il contient du texte")
    await choisir(page, {"name": "bon.pdf", "mimeType": "application/pdf", "buffer": modele[ATTESTATION]})
    await expect(page.locator("#sommaire")).to_be_empty()


async def test_a_session_that_ends_meanwhile_is_told_and_the_upload_is_not_lost(
    portail: Portail, camille: Personne, ouvrir: Ouvrir, fichier: tuple[Path, str]
) -> None:
    page = await ouvrir()
    portail.reseau.brider(20 * MIO)
    await choisir(page, fichier[0])
    await expect(page.locator(f"{place()} progress")).to_have_attribute("value", re.compile(r"^[1-9]"))
    await portail.store.comptes.sessions.fermer(camille.cookie)

    await expect(page.locator(f"{place()} .fr-message--error")).to_contain_text("Votre session a pris fin.")
    assert await portail.morceaux() > 0


async def test_without_javascript_a_piece_is_sent_replaced_and_taken_off(
    camille: Personne, ouvrir: Ouvrir, modele: dict[str, bytes]
) -> None:
    page = await ouvrir(javascript=False)
    for nom in ("premier.pdf", "second.pdf"):
        await choisir(page, {"name": nom, "mimeType": "application/pdf", "buffer": modele[ATTESTATION]})
        await page.get_by_role("button", name="Envoyer l’attestation d’adhésion").click()
        await expect(page.locator(f"{place()} bdi")).to_have_text(nom)
    await page.get_by_role("button", name="Envoyer l’attestation d’adhésion").click()
    await expect(page.locator("#sommaire")).to_contain_text("Choisissez un fichier, puis envoyez-le.")
    await page.get_by_role("button", name="Retirer l’attestation d’adhésion").click()
    await expect(page.locator(f"{place()} bdi")).to_have_count(0)

    assert (await camille.brouillon())["pieces"] == {}
