"""Reads the queues as an operator would, and keeps copies of the events that pass, to tell them again out of order."""

import asyncio
import hashlib
import json
import random
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustConnection

GARDES: Final = 400  # events kept by an echo


class Parque(NamedTuple):
    """A parked message: its queue, its id, the number of its dossier if it tells one, the SHA-256 of its body."""

    file: str
    identifiant: str
    numero: str
    empreinte: str


async def profondeurs(url: str, files: Iterable[str]) -> dict[str, int]:
    """Count the ready messages of each queue."""
    async with await aio_pika.connect(url) as connexion:
        canal = await connexion.channel()
        declarees = {nom: await canal.declare_queue(nom, passive=True) for nom in files}
        return {nom: file.declaration_result.message_count or 0 for nom, file in declarees.items()}


async def mis_de_cote(url: str, parkings: Iterable[str]) -> tuple[Parque, ...]:
    """Give the parked messages; all stay where they are."""
    async with await aio_pika.connect(url) as connexion:
        canal = await connexion.channel()
        trouves = []
        for nom in parkings:
            file = await canal.get_queue(nom, ensure=False)
            while (message := await file.get(fail=False, timeout=30)) is not None:
                empreinte = hashlib.sha256(message.body).hexdigest()
                trouves.append(Parque(nom, message.message_id or "", _sujet(message.body), empreinte))
        return tuple(trouves)


def _sujet(corps: bytes) -> str:
    """Give the dossier number of an event; nothing when the body is not one."""
    try:
        lu = json.loads(corps)
    except (ValueError, RecursionError):
        return ""
    sujet = lu.get("subject") if isinstance(lu, dict) else None
    return sujet if isinstance(sujet, str) else ""


class Echo:
    """Hears every event on a queue of its own, and publishes old ones again, several times, in any order."""

    def __init__(self, url: str, auditeurs: Mapping[str, Sequence[str]]) -> None:
        """`auditeurs` gives the queues by routing key."""
        self._url = url
        self._auditeurs = auditeurs
        self._entendus: deque[tuple[str, AbstractIncomingMessage]] = deque(maxlen=GARDES)
        self._connexion: AbstractRobustConnection | None = None

    async def __aenter__(self) -> Self:
        self._connexion = await aio_pika.connect_robust(self._url, reconnect_interval=0.5, timeout=10)
        canal = await self._connexion.channel()
        file = await canal.declare_queue("temoin", auto_delete=False)
        await file.bind("dossiers", "#")
        await file.consume(self._entendre, no_ack=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connexion is not None:
            await self._connexion.close()

    async def rejouer(self, alea: random.Random, nombre: int) -> int:
        """Publish some events again, shuffled, up to three times to each listener; give how many were published."""
        choisis = alea.sample(list(self._entendus), min(nombre, len(self._entendus)))
        copies = [
            (file, entendu)
            for cle, entendu in choisis
            for file in self._auditeurs.get(cle, ())
            for _ in range(alea.randint(1, 3))
        ]
        alea.shuffle(copies)
        async with await aio_pika.connect(self._url, timeout=10) as connexion:
            canal = await connexion.channel()
            await asyncio.gather(
                *(canal.default_exchange.publish(_copie(m), routing_key=file, timeout=10) for file, m in copies)
            )
        return len(copies)

    async def _entendre(self, message: Any) -> None:  # noqa: ANN401  # aio-pika's callback types are wider than one message
        self._entendus.append((message.routing_key or "", message))


def _copie(message: AbstractIncomingMessage) -> aio_pika.Message:
    return aio_pika.Message(
        message.body,
        message_id=message.message_id,
        content_type=message.content_type,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        timestamp=message.timestamp,
    )
