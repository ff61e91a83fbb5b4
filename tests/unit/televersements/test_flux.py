"""Bytes cut into what is kept, however the network gathered them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services._runtime.mongo import FILE_CHUNK
from services.intake.televersements.domain import Refus
from services.intake.televersements.flux import morceaux, sans_silence


async def _donner(tailles: list[int]) -> AsyncIterator[bytes]:
    for rang, taille in enumerate(tailles):
        yield bytes([rang % 256]) * taille


async def _couper(tailles: list[int], reste: int) -> tuple[list[bytes], int]:
    """Give the chunks, and the status of the refusal that ended them, if any."""
    gardes: list[bytes] = []
    try:
        async for morceau in morceaux(_donner(tailles), reste):
            gardes.append(morceau)  # noqa: PERF401  # those given before a refusal count
    except Refus as refus:
        return gardes, refus.statut
    return gardes, 0


@given(
    tailles=st.lists(st.integers(0, FILE_CHUNK + 10), max_size=6), de_plus=st.sampled_from([0, 1, FILE_CHUNK, 10**9])
)
def test_only_whole_chunks_are_kept_and_the_last_one_once_all_is_there(tailles: list[int], de_plus: int) -> None:
    envoye = b"".join(bytes([rang % 256]) * taille for rang, taille in enumerate(tailles))
    gardes, statut = asyncio.run(_couper(tailles, len(envoye) + de_plus))

    assert statut == (400 if de_plus and 0 < len(envoye) < FILE_CHUNK else 0)
    assert envoye.startswith(b"".join(gardes))
    assert all(len(garde) == FILE_CHUNK for garde in gardes[:-1])
    perdus = len(envoye) - sum(map(len, gardes))
    assert perdus < FILE_CHUNK
    if not de_plus:
        assert perdus == 0


@pytest.mark.parametrize("reste", [1, FILE_CHUNK, 2 * FILE_CHUNK])
@pytest.mark.parametrize("pas", [1000, FILE_CHUNK])
async def test_a_byte_too_many_completes_nothing(reste: int, pas: int) -> None:
    gardes, statut = await _couper([pas] * (reste // pas) + [reste % pas + 1], reste)

    assert statut == 413
    assert sum(map(len, gardes)) < reste


async def test_silence_is_not_waited_out_for_ever() -> None:
    async def muet() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.Event().wait()

    suite = sans_silence(muet(), 0.02)
    assert await anext(suite) == b"a"
    with pytest.raises(Refus) as refus:
        await anext(suite)
    assert refus.value.statut == 408
