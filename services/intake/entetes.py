"""Puts on every answer what keeps it out of caches, frames and guesses, and ends refused uploads well."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


class Entetes:
    """An application with these headers on all its answers, failures included; an answer that has its own keeps it.

    A request answered before its body has come to its end (too large, no key) is heard out for `patience` seconds,
    then its connection is closed. Closed at once, the network stack would drop the answer with the bytes not read:
    the client would see a broken connection, not the 413. Never closed, an endless body would be read for ever.
    """

    def __init__(self, app: ASGIApp, entetes: Mapping[str, str] = API, *, patience: float = 30.0) -> None:
        self._app = app
        self._propres = entetes
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        corps = _Corps(scope, receive)

        async def envoyer(message: Message) -> None:
            if message["type"] == "http.response.start":
                entetes = MutableHeaders(scope=message)
                for nom, valeur in self._propres.items():
                    entetes.setdefault(nom, valeur)
                if corps.attendu:
                    entetes["Connection"] = "close"
            elif corps.attendu and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await corps.ecouter(self._patience)
                message = {"type": "http.response.body"}
            await send(message)

        await self._app(scope, corps.recevoir, envoyer)


class _Corps:
    """The body of a request, and whether more of it may come."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        entetes = Headers(scope=scope)
        self.attendu = "transfer-encoding" in entetes or entetes.get("content-length", "0") != "0"
        self._receive = receive

    async def recevoir(self) -> Message:
        message = await self._receive()
        self.attendu = message.get("more_body", False)
        return message

    async def ecouter(self, patience: float) -> None:
        """Let the rest come, and go."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self.attendu:
                    await self.recevoir()
