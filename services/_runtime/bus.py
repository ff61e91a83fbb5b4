"""The way in of a service: one way to listen, one way to fail.

A message that fails for a passing reason waits in a TTL queue and comes back to its own queue only; one that cannot be
handled goes to the service's parking queue with a reason, and a person is told. FastStream's defaults lose both
(tests/integration/test_faststream_traps.py); the middleware here decides before them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import aio_pika
from aio_pika.abc import DeliveryMode
from aio_pika.exceptions import AMQPChannelError, DeliveryError
from faststream import BaseMiddleware
from faststream.exceptions import AckMessage, NackMessage
from faststream.message import StreamMessage
from faststream.rabbit import RabbitMessage, RabbitQueue
from faststream.rabbit.schemas.queue import QueueType
from pymongo.errors import ConnectionFailure, PyMongoError

from contracts.evenements import Enveloppe, Evenement, SoumettreDossier
from contracts.flux import file_de
from services._runtime.clock import now
from services._runtime.logs import logger
from services._runtime.metrics import DURATION, MESSAGES, PARKED_MESSAGES
from services._runtime.mongo import Mongo
from services._runtime.publisher import Publisher
from services._runtime.reading import Illisible, read_strictly
from services._runtime.receipts import PARKED, Receipts

PARKING: Final = "parking"
# Three short waits for a hiccup, then minutes, then hours for three days: a partner's day off drains by itself.
WAITS: Final = ("retry.short",) * 3 + ("retry.medium",) * 6 + ("retry.long",) * 72
# A message that meets MongoDB away stays in hand until it answers (RabbitMQ takes it back after 30 minutes), then is
# delivered again; from the third delivery on it waits like any other: MongoDB answers, but not to this.
HELD: Final = 20 * 60  # seconds
HELD_DELIVERIES: Final = 3
REFUSED: Final = (DeliveryError, AMQPChannelError)  # said by RabbitMQ of this very message or channel
HANDING_OVER: Final = 30  # seconds; a connection that comes back takes one or two
# What was in hand each time that a process died may be what kills it: from the fifth delivery broken off on, it waits
# before it is handled again, so that its neighbours get through. RabbitMQ's own limit would park them all.
SUSPECT_DELIVERIES: Final = 5
SUSPECT_WAITS: Final = WAITS.index("retry.long")
SOUMISSIONS: Final = file_de("intake", SoumettreDossier)


class Passager(Exception):  # noqa: N818  # says what becomes of the message
    """Raised by a handler when a later try may succeed: the message waits and comes back."""


class Suspect(Passager):
    """The message was in hand at too many deaths to be handled among others now."""

    motif = "morts_repetees"
    detail = ""


PASSING: Final = (Passager, PyMongoError, TimeoutError, OSError)


def listens(service: str, message: type[Evenement[Any] | SoumettreDossier]) -> dict[str, Any]:
    """Say how `service` hears `message`: arguments of `router.subscriber`. Nothing is declared at run time."""
    queue = file_de(service, message)
    return {
        "queue": RabbitQueue(queue, queue_type=QueueType.QUORUM, declare=False),
        "decoder": _decoder(message),
        "no_reply": True,  # else FastStream answers whoever puts `reply_to` on a message
        "title": queue,
    }


def _decoder(model: type[Enveloppe]) -> Callable[[RabbitMessage], Awaitable[Enveloppe]]:
    async def decode(message: RabbitMessage) -> Enveloppe:
        if message.raw_message.content_type != "application/json":
            raise Illisible("entete_incorrect", "content_type")
        envelope = read_strictly(message.body, model)
        if message.raw_message.message_id != str(envelope.id):
            raise Illisible("entete_incorrect", "message_id")
        return envelope

    return decode


class Handling(BaseMiddleware[Any, Any]):
    """Around every handler: record the receipt, or make the message wait, or park it; one log line and two metrics."""

    def __init__(
        self,
        msg: Any,  # noqa: ANN401
        /,
        *,
        context: Any,  # noqa: ANN401
        publisher: Publisher,
        receipts: Receipts,
        mongo: Mongo,
    ) -> None:
        super().__init__(msg, context=context)
        self._mongo = mongo
        self._publisher = publisher
        self._receipts = receipts

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: StreamMessage[Any]) -> None:
        """Handle one message; whatever happens it ends acknowledged, waiting or parked."""
        queue: str = self.context.get_local("handler_").queue.name
        start = time.perf_counter()
        issue = "interrompu"  # the connection was lost meanwhile: the broker delivers again
        try:
            if _deliveries(msg) >= SUSPECT_DELIVERIES:
                raise Suspect  # noqa: TRY301  # it takes the way of every failure
            await call_next(msg)
            await self._record(queue, msg)
            issue = "traite"
        except Exception as error:  # noqa: BLE001  # every failure has a place to go
            if isinstance(error, ConnectionFailure) and _deliveries(msg) < HELD_DELIVERIES:
                issue = await self._hold()
                raise NackMessage from None
            issue = await self._set_aside(queue, error, msg)
            # Not « from error »: its text may hold a person.
            raise AckMessage from None
        finally:
            elapsed = time.perf_counter() - start
            DURATION.labels(queue).observe(elapsed)
            MESSAGES.labels(queue, issue).inc()
            logger().info("message", queue=queue, id=_id(msg), issue=issue, ms=round(elapsed * 1000, 1))

    async def _hold(self) -> str:
        with suppress(TimeoutError):
            async with asyncio.timeout(HELD):
                await self._mongo.wait()
        return "repris"

    async def _record(self, queue: str, msg: StreamMessage[Any], issue: str = "recu") -> None:
        # A submission is owed by no document of ours: nobody reads its receipt.
        if queue != SOUMISSIONS and msg.raw_message.message_id:
            await self._receipts.record(msg.raw_message.message_id, issue)

    async def _set_aside(self, queue: str, error: Exception, msg: StreamMessage[Any]) -> str:
        """Hand the message over to a wait or to parking; if RabbitMQ refuses that, its dead-lettering parks it."""
        tries = _tries(msg)
        wait = _wait(error, tries)
        motif = getattr(error, "motif", type(error).__name__)
        # Only ours promise that their detail holds no value: others have an attribute of that name too.
        detail = getattr(error, "detail", "") if hasattr(error, "motif") else ""
        headers = {
            "x-tentative": tries + 1,
            "x-file": queue,
            "x-motif": motif,
            "x-detail": detail,
            "x-mis-de-cote-le": _now(),
        }
        await self._hand_over(wait or PARKING, queue, _copy(msg, headers))
        if wait is None:
            PARKED_MESSAGES.labels(queue, motif).inc()
            logger().error("parked", queue=queue, id=_id(msg), motif=motif, detail=detail)
            with suppress(PyMongoError):  # raised from here, it would make the broker park a second copy
                await self._record(queue, msg, PARKED)
        return PARKED if wait is None else "attend"

    async def _hand_over(self, exchange: str, queue: str, copy: aio_pika.Message) -> None:
        """Publish the copy as soon as it can be: after a cut, what we consume by may be back before what we publish by.

        Given up, the message is delivered again. Refused by RabbitMQ, it is rejected: the broker then parks it.
        """
        limit = time.monotonic() + HANDING_OVER
        while True:
            try:
                return await self._publisher.hand_over(exchange, queue, copy)
            except REFUSED:
                raise
            except Exception:  # noqa: BLE001  # of many kinds, all of a channel or a connection that is not there yet
                if time.monotonic() >= limit:
                    raise NackMessage from None
            await asyncio.sleep(0.2)


def _wait(error: Exception, tries: int) -> str | None:
    """Choose where a message waits for its next try; None: a person must look at it."""
    limit = SUSPECT_WAITS if isinstance(error, Suspect) else len(WAITS)
    return WAITS[tries] if isinstance(error, PASSING) and tries < limit else None


def _deliveries(msg: StreamMessage[Any]) -> int:
    """Count the deliveries of this message before this one, as quorum queues do."""
    count = msg.raw_message.headers.get("x-delivery-count")
    return count if isinstance(count, int) else 0


def _tries(msg: StreamMessage[Any]) -> int:
    tries = msg.raw_message.headers.get("x-tentative")
    return min(tries, len(WAITS)) if isinstance(tries, int) and tries > 0 else 0


def _id(msg: StreamMessage[Any]) -> str | None:
    """Name the message in a log line; what is no UUID is what somebody typed, and stays out."""
    try:
        return str(UUID(msg.raw_message.message_id))
    except (TypeError, ValueError):
        return None


def _now() -> str:
    return now().isoformat(timespec="seconds")


def producteur(msg: StreamMessage[Any]) -> str:
    """Name who published a message, as the broker verified it; for one that waited here, as we noted it then.

    Raises Illisible when nobody did: a submission belongs to somebody.
    """
    raw = msg.raw_message
    ours = raw.user_id is not None and (raw.user_id.startswith("svc_") or raw.user_id == "operateur")
    name = raw.headers.get("x-producteur") if ours else raw.user_id
    if not name:
        raise Illisible("producteur_inconnu", "user_id")
    return str(name)


def _copy(msg: StreamMessage[Any], headers: dict[str, Any]) -> aio_pika.Message:
    """Copy the body and the identity; other headers came from outside and are dropped."""
    raw = msg.raw_message
    with suppress(Illisible):
        headers = headers | {"x-producteur": producteur(msg)}
    return aio_pika.Message(
        raw.body,
        headers=headers,
        message_id=raw.message_id,
        content_type=raw.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        timestamp=raw.timestamp,
    )
