"""The embedded brokers and databases stop, die and lose all on request, and come back with what they owe."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from pymongo import MongoClient, timeout
from pymongo.errors import PyMongoError

from deploy.local.mongod import NoeudMongo
from deploy.local.rabbitmq import NoeudRabbitMQ, profondeurs

FILE = "essai.recus"
DELAI = 30.0


@pytest.fixture
def rabbitmq(tmp_path: Path, partie: Callable[..., None]) -> Iterator[NoeudRabbitMQ]:
    file = {"name": FILE, "vhost": "/", "durable": True, "auto_delete": False}
    contenu = {
        "users": [{"name": "essai", "password": "essai", "tags": []}],
        "vhosts": [{"name": "/"}],
        "permissions": [{"user": "essai", "vhost": "/", "configure": "", "write": ".*", "read": ".*"}],
        "queues": [file | {"arguments": {"x-queue-type": "quorum"}}],
    }
    definitions = tmp_path / "definitions.json"
    definitions.write_text(json.dumps(contenu), encoding="utf-8")
    noeud = NoeudRabbitMQ(tmp_path / "rabbitmq", definitions)
    partie(noeud.start)
    yield noeud
    noeud.kill()


@pytest.fixture
def mongo(tmp_path: Path, partie: Callable[..., None]) -> Iterator[NoeudMongo]:
    noeud = NoeudMongo(tmp_path / "mongo")
    partie(noeud.start)
    yield noeud
    noeud.kill()


def url_de(noeud: NoeudRabbitMQ) -> str:
    return noeud.url("essai", "essai")


async def publier(noeud: NoeudRabbitMQ, nombre: int, confirmes: set[bytes] | None = None) -> None:
    async with await aio_pika.connect(url_de(noeud)) as connexion:
        canal = await connexion.channel()
        for rang in range(nombre):
            message = aio_pika.Message(str(rang).encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await canal.default_exchange.publish(message, FILE)
            if confirmes is not None:
                confirmes.add(message.body)


async def consommer(noeud: NoeudRabbitMQ) -> list[bytes]:
    async with await aio_pika.connect(url_de(noeud)) as connexion:
        file = await (await connexion.channel()).get_queue(FILE)
        recus = []
        while (message := await file.get(fail=False)) is not None:
            recus.append(message.body)
            await message.ack()
        return recus


async def test_a_broker_that_lost_its_data_is_the_same_node_with_empty_queues(rabbitmq: NoeudRabbitMQ) -> None:
    await publier(rabbitmq, 3)
    nom = (rabbitmq.donnees / "nom").read_text()
    rabbitmq.perdre()
    assert rabbitmq.pid == 0
    rabbitmq.start()
    assert await profondeurs(url_de(rabbitmq), [FILE]) == {FILE: 0}
    await publier(rabbitmq, 1)
    assert await consommer(rabbitmq) == [b"0"]
    assert (rabbitmq.donnees / "nom").read_text() == nom


async def test_a_node_killed_again_and_again_while_it_takes_messages_keeps_what_it_confirmed(
    rabbitmq: NoeudRabbitMQ, fait: Callable[..., Any]
) -> None:
    for _ in range(3):
        confirmes: set[bytes] = set()
        suite = asyncio.create_task(publier(rabbitmq, 100_000, confirmes))
        await fait(lambda vus=confirmes: len(vus), lambda nombre: nombre > 50)
        os.kill(rabbitmq.pid, signal.SIGKILL)
        await fait(lambda: not rabbitmq.pid)
        with pytest.raises((aio_pika.exceptions.AMQPError, ConnectionError)):
            await suite
        await asyncio.to_thread(rabbitmq.start)
        await fait(lambda: profondeurs(url_de(rabbitmq), [FILE]), lambda vues: vues[FILE] > 50)
        assert set(await consommer(rabbitmq)) >= confirmes


def test_a_stopped_broker_answers_again_when_it_continues_and_can_be_killed_while_stopped(
    rabbitmq: NoeudRabbitMQ,
) -> None:
    rabbitmq.signaler(signal.SIGSTOP)
    assert not rabbitmq._amqp_repond()
    rabbitmq.signaler(signal.SIGCONT)
    assert rabbitmq._amqp_repond()
    rabbitmq.signaler(signal.SIGSTOP)
    rabbitmq.kill()
    assert rabbitmq.pid == 0


def test_a_stopped_mongod_answers_again_when_it_continues_and_stops_in_order(mongo: NoeudMongo) -> None:
    mongo.signaler(signal.SIGSTOP)
    with MongoClient[dict[str, Any]](mongo.url, timeoutMS=500) as client:
        with pytest.raises(PyMongoError):
            client.admin.command("ping")
        mongo.signaler(signal.SIGCONT)
        with timeout(DELAI):
            client.admin.command("ping")
    mongo.signaler(signal.SIGSTOP)
    debut = time.monotonic()
    mongo.stop()
    assert time.monotonic() - debut < 15  # it heard SIGTERM: SIGKILL comes after 20 s
    assert (mongo.pid, mongo.vivant) == (0, False)


def test_a_mongod_runs_behind_a_prefix_in_a_directory_of_choice(tmp_path: Path, partie: Callable[..., None]) -> None:
    (tmp_path / "ailleurs").mkdir()
    prefixe = ["env", "ENT1D_ESSAI=1"]
    noeud = NoeudMongo(tmp_path / "mongo", prefixe=prefixe, dbpath=tmp_path / "ailleurs")
    partie(noeud.start)
    try:
        assert b"ENT1D_ESSAI=1" in Path(f"/proc/{noeud.pid}/environ").read_bytes()
        assert Path(f"/proc/{noeud.pid}/exe").resolve().name == "mongod"
        assert (tmp_path / "ailleurs/WiredTiger").exists()
    finally:
        noeud.kill()
