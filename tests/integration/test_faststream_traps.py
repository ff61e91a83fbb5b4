"""FastStream's traps: what it does by itself, and that we do not.

Where a message is lost or a service stuck by default, the test shows both: FastStream as it comes on a scratch queue,
then ours on the product's queues.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import aio_pika
import pytest
from aio_pika.exceptions import DeliveryError
from faststream import AckPolicy
from faststream.asgi import AsgiFastStream
from faststream.rabbit import RabbitBroker, RabbitQueue, RabbitRouter
from faststream.rabbit.annotations import RabbitMessage
from prometheus_client import generate_latest
from pydantic import BaseModel, Field

from contracts.evenements import DossierDepose, DossierRefuse, SoumettreDossier
from contracts.flux import FLUX
from deploy.rabbitmq.definitions import VHOST
from services._runtime.bus import Passager, Publisher, listens
from services._runtime.mongo import Mongo

if TYPE_CHECKING:
    from tests.integration.conftest import Banc, Vivre

FILE = "notification.dossier-refuse-v1"
PARKING = "notification.parking"
ESSAI = "essai.faststream"
CANARI = "Canari-Dupont"
Fait = Callable[..., Any]


@pytest.fixture
async def naif(banc: "Banc") -> AsyncIterator[RabbitBroker]:
    """FastStream as it comes, and a scratch queue without dead-lettering."""
    async with banc.brouillon(ESSAI), RabbitBroker(banc.url(), logger=None) as broker:
        yield broker


@asynccontextmanager
async def publiant(url: str, delai: float = 1.0) -> AsyncIterator[Publisher]:
    publisher = Publisher(url, name="essai", timeout=delai)
    await publisher.connect()
    yield publisher
    await publisher.close()


# --- Publishing ---


async def test_a_publish_ends_within_its_timeout_while_the_broker_refuses_to_read(banc_a_soi: "Banc") -> None:
    noeud = banc_a_soi.noeud
    corps = banc_a_soi.refuse().model_dump_json().encode()
    async with publiant(banc_a_soi.url(), 0.5) as publisher, RabbitBroker(banc_a_soi.url(), logger=None) as broker:
        await asyncio.to_thread(noeud.ctl, "set_vm_memory_high_watermark", "0")
        try:
            # The broker reads one publish more before it stops reading: the next ones are those that wait.
            pendus = [asyncio.create_task(broker.publish(b"", routing_key=ESSAI, timeout=0.2)) for _ in range(3)]
            async with asyncio.timeout(10):
                with pytest.raises(TimeoutError):
                    await asyncio.gather(*(publisher.tell(DossierRefuse.cle, f"id-{n}", corps) for n in range(3)))
            assert not all(pendu.done() for pendu in pendus)  # FastStream has dropped its `timeout`
        finally:
            await asyncio.to_thread(noeud.ctl, "set_vm_memory_high_watermark", "0.8")
        await asyncio.gather(*pendus)
        await publisher.tell(DossierRefuse.cle, "id", corps)  # and works again by itself


async def test_an_event_that_no_queue_takes_raises(banc: "Banc", naif: RabbitBroker) -> None:
    await naif.publish(b"perdu", routing_key="nulle-part")

    async with publiant(banc.url()) as publisher:
        with pytest.raises(DeliveryError):
            await publisher.tell("nulle-part.v1", "id", b"{}")
        with pytest.raises(DeliveryError):
            await publisher.hand_over("parking", "nulle-part", aio_pika.Message(b"{}"))


async def test_a_confirmed_event_survives_the_death_of_the_node(banc_a_soi: "Banc") -> None:
    async with banc_a_soi.canal() as canal:
        classique = await canal.declare_queue(ESSAI, durable=True)
        await classique.bind("dossiers", "#")
    async with publiant(banc_a_soi.url()) as publisher, RabbitBroker(banc_a_soi.url(), logger=None) as broker:
        await publisher.tell(DossierRefuse.cle, "le nôtre", b"{}")
        await broker.publish(b"{}", routing_key=ESSAI, message_id="celui de FastStream")

    await asyncio.to_thread(banc_a_soi.noeud.kill)
    await asyncio.to_thread(banc_a_soi.noeud.start)

    assert [m.message_id for m in await banc_a_soi.relever(ESSAI)] == ["le nôtre"]
    assert [m.message_id for m in await banc_a_soi.relever(FILE)] == ["le nôtre"]
    async with banc_a_soi.canal() as canal:
        await canal.queue_delete(ESSAI)


async def test_a_message_carries_the_id_of_its_event_and_no_id_is_in_its_routing_key(
    banc: "Banc", naif: RabbitBroker
) -> None:
    await naif.publish(b"{}", routing_key=ESSAI)
    await naif.publish(b"{}", routing_key=ESSAI)
    au_hasard = [message.message_id for message in await banc.relever(ESSAI)]
    evenement = banc.refuse()

    async with publiant(banc.url("svc_intake")) as publisher:
        await publisher.tell(evenement.cle, str(evenement.id), evenement.model_dump_json().encode())

    (message,) = await banc.relever(FILE)
    assert au_hasard[0] != au_hasard[1]
    assert message.message_id == str(evenement.id)
    assert message.user_id == "svc_intake"
    for cle in [SoumettreDossier.cle, *(flux.evenement.cle for flux in FLUX)]:
        assert re.fullmatch(r"[a-z]+\.[a-z-]+\.v[0-9]+", cle), "made of names only: it becomes a metric's label"


# --- Consuming ---


async def test_each_queue_has_its_own_channel_and_no_more_messages_than_its_prefetch(
    banc: "Banc", naif: RabbitBroker, petit_service: "Vivre", fait: Fait
) -> None:
    router, libre = RabbitRouter(), asyncio.Event()
    en_cours, en_cours_naif = [], []

    @router.subscriber(**listens("notification", DossierRefuse))
    async def sur_refus(evenement: DossierRefuse) -> None:
        en_cours.append(evenement.data.version)
        await libre.wait()

    @router.subscriber(**listens("notification", DossierDepose))
    async def sur_depot(_: DossierDepose) -> None: ...

    @naif.subscriber(ESSAI)
    async def sans_limite(corps: bytes) -> None:
        en_cours_naif.append(corps)
        await libre.wait()

    await naif.start()
    await banc.publier("", ESSAI, *(aio_pika.Message(b"x") for _ in range(50)))
    async with petit_service("notification", router, prefetch=3):
        await banc.publier(
            "dossiers",
            DossierRefuse.cle,
            *(banc.message(banc.refuse(n)) for n in range(1, 11)),
            utilisateur="svc_intake",
        )
        await fait(lambda: en_cours_naif, lambda vus: len(vus) == 50)
        await fait(lambda: banc.profondeur(FILE), lambda prets: prets == 7)
        assert len(en_cours) == 3
        lignes = await asyncio.to_thread(
            banc.noeud.ctl, "-p", VHOST, "list_consumers", "queue_name", "channel_pid", "prefetch_count"
        )
        ici = [ligne.split("\t") for ligne in lignes.splitlines() if ligne.startswith("notification.")]
        assert [prefetch for _, _, prefetch in ici] == ["3", "3"]
        assert len({canal for _, canal, _ in ici}) == 2
        libre.set()
        await fait(lambda: en_cours, lambda vus: len(vus) == 10)


async def test_a_handler_that_raises_loses_no_message(
    banc: "Banc", naif: RabbitBroker, petit_service: "Vivre", fait: Fait
) -> None:
    router, appels = RabbitRouter(), []

    @router.subscriber(**listens("notification", DossierRefuse))
    async def echouer(_: DossierRefuse) -> None:
        raise RuntimeError(CANARI)

    @naif.subscriber(ESSAI)
    async def echouer_aussi(_: bytes) -> None:
        appels.append(1)
        raise RuntimeError

    await naif.start()
    await banc.publier("", ESSAI, aio_pika.Message(b"x"))
    await fait(lambda: appels)
    await naif.stop()
    assert await banc.relever(ESSAI) == []  # rejected, gone, nobody told

    async with petit_service("notification", router):
        await banc.dire(banc.refuse())
        await fait(lambda: banc.profondeur(PARKING), lambda nombre: nombre == 1)


async def test_a_message_whose_parking_fails_too_is_parked_by_the_broker(
    banc_a_soi: "Banc", petit_service: "Vivre", fait: Fait
) -> None:
    router = RabbitRouter()

    @router.subscriber(**listens("notification", DossierRefuse))
    async def echouer(_: DossierRefuse) -> None:
        raise Passager

    async with banc_a_soi.canal() as canal:
        await canal.exchange_delete("retry.short")
    try:
        async with petit_service("notification", router, sur=banc_a_soi):
            await banc_a_soi.dire(banc_a_soi.refuse())
            await fait(lambda: banc_a_soi.profondeur(PARKING), lambda nombre: nombre == 1)
    finally:
        async with banc_a_soi.canal() as canal:
            await canal.declare_exchange("retry.short", "fanout", durable=True)
            await (await canal.get_queue("retry.short", ensure=False)).bind("retry.short", "")
    (gare,) = await banc_a_soi.relever(PARKING)
    assert gare.routing_key == FILE
    assert gare.message_id == str(banc_a_soi.refuse().id)


async def test_a_message_that_fails_does_not_come_back_in_a_loop(
    banc: "Banc", naif: RabbitBroker, petit_service: "Vivre", fait: Fait
) -> None:
    router = RabbitRouter()
    moments: list[float] = []
    tours: list[float] = []

    @router.subscriber(**listens("notification", DossierRefuse))
    async def echouer(_: DossierRefuse) -> None:
        moments.append(time.monotonic())
        raise Passager

    @naif.subscriber(ESSAI, ack_policy=AckPolicy.NACK_ON_ERROR)
    async def tourner(_: bytes) -> None:
        tours.append(time.monotonic())
        raise Passager

    await naif.start()
    await banc.publier("", ESSAI, aio_pika.Message(b"x"))
    await fait(lambda: tours, lambda vus: len(vus) > 50)
    await naif.stop()
    assert tours[50] - tours[0] < 2

    async with petit_service("notification", router):
        await banc.dire(banc.refuse())
        await fait(lambda: moments, lambda vus: len(vus) == 3)
    assert min(apres - avant for avant, apres in pairwise(moments)) >= 0.25


async def test_what_a_malformed_message_holds_is_in_no_header_and_no_log(
    banc: "Banc", naif: RabbitBroker, petit_service: "Vivre", fait: Fait, capsys: pytest.CaptureFixture[str]
) -> None:
    class Age(BaseModel):
        age: Annotated[int, Field(ge=0)]

    erreurs, router = [], RabbitRouter()

    @naif.subscriber(ESSAI)
    async def lire(_: Age) -> None: ...

    @router.subscriber(**listens("notification", DossierRefuse))
    async def recevoir(_: DossierRefuse) -> None: ...

    try:
        Age.model_validate({"age": CANARI})
    except ValueError as erreur:
        erreurs.append(str(erreur))
    assert CANARI in erreurs[0]  # what a header « error » made of str(e) would hold

    corps = banc.refuse().model_dump_json()
    async with petit_service("notification", router):
        for casse in (corps.replace('"version":1', f'"version":"{CANARI}"'), corps[:-1] + f',"{CANARI}":1}}', CANARI):
            message = aio_pika.Message(
                casse.encode(), message_id=CANARI, content_type="application/json", headers={CANARI: CANARI}
            )
            await banc.publier("dossiers", DossierRefuse.cle, message, utilisateur="svc_intake")
        await fait(lambda: banc.profondeur(PARKING), lambda nombre: nombre == 3)
    for gare in await banc.relever(PARKING):
        assert CANARI.encode() in gare.body
        assert CANARI not in repr(gare.headers)
        assert gare.headers["x-motif"]
    assert CANARI not in "".join(capsys.readouterr())


async def test_a_message_that_asks_for_an_answer_gets_none(
    banc: "Banc", naif: RabbitBroker, petit_service: "Vivre", fait: Fait
) -> None:
    router, vus = RabbitRouter(), []

    @router.subscriber(**listens("notification", DossierRefuse))
    async def recevoir(evenement: DossierRefuse) -> str:
        vus.append(evenement.id)
        return CANARI

    @naif.subscriber("essai.demandes")
    async def repondre(_: bytes) -> str:
        return CANARI

    async with banc.brouillon("essai.demandes"):
        await naif.start()
        await banc.publier("", "essai.demandes", aio_pika.Message(b"x", reply_to=ESSAI))
        await fait(lambda: banc.profondeur(ESSAI), lambda nombre: nombre == 1)
        await naif.stop()
    assert [message.body for message in await banc.relever(ESSAI)] == [CANARI.encode()]

    async with petit_service("notification", router):
        await banc.dire(banc.refuse(), reply_to=ESSAI)
        await fait(lambda: vus)
    assert await banc.relever(ESSAI) == []  # an answer would have been sent before the acknowledgement
    assert await banc.profondeur(FILE) == await banc.profondeur(PARKING) == 0


# --- Starting, stopping, losing the connection ---


async def test_stopping_lets_running_handlers_finish_and_gives_the_rest_back(
    banc: "Banc", petit_service: "Vivre", fait: Fait, mongo: Mongo
) -> None:
    router, libre = RabbitRouter(), asyncio.Event()
    commences, finis = [], []

    @router.subscriber(**listens("notification", DossierRefuse))
    async def travailler(evenement: DossierRefuse) -> None:
        commences.append(evenement.data.version)
        await libre.wait()
        finis.append(evenement.data.version)

    async with petit_service("notification", router, prefetch=4):
        messages = [banc.message(banc.refuse(n)) for n in range(1, 21)]
        await banc.publier("dossiers", DossierRefuse.cle, *messages, utilisateur="svc_intake")
        await fait(lambda: commences, lambda vus: len(vus) == 4)
        asyncio.get_running_loop().call_later(0.3, libre.set)  # once the drain has begun

    restes = await banc.relever(FILE)
    recus = await mongo.database["recus_notification"].count_documents({"issue": "recu"})
    assert len(finis) >= 4
    assert len(commences) == len(finis) == recus
    assert len(finis) + len(restes) == 20
    assert await banc.profondeur(PARKING) == 0


async def test_losing_the_connection_cancels_the_handler_and_the_message_comes_again(
    banc: "Banc", petit_service: "Vivre", fait: Fait, capsys: pytest.CaptureFixture[str]
) -> None:
    router, libre = RabbitRouter(), asyncio.Event()
    appels: list[bool] = []
    annules: list[int] = []

    @router.subscriber(**listens("notification", DossierRefuse))
    async def travailler(_: DossierRefuse, message: RabbitMessage) -> None:
        appels.append(bool(message.raw_message.redelivered))
        try:
            await libre.wait()
        except asyncio.CancelledError:
            annules.append(len(appels))
            raise

    async with petit_service("notification", router):
        await banc.dire(banc.refuse())
        await fait(lambda: appels)
        await asyncio.to_thread(banc.noeud.ctl, "close_all_connections", "--vhost", VHOST, "essai")
        await fait(lambda: appels, lambda vus: len(vus) == 2)
        libre.set()
        await fait(lambda: banc.profondeur(FILE), lambda nombre: nombre == 0)
    assert appels == [False, True]
    assert annules == [1]
    assert await banc.profondeur(PARKING) == 0
    journal = capsys.readouterr().out
    assert '"issue": "interrompu"' in journal
    assert '"issue": "traite"' in journal


async def test_a_service_started_before_rabbitmq_begins_to_consume_when_it_is_there(
    banc_a_soi: "Banc", petit_service: "Vivre", fait: Fait
) -> None:
    router, vus = RabbitRouter(), []

    @router.subscriber(**listens("notification", DossierRefuse))
    async def recevoir(evenement: DossierRefuse) -> None:
        vus.append(evenement.id)

    await banc_a_soi.dire(banc_a_soi.refuse())
    await asyncio.to_thread(banc_a_soi.noeud.kill)
    with pytest.raises(ConnectionError):
        await RabbitBroker(banc_a_soi.url(), logger=None).start()  # FastStream gives up at once

    async with petit_service("notification", router, sur=banc_a_soi, attendre=False) as http:
        assert (await http.get("/livez")).status_code == 204
        pret = await fait(lambda: http.get("/readyz"), lambda reponse: reponse.status_code == 200)
        assert pret.json() == {"mongodb": True, "rabbitmq": False}
        await asyncio.to_thread(banc_a_soi.noeud.start)
        await fait(lambda: vus)
        assert await nombre_de_consommateurs(banc_a_soi) == 1


async def test_a_service_that_finds_a_queue_missing_at_start_consumes_each_queue_once_when_it_is_there(
    banc_a_soi: "Banc", petit_service: "Vivre", fait: Fait, capsys: pytest.CaptureFixture[str]
) -> None:
    router, vus = RabbitRouter(), []

    @router.subscriber(**listens("notification", DossierRefuse))
    async def recevoir(evenement: DossierRefuse) -> None:
        vus.append(evenement.id)

    @router.subscriber(queue=RabbitQueue(ESSAI, declare=False), no_reply=True)
    async def attendre(_: bytes) -> None: ...

    async with petit_service("notification", router, sur=banc_a_soi, attendre=False):
        journal: list[str] = []
        await fait(
            lambda: journal.append(capsys.readouterr().out) or "".join(journal).count("ChannelNotFound"),
            lambda n: n >= 2,
        )
        await asyncio.to_thread(
            banc_a_soi.noeud.ctl, "set_permissions", "-p", VHOST, "svc_notification", "^$", ".*", ".*"
        )
        async with banc_a_soi.brouillon(ESSAI):
            await banc_a_soi.dire(banc_a_soi.refuse())
            await fait(lambda: vus)
            await fait(lambda: nombre_de_consommateurs(banc_a_soi, ESSAI), lambda nombre: nombre == 1)
            assert await nombre_de_consommateurs(banc_a_soi) == 1


async def nombre_de_consommateurs(banc: "Banc", file: str = FILE) -> int:
    async with banc.canal() as canal:
        declaree = await canal.declare_queue(file, passive=True)
        return declaree.declaration_result.consumer_count or 0


# --- What is served ---


async def test_no_page_of_faststream_is_served(banc: "Banc", petit_service: "Vivre") -> None:
    naif = AsgiFastStream(RabbitBroker(banc.url(), logger=None), asyncapi_path="/docs")
    assert "/docs/try" in {route[0] for route in naif.routes}

    async with petit_service("notification", RabbitRouter()) as http:
        for page in ("/docs", "/docs.json", "/docs/try", "/asyncapi", "/asyncapi.json", "/asyncapi/try"):
            assert (await http.get(page)).status_code == 404
            assert (await http.post(page, json={})).status_code == 404


async def test_no_metric_has_an_id_in_its_labels(banc: "Banc", petit_service: "Vivre", fait: Fait) -> None:
    router, vus = RabbitRouter(), []

    @router.subscriber(**listens("notification", DossierRefuse))
    async def recevoir(evenement: DossierRefuse) -> None:
        vus.append(evenement.id)

    evenement = banc.refuse()
    async with petit_service("notification", router) as http:
        await banc.dire(evenement)
        await fait(lambda: vus)
        mesures = (await http.get("/metrics")).text
    assert FILE in mesures
    assert mesures == mesures.replace(str(evenement.id), "").replace(evenement.subject, "")
    assert evenement.subject not in generate_latest().decode()
