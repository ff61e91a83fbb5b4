"""Pieces by HTTP: kept byte for byte, or not at all."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import pytest

from contracts.dossier import TAILLE_MAX_PIECE
from deploy.local.mongod import NoeudMongo
from services._runtime.mongo import FILE_CHUNK, Mongo
from services.intake.store import Store

MIO = 1024 * 1024
Orphelines = Callable[[], Awaitable[int]]


@pytest.mark.parametrize("taille", [1, FILE_CHUNK - 1, FILE_CHUNK, FILE_CHUNK + 1, 3 * FILE_CHUNK])
async def test_a_piece_is_kept_byte_for_byte_and_told_with_its_sha256(
    api: httpx.AsyncClient, base: Mongo, taille: int
) -> None:
    contenu = os.urandom(taille)
    reponse = await api.post("/api/v1/pieces", params={"nom": "bon.pdf"}, content=contenu)

    assert reponse.status_code == 201
    recue = reponse.json()
    assert recue == {"id": recue["id"], "sha256": hashlib.sha256(contenu).hexdigest(), "taille": taille}
    lue = BytesIO()
    await base.files("pieces").download_to_stream(recue["id"], lue)
    assert lue.getvalue() == contenu
    fiche = await base.database["pieces.files"].find_one({"_id": recue["id"]})
    assert fiche is not None
    assert fiche["metadata"] == {"producteur": "demo", "sha256": recue["sha256"], "emploi": "a_verifier"}


async def test_an_empty_piece_is_refused_now_and_not_in_a_report(
    api: httpx.AsyncClient, pieces_orphelines: Orphelines
) -> None:
    reponse = await api.post("/api/v1/pieces", content=b"")

    assert reponse.status_code == 422
    assert reponse.json()["erreurs"] == [{"champ": "(corps)", "motif": "piece_vide"}]
    assert "vide" in reponse.json()["detail"]
    assert await pieces_orphelines() == 0


async def test_a_form_is_refused_because_its_boundaries_are_not_the_piece(api: httpx.AsyncClient) -> None:
    reponse = await api.post("/api/v1/pieces", files={"fichier": b"%PDF"})

    assert reponse.status_code == 415
    assert reponse.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("taille", [TAILLE_MAX_PIECE + 1, 10**18])
async def test_a_piece_announced_too_large_is_refused_before_its_first_byte(
    api: httpx.AsyncClient, taille: int
) -> None:
    async with _Brut(api) as brut:
        brut.annoncer(f"Content-Length: {taille}")
        assert await brut.statut() == 413
        assert "connection: close" in brut.tete


async def test_a_client_that_sends_on_regardless_still_reads_why_its_piece_was_refused(api: httpx.AsyncClient) -> None:
    async def trop(taille: int = TAILLE_MAX_PIECE + MIO) -> AsyncIterator[bytes]:
        for _ in range(taille // MIO):
            yield bytes(MIO)

    annonce = {"Content-Length": str(TAILLE_MAX_PIECE + MIO)}
    reponse = await api.post("/api/v1/pieces", content=trop(), headers=annonce)

    assert reponse.status_code == 413
    assert reponse.json()["detail"] == "Une pièce ne peut pas dépasser 200 Mo."


async def test_a_piece_without_length_is_refused_as_soon_as_it_passes_the_limit(
    api: httpx.AsyncClient, pieces_orphelines: Orphelines, fait: Callable[..., Awaitable[object]]
) -> None:
    morceau = b"%x\r\n" % MIO + bytes(MIO) + b"\r\n"
    async with _Brut(api) as brut:
        brut.annoncer("Transfer-Encoding: chunked")
        reponse = asyncio.create_task(brut.statut())
        envoyes = 0
        while not reponse.done() and envoyes < 2 * TAILLE_MAX_PIECE:
            brut.ecriture.write(morceau)
            try:
                await brut.ecriture.drain()
            except ConnectionError:
                break
            envoyes += MIO

        assert await reponse == 413
    assert envoyes < TAILLE_MAX_PIECE + 16 * MIO  # what sockets buffer, no more
    assert await fait(pieces_orphelines, lambda nombre: nombre == 0) == 0


async def test_an_upload_cut_short_leaves_nothing_and_is_no_failure_of_ours(
    api: httpx.AsyncClient,
    base: Mongo,
    pieces_orphelines: Orphelines,
    fait: Callable[..., Awaitable[object]],
    journal: Callable[[], str],
) -> None:
    avant = journal()
    en_cours = base.database["televersements"]
    async with _Brut(api) as brut:
        brut.annoncer(f"Content-Length: {10 * MIO}")
        brut.ecriture.write(bytes(3 * MIO))
        await fait(pieces_orphelines, lambda nombre: nombre == 1)  # it is being written

    await fait(lambda: en_cours.count_documents({}), lambda nombre: nombre == 0)
    assert await pieces_orphelines() == 0
    assert "ASGI" not in journal().removeprefix(avant)


async def test_an_upload_that_our_own_death_cut_is_forgotten_a_day_later(
    mongod: NoeudMongo,
    lancer: Callable[[str], Any],
    store_de: Callable[[str, str], Store],
    fait: Callable[..., Awaitable[object]],
) -> None:
    intake = await asyncio.to_thread(lancer, mongod.url)
    store, base = store_de(mongod.url, intake.base), Mongo(mongod.url, intake.base)
    morceaux, en_cours = base.database["pieces.chunks"], base.database["televersements"]
    async with httpx.AsyncClient(base_url=intake.url, headers={"Authorization": "Bearer cle-de-demo"}) as api:
        entiere = (await api.post("/api/v1/pieces", content=b"%PDF")).json()["id"]
        async with _Brut(api) as brut:
            brut.annoncer(f"Content-Length: {10 * MIO}")
            brut.ecriture.write(bytes(3 * MIO))
            await fait(lambda: morceaux.distinct("files_id"), lambda ids: len(ids) == 2)
            await asyncio.to_thread(intake.processus.tuer)

    await store.pieces.oublier_les_abandons()
    assert await en_cours.count_documents({}) == 1  # it could still be running elsewhere
    await en_cours.update_one({}, {"$set": {"le": datetime.now(UTC) - timedelta(hours=25)}})
    await store.pieces.oublier_les_abandons()
    assert await en_cours.count_documents({}) == 0
    assert await morceaux.distinct("files_id") == [entiere]
    base.close()


@pytest.mark.parametrize(
    "nom",
    ["../../etc/passwd", "C:\\CON", "a\x00b.pdf", "\u202egpj.exe", "é" * 4096, "a\r\nX-Injecte: 1", "📎.pdf", "$where"],
    ids=["parent", "windows", "nul", "rtl", "4-ko", "newline", "emoji", "operator"],
)
async def test_the_name_of_a_piece_is_data_only(
    api: httpx.AsyncClient, base: Mongo, journal: Callable[[], str], nom: str
) -> None:
    reponse = await api.post("/api/v1/pieces", params={"nom": nom}, content=b"%PDF")

    assert reponse.status_code == 201
    assert set(reponse.json()) == {"id", "sha256", "taille"}
    assert "x-injecte" not in reponse.headers
    fiche = await base.database["pieces.files"].find_one({"_id": reponse.json()["id"]})
    assert fiche is not None
    assert fiche["filename"] == nom[:200]
    assert nom not in journal()


async def test_ten_producers_uploading_at_once_do_not_mix_their_bytes(api: httpx.AsyncClient, base: Mongo) -> None:
    contenus = [os.urandom(2 * MIO + rang) for rang in range(10)]

    async def lentement(contenu: bytes) -> AsyncIterator[bytes]:
        for debut in range(0, len(contenu), 100_000):
            yield contenu[debut : debut + 100_000]

    reponses = await asyncio.gather(*(api.post("/api/v1/pieces", content=lentement(c)) for c in contenus))

    for reponse, contenu in zip(reponses, contenus, strict=True):
        lue = BytesIO()
        await base.files("pieces").download_to_stream(reponse.json()["id"], lue)
        assert lue.getvalue() == contenu


class _Brut:
    """One TCP connection to the API, for what a well-behaved client never sends."""

    def __init__(self, api: httpx.AsyncClient) -> None:
        self._api = api
        self.lecture: Any = None
        self.ecriture: Any = None
        self.tete = ""

    async def __aenter__(self) -> Self:
        adresse = urlsplit(str(self._api.base_url))
        self.lecture, self.ecriture = await asyncio.open_connection(adresse.hostname, adresse.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.ecriture.transport.abort()

    def annoncer(self, entete: str) -> None:
        cle = self._api.headers["Authorization"]
        debut = f"POST /api/v1/pieces HTTP/1.1\r\nHost: essai\r\nAuthorization: {cle}\r\n{entete}\r\n\r\n"
        self.ecriture.write(debut.encode())

    async def statut(self) -> int:
        """Read one answer whole; give its status."""
        self.tete = (await self.lecture.readuntil(b"\r\n\r\n")).decode().lower()
        longueur = next(ligne for ligne in self.tete.split("\r\n") if ligne.startswith("content-length:"))
        await self.lecture.readexactly(int(longueur.split(":")[1]))
        return int(self.tete.split()[1])
