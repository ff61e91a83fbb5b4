"""What the service and its worker process agree on: the frame on the pipes and the bounds of one reading."""

import struct
from dataclasses import dataclass
from typing import Final, Self

_LONGUEUR: Final = struct.Struct(">I")
ENTETE: Final = _LONGUEUR.size


def encadrer(corps: bytes) -> bytes:
    """Give the frame of a body: its length (4 bytes, big endian), then itself."""
    return _LONGUEUR.pack(len(corps)) + corps


def longueur(entete: bytes) -> int:
    """Give the length that a frame's first bytes tell."""
    return int(_LONGUEUR.unpack(entete)[0])


@dataclass(frozen=True)
class Limites:
    """Bounds of one job: `memoire` bytes above the idle worker, `cpu` whole seconds, `delai` seconds of clock.

    An idle worker holds about 50 MB, so that none ever holds more than 512 MB.
    """

    memoire: int = 448 * 1024 * 1024
    cpu: int = 10
    delai: float = 20.0

    def arguments(self) -> tuple[str, ...]:
        """Give them as the worker's command line."""
        return str(self.memoire), str(self.cpu), str(self.delai)

    @classmethod
    def des_arguments(cls, arguments: list[str]) -> Self:
        """Read them back."""
        memoire, cpu, delai = arguments
        return cls(int(memoire), int(cpu), float(delai))
