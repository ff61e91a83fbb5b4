"""Real servers for the tests: started once a session, on free ports, in a directory of their own.

A part that is missing and cannot be installed fails in CI, and skips with its reason elsewhere.
"""

import asyncio
import inspect
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import uuid4

import pytest

from contracts.flux import SERVICES
from deploy.demo.dossiers import ECOLES
from deploy.local.mongod import NoeudMongo
from deploy.local.processus import PartieAbsente
from deploy.local.rabbitmq import NoeudRabbitMQ
from deploy.local.systeme import Systeme
from deploy.rabbitmq.definitions import VHOST, definitions
from services._runtime.mongo import Mongo

pytest_plugins = ["tests.scene"]
MOT_DE_PASSE = "mot-de-passe-d-un-noeud-d-essai"
UTILISATEURS = (*(f"svc_{service}" for service in SERVICES), "operateur", "demo", "titulaire_exemple")


@pytest.fixture(scope="session")
def partie() -> Callable[[Callable[[], None]], None]:
    """Start a part, or say why the tests that need it cannot run here."""

    def demarrer(start: Callable[[], None]) -> None:
        try:
            start()
        except PartieAbsente as absente:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(absente))

    return demarrer


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory, partie: Callable[..., None]) -> Iterator[NoeudMongo]:
    """Give a mongod of ours, a replica set of one."""
    noeud = NoeudMongo(tmp_path_factory.mktemp("mongo"))
    partie(noeud.start)
    yield noeud
    noeud.stop()


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory, partie: Callable[..., None]) -> Iterator[NoeudRabbitMQ]:
    """Give a RabbitMQ node of ours, with the product's topology and waits a hundred times shorter."""
    donnees = tmp_path_factory.mktemp("rabbitmq")
    topologie = definitions(
        dict.fromkeys(UTILISATEURS, MOT_DE_PASSE), producteurs=["demo"], titulaires=["exemple"], time_scale=0.01
    )
    fichier = donnees / "definitions.json"
    fichier.write_text(json.dumps(topologie), encoding="utf-8")
    noeud = NoeudRabbitMQ(donnees / "noeud", fichier)
    partie(noeud.start)
    yield noeud
    noeud.stop()


@pytest.fixture
def amqp(rabbitmq: NoeudRabbitMQ) -> Callable[[str], str]:
    """Give the AMQP URL of a user; all queues are empty when the test starts."""
    files = rabbitmq.ctl("-p", VHOST, "list_queues", "name", "messages", "--no-table-headers").split("\n")
    for file in files:
        nom, _, nombre = file.partition("\t")
        if nombre.strip() not in {"", "0"} and not nom.startswith("titulaire."):
            rabbitmq.ctl("-p", VHOST, "purge_queue", nom)
    return lambda utilisateur: rabbitmq.url(utilisateur, MOT_DE_PASSE, VHOST)


@pytest.fixture
async def mongo(mongod: NoeudMongo) -> AsyncIterator[Mongo]:
    """Give a database of its own to each test."""
    base = Mongo(mongod.url, f"test-{uuid4().hex[:12]}")
    yield base
    await base.database.client.drop_database(base.database.name)
    base.close()


@pytest.fixture(scope="session")
def systeme(tmp_path_factory: pytest.TempPathFactory, partie: Callable[..., None]) -> Iterator[Systeme]:
    """Give the whole system: servers and the four services as four processes."""
    tout = Systeme(tmp_path_factory.mktemp("systeme"), ecoles=ECOLES)
    partie(tout.start)
    yield tout
    tout.stop()


@pytest.fixture
def fait() -> Callable[..., object]:
    """Wait for a fact: call `lire` until `est` accepts what it gives, or fail at the deadline and show the last one."""

    async def attendre(lire: Callable[[], object], est: Callable[[object], bool] = bool, delai: float = 20.0) -> object:
        vu: object = None
        try:
            async with asyncio.timeout(delai):
                while True:
                    vu = lire()
                    if inspect.isawaitable(vu):
                        vu = await vu
                    if est(vu):
                        return vu
                    await asyncio.sleep(0.02)  # the one place where tests wait, and only to look again
        except TimeoutError:
            pytest.fail(f"toujours pas après {delai} s ; vu en dernier : {vu!r}")

    return attendre
