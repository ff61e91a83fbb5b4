"""The portal of the pieces, and who uses it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from deploy.demo.dossiers import CONFORME
from deploy.local.mandataire import Mandataire
from deploy.local.ports import port_libre
from services._runtime.clock import now
from services._runtime.mongo import Mongo
from services.intake.portail import page
from tests.chromium import Servir

from .banc import Personne, Portail


@pytest.fixture
async def portail(
    mongo: Mongo, assembler: Callable[[str], page.Portail], session: Callable[[str], Awaitable[str]], servir: Servir
) -> AsyncIterator[Portail]:
    """Give the portal, one replica served behind its network."""
    with Mandataire(port_libre()) as reseau:
        async with AsyncExitStack() as clients:
            assemble = assembler(f"http://127.0.0.1:{reseau.port}")
            portail = Portail(assemble, mongo, reseau, session, servir, clients)
            await portail.servir(portail.port)
            yield portail


@pytest.fixture
async def camille(portail: Portail) -> Personne:
    """Give somebody who has a draft."""
    return await portail.personne()


@pytest.fixture(scope="session")
def modele() -> dict[str, bytes]:
    """Give three good pieces, by role."""
    return CONFORME.pieces()


@pytest.fixture
def grand() -> Callable[[int, int], bytes]:
    """Make the bytes of a large file from one place to another: each kibibyte tells where it is; nothing is stored."""

    def octets(debut: int, fin: int) -> bytes:
        return b"".join(b"%01024d" % rang for rang in range(debut // 1024, -(-fin // 1024)))[debut % 1024 :][
            : fin - debut
        ]

    return octets


@pytest.fixture
def vieillir(portail: Portail) -> Callable[..., Awaitable[None]]:
    """Make a date of an upload older than a day, or its lease over."""

    async def agir(url: str, champ: str) -> None:
        await portail.mongo.database["televersements"].update_one(
            {"_id": url.rpartition("/")[2]}, {"$set": {champ: now() - timedelta(hours=25)}}
        )

    return agir
