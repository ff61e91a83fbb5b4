"""Forms with a file, as browsers write them and as nobody should."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.televersements.domain import Refus
from services.intake.televersements.formulaire import ouvrir

TYPE = 'multipart/form-data; boundary="xYz"'


class Faux(Exception):  # noqa: N818  # a token
    """The token is not ours."""


def _verifier(jeton: str) -> None:
    if jeton != "le jeton":
        raise Faux


def _partie(entete: str, contenu: bytes) -> bytes:
    return f"--xYz\r\nContent-Disposition: form-data; {entete}\r\n\r\n".encode() + contenu + b"\r\n"


JETON = _partie('name="jeton"', b"le jeton")


async def _recevoir(octets: bytes, coupes: list[int] | None = None, type_contenu: str = TYPE) -> tuple[str, bytes]:
    async def recus() -> AsyncIterator[bytes]:
        for debut, fin in pairwise([0, *sorted(coupes or []), len(octets)]):
            yield octets[debut:fin]

    fichier = await ouvrir(type_contenu, recus(), _verifier)
    return fichier.nom, b"".join([recu async for recu in fichier.octets])


@given(contenu=st.binary(max_size=400) | st.just(b"\r\n--xY\r\n--xYz" * 5 + b"?"), donnees=st.data())
def test_a_file_is_read_byte_for_byte_however_the_network_cuts_it(contenu: bytes, donnees: st.DataObject) -> None:
    corps = JETON + _partie('name="f"; filename="n° 4.pdf"', contenu) + b"--xYz--\r\n"
    coupes = donnees.draw(st.lists(st.integers(0, len(corps)), max_size=8))
    if b"\r\n--xYz" in contenu:
        contenu = contenu[: contenu.index(b"\r\n--xYz")]
        with pytest.raises(Refus):
            asyncio.run(_recevoir(corps, coupes))
    else:
        assert asyncio.run(_recevoir(corps, coupes)) == ("n° 4.pdf", contenu)


@given(donnees=st.data())
def test_a_form_that_breaks_off_anywhere_is_refused(donnees: st.DataObject) -> None:
    corps = JETON + _partie('name="f"; filename="a.pdf"', b"%PDF" * 50) + b"--xYz--"
    with pytest.raises(Refus) as refus:
        asyncio.run(_recevoir(corps[: donnees.draw(st.integers(len(JETON), len(corps) - 1))]))
    assert refus.value.statut == 400


async def test_the_token_is_judged_before_the_file_is_read() -> None:
    entendu = []

    async def recus() -> AsyncIterator[bytes]:
        for morceau in (JETON.replace(b"le jeton", b"un autre"), _partie('name="f"; filename="a"', b"x")):
            entendu.append(morceau)
            yield morceau

    with pytest.raises(Faux):
        await ouvrir(TYPE, recus(), _verifier)
    assert len(entendu) <= 2
    assert not any(b"--xYz--" in morceau for morceau in entendu)


@pytest.mark.parametrize(
    "corps",
    [
        b"",
        b"--xYz--\r\n",
        _partie('name="f"; filename="a.pdf"', b"%PDF") + JETON + b"--xYz--\r\n",
        _partie('name="jeton"; filename="a"', b"le jeton") + b"--xYz--\r\n",
        JETON + JETON + b"--xYz--\r\n",
        JETON + b"--xYz--\r\n",
        JETON + _partie('name="f"; filename="a"', b"1") + _partie('name="f"; filename="b"', b"2") + b"--xYz--\r\n",
        _partie('name="jeton"', b"x" * 1_000_000) + b"--xYz--\r\n",
        b"--xYz\r\n" + b"A" * 100_000,
        JETON + _partie("x" * 9000, b"") + b"--xYz--\r\n",
    ],
    ids=[
        "empty",
        "closed",
        "swapped",
        "token-file",
        "no-file",
        "token-alone",
        "two-files",
        "long",
        "header",
        "long-name",
    ],
)
async def test_another_form_than_ours_is_refused(corps: bytes) -> None:
    with pytest.raises(Refus) as refus:
        await _recevoir(corps)
    assert refus.value.statut == 400


@pytest.mark.parametrize(
    "genre", ["", "application/pdf", "multipart/form-data", "multipart/mixed; boundary=xYz", f"{TYPE[:-1]}{'b' * 300}"]
)
async def test_a_body_of_another_kind_is_refused(genre: str) -> None:
    with pytest.raises(Refus):
        await _recevoir(JETON, type_contenu=genre)
