"""The mould: settings that are wrong are named, a service says how it stands, waits for its partners, and drains."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from faststream.rabbit import RabbitRouter

from contracts.evenements import DossierRefuse
from deploy.demo.dossiers import CONFORME
from deploy.demo.producteur import soumettre
from deploy.local.mongod import NoeudMongo
from deploy.local.ports import port_libre
from services._runtime.bus import listens
from services._runtime.mongo import Mongo
from services._runtime.service import Parts
from services._runtime.settings import read_settings
from services._runtime.worker import Worker
from services.intake.app import Settings

if TYPE_CHECKING:
    from tests.integration.conftest import Banc, Vivre

FILE = "intake.dossier-soumettre-v1"
SECRET = "mot-de-passe-a-ne-pas-dire"
COMPLET = {
    "RABBITMQ_URL": f"amqp://svc_intake:{SECRET}@127.0.0.1:5672/ent1d",
    "MONGODB_URL": f"mongodb://intake:{SECRET}@127.0.0.1:27017/?replicaSet=rs0",
    "PORT": "8000",
    "PRODUCTEURS": '{"demo": "' + "0" * 64 + '"}',
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "SMTP_HOST": "127.0.0.1",
    "SMTP_PORT": "25",
    "SMTP_SECURITE": "aucune",
    "MAIL_FROM": "ent1d@ac-exemple.fr",
    "MAIL_REPLY_TO": "ent1d-contact@ac-exemple.fr",
}
Fait = Callable[..., Any]


async def lancer(**reglages: str) -> asyncio.subprocess.Process:
    """Run `ent1d serve intake` with these settings and none else."""
    herite = {nom: os.environ[nom] for nom in ("PATH", "HOME", "LANG") if nom in os.environ}
    return await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", "from services.cli import main; main()", "serve", "intake"],
        env=herite | reglages,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def refus_de(**reglages: str) -> list[str]:
    """Give the lines said by a service that must refuse its settings."""
    processus = await lancer(**reglages)
    try:
        async with asyncio.timeout(20):
            sortie, _ = await processus.communicate()
    finally:
        if processus.returncode is None:
            processus.kill()
    assert processus.returncode == 2
    return sortie.decode().splitlines()


# --- Settings ---


async def test_each_missing_setting_is_named_on_one_line() -> None:
    lignes = await refus_de()

    assert [ligne.split(" :")[0] for ligne in lignes] == [
        "réglage RABBITMQ_URL",
        "réglage MONGODB_URL",
        "réglage PORT",
        "réglage SMTP_HOST",
        "réglage SMTP_PORT",
        "réglage SMTP_SECURITE",
        "réglage MAIL_FROM",
        "réglage MAIL_REPLY_TO",
        "réglage PRODUCTEURS",
        "réglage PUBLIC_URL",
    ]
    assert all("absent" in ligne for ligne in lignes)
    assert "amqp://user:password@host:5672/vhost" in lignes[0]


@pytest.mark.parametrize(
    "faux",
    [
        {"PORT": "http"},
        {"PORT": "70000"},
        {"PUBLISH_TIMEOUT": "-1"},
        {"UNSETTLED_AFTER": "bientôt"},
        {"PREFETCH": "0"},
        {"MONGODB_DATABASE": "Ma base"},
        {"PRODUCTEURS": '{"demo": "' + SECRET + '"}'},
        {"PRODUCTEURS": "{}"},
        {"PRODUCTEURS": '{"ent1d": "' + "0" * 64 + '"}'},
        {"PRODUCTEURS": f"demo={SECRET}"},
        {"RABBITMQ_URL": f"svc_intake:{SECRET}@rabbitmq"},
        {"RABBITMQ_URL": f"http://svc_intake:{SECRET}@rabbitmq/"},
        {"RABBITMQ_URL": f"amqp://svc_intake:{SECRET}@rabbitmq:port/"},
        {"MONGODB_URL": f"intake:{SECRET}@mongodb"},
        {"MONGODB_URL": f"mongodb://intake:{SECRET}@mongodb:port/"},
    ],
    ids=lambda faux: " ".join(f"{nom}={valeur[:24]}" for nom, valeur in faux.items()),
)
def test_a_wrong_setting_is_named_and_no_value_is_printed(
    faux: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for nom, valeur in (COMPLET | faux).items():
        monkeypatch.setenv(nom, valeur)

    with pytest.raises(SystemExit) as fin:
        read_settings(Settings)

    (nom,) = faux
    (ligne,) = capsys.readouterr().err.splitlines()
    assert fin.value.code == 2
    assert ligne.startswith(f"réglage {nom}")
    assert SECRET not in ligne


@pytest.mark.parametrize(
    "url", ["mongodb://u:p@a:27017,b:27017,c:27017/?replicaSet=rs0&tls=true", "mongodb+srv://u:p@grappe.exemple.fr/"]
)
def test_the_url_of_a_replica_set_is_accepted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for nom, valeur in (COMPLET | {"MONGODB_URL": url, "RABBITMQ_URL": "amqps://u:p%40@rabbitmq/ent1d"}).items():
        monkeypatch.setenv(nom, valeur)

    assert read_settings(Settings).mongodb_url.get_secret_value() == url


async def test_all_wrong_settings_are_named_at_once() -> None:
    lignes = await refus_de(**COMPLET | {"PORT": "0", "DRAIN_TIMEOUT": "0", "MONGODB_URL": SECRET})

    assert [ligne.split()[1] for ligne in lignes] == ["MONGODB_URL", "PORT", "DRAIN_TIMEOUT"]
    assert SECRET not in "".join(lignes)


# --- Probes ---


async def test_a_service_that_works_says_so(petit_service: "Vivre") -> None:
    async with petit_service("notification", RabbitRouter()) as http:
        assert (await http.get("/livez")).status_code == 204
        pret = await http.get("/readyz")
        mesures = await http.get("/metrics")

    assert (pret.status_code, pret.json()) == (200, {"mongodb": True, "rabbitmq": True})
    assert mesures.headers["content-type"].startswith("text/plain")
    assert 'partner_up{partner="mongodb"} 1.0' in mesures.text


async def test_a_service_is_not_ready_without_mongodb_and_is_again_when_it_is_back(
    petit_service: "Vivre", mongod: NoeudMongo, fait: Fait
) -> None:
    async with petit_service("notification", RabbitRouter()) as http:
        await asyncio.to_thread(mongod.kill)
        try:
            sans = await http.get("/readyz")
            assert (sans.status_code, sans.json()["mongodb"]) == (503, False)
            assert (await http.get("/livez")).status_code == 204
            assert 'partner_up{partner="mongodb"} 0.0' in (await http.get("/metrics")).text
        finally:
            await asyncio.to_thread(mongod.start)
        await fait(lambda: http.get("/readyz"), lambda reponse: reponse.status_code == 200)


async def test_a_service_started_before_mongodb_begins_to_consume_when_it_is_there(
    banc: "Banc",
    petit_service: "Vivre",
    mongod: NoeudMongo,
    mongo: Mongo,
    fait: Fait,
    capsys: pytest.CaptureFixture[str],
) -> None:
    router = RabbitRouter()

    @router.subscriber(**listens("notification", DossierRefuse))
    async def recevoir(_: DossierRefuse) -> None: ...

    await banc.dire(banc.refuse())
    await asyncio.to_thread(mongod.kill)
    try:
        async with petit_service("notification", router, attendre=False) as http:
            assert (await http.get("/livez")).status_code == 204
            assert (await http.get("/readyz")).status_code == 503
            await fait(lambda: '"partner": "mongodb"' in capsys.readouterr().out)  # it has given up once
            await asyncio.to_thread(mongod.start)
            await fait(lambda: mongo.database["recus_notification"].find_one({"issue": "recu"}))
    finally:
        await asyncio.to_thread(mongod.start)


# --- Life ---


async def test_resources_are_open_before_the_first_message_and_closed_after_the_last(
    banc: "Banc", petit_service: "Vivre", fait: Fait
) -> None:
    vie: list[str] = []
    router, libre, tourne = RabbitRouter(), asyncio.Event(), asyncio.Event()

    @router.subscriber(**listens("notification", DossierRefuse))
    async def recevoir(_: DossierRefuse) -> None:
        vie.append("reçoit")
        await libre.wait()
        vie.append("a reçu")

    async def tour() -> bool:
        vie.append("tourne")
        tourne.set()
        await libre.wait()
        vie.append("a tourné")
        return False

    @asynccontextmanager
    async def ressource() -> AsyncIterator[None]:
        vie.append("ouverte")
        yield
        vie.append("fermée")

    parts = Parts(workers=[Worker("essai", tour, idle=60)], resources=[ressource()])
    await banc.dire(banc.refuse())
    async with petit_service("notification", router, parts=parts):
        await tourne.wait()
        await fait(lambda: "reçoit" in vie)
        asyncio.get_running_loop().call_later(0.3, libre.set)  # once the drain has begun

    assert vie[0] == "ouverte"
    assert vie[-1] == "fermée"
    assert {"a reçu", "a tourné"} <= set(vie)


async def test_a_step_that_never_ends_is_cut_at_the_end_of_the_drain(petit_service: "Vivre") -> None:
    tourne = asyncio.Event()

    async def tour() -> bool:
        tourne.set()
        await asyncio.Event().wait()
        return False

    parts = Parts(workers=[Worker("essai", tour, idle=60)])
    async with asyncio.timeout(10), petit_service("notification", RabbitRouter(), parts=parts, drain_timeout=0.5):
        await tourne.wait()


async def test_sigterm_drains_a_real_process_and_loses_nothing(
    banc: "Banc", mongod: NoeudMongo, mongo: Mongo, fait: Fait
) -> None:
    dossiers, cles = mongo.database["dossiers"], [uuid4() for _ in range(400)]
    async with banc.canal("demo") as canal:
        await asyncio.gather(*(soumettre(canal, "demo", CONFORME.soumission([]), cle) for cle in cles))

    processus = await lancer(
        **COMPLET
        | {
            "RABBITMQ_URL": banc.url("svc_intake"),
            "MONGODB_URL": mongod.url,
            "MONGODB_DATABASE": mongo.database.name,
            "PORT": str(port_libre()),
            "PREFETCH": "5",
        }
    )
    try:
        await fait(lambda: dossiers.count_documents({}))
        processus.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            sortie, _ = await processus.communicate()
    finally:
        if processus.returncode is None:
            processus.kill()

    assert '"event": "stopped"' in sortie.decode().splitlines()[-1]
    assert "interrompu" not in sortie.decode()
    assert processus.returncode == 0  # a supervisor must not take a drain for a crash
    deposes = await dossiers.distinct("depots.cle")
    restes = [message.message_id for message in await banc.relever(FILE)]
    assert 0 < len(deposes) < len(cles)
    assert sorted([*deposes, *restes]) == sorted(str(cle) for cle in cles)
    assert await banc.profondeur("intake.parking") == 0
