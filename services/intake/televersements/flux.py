"""Bytes as they come from a client: never silent for long, never more than announced, cut into what is kept."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from typing import Final

from services._runtime.mongo import FILE_CHUNK
from services.intake.televersements.domain import Refus

SILENCE: Final = 30.0  # seconds without a byte; a slow line sends some, a dead one holds the upload's lease


async def sans_silence(recus: AsyncIterable[bytes], delai: float = SILENCE) -> AsyncIterator[bytes]:
    """Pass bytes on while they come. Raises a Refus (408) when none has for `delai` seconds."""
    suite = aiter(recus)
    while True:
        try:
            async with asyncio.timeout(delai):
                recu = await anext(suite)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Refus(408, "L’envoi s’est interrompu : reprenez-le.") from None
        yield recu


async def morceaux(recus: AsyncIterable[bytes], reste: int) -> AsyncIterator[bytes]:
    """Cut the bytes of one request into whole chunks; the last one of a piece, smaller, only once it is all there.

    `reste` bytes are missing. Raises a Refus: 413 when more come, 400 when too few came to keep any. Whatever cuts the
    request, the chunks given so far are whole.
    """
    attente, garde = bytearray(), False
    async for recu in recus:
        attente += recu
        if len(attente) > reste:
            raise Refus(413, "L’envoi dépasse la taille annoncée.")
        # « > »: a whole last chunk also waits for the end, for more may come than was announced.
        while len(attente) > FILE_CHUNK:
            morceau = bytes(attente[:FILE_CHUNK])
            attente = attente[FILE_CHUNK:]  # a new one: `del` would hold its MiB on while the chunk is written
            reste, garde = reste - FILE_CHUNK, True
            yield morceau
    if attente and len(attente) in {reste, FILE_CHUNK}:
        yield bytes(attente)
    elif attente and not garde:
        raise Refus(400, f"Envoyez au moins {FILE_CHUNK} octets à la fois.")
