"""A real intake process on a real MongoDB. RabbitMQ is absent: nothing that a producer does by HTTP needs it."""

import hashlib
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.evenements import Controle, PiecesVerifiees, Rapport, Verdict
from deploy.demo.dossiers import CONFORME
from deploy.local.mongod import NoeudMongo
from deploy.local.ports import port_libre
from deploy.local.processus import Processus, http_repond
from services._runtime.mongo import Mongo
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services.intake.domain import decider
from services.intake.store import Store

RABBITMQ_ABSENT = "amqp://svc_intake:essai@127.0.0.1:1/ent1d"
ROLES = ("attestation_adhesion", "bon_commande_editeur", "bon_commande_chorus")
PRODUCTEURS = {"demo": "cle-de-demo", "autre": "cle-d-un-autre"}


@dataclass(frozen=True)
class Intake:
    """One intake process and what a test must know of it."""

    processus: Processus
    url: str
    mongodb: str
    base: str


@pytest.fixture(scope="session")
def lancer(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Intake]:
    """Start an intake process on a MongoDB, given by its URL."""

    def demarrer(mongodb: str) -> Intake:
        port, base = port_libre(), f"intake-{uuid4().hex[:12]}"
        empreintes = {nom: hashlib.sha256(cle.encode()).hexdigest() for nom, cle in PRODUCTEURS.items()}
        env = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(Path(__file__).parents[3]),
            "RABBITMQ_URL": RABBITMQ_ABSENT,
            "MONGODB_URL": mongodb,
            "MONGODB_DATABASE": base,
            "PORT": str(port),
            "PRODUCTEURS": json.dumps(empreintes),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": "1",
            "SMTP_SECURITE": "aucune",
            "MAIL_FROM": "ent1d@ac-exemple.fr",
            "MAIL_REPLY_TO": "ent1d-contact@ac-exemple.fr",
        }
        commande = [sys.executable, "-c", "from services.cli import main; main()", "serve", "intake"]
        journal = tmp_path_factory.mktemp("intake") / "journal"
        processus = Processus("intake", commande, journal=journal, env=env)
        processus.demarrer()
        processus.attendre(lambda: http_repond(port, "/readyz"), 60)
        return Intake(processus, f"http://127.0.0.1:{port}", mongodb, base)

    return demarrer


@pytest.fixture(scope="session")
def intake(mongod: NoeudMongo, lancer: Callable[[str], Intake]) -> Iterator[Intake]:
    """Give the intake process that most tests share; each test files dossiers of its own."""
    service = lancer(mongod.url)
    yield service
    service.processus.arreter()


@pytest.fixture
def journal(intake: Intake) -> Callable[[], str]:
    """Read what the process has written on its output."""
    return lambda: intake.processus.journal.read_text(encoding="utf-8")


@pytest.fixture
async def api(intake: Intake) -> AsyncIterator[httpx.AsyncClient]:
    """Give the client of the producer `demo`."""
    async with _client(intake.url, PRODUCTEURS["demo"]) as client:
        yield client


@pytest.fixture
async def autre(intake: Intake) -> AsyncIterator[httpx.AsyncClient]:
    """Give the client of another producer."""
    async with _client(intake.url, PRODUCTEURS["autre"]) as client:
        yield client


@pytest.fixture
async def anonyme(intake: Intake) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client without a key."""
    async with httpx.AsyncClient(base_url=intake.url) as client:
        yield client


@pytest.fixture
async def base(intake: Intake) -> AsyncIterator[Mongo]:
    """Look into the database of the process."""
    mongo = Mongo(intake.mongodb, intake.base)
    yield mongo
    mongo.close()


@pytest.fixture
def pieces_orphelines(base: Mongo) -> Callable[[], Awaitable[int]]:
    """Count the pieces of which GridFS holds bytes that no piece claims."""

    async def compter() -> int:
        ecrites = set(await base.database["pieces.chunks"].distinct("files_id"))
        return len(ecrites - set(await base.database["pieces.files"].distinct("_id")))

    return compter


@pytest.fixture
def piece() -> Callable[..., Awaitable[dict[str, str]]]:
    """Send a piece; give its claim check."""

    async def envoyer(client: httpx.AsyncClient, role: str = ROLES[0], contenu: bytes = b"%PDF") -> dict[str, str]:
        recue = (await client.post("/api/v1/pieces", content=contenu)).raise_for_status().json()
        return {"role": role, "id": recue["id"], "sha256": recue["sha256"]}

    return envoyer


@pytest.fixture
def soumission(piece: Callable[..., Awaitable[dict[str, str]]]) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Make the body of a submission whose three pieces have been sent, with some fields changed."""

    async def preparer(client: httpx.AsyncClient, **changes: object) -> dict[str, Any]:
        jointes = [await piece(client, role) for role in ROLES]
        return CONFORME.soumission(jointes) | changes

    return preparer


@pytest.fixture
def deposer() -> Callable[..., Awaitable[httpx.Response]]:
    """Post a submission under a key."""

    async def poster(client: httpx.AsyncClient, corps: object, cle: object = None) -> httpx.Response:
        return await client.post(
            "/api/v1/soumissions", json=corps, headers={"Idempotency-Key": str(cle or uuid4())}, timeout=60
        )

    return poster


@pytest.fixture
def rapport() -> Callable[..., PiecesVerifiees]:
    """Make the report that verification tells, with one contrôle for each verdict given."""

    def rapporter(numero: str, *verdicts: Verdict, version: int = 1, corrigeable: bool = True) -> PiecesVerifiees:
        controles = tuple(
            Controle(
                id=f"controle-{rang}",
                verdict=verdict,
                constat=f"Constat {rang}.",
                champ="pieces",
                source="essai",
                corrigeable=corrigeable,
            )
            for rang, verdict in enumerate(verdicts)
        )
        data = Rapport(
            version=version,
            siret=CONFORME.siret,
            commune=CONFORME.commune,
            ecoles=CONFORME.ecoles,
            regles="essai",
            controles=controles,
        )
        return PiecesVerifiees.dire(numero, data, source="ent1d/verification", le=datetime.now(UTC))

    return rapporter


@pytest.fixture
def store_de() -> Iterator[Callable[[str, str], Store]]:
    """Give a store on a database: what another replica of intake would use."""
    ouvertes = []

    def ouvrir(mongodb: str, base: str) -> Store:
        reglages = RuntimeSettings(rabbitmq_url=RABBITMQ_ABSENT, mongodb_url=mongodb, mongodb_database=base, port=1)
        ouvertes.append(Base("intake", reglages))
        return Store(ouvertes[-1])

    yield ouvrir
    for base in ouvertes:
        base.mongo.close()


@pytest.fixture
def demander_correction(
    intake: Intake, rapport: Callable[..., PiecesVerifiees], store_de: Callable[[str, str], Store]
) -> Callable[..., Awaitable[None]]:
    """Have a dossier sent back to its producer, as verification's report does."""

    async def appliquer(numero: str, version: int = 1) -> None:
        transition = decider(rapport(numero, Verdict.BLOQUANT, version=version))
        assert await store_de(intake.mongodb, intake.base).appliquer(transition)

    return appliquer


def _client(url: str, cle: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {cle}"}, timeout=30)
