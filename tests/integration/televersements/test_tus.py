"""Uploads in parts, by the protocol tus: what is told is kept, whatever is sent and whoever asks."""

import hashlib
import os
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import pytest

from contracts.dossier import TAILLE_MAX_PIECE, RolePiece
from services._runtime.mongo import FILE_CHUNK
from services.intake.reglages import PORTAIL

from .banc import TUS, Personne, Portail

MIO = FILE_CHUNK


async def test_a_client_learns_what_is_spoken_here(camille: Personne) -> None:
    reponse = await camille.client.options(f"/brouillons/{camille.numero}/televersements")

    assert reponse.status_code == 204
    assert reponse.headers["Tus-Version"] == "1.0.0"
    assert reponse.headers["Tus-Extension"] == "creation,termination,expiration"
    assert reponse.headers["Tus-Max-Size"] == str(TAILLE_MAX_PIECE)


@pytest.mark.parametrize("taille", [1, MIO - 1, MIO, MIO + 1, 3 * MIO])
async def test_a_file_in_one_request_becomes_the_piece_of_the_draft(
    portail: Portail, camille: Personne, taille: int
) -> None:
    contenu = os.urandom(taille)
    piece = await camille.envoyer(contenu, "bon.pdf")

    attendue = (taille, hashlib.sha256(contenu).hexdigest())
    assert await portail.octets(piece["id"]) == attendue
    assert (piece["taille"], piece["sha256"], piece["nom"]) == (*attendue, "bon.pdf")
    fiche = await portail.mongo.database["pieces.files"].find_one({"_id": piece["id"]})
    assert fiche is not None
    assert fiche["metadata"].items() >= {"producteur": PORTAIL, "sha256": attendue[1]}.items()


async def test_an_upload_tells_where_it_stands_until_when_and_what_it_is(camille: Personne) -> None:
    url = await camille.ouvrir(3 * MIO, "Délibération n° 4.pdf")
    poussee = await camille.pousser(url, 0, bytes(2 * MIO))
    vu = await camille.situer(url)

    assert (poussee.status_code, poussee.headers["Upload-Offset"]) == (204, str(2 * MIO))
    assert (vu.status_code, vu.headers["Upload-Offset"], vu.headers["Upload-Length"]) == (
        200,
        str(2 * MIO),
        str(3 * MIO),
    )
    assert vu.headers["Cache-Control"] == "no-store"
    assert vu.headers["Tus-Resumable"] == "1.0.0"
    assert vu.headers["Upload-Metadata"].startswith("role ")
    assert parsedate_to_datetime(vu.headers["Upload-Expires"]).tzinfo is not None


@pytest.mark.parametrize("taille", [TAILLE_MAX_PIECE + 1, 10**17])
async def test_a_file_announced_too_large_is_refused_before_anything(
    portail: Portail, camille: Personne, taille: int
) -> None:
    reponse = await camille.creer(taille)

    assert reponse.status_code == 413
    assert "200\u00a0Mo" in reponse.text
    assert await portail.mongo.database["televersements"].count_documents({}) == 0


@pytest.mark.parametrize(
    "entetes",
    [
        {"Upload-Length": ""},
        {"Upload-Length": "-1"},
        {"Upload-Length": "1e3"},
        {"Upload-Length": "0"},
        {"Upload-Concat": "partial"},
        {"Upload-Concat": "final;/brouillons/x/televersements/../../etc/passwd"},
        {"Upload-Defer-Length": "1"},
        {"Upload-Metadata": "role !!!"},
        {"Upload-Metadata": "role cm9sZQ=="},
        {"Upload-Metadata": ""},
        {"Upload-Metadata": "role " + "A" * 5000},
    ],
    ids=str,
)
async def test_an_upload_that_is_not_ours_is_not_begun(
    portail: Portail, camille: Personne, entetes: dict[str, str]
) -> None:
    reponse = await camille.creer(MIO, **entetes)

    assert reponse.status_code == 400
    assert reponse.headers["content-type"].startswith("text/plain")
    assert await portail.mongo.database["televersements"].count_documents({}) == 0


