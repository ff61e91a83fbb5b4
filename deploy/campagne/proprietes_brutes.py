"""Puts on the wire AMQP properties that aio-pika would refuse to encode, as a client in another language can."""

import struct
from collections.abc import Mapping
from typing import Final

import aio_pika
from pamqp.commands import Basic

# Bits of the property flags, in the order in which the values follow (AMQP 0-9-1, 2.3.5.2 and class basic).
_BITS: Final = {
    "content_type": 15,
    "headers": 13,
    "correlation_id": 10,
    "message_id": 7,
    "timestamp": 6,
}


class MessageBrut(aio_pika.Message):
    """A message whose properties are given as bytes, already encoded: see `proprietes`."""

    def __init__(self, corps: bytes, octets: bytes) -> None:
        super().__init__(corps)
        self._octets = octets

    @property
    def properties(self) -> Basic.Properties:
        """Give properties that marshal to our bytes."""
        return _Encodees(self._octets)


class _Encodees(Basic.Properties):
    def __init__(self, octets: bytes) -> None:
        super().__init__()
        self._octets = octets

    def marshal(self) -> bytes:
        return self._octets


def proprietes(valeurs: Mapping[str, bytes]) -> bytes:
    """Encode the property list; each value is already encoded in its AMQP type, and left out if empty."""
    presentes = [nom for nom in _BITS if valeurs.get(nom)]
    drapeaux = sum(1 << _BITS[nom] for nom in presentes)
    return struct.pack(">H", drapeaux) + b"".join(valeurs[nom] for nom in presentes)


def court(octets: bytes) -> bytes:
    """Encode a short string, UTF-8 or not."""
    return struct.pack("B", len(octets)) + octets


def table(champ: bytes) -> bytes:
    """Encode a table of headers holding one field `x`, whose type and value are given."""
    contenu = court(b"x") + champ
    return struct.pack(">I", len(contenu)) + contenu


def listes_imbriquees(fois: int) -> bytes:
    """Encode an empty list within a list, and so on."""
    return b"".join(b"A" + struct.pack(">I", 5 * reste) for reste in reversed(range(fois)))
