"""The embedded servers keep what they accepted, say why they fail, and leave nothing behind."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from pymongo import MongoClient, WriteConcern

from deploy.local.grappe import Grappe
from deploy.local.mongod import NoeudMongo
from deploy.local.ports import port_libre
from deploy.local.processus import DemarrageImpossible, PartieAbsente, Processus
from deploy.local.rabbitmq import NoeudRabbitMQ, profondeurs

FILE = "essai.recus"
DELAI = 30.0


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    contenu = {
        "users": [{"name": "essai", "password": "mot de passe/é", "tags": []}],
        "vhosts": [{"name": "/"}],
        "permissions": [{"user": "essai", "vhost": "/", "configure": "", "write": ".*", "read": ".*"}],
        "queues": [
            {
                "name": FILE,
                "vhost": "/",
                "durable": True,
                "auto_delete": False,
                "arguments": {"x-queue-type": "quorum"},
            }
        ],
    }
    fichier = tmp_path_factory.mktemp("definitions") / "definitions.json"
    fichier.write_text(json.dumps(contenu), encoding="utf-8")
    return fichier


@pytest.fixture
def rabbitmq(tmp_path: Path, definitions: Path) -> Iterator[NoeudRabbitMQ]:
    noeud = NoeudRabbitMQ(tmp_path / "rabbitmq", definitions)
    demarrer(noeud)
    yield noeud
    noeud.kill()


@pytest.fixture
def mongo(tmp_path: Path) -> Iterator[NoeudMongo]:
    noeud = NoeudMongo(tmp_path / "mongo")
    demarrer(noeud)
    yield noeud
    noeud.kill()


def demarrer(serveur: NoeudRabbitMQ | NoeudMongo | Grappe) -> None:
    """Start; a part that is not installed skips the test, but fails it in CI."""
    try:
        serveur.start()
    except PartieAbsente as absence:
        if "CI" in os.environ:
            raise
        pytest.skip(str(absence))


def processus_de(dossier: Path) -> set[int]:
    """Every process, zombies aside, that has `dossier` in its command line or environment."""
    trouves = set()
    for processus in Path("/proc").glob("[0-9]*"):
        try:
            contenu = (processus / "cmdline").read_bytes() + (processus / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(dossier) in contenu:
            trouves.add(int(processus.name))
    return trouves


def url_de(noeud: NoeudRabbitMQ) -> str:
    return noeud.url("essai", "mot de passe/é")


async def publier(noeud: NoeudRabbitMQ, nombre: int) -> None:
    async with await aio_pika.connect(url_de(noeud)) as connexion:
        canal = await connexion.channel()
        for rang in range(nombre):
            message = aio_pika.Message(str(rang).encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await canal.default_exchange.publish(message, FILE)


async def consommer(noeud: NoeudRabbitMQ) -> list[bytes]:
    async with await aio_pika.connect(url_de(noeud)) as connexion:
        file = await (await connexion.channel()).get_queue(FILE)
        recus = []
        while (message := await file.get(fail=False)) is not None:
            recus.append(message.body)
            await message.ack()
        return recus


async def test_messages_confirmed_by_a_node_killed_just_after_its_first_start_are_all_there(
    rabbitmq: NoeudRabbitMQ, fait: Callable[..., Any]
) -> None:
    noms = rabbitmq.donnees.glob("mnesia/*/quorum/*/names.dets")
    assert any(f"%2F_{FILE}".encode() in table.read_bytes() for table in noms)
    await publier(rabbitmq, 30)
    rabbitmq.kill()
    rabbitmq.start()
    # A queue that has just found its leader again may answer 0 for a moment: what is lost stays at 0.
    await fait(lambda: profondeurs(url_de(rabbitmq), [FILE]), lambda vues: vues == {FILE: 30})
    assert sorted(map(int, await consommer(rabbitmq))) == list(range(30))


async def test_a_node_comes_back_from_its_directory_on_other_ports(
    rabbitmq: NoeudRabbitMQ, definitions: Path, fait: Callable[..., Any]
) -> None:
    await publier(rabbitmq, 3)
    rabbitmq.stop()
    with NoeudRabbitMQ(rabbitmq.donnees, definitions) as autre:
        assert autre.port != rabbitmq.port
        await fait(lambda: profondeurs(url_de(autre), [FILE]), lambda vues: vues == {FILE: 3})
        assert FILE in autre.ctl("list_queues", "name")


async def test_an_erased_node_has_its_queues_again_and_no_message(rabbitmq: NoeudRabbitMQ) -> None:
    await publier(rabbitmq, 3)
    rabbitmq.effacer()
    rabbitmq.start()
    assert await profondeurs(url_de(rabbitmq), [FILE]) == {FILE: 0}


def test_a_node_whose_definitions_are_refused_says_why_and_leaves_no_process(tmp_path: Path) -> None:
    definitions = tmp_path / "definitions.json"
    definitions.write_text('{"vhosts": [{"name": "/"}], "queues": [{"name": "q", "vhost": "inconnu"}]}')
    noeud = NoeudRabbitMQ(tmp_path / "casse", definitions)
    try:
        with pytest.raises(DemarrageImpossible, match="inconnu"):
            demarrer(noeud)
    finally:
        noeud.kill()
    assert processus_de(tmp_path) == set()


def test_a_write_acknowledged_by_mongod_survives_its_kill(mongo: NoeudMongo) -> None:
    with MongoClient[dict[str, Any]](mongo.url) as client:
        durable = WriteConcern("majority", j=True)
        client.essai.get_collection("dossiers", write_concern=durable).insert_one({"_id": 1})
    mongo.kill()
    mongo.start()
    with MongoClient[dict[str, Any]](mongo.url) as client:
        assert client.essai.dossiers.count_documents({}) == 1


def test_a_mongod_comes_back_from_its_directory_on_another_port(mongo: NoeudMongo) -> None:
    with MongoClient[dict[str, Any]](mongo.url) as client:
        client.essai.dossiers.insert_one({"_id": 1})
    mongo.stop()
    with NoeudMongo(mongo.donnees) as autre, MongoClient[dict[str, Any]](autre.url) as client:
        assert autre.port != mongo.port
        assert client.essai.dossiers.count_documents({}) == 1


def test_the_four_servers_start_together_and_leave_no_process(tmp_path: Path, definitions: Path) -> None:
    etapes: list[str] = []
    grappe = Grappe(tmp_path, definitions, etapes.append)
    demarrer(grappe)
    try:
        assert len([etape for etape in etapes if " prêt en " in etape]) == 4
        with pytest.raises(DemarrageImpossible, match="sert déjà"):
            Grappe(tmp_path, definitions).start()
    finally:
        grappe.stop()
    assert processus_de(tmp_path) == set()


HOTE = """
import signal, sys
from pathlib import Path
from deploy.local.grappe import Grappe
from deploy.local.processus import PartieAbsente
try:
    Grappe(Path(sys.argv[1]), Path(sys.argv[2])).start()
