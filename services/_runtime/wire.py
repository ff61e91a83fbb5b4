"""Delivers a message whose properties cannot be decoded without them, where pamqp would cut the connection.

RabbitMQ checks few of the properties a producer sets: bytes that are not UTF-8, a date after the year 9999 or tables
nested ten thousand deep reach the consumer. pamqp's exception ends the connection, the message is delivered again, and
one producer stops a service for the twenty deliveries that the broker allows (22 s as measured, its neighbours with
it), then stops whoever lists the parking queue. Without properties it is refused and parked as any malformed message.
"""

from typing import Final

from pamqp.commands import Basic
from pamqp.header import ContentHeader

_strictly: Final = ContentHeader.unmarshal


def _leniently(header: ContentHeader, data: bytes) -> None:
    try:
        _strictly(header, data)
    except Exception:  # noqa: BLE001  # UnicodeDecodeError, OverflowError, RecursionError… none may end the reader
        header.properties = Basic.Properties()  # the size of the body, read before, stays


def tolerate_any_properties() -> None:
    """Make every AMQP connection of this process so."""
    ContentHeader.unmarshal = _leniently  # type: ignore[method-assign, assignment]
