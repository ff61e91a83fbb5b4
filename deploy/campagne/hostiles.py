"""Makes messages that no consumer can handle, sends them by the doors there are, and counts them once parked.

Each one must end in a parking queue, once. Its body is its own, so `empreinte` (SHA-256 of the body) finds it there
whatever became of its properties. A message that kills the process is another fault, not of here.
"""

import asyncio
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPConnectionError, ChannelInvalidStateError
from aiormq.abc import DeliveredMessage
from yarl import URL

from deploy.campagne.genres import (
    ANONYME,
    CHAMPS,
    DEMANDES,
    FILES,
    GENRES,
    INDECODABLES,
    LOURDS,
    MENSONGES,
    PROPRIETES,
    SOUMISSIONS,
    TEXTES,
    Corps,
    Porte,
)
from deploy.campagne.proprietes_brutes import MessageBrut, court, proprietes
from services._runtime.wire import tolerate_any_properties

LOURDS_MAX: Final = 12  # of each genre that weighs from 100 kB to 2 MB, in one campaign: the broker's memory is shared
PART_DES_PRODUCTEURS: Final = 0.5
ENSEMBLE: Final = 100  # publishes waiting for their confirm at once
SILENCE: Final = 20.0  # seconds without a message before a count gives up
COUPURES: Final = (AMQPConnectionError, ChannelInvalidStateError, TimeoutError, OSError)


@dataclass(frozen=True)
class Hostile:
    """A message and where to publish it."""

    porte: Porte
    message: aio_pika.Message
    genre: str

    @property
    def empreinte(self) -> str:
        """Name it for the rest of the campaign."""
        return empreinte(self.message.body)


def hostiles(alea: Random, nombre: int) -> Iterator[Hostile]:
    """Make `nombre` messages, each genre once before any comes a second time; the same seed makes the same ones."""
    return itertools.islice(_sans_fin(alea), nombre)


def _sans_fin(alea: Random) -> Iterator[Hostile]:
    for tour in itertools.count():
        genres = [*GENRES, *(LOURDS if tour < LOURDS_MAX else ())]
        for genre in alea.sample(genres, len(genres)):
            porte = (
                SOUMISSIONS
                if genre in {*DEMANDES, ANONYME} or alea.random() < PART_DES_PRODUCTEURS
                else alea.choice(FILES)
            )
            yield Hostile(porte, _message(genre, porte, alea), genre)


def _message(genre: str, porte: Porte, alea: Random) -> aio_pika.Message:
    corps = porte.corps(alea)
    if genre in INDECODABLES:
        return MessageBrut(_json(corps), proprietes({**_ordinaires(corps), **INDECODABLES[genre]}))
    if genre in PROPRIETES:
        return _habille(corps, _json(corps), PROPRIETES[genre](corps, alea) | alea.choice(MENSONGES))
    if abime := {**TEXTES, **LOURDS}.get(genre):
        return _habille(corps, abime(json.dumps(corps, ensure_ascii=False), alea), alea.choice(MENSONGES))
    change = {**CHAMPS, **DEMANDES}[genre]
    # A `message_id` that follows the body: refused for what it says, not for that.
    corps = change(corps, alea)
    return _habille(corps, _json(corps), alea.choice(MENSONGES))


def _habille(corps: Corps, octets: bytes, mensonge: Corps) -> aio_pika.Message:
    """Dress a body in properties that are right but for these."""
    return aio_pika.Message(
        octets,
        **{"message_id": str(corps["id"]), "content_type": "application/json", "delivery_mode": 2, **mensonge},
    )


def _ordinaires(corps: Corps) -> dict[str, bytes]:
    return {"content_type": court(b"application/json"), "message_id": court(corps["id"].encode())}


def _json(corps: Corps) -> bytes:
    return json.dumps(corps, ensure_ascii=False).encode()


def empreinte(corps: bytes) -> str:
    """Name a message by its body."""
    return hashlib.sha256(corps).hexdigest()


async def publier(producteur: str, maitre: str, nombre: int, graine: int) -> list[str]:
    """Publish `nombre` hostile messages; give the empreintes of those that the broker confirmed.

    Args:
        producteur: AMQP URL of a producer, whose rights are on `soumissions` alone.
        maitre: AMQP URL of a user who may write to the default exchange.
        nombre: how many.
        graine: the same seed makes the same messages.

    What a cut left unconfirmed may have been taken or not; it stays out of what is given.
    """
    confirmes: list[str] = []
    async with await aio_pika.connect(producteur) as en_bas, await aio_pika.connect(maitre) as en_haut:
        portes = {True: await _canal(en_bas), False: await _canal(en_haut)}
        suite = hostiles(Random(graine), nombre)  # noqa: S311  # to be played again, not to be secret
        while lot := [*itertools.islice(suite, ENSEMBLE)]:
            for hostile in lot:
                if hostile.porte.d_un_producteur and hostile.genre != ANONYME:
                    hostile.message.user_id = URL(producteur).user
            issues = await asyncio.gather(
                *(_publier(portes[h.porte.d_un_producteur], h) for h in lot), return_exceptions=True
            )
            confirmes += [h.empreinte for h, issue in zip(lot, issues, strict=True) if _confirme(issue)]
    return confirmes


def _confirme(issue: object) -> bool:
    """Tell whether a publish was confirmed. Raises what is not a cut: the broker refuses what no consumer will see."""
    if isinstance(issue, BaseException) and not isinstance(issue, COUPURES):
        raise issue
    return issue is None


async def _canal(connexion: AbstractConnection) -> AbstractChannel:
    return await connexion.channel(on_return_raises=True)


async def _publier(canal: AbstractChannel, hostile: Hostile) -> None:
    exchange = hostile.porte.exchange
    cible = await canal.get_exchange(exchange, ensure=False) if exchange else canal.default_exchange
    await cible.publish(hostile.message, routing_key=hostile.porte.cle, timeout=60)


async def compter(url: str, services: Iterable[str]) -> Counter[str]:
    """Count the messages in the parking queues of these services, by empreinte; all are still there afterwards.

    Up to 65,535 in each queue, each delivered once and given back when the channel closes.
    """
    tolerate_any_properties()  # what the broker parked by itself kept its properties
    async with await aio_pika.connect(url) as connexion:
        return sum([await _gares(connexion, f"{service}.parking") for service in services], Counter[str]())


async def _gares(connexion: AbstractConnection, file: str) -> Counter[str]:
    trouves: Counter[str] = Counter()
    arrives: asyncio.Queue[str] = asyncio.Queue()

    async def noter(message: DeliveredMessage) -> None:
        arrives.put_nowait(empreinte(message.body))

    async with connexion.channel() as canal:
        # Said, for « no limit » means 2,000 to a quorum queue.
        await canal.set_qos(prefetch_count=65_535)
        attendus = (await canal.declare_queue(file, passive=True)).declaration_result.message_count or 0
        await (await canal.get_underlay_channel()).basic_consume(file, noter)
        for _ in range(attendus):
            async with asyncio.timeout(SILENCE):
                trouves[await arrives.get()] += 1
    return trouves