except PartieAbsente as absence:
    sys.exit(f"absence : {absence}")
print("pret", flush=True)
signal.pause()
"""


def test_the_servers_of_a_killed_parent_die_with_it(tmp_path: Path, definitions: Path) -> None:
    commande = [sys.executable, "-c", HOTE, str(tmp_path), str(definitions)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(  # noqa: S603 - the script above
        commande, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env
    ) as parent:
        assert parent.stdout is not None
        premiere = parent.stdout.readline().decode()
        if premiere.startswith("absence") and "CI" not in os.environ:
            pytest.skip(premiere)
        assert premiere == "pret\n"
        vivants = {os.pidfd_open(pid) for pid in processus_de(tmp_path)}
        assert len(vivants) > 8
        parent.send_signal(signal.SIGKILL)
    while vivants:
        finis = select.select(list(vivants), [], [], DELAI)[0]
        assert finis, f"{len(vivants)} processus encore là après {DELAI} s"
        for fini in finis:
            os.close(fini)
            vivants.remove(fini)
    assert processus_de(tmp_path) == set()


def test_a_daemon_spawned_by_a_child_dies_with_it(tmp_path: Path) -> None:
    fait = tmp_path / "fait"
    script = f"setsid setsid sh -c 'touch {fait}; exec sleep 600' & wait; sleep 600"
    processus = Processus("essai", ["sh", "-c", script], journal=tmp_path / "log", env={**os.environ, "ICI": str(fait)})
    processus.demarrer()
    processus.attendre(fait.exists, DELAI)
    assert len(processus_de(tmp_path)) > 2
    processus.tuer()
    assert processus_de(tmp_path) == set()


def test_a_child_that_ends_at_once_shows_its_last_words(tmp_path: Path) -> None:
    processus = Processus("essai", ["sh", "-c", "echo port occupé; exit 3"], journal=tmp_path / "log")
    processus.demarrer()
    with pytest.raises(DemarrageImpossible, match="port occupé"):
        processus.attendre(lambda: False, DELAI)


def test_a_port_is_never_given_twice() -> None:
    ports = [port_libre() for _ in range(50)]
    assert len(set(ports)) == 50


def test_a_node_whose_log_lost_lines_tells_itself_that_its_queues_are_led(
    rabbitmq: NoeudRabbitMQ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.rabbitmq._chefs_elus", lambda _: False)
    monkeypatch.setattr("deploy.local.rabbitmq._PATIENCE_DU_JOURNAL", 0.1)

    rabbitmq.restart()  # would end after 90 s in DemarrageImpossible

    assert rabbitmq.pid
