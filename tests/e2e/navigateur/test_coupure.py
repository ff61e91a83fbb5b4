"""A large piece, a connection that is lost in the middle of it, and a dossier that is filed all the same."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import pikepdf
import pytest
from playwright.async_api import Request, async_playwright, expect

from contracts.dossier import RolePiece
from deploy.demo.dossiers import CONFORME
from deploy.demo.referentiel import poser
from deploy.local.mandataire import Mandataire
from deploy.local.systeme import Systeme
from services._runtime.mongo import Database
from tests.chromium import OPTIONS

from .examen import Temoin
from .parcours import LONG, Visiteur

MIO: Final = 1024 * 1024
GRAND: Final = 150 * MIO
COUPE: Final = 109 * MIO
ENVOI: Final = 8 * MIO  # what televersement.js sends at once
ROLE: Final = RolePiece.BON_COMMANDE_EDITEUR


@pytest.fixture
def reseau(systeme: Systeme) -> Iterator[Mandataire]:
    """Stand between the browser and intake."""
    with Mandataire(systeme.ports["intake"]) as entre:
        yield entre


@pytest.fixture
async def elle(
    systeme: Systeme, mongo_du_systeme: Database, chromium: Path, reseau: Mandataire
) -> AsyncIterator[Visiteur]:
    """Bring somebody to the portal by that network, under the portal's own address."""
    await poser(mongo_du_systeme)
    chemin = f"--host-resolver-rules=MAP 127.0.0.1:{systeme.ports['intake']} 127.0.0.1:{reseau.port}"
    async with (
        async_playwright() as pilote,
        await pilote.chromium.launch(executable_path=chromium, args=[*OPTIONS, chemin]) as navigateur,
    ):
        page = await (await navigateur.new_context(locale="fr-FR", timezone_id="Europe/Paris")).new_page()
        temoin = Temoin(page)
        visiteur = Visiteur(page, systeme, "camille.coupure@mairie-exemple.fr")
        await visiteur.entrer()
        yield visiteur
        assert temoin.plaintes == []


@pytest.fixture
def lourde(tmp_path: Path) -> Path:
    """Write the right order of the schools in a PDF as heavy as a scan: its page carries what its editor left there."""
    chemin = tmp_path / "bon-de-commande.pdf"
    with pikepdf.open(BytesIO(CONFORME.pieces()[ROLE])) as document:
        reste = document.make_stream(os.urandom(GRAND))
        document.pages[0]["/PieceInfo"] = pikepdf.Dictionary({"/Exemple": pikepdf.Dictionary({"/Private": reste})})
        document.save(chemin)
    return chemin


@pytest.fixture
def envois(elle: Visiteur) -> list[int]:
    """Note where each part of a file that is sent begins."""
    debuts: list[int] = []

    def noter(requete: Request) -> None:
        if requete.method == "PATCH":
            debuts.append(int(requete.headers["upload-offset"]))

    elle.page.on("request", noter)
    return debuts


async def aller_aux_pieces(elle: Visiteur, dossier: Path) -> str:
    """Fill the form in up to its pieces, two of which are joined; give its number."""
    await elle.commencer()
    await elle.identifier(CONFORME.siret, "Melun")
    await elle.se_presenter(CONFORME.deposant)
    await elle.choisir(CONFORME.ecoles)
    await elle.joindre({role: octets for role, octets in CONFORME.pieces().items() if role != ROLE}, dossier)
    return elle.page.url.split("/")[-2]


@pytest.mark.timeout(300)
async def test_a_large_piece_whose_connection_is_lost_resumes_and_its_dossier_is_filed(
    elle: Visiteur, reseau: Mandataire, lourde: Path, envois: list[int], tmp_path: Path, mongo_du_systeme: Database
) -> None:
    numero = await aller_aux_pieces(elle, tmp_path)
    place = elle.page.locator(f"#piece-{ROLE}")
    envois.clear()
    reseau.couper_apres(COUPE)
    await place.locator("input[type=file]").set_input_files(lourde)
    await expect(place.locator("[data-texte]")).to_contain_text("Connexion interrompue", timeout=LONG)
    reseau.refuser()
    await expect(place.locator("[data-texte]")).to_contain_text("nouvel essai dans 2", timeout=LONG)
    avant = len(envois)
    reseau.transmettre()
    await expect(place.locator("bdi")).to_have_text(lourde.name, timeout=LONG)

    # It went on from where it was: nothing that was kept is sent again.
    assert envois[avant] >= COUPE - ENVOI
    assert envois.count(0) == 1
    brouillon = await mongo_du_systeme["brouillons"].find_one({"_id": numero})
    assert brouillon is not None
    octets = await asyncio.to_thread(lourde.read_bytes)
    attendue = (len(octets), hashlib.sha256(octets).hexdigest(), "")
    assert tuple(brouillon["pieces"][ROLE][quoi] for quoi in ("taille", "sha256", "constat")) == attendue
    await elle.continuer("Commentaires éventuels")
    await elle.continuer("Récapitulatif et dépôt")
    assert await elle.deposer() == numero
    await elle.voir_l_etat(numero, "Annuaire livré")
