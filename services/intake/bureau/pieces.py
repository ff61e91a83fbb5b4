"""What a browser may show of a piece: what it is, by its first bytes, whatever it calls itself."""

from collections.abc import AsyncIterator
from typing import Final

# Signatures at the very first byte: a file that is also something else further on is not shown as that.
SIGNATURES: Final = (
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
)


async def apercu(morceaux: AsyncIterator[bytes]) -> tuple[str, str, AsyncIterator[bytes]]:
    """Give the type that a piece is shown by, its suffix, and all its bytes; no type for what is not to be shown."""
    debut = await anext(morceaux, b"")
    genre, suffixe = next(((g, s) for signature, g, s in SIGNATURES if debut.startswith(signature)), ("", ""))
    return genre, suffixe, _suivi(debut, morceaux)


async def _suivi(debut: bytes, morceaux: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield debut
    async for morceau in morceaux:
        yield morceau
