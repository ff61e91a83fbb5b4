"""The mould: settings, a router, a store and what else a service does, made into one ASGI application.

Starts whatever the order: the process lives and says so at once, and tries its partners until they answer. Stops by
draining: no new message, running handlers finish, then connections close.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from faststream import ContextRepo
from faststream.rabbit import Channel, RabbitBroker, RabbitRouter
from faststream.rabbit.subscriber import RabbitSubscriber
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from services._runtime.bus import Handling
from services._runtime.logs import configure_logs, logger
from services._runtime.metrics import PARTNER_UP
from services._runtime.mongo import Mongo
from services._runtime.outbox import Outbox
from services._runtime.parked import Parked
from services._runtime.publisher import Publisher, with_heartbeat
from services._runtime.receipts import Receipts
from services._runtime.relay import Relay
from services._runtime.settings import RuntimeSettings
from services._runtime.worker import Worker


class Store(Protocol):
    """What the mould asks of a store."""

    async def prepare(self) -> None:
        """Create its indexes; called until MongoDB answers."""


class Base:
    """What a service stands on: its database, its relay, its receipts. A store is built from it."""

    def __init__(self, service: str, settings: RuntimeSettings) -> None:
        self.service = service
        self.mongo = Mongo(settings.mongodb_url.get_secret_value(), settings.mongodb_database)
        self.publisher = Publisher(
            settings.rabbitmq_url.get_secret_value(), name=service, timeout=settings.publish_timeout
        )
        self.relay = Relay(self.mongo.database, self.publisher, unsettled_after=settings.unsettled_after)
        self.receipts = Receipts(self.mongo.database, service)
        self.parked = Parked(service, self.publisher, self.receipts)
        self.publisher.on_connected = self._look_again
        self.outboxes: list[Outbox] = []

    def _look_again(self, lost: bool) -> None:  # noqa: FBT001  # called back by the publisher
        self.relay.look_again(lost)
        self.parked.look_again()

    def outbox(self, collection: str) -> Outbox:
        """Give a collection of this service whose documents may owe events."""
        self.relay.watch(collection)
        self.outboxes.append(Outbox(self.mongo.database, collection, self.relay))
        return self.outboxes[-1]


S = TypeVar("S", bound=Store)


@dataclass(frozen=True)
class Parts:
    """What a service has of its own besides its handlers, made around its store.

    `context`: what handlers ask for by name; `workers`: loops for outside effects; `resources`: opened before the first
    message and closed after the last one.
    """

    routes: Sequence[BaseRoute] = ()
    workers: Sequence[Worker] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
    resources: Sequence[AbstractAsyncContextManager[Any]] = ()


@dataclass(frozen=True)
class Service(Generic[S]):
    """A service: its name, its settings, its handlers, its store, and its other parts."""

    name: str
    settings: RuntimeSettings
    router: RabbitRouter
    store: Callable[[Base], S]
    parts: Callable[[S], Parts] = lambda _: Parts()


def application(service: Service[S]) -> Starlette:
    """Build the ASGI application of a service; nothing is connected before its lifespan starts."""
    configure_logs(service.name)
    base = Base(service.name, service.settings)
    store = service.store(base)
    parts = service.parts(store)
    running = _Running(service, base, store, parts)
    probes = [
        Route("/livez", lambda _: Response(status_code=204)),
        Route("/readyz", running.readyz),
        Route("/metrics", lambda _: Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)),
    ]
    return Starlette(routes=[*probes, *parts.routes], lifespan=running.lifespan)


class _Running:
    """The life of one application, from the first try to the drain."""

    def __init__(self, service: Service[Any], base: Base, store: Store, parts: Parts) -> None:
        self._base = base
        self._store = store
        self._workers = (
            Worker("clock", self._take_time, idle=30.0),
            *base.relay.workers,
            base.parked.worker,
            *parts.workers,
        )
        self._resources = parts.resources
        self._broker = RabbitBroker(
            with_heartbeat(service.settings.rabbitmq_url.get_secret_value()),
            app_id=service.name,
            timeout=service.settings.publish_timeout,  # of an attempt to connect
            reconnect_interval=1.0,
            graceful_timeout=service.settings.drain_timeout,
            middlewares=[partial(Handling, publisher=base.publisher, receipts=base.receipts, mongo=base.mongo)],
            routers=[service.router],
            context=ContextRepo({"store": store, **parts.context}),
            logger=None,  # its lines hold exception texts, which hold values
        )
        for subscriber in self._broker.subscribers:
            # One channel each: an error on a channel, and the limit of messages at once, is nobody else's.
            cast("RabbitSubscriber", subscriber).channel = Channel(prefetch_count=service.settings.prefetch)
        self._consuming = False
        self._drain_timeout = service.settings.drain_timeout

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Open, work, and at the end drain: handlers first, then loops, then connections."""
        async with AsyncExitStack() as stack:
            stack.callback(self._base.mongo.close)
            stack.push_async_callback(self._base.publisher.close)
            for resource in self._resources:
                await stack.enter_async_context(resource)
            life = asyncio.create_task(self._start())
            stack.push_async_callback(self._drain, life)
            yield

    async def _drain(self, life: asyncio.Task[None]) -> None:
        if self._consuming:
            await self._broker.stop()
        for worker in self._workers:
            worker.stop()
        if self._consuming:
            await asyncio.wait([life], timeout=self._drain_timeout)
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        logger().info("stopped")

    async def _start(self) -> None:
        """Try each partner until it answers, in the order in which the service needs them, then work."""
        await _until_done("mongodb", self._prepare)
        async with asyncio.TaskGroup() as group:
            for worker in self._workers:
                group.create_task(worker.run())
            await _until_done("rabbitmq", self._base.publisher.connect)
            await _until_done("rabbitmq", self._consume)

    async def _prepare(self) -> None:
        await self._base.mongo.ping()
        await self._base.receipts.prepare()
        for outbox in self._base.outboxes:
            await outbox.prepare()
        await self._store.prepare()

    async def _take_time(self) -> bool:
        await self._base.mongo.ping()
        return False

    async def _consume(self) -> None:
        try:
            await self._broker.start()
        except BaseException:
            await self._broker.stop()  # started by half and tried again, it would consume some queues twice
            raise
        self._consuming = True
        logger().info("started")

    async def readyz(self, _: Request) -> Response:
        """Answer 200 while MongoDB does: a deposit needs nothing else. The body says the rest."""
        try:
            async with asyncio.timeout(2):
                await self._base.mongo.ping()
            mongodb = True
        except Exception:  # noqa: BLE001  # whatever the reason, it does not answer
            mongodb = False
        rabbitmq = self._consuming and self._base.publisher.connected
        PARTNER_UP.labels("mongodb").set(mongodb)
        PARTNER_UP.labels("rabbitmq").set(rabbitmq)
        return JSONResponse({"mongodb": mongodb, "rabbitmq": rabbitmq}, status_code=200 if mongodb else 503)


async def _until_done(partner: str, attempt: Callable[[], Awaitable[None]]) -> None:
    """Repeat an attempt every second until it succeeds: no order of start is asked of the operator."""
    while True:
        try:
            await attempt()
        except Exception as error:  # noqa: BLE001  # every failure to start is worth another try
            logger().warning("waiting_for", partner=partner, error=type(error).__name__)
            await asyncio.sleep(1)
        else:
            return
