"""A failure that may pass waits and comes back to its own queue; any other is parked, and a person sends it back."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import UUID

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage
from aiormq.exceptions import ChannelInvalidStateError
from faststream.rabbit import RabbitRouter
from faststream.rabbit.annotations import RabbitMessage
from pymongo.errors import AutoReconnect

from contracts.evenements import DossierRefuse, DossierValide, SoumettreDossier, Validation
from deploy.demo.dossiers import CONFORME
from deploy.demo.producteur import publier
from deploy.local.mongod import NoeudMongo
from services._runtime.bus import WAITS, Passager, listens, producteur
from services._runtime.mongo import Mongo
from services._runtime.publisher import Publisher

if TYPE_CHECKING:
    from tests.integration.conftest import Banc, Vivre

FILE = "notification.dossier-refuse-v1"
PARKING = "notification.parking"
CANARI = "Canari-Dupont"
Fait = Callable[..., Any]


class Refus:
    """A handler that raises what it is told to, in turn, then succeeds."""

    def __init__(self, *erreurs: Exception) -> None:
        self.router = RabbitRouter()
        self.moments: list[float] = []
        self._erreurs = list(erreurs)
        self.router.subscriber(**listens("notification", DossierRefuse))(self.sur_refus)

    async def sur_refus(self, evenement: DossierRefuse) -> None:
        """Note the try."""
        if evenement.data.version > 1:
            return  # comes back from a wait of another test
        self.moments.append(time.monotonic())
        if self._erreurs:
            raise self._erreurs.pop(0)


class BavardeError(Exception):
    """Carries, as some libraries' do, what it was given."""

    detail = CANARI


@asynccontextmanager
async def a_l_ecoute(banc: "Banc", *exchanges: str) -> AsyncIterator[Callable[[], Any]]:
    """Give what passes through these exchanges, in order."""
    async with banc.brouillon("essai.passages"), banc.canal() as canal:
        file = await canal.get_queue("essai.passages", ensure=False)
        for exchange in exchanges:
            await file.bind(exchange, "#")
        yield lambda: banc.relever("essai.passages")


async def test_what_fails_twice_is_tried_three_times_and_recorded_once(
    banc: "Banc", petit_service: "Vivre", mongo: Mongo, fait: Fait
) -> None:
    refus, evenement = Refus(Passager(), Passager()), banc.refuse()
    recus = mongo.database["recus_notification"]

    async with petit_service("notification", refus.router):
        await banc.dire(evenement)
        recu = await fait(lambda: recus.find_one({}))

    assert (recu["_id"], recu["issue"]) == (str(evenement.id), "recu")
    assert await recus.count_documents({}) == 1
    assert len(refus.moments) == 3
    assert min(apres - avant for avant, apres in pairwise(refus.moments)) >= 0.25  # 30 s in production
    assert await banc.profondeur(FILE) == await banc.profondeur(PARKING) == 0


async def test_what_fails_comes_back_to_its_own_queue_only(
    banc: "Banc", petit_service: "Vivre", mongo: Mongo, fait: Fait
) -> None:
    router, essais = RabbitRouter(), []

    @router.subscriber(**listens("notification", DossierValide))
    async def echouer_une_fois(evenement: DossierValide, message: RabbitMessage) -> None:
        essais.append((str(evenement.id), message.raw_message.message_id, message.raw_message.routing_key))
        if len(essais) == 1:
            raise Passager

    valide = DossierValide.dire(
        "ENT-E55A1-00001",
        Validation(version=1, siret=CONFORME.siret, commune="77288", ecoles=CONFORME.ecoles, decide_par="regle:essai"),
        source="ent1d/intake",
        le=banc.refuse().time,
    )
    async with petit_service("notification", router):
        await banc.dire(valide)
        await fait(lambda: mongo.database["recus_notification"].find_one({}))

    identifiant = str(valide.id)
    assert essais == [
        (identifiant, identifiant, "dossier.valide.v1"),
        (identifiant, identifiant, "notification.dossier-valide-v1"),
    ]
    assert await banc.profondeur("aaf_dispatch.dossier-valide-v1") == 1  # the other listener's copy, once