async def test_another_version_is_answered_with_ours(camille: Personne) -> None:
    url = await camille.ouvrir(MIO)
    for reponse in (
        await camille.client.head(url, headers={"Tus-Resumable": "2.0.0"}),
        await camille.client.head(url),
        await camille.creer(MIO, **{"Tus-Resumable": "0.2.2"}),
    ):
        assert (reponse.status_code, reponse.headers["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize("offset", [0, MIO - 1, MIO + 1, 2 * MIO, 3 * MIO])
async def test_bytes_from_elsewhere_than_where_it_stands_change_nothing(
    portail: Portail, camille: Personne, offset: int
) -> None:
    url = await camille.ouvrir(3 * MIO)
    assert (await camille.pousser(url, 0, bytes(MIO))).status_code == 204
    reponse = await camille.pousser(url, offset, b"")

    assert reponse.status_code == 409
    assert (await camille.situer(url)).headers["Upload-Offset"] == str(MIO)
    assert await portail.morceaux() == 1


async def test_a_body_that_is_no_part_of_a_file_is_refused(camille: Personne) -> None:
    url = await camille.ouvrir(MIO)

    assert (await camille.pousser(url, 0, bytes(MIO), **{"Content-Type": "application/pdf"})).status_code == 415
    assert (await camille.pousser(url, 0, bytes(MIO), **{"Upload-Offset": "x"})).status_code == 400


async def test_too_few_bytes_to_keep_any_are_refused_and_not_silently_lost(camille: Personne) -> None:
    url = await camille.ouvrir(3 * MIO)
    assert (await camille.pousser(url, 0, bytes(1000))).status_code == 400

    reponse = await camille.pousser(url, 0, bytes(MIO + 1000))
    assert (reponse.status_code, reponse.headers["Upload-Offset"]) == (204, str(MIO))


@pytest.mark.parametrize("enflure", [1, MIO])
@pytest.mark.parametrize("annoncee", [MIO + 7, 2 * MIO])
async def test_more_bytes_than_announced_complete_nothing(
    portail: Portail, camille: Personne, annoncee: int, enflure: int
) -> None:
    async def en_flux(taille: int) -> AsyncIterator[bytes]:
        for debut in range(0, taille, 65536):
            yield bytes(min(65536, taille - debut))

    url = await camille.ouvrir(annoncee)
    assert (await camille.pousser(url, 0, bytes(annoncee + enflure))).status_code == 413
    assert await portail.morceaux() == 0
    assert (await camille.pousser(url, 0, en_flux(annoncee + enflure))).status_code == 413  # its length untold

    assert (await camille.situer(url)).headers["Upload-Offset"] in {"0", str(MIO)}
    assert (await camille.brouillon())["pieces"] == {}


async def test_an_upload_is_nobody_else_s(portail: Portail, camille: Personne) -> None:
    url, autre = await camille.ouvrir(MIO), await portail.personne()
    ailleurs = f"/brouillons/{autre.numero}/televersements/{url.rpartition('/')[2]}"
    for qui, adresse in ((autre, url), (autre, ailleurs), (camille, f"{url}x")):
        for reponse in (
            await qui.client.head(adresse, headers=TUS),
            await qui.pousser(adresse, 0, bytes(MIO)),
            await qui.client.delete(adresse, headers=qui.entetes),
        ):
            assert reponse.status_code == 404

    assert (await camille.pousser(url, 0, bytes(MIO))).status_code == 204


async def test_nothing_changes_without_the_token_of_the_session(camille: Personne) -> None:
    url = await camille.ouvrir(MIO)
    for jeton in ("", "x" * 64):
        faux = {"X-Jeton": jeton}
        assert (await camille.creer(MIO, **faux)).status_code == 403
        assert (await camille.pousser(url, 0, bytes(MIO), **faux)).status_code == 403
        assert (await camille.client.delete(url, headers=camille.entetes | faux)).status_code == 403
    assert (await camille.pousser(url, 0, bytes(MIO), Origin="https://ailleurs.exemple")).status_code == 403

    assert (await camille.situer(url)).headers["Upload-Offset"] == "0"


async def test_who_is_not_logged_in_uploads_nothing(portail: Portail, camille: Personne) -> None:
    url = await camille.ouvrir(MIO)
    camille.client = portail.client("personne")

    assert (await camille.creer(MIO)).status_code == 401
    assert (await camille.pousser(url, 0, bytes(MIO))).status_code == 401


@pytest.mark.parametrize(
    "nom",
    ["../../etc/passwd", "C:\\CON", "a\x00b.pdf", "\u202egpj.exe", "é" * 900, "a\r\nX-Injecte: 1", "📎.pdf", "$where"],
    ids=["parent", "windows", "nul", "rtl", "long", "newline", "emoji", "operator"],
)
async def test_the_name_of_a_file_is_data_only(camille: Personne, nom: str) -> None:
    piece = await camille.envoyer(b"%PDF", nom)

    assert piece["nom"] == nom[:200]
    assert piece["id"].isalnum()
    page = await camille.client.get(camille.page)
    assert page.status_code == 200
    assert "x-injecte" not in page.headers


async def test_only_what_is_to_be_corrected_of_a_dossier_may_be_sent_again(portail: Portail, camille: Personne) -> None:
    rouvert = {"corrige": True, "a_corriger": ["ecoles", f"pieces.{RolePiece.BON_COMMANDE_EDITEUR}"]}
    await portail.mongo.database["brouillons"].update_one({"_id": camille.numero}, {"$set": rouvert})

    assert (await camille.creer(MIO)).status_code == 403
    assert (await camille.creer(MIO, role=RolePiece.BON_COMMANDE_EDITEUR)).status_code == 201
