"""The way out of a service: the one connection on which events and set-aside messages are published."""

import asyncio
from collections.abc import Callable
from typing import Final

import aio_pika
from aio_pika.abc import AbstractRobustChannel, AbstractRobustConnection, DeliveryMode
from yarl import URL

from contracts.flux import EXCHANGE_EVENEMENTS
from services._runtime.clock import now

# Channels of the publisher: an error on a channel closes it on all that is published there.
EVENTS, FAILURES = range(2)
HEARTBEAT: Final = 8  # seconds; a connection that died without a word is seen after 31, aiormq waits three of them


def with_heartbeat(url: str) -> str:
    """Make both sides of a connection notice within seconds that the other is gone, unless the URL says otherwise."""
    given = URL(url)
    return url if "heartbeat" in given.query else str(given.update_query(heartbeat=HEARTBEAT))


class Publisher:
    """Own connection, confirms on, unroutable raises, own timeout around each publish: FastStream drops `timeout=`.

    `on_connected` is called at each connection, told whether RabbitMQ was seen away before: it may have lost its data.
    """

    def __init__(self, url: str, *, name: str, timeout: float) -> None:
        self.on_connected: Callable[[bool], None] = lambda _: None
        self._seen_away = False
        self._url = with_heartbeat(url)
        self._name = name
        self._timeout = timeout
        self._user = URL(url).user
        self._connection: AbstractRobustConnection | None = None
        self._channels: list[AbstractRobustChannel] = []

    async def connect(self) -> None:
        """Open the connection and its channels; from then on it reopens by itself."""
        away, self._seen_away = self._seen_away, True  # if this fails, it was seen away
        self._connection = await aio_pika.connect_robust(
            self._url,
            timeout=self._timeout,
            reconnect_interval=1.0,
            client_properties={"connection_name": f"{self._name} publisher"},
        )
        self._connection.reconnect_callbacks.add(lambda *_: self.on_connected(True))
        self._channels = [await self._connection.channel(on_return_raises=True) for _ in (EVENTS, FAILURES)]
        self.on_connected(away)

    @property
    def connected(self) -> bool:
        """Tell whether a publish has a chance now."""
        return self._connection is not None and self._connection.connected.is_set()

    async def tell(self, cle: str, event_id: str, corps: bytes) -> None:
        """Publish an event; return once the broker has confirmed it in every bound queue."""
        await self._publish(EVENTS, EXCHANGE_EVENEMENTS, cle, self._event(event_id, corps))

    async def tell_alone(self, cle: str, event_id: str, corps: bytes) -> None:
        """Do the same on a connection of its own, which an event that the broker refuses closes on nobody else."""
        async with asyncio.timeout(self._timeout), await aio_pika.connect(self._url) as connection:
            channel = await connection.channel(on_return_raises=True)
            target = await channel.get_exchange(EXCHANGE_EVENEMENTS, ensure=False)
            await target.publish(self._event(event_id, corps), routing_key=cle, mandatory=True)

    def _event(self, event_id: str, corps: bytes) -> aio_pika.Message:
        return aio_pika.Message(
            corps,
            message_id=event_id,
            content_type="application/json",
            delivery_mode=DeliveryMode.PERSISTENT,
            timestamp=now(),
            app_id=self._name,
            user_id=self._user,
        )

    async def hand_over(self, exchange: str, queue: str, message: aio_pika.Message) -> None:
        """Publish a message that failed to a waiting exchange, or to the parking exchange."""
        message.user_id = self._user
        await self._publish(FAILURES, exchange, queue, message)

    async def _publish(self, channel: int, exchange: str, cle: str, message: aio_pika.Message) -> None:
        if not self._channels:
            raise ConnectionError("not connected to RabbitMQ yet")
        async with asyncio.timeout(self._timeout):
            target = await self._channels[channel].get_exchange(exchange, ensure=False)
            await target.publish(message, routing_key=cle, mandatory=True)

    async def depth(self, queue: str) -> int:
        """Count the messages of a queue that nobody holds."""
        if self._connection is None:
            raise ConnectionError("not connected to RabbitMQ yet")
        async with asyncio.timeout(self._timeout), self._connection.channel() as channel:
            found = await channel.declare_queue(queue, passive=True, robust=False)
            return found.declaration_result.message_count or 0

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
