"""MongoDB away: every answer says so at once in the same form, and the deposit tried again is filed once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.mongod import NoeudMongo


@pytest.fixture
def seul(tmp_path_factory: pytest.TempPathFactory, partie: Callable[..., None]) -> Iterator[NoeudMongo]:
    """Give a MongoDB that the test may kill."""
    noeud = NoeudMongo(tmp_path_factory.mktemp("mongo"))
    partie(noeud.start)
    yield noeud
    noeud.effacer()


async def test_while_mongodb_is_away_every_route_answers_503_and_the_deposit_is_filed_once_after(
    seul: NoeudMongo,
    lancer: Callable[[str], Any],
    soumission: Callable[..., Awaitable[dict[str, Any]]],
    deposer: Callable[..., Awaitable[httpx.Response]],
    fait: Callable[..., Awaitable[Any]],
) -> None:
    intake = await asyncio.to_thread(lancer, seul.url)
    try:
        cle_api = {"Authorization": "Bearer cle-de-demo"}
        async with httpx.AsyncClient(base_url=intake.url, headers=cle_api, timeout=30) as api:
            corps, cle = await soumission(api), uuid4()
            await asyncio.to_thread(seul.kill)
            debut = time.monotonic()
            reponses = await asyncio.gather(
                deposer(api, corps, cle),
                api.post("/api/v1/pieces", content=b"%PDF"),
                api.get(f"/api/v1/soumissions/{cle}"),
                api.get("/api/v1/dossiers/ENT-00000-00000"),
            )
            assert time.monotonic() - debut < 8  # five, and a busy machine
            for reponse in reponses:
                assert reponse.status_code == 503
                assert reponse.headers["content-type"] == "application/problem+json"
                assert int(reponse.headers["retry-after"]) > 0
                assert "même clé" in reponse.json()["detail"]
            assert (await api.get("/livez")).status_code == 204
            assert (await api.get("/readyz")).status_code == 503

            await asyncio.to_thread(seul.start)
            accueil = await fait(lambda: deposer(api, corps, cle), lambda r: r.status_code == 201, 60)
            assert (await deposer(api, corps, cle)).json() == accueil.json()
            assert (await api.get(accueil.json()["suivi"])).json()["version"] == 1
    finally:
        await asyncio.to_thread(intake.processus.arreter)
