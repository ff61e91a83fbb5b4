"""What a piece is shown as, by its first bytes."""

from collections.abc import AsyncIterator

import pytest

from services.intake.bureau.pieces import apercu


async def flux(*morceaux: bytes) -> AsyncIterator[bytes]:
    """Give bytes in these chunks."""
    for morceau in morceaux:
        yield morceau


@pytest.mark.parametrize(
    ("debut", "genre"),
    [
        (b"%PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"<html>%PDF-", ""),
        (b"\n%PDF-1.4", ""),
        (b"GIF89a%PDF-", ""),
        (b"\x89PNG", ""),
        (b"", ""),
    ],
)
async def test_a_piece_is_what_it_begins_with_and_comes_whole(debut: bytes, genre: str) -> None:
    lu, suffixe, morceaux = await apercu(flux(debut, b"suite"))

    assert (lu, bool(suffixe)) == (genre, bool(genre))
    assert b"".join([morceau async for morceau in morceaux]) == debut + b"suite"


async def test_an_empty_piece_is_empty() -> None:
    _, _, morceaux = await apercu(flux())

    assert b"".join([morceau async for morceau in morceaux]) == b""