async def test_the_waits_grow_in_order_and_have_an_end(banc: "Banc", petit_service: "Vivre", fait: Fait) -> None:
    router, deja = RabbitRouter(), [0, 2, 3, 8, 9, len(WAITS) - 1]

    @router.subscriber(**listens("notification", DossierRefuse))
    async def echouer_la_premiere_fois(_: DossierRefuse, message: RabbitMessage) -> None:
        if message.raw_message.routing_key != FILE:
            raise Passager

    async with a_l_ecoute(banc, "retry.short", "retry.medium", "retry.long") as passages:
        async with petit_service("notification", router):
            for rang, essais in enumerate(deja, start=2):
                await banc.dire(banc.refuse(rang), headers={"x-tentative": essais})
            await fait(lambda: banc.profondeur("essai.passages"), lambda nombre: nombre == len(deja))
        vus: list[AbstractIncomingMessage] = await passages()

    par_essai = {message.headers["x-tentative"] - 1: message.exchange for message in vus}
    assert par_essai == dict(zip(deja, ["retry.short"] * 2 + ["retry.medium"] * 2 + ["retry.long"] * 2, strict=True))
    assert {message.routing_key for message in vus} == {FILE}
    assert {message.delivery_mode for message in vus} == {2}
    assert WAITS.count("retry.long") == 72  # hours: three days


async def test_what_never_passes_is_parked_and_replayed_by_the_operator(
    banc: "Banc", petit_service: "Vivre", mongod: NoeudMongo, mongo: Mongo, fait: Fait
) -> None:
    refus, evenement = Refus(Passager()), banc.refuse()
    base = {"MONGODB_URL": mongod.url, "MONGODB_DATABASE": mongo.database.name, "ENT1D_PAR": "agent-7"}
    recus = mongo.database["recus_notification"]

    async with petit_service("notification", refus.router):
        await banc.dire(evenement, headers={"x-tentative": len(WAITS)})
        await fait(lambda: recus.find_one({"_id": str(evenement.id), "issue": "parque"}))
        assert await banc.profondeur(PARKING) == 1
        assert "Passager" in await ent1d(banc, "parking", "lister", "--json", **base)

        await ent1d(banc, "parking", "rejouer", "--pour-de-bon", **base)
        await fait(lambda: recus.find_one({"_id": str(evenement.id), "issue": "recu"}))

    assert len(refus.moments) == 2
    assert await banc.profondeur(PARKING) == 0


async def ent1d(banc: "Banc", *arguments: str, **autres: str) -> str:
    commande = [sys.executable, "-c", "from services.cli import main; main()", *arguments]
    env = os.environ | {"RABBITMQ_URL": banc.url("operateur"), **autres}
    processus = await asyncio.create_subprocess_exec(*commande, env=env, stdout=asyncio.subprocess.PIPE)
    sortie, _ = await processus.communicate()
    assert processus.returncode == 0
    return sortie.decode()


@pytest.mark.parametrize("erreur", [ValueError(CANARI), BavardeError(CANARI), KeyError(CANARI)])
async def test_a_bug_is_parked_at_once_and_its_text_goes_nowhere(
    erreur: Exception,
    banc: "Banc",
    petit_service: "Vivre",
    mongo: Mongo,
    fait: Fait,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refus, evenement = Refus(erreur), banc.refuse()

    async with petit_service("notification", refus.router):
        await banc.dire(evenement)
        await fait(lambda: banc.profondeur(PARKING), lambda nombre: nombre == 1)
        await fait(lambda: mongo.database["recus_notification"].find_one({"issue": "parque"}))

    (gare,) = await banc.relever(PARKING)
    assert len(refus.moments) == 1
    assert gare.headers["x-motif"] == type(erreur).__name__
    assert (gare.message_id, gare.headers["x-file"], gare.routing_key) == (str(evenement.id), FILE, FILE)
    assert CANARI not in repr(gare.headers)
    assert CANARI not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "erreur", [AutoReconnect("essai"), TimeoutError(), ConnectionResetError(), OSError(28, "disque plein")]
)
async def test_a_partner_that_does_not_answer_is_a_passing_failure(
    erreur: Exception, banc: "Banc", petit_service: "Vivre", mongo: Mongo, fait: Fait
) -> None:
    refus = Refus(erreur)

    async with petit_service("notification", refus.router):
        await banc.dire(banc.refuse())
        await fait(lambda: mongo.database["recus_notification"].find_one({"issue": "recu"}))

    assert len(refus.moments) == 2


