"""Answers given before the end of the request: heard out for a while, then closed."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from services.intake.entetes import API, Entetes

CORPS: Message = {"type": "http.request", "body": b"x", "more_body": True}


@pytest.mark.parametrize("annonce", [(b"content-length", b"1000"), (b"transfer-encoding", b"chunked")])
async def test_an_endless_body_is_given_up_after_the_answer_has_been_sent(annonce: tuple[bytes, bytes]) -> None:
    recus = 0

    async def sans_fin() -> Message:
        nonlocal recus
        recus += 1
        await asyncio.sleep(0)
        return CORPS

    envoyes = await _repondre([annonce], sans_fin, patience=0.05)

    assert recus > 1
    assert [message.get("more_body", False) for message in envoyes[1:]] == [True, False]
    assert envoyes[1]["body"] == b"non"
    assert (b"connection", b"close") in envoyes[0]["headers"]


async def test_a_silent_client_is_given_up_too() -> None:
    async def muet() -> Message:
        await asyncio.Event().wait()
        return CORPS

    envoyes = await _repondre([(b"content-length", b"1000")], muet, patience=0.05)

    assert envoyes[-1] == {"type": "http.response.body"}


@pytest.mark.parametrize("fin", [{**CORPS, "more_body": False}, {"type": "http.disconnect"}])
async def test_the_wait_ends_with_the_body_or_with_the_client(fin: Message) -> None:
    messages = iter([CORPS, CORPS, fin])

    async def finie() -> Message:
        return next(messages)

    envoyes = await _repondre([(b"content-length", b"3")], finie, patience=60)

    assert envoyes[-1] == {"type": "http.response.body"}
    assert next(messages, None) is None


@pytest.mark.parametrize("entetes", [[], [(b"content-length", b"0")]])
async def test_a_request_without_a_body_is_not_waited_for(entetes: list[tuple[bytes, bytes]]) -> None:
    envoyes = await _repondre(entetes, _jamais, patience=60)

    assert [message.get("body") for message in envoyes[1:]] == [b"non"]
    recus = {nom.decode() for nom, _ in envoyes[0]["headers"]}
    assert recus == {nom.lower() for nom in API}


async def _jamais() -> Message:
    pytest.fail("nobody should read this request")


async def _repondre(entetes: list[tuple[bytes, bytes]], recevoir: Receive, *, patience: float) -> list[Message]:
    """Answer « non » without reading the request; give what was sent."""
    envoyes: list[Message] = []

    async def api(_: Scope, __: Receive, envoyer: Send) -> None:
        await envoyer({"type": "http.response.start", "status": 413, "headers": []})
        await envoyer({"type": "http.response.body", "body": b"non"})

    async def envoyer(message: Any) -> None:  # noqa: ANN401  # whatever is sent is looked at
        envoyes.append(message)

    async with asyncio.timeout(10):
        await Entetes(api, patience=patience)({"type": "http", "headers": entetes}, recevoir, envoyer)
    return envoyes
