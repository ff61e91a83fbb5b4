"""A broker in memory: it may lose a confirm, deliver twice and in any order; what it accepted stays or is all lost.

`Publieur` stands where `services._runtime.bus.Publisher` does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import aio_pika
import aiormq.abc
from aio_pika.exceptions import AMQPConnectionError, ChannelInvalidStateError
from faststream.rabbit.testing import PatchedMessage
from pamqp.commands import Basic
from pamqp.header import ContentHeader
from yarl import URL

from contracts.flux import auditeurs
from services._runtime.bus import PARKING

from .portes import VIE, Moment, Porte, franchir

ATTENTES: Final = {
    "retry.short": timedelta(seconds=5),
    "retry.medium": timedelta(minutes=5),
    "retry.long": timedelta(hours=1),
}


@dataclass(frozen=True)
class Message:
    """A message in a queue."""

    file: str
    id: str
    corps: bytes
    user_id: str
    headers: dict[str, Any] = field(default_factory=dict)
    livraisons: int = 0  # before this one

    def rendu(self) -> "Message":
        """Make what is in the queue again after a delivery that was not acknowledged."""
        return replace(self, livraisons=self.livraisons + 1)

    def recu(self) -> "Recu":
        """Make what a consumer receives."""
        compte = {"x-delivery-count": self.livraisons} if self.livraisons else {}
        proprietes = Basic.Properties(
            content_type="application/json",
            headers=self.headers | compte,
            message_id=self.id,
            user_id=self.user_id,
        )
        return Recu(
            aiormq.abc.DeliveredMessage(
                delivery=Basic.Deliver(delivery_tag=1, exchange="", routing_key=self.file),
                header=ContentHeader(properties=proprietes),
                body=self.corps,
                channel=None,  # type: ignore[arg-type]  # nothing is sent back on it
            )
        )


class Recu(PatchedMessage):
    """A message as its consumer holds it; `sort` is what he did with it."""

    sort: str = ""

    async def ack(self, multiple: bool = False) -> None:  # noqa: FBT001, FBT002 - as the driver
        """Note that it is handled."""
        del multiple
        self.sort = self.sort or "ack"

    async def nack(self, multiple: bool = False, requeue: bool = True) -> None:  # noqa: FBT001, FBT002 - idem
        """Note that it was given back."""
        del multiple
        self.sort = self.sort or ("rendu" if requeue else "rejete")

    async def reject(self, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - idem
        """Note that it was refused."""
        self.sort = self.sort or ("rendu" if requeue else "rejete")


class Courtier:
    """Queues by name, what waits with its date, what is parked; and all that was ever told, by event."""

    def __init__(self, heure: Callable[[], datetime]) -> None:
        self._heure = heure
        self.vider()

    def vider(self) -> None:
        """Begin anew."""
        self.present = True
        self.file: list[Message] = []
        self.attente: list[tuple[datetime, Message]] = []
        self.parking: list[Message] = []
        self.dits: dict[str, set[bytes]] = {}
        self.confirmes: set[str] = set()  # events whose emitter learnt, since the last look, that they were accepted

    def tout_perdre(self) -> list[Message]:
        """Lose all that is held; give it."""
        perdus = [*self.file, *(message for _, message in self.attente), *self.parking]
        self.file, self.attente, self.parking = [], [], []
        return perdus

    def publier(self, cle: str, event_id: str, corps: bytes, user: str) -> None:
        """Accept an event in the queue of each of its listeners."""
        self.dits.setdefault(event_id, set()).add(corps)
        nom = cle.replace(".", "-")
        self.file += [Message(f"{service}.{nom}", event_id, corps, user) for service in auditeurs(cle)]

    def mettre_de_cote(self, exchange: str, file: str, message: aio_pika.Message) -> None:
        """Accept a message that failed."""
        copie = Message(file, str(message.message_id), message.body, str(message.user_id), dict(message.headers or {}))
        if exchange == PARKING:
            self.parking.append(copie)
        else:
            self.attente.append((self._heure() + ATTENTES[exchange], copie))

    def murir(self) -> None:
        """Give back what has waited long enough."""
        prets = [message for date, message in self.attente if date <= self._heure()]
        self.attente = [(date, message) for date, message in self.attente if date > self._heure()]
        self.file += prets

    def reprendre(self, message: Message, sort: str | None, *, encore: bool) -> None:
        """Learn what became of a delivery: `ack`, `rejete`, or anything else if it was not acknowledged."""
        if sort == "rejete":
            self.parking.append(message)
        elif sort != "ack" or encore:
            self.file.append(message.rendu())

    def rejouer(self, message: Message) -> None:
        """Send a parked message back where it failed, as the operator's command does."""
        self.parking.remove(message)
        headers = {"x-producteur": message.headers.get("x-producteur") or message.user_id}
        self.file.append(Message(message.file, message.id, message.corps, "operateur", headers))


class Publieur:
    """The publisher of one process."""

    def __init__(self, courtier: Courtier, url: str) -> None:
        self._courtier = courtier
        self._user = str(URL(url).user)
        self.on_connected: Callable[[bool], None] = lambda _: None

    @property
    def connected(self) -> bool:
        """Tell whether the broker is there."""
        return self._courtier.present

    async def tell(self, cle: str, event_id: str, corps: bytes) -> None:
        """Publish an event."""
        self._joindre(ChannelInvalidStateError("no channel"))
        await franchir(
            Porte.BUS, f"publier {cle}", lambda: self._courtier.publier(cle, event_id, corps, self._user), _sans_reponse
        )
        self._courtier.confirmes.add(event_id)

    async def tell_alone(self, cle: str, event_id: str, corps: bytes) -> None:
        """Publish an event on a connection of its own."""
        self._joindre(AMQPConnectionError("away"))
        await self.tell(cle, event_id, corps)

    async def hand_over(self, exchange: str, queue: str, message: aio_pika.Message) -> None:
        """Publish a message that failed."""
        self._joindre(ChannelInvalidStateError("no channel"))
        message.user_id = self._user
        await franchir(
            Porte.BUS,
            f"mettre de côté {queue}",
            lambda: self._courtier.mettre_de_cote(exchange, queue, message),
            _sans_reponse,
        )

    async def depth(self, queue: str) -> int:
        """Count what is parked for a service."""
        self._joindre(ChannelInvalidStateError("no channel"))
        await VIE.get().seuil()
        service = queue.partition(".")[0]
        return len([message for message in self._courtier.parking if message.file.startswith(f"{service}.")])

    def _joindre(self, absence: Exception) -> None:
        if not self._courtier.present:
            raise absence


def _sans_reponse(moment: Moment) -> BaseException:
    """Make what a publish raises: refused with its channel, or not confirmed in time although accepted."""
    return ChannelInvalidStateError("closed") if moment is Moment.AVANT else TimeoutError()
