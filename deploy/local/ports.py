"""Finds loopback TCP ports nobody uses."""

from __future__ import annotations

import random
import socket
from threading import Lock

# Below Linux's ephemeral range (32768-60999): a client retrying a killed server's port would otherwise
# sooner or later be given that very port for itself, connect to itself and keep the server from binding again.
_PLAGE = range(20000, 32000)
_donnes: set[int] = set()
_verrou = Lock()


def port_libre() -> int:
    """Return a port of 127.0.0.1 that is free now and that this process has not given before."""
    with _verrou:
        for port in random.sample(_PLAGE, k=len(_PLAGE)):
            if port not in _donnes and _est_libre(port):
                _donnes.add(port)
                return port
    message = f"aucun port libre entre {_PLAGE.start} et {_PLAGE.stop}"
    raise OSError(message)


def _est_libre(port: int) -> bool:
    with socket.socket() as essai:
        try:
            essai.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