async def test_a_message_that_meets_mongodb_away_is_handled_as_soon_as_it_is_back(
    banc: "Banc", petit_service: "Vivre", mongod: NoeudMongo, mongo: Mongo, fait: Fait
) -> None:
    router, tentatives = RabbitRouter(), list[Any]()

    @router.subscriber(**listens("notification", DossierRefuse))
    async def recevoir(_: DossierRefuse, message: RabbitMessage) -> None:
        tentatives.append(message.raw_message.headers.get("x-tentative"))

    async with petit_service("notification", router) as http:
        await asyncio.to_thread(mongod.kill)
        try:
            await banc.dire(*(banc.refuse(version) for version in range(1, 6)))
            await fait(lambda: http.get("/readyz"), lambda pret: pret.status_code == 503)
            await fait(lambda: tentatives, lambda vus: len(vus) == 5)
        finally:
            await asyncio.to_thread(mongod.start)
        recus = mongo.database["recus_notification"]
        await fait(lambda: recus.count_documents({"issue": "recu"}), lambda nombre: nombre == 5, delai=10)
    assert tentatives == [None] * len(tentatives), "it went to wait where it comes back after half a minute"


async def interrompre(banc: "Banc", fois: int) -> None:
    """Break off so many deliveries of the one message, as the death of a consumer does."""
    async with banc.canal() as canal:
        file = await canal.get_queue(FILE, ensure=False)
        for _ in range(fois):
            message = await file.get(timeout=10)
            await message.nack(requeue=True)


@pytest.mark.parametrize(("interruptions", "par"), [(4, "dossier.refuse.v1"), (5, FILE)])
async def test_what_was_in_hand_at_five_deaths_waits_before_it_is_handled(
    interruptions: int, par: str, banc: "Banc", petit_service: "Vivre", mongo: Mongo, fait: Fait
) -> None:
    router, vus = RabbitRouter(), list[tuple[str, Any]]()

    @router.subscriber(**listens("notification", DossierRefuse))
    async def recevoir(_: DossierRefuse, message: RabbitMessage) -> None:
        vus.append((message.raw_message.routing_key, message.raw_message.headers.get("x-delivery-count")))

    await banc.dire(banc.refuse())
    await interrompre(banc, interruptions)
    async with petit_service("notification", router):
        await fait(lambda: mongo.database["recus_notification"].find_one({"issue": "recu"}))

    assert vus == [(par, interruptions if interruptions < 5 else None)]  # once only, its count begun anew
    assert await banc.profondeur(PARKING) == 0


async def test_what_is_still_in_hand_at_each_death_after_all_its_waits_is_parked(
    banc: "Banc", petit_service: "Vivre", mongo: Mongo, fait: Fait
) -> None:
    refus = Refus()
    await banc.dire(banc.refuse(), headers={"x-tentative": WAITS.index("retry.long")})
    await interrompre(banc, 5)

    async with petit_service("notification", refus.router):
        await fait(lambda: mongo.database["recus_notification"].find_one({"issue": "parque"}))

    (gare,) = await banc.relever(PARKING)
    assert gare.headers["x-motif"] == "morts_repetees"
    assert refus.moments == []


async def test_what_fails_before_we_can_publish_again_waits_for_that_and_is_not_parked(
    banc: "Banc", petit_service: "Vivre", mongo: Mongo, fait: Fait, monkeypatch: pytest.MonkeyPatch
) -> None:
    remettre, absences = Publisher.hand_over, [ChannelInvalidStateError(), ConnectionError(), TimeoutError()]

    async def pas_encore_revenu(publisher: Publisher, exchange: str, file: str, message: aio_pika.Message) -> None:
        if absences:
            raise absences.pop(0)
        await remettre(publisher, exchange, file, message)

    monkeypatch.setattr(Publisher, "hand_over", pas_encore_revenu)
    refus = Refus(Passager())
    async with petit_service("notification", refus.router):
        await banc.dire(banc.refuse())
        await fait(lambda: mongo.database["recus_notification"].find_one({"issue": "recu"}))

    assert (len(refus.moments), absences) == (2, [])
    assert await banc.profondeur(PARKING) == 0


async def test_a_submission_that_waited_still_belongs_to_who_published_it(
    banc: "Banc", petit_service: "Vivre", fait: Fait
) -> None:
    router = RabbitRouter()
    vus: list[tuple[UUID, str]] = []

    @router.subscriber(**listens("intake", SoumettreDossier))
    async def echouer_une_fois(commande: SoumettreDossier, message: RabbitMessage) -> None:
        vus.append((commande.id, producteur(message)))
        if len(vus) == 1:
            raise Passager

    async with petit_service("intake", router):
        cle = await publier(banc.url("demo"), "demo", CONFORME.soumission([]))
        await fait(lambda: vus, lambda essais: len(essais) == 2)

    assert vus == [(cle, "demo")] * 2
