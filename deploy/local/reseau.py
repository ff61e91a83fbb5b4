"""Carries the bytes of a proxy's connections as a network in a given state would: late, slowly, one way, not at all."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Final

_BLOC: Final = 65536  # bytes
_BLOCS_EN_ROUTE: Final = 16  # a held direction reads no more than these: then the sender's own buffers fill
_TRANCHES: Final = 20  # writes a second when the rate is limited
_DELAI_LIVRAISON: Final = 1.0  # seconds for a receiver that does not read
_PAS: Final = 0.001
_RST: Final = struct.pack("ii", 1, 0)  # SO_LINGER 0: closing sends a reset and forgets what is not sent


class Sens(Enum):
    """A direction; its value: whether it is towards the server."""

    VERS_SERVEUR = True
    VERS_CLIENT = False


@dataclass(frozen=True)
class Regime:
    """What the network does to each connection, present or to come."""

    retard: float = 0.0  # seconds
    debit: int = 0  # bytes a second in each direction; 0: no limit
    tenus: frozenset[Sens] = frozenset()
    avale: bool = False
    refuse: bool = False


NORMAL: Final = Regime()
File = asyncio.Queue[tuple[float, bytes | None]]  # the instant it came; a block, b"" for an end, None for a reset


class Reseau:
    """The network as it is now and its connections; only the loop touches it once it runs."""

    def __init__(self, cible: int) -> None:
        self.cible = cible
        self.connexions = 0
        self.octets = 0
        self.regime = NORMAL
        self.liens: set[Lien] = set()
        self._limite: tuple[Sens, int] | None = None
        self._change = asyncio.Event()

    def accueillir(self, lecteur: asyncio.StreamReader, plume: asyncio.StreamWriter) -> None:
        """Carry a new connection, or reset it."""
        self.connexions += 1
        if self.regime.refuse:
            _reset(plume)
            return
        lien = Lien(self, lecteur, plume)
        self.liens.add(lien)
        lien.tache.add_done_callback(lambda _: self.liens.discard(lien))

    def regler(self, regime: Regime) -> None:
        """Be another network, for the connections present too."""
        self.regime = regime
        if regime == NORMAL:
            self._limite = None
        self.reveiller()

    def reveiller(self) -> None:
        """Make all that wait, whatever for, look again."""
        self._change.set()
        self._change = asyncio.Event()

    def armer(self, sens: Sens, octets: int) -> None:
        """Cut the first connection that carries so many bytes from now on."""
        self._limite = (sens, octets)
        for lien in self.liens:
            lien.portes = dict.fromkeys(Sens, 0)

    def couper(self) -> None:
        """Reset all connections."""
        for lien in self.liens:
            lien.couper()

    def couper_trouees(self) -> None:
        """Reset the connections that lost something."""
        for lien in self.liens:
            if lien.troue:
                lien.couper()

    async def pause(self, secondes: float | None) -> None:
        """Wait so long, or until the network changes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(secondes):
                await self._change.wait()

    async def laisser_passer(self, sens: Sens, arrivee: float) -> None:
        """Wait until what arrived at that instant may go on in that direction."""
        horloge = asyncio.get_running_loop().time
        while sens in self.regime.tenus or arrivee + self.regime.retard > horloge():
            tenu = sens in self.regime.tenus
            await self.pause(None if tenu else arrivee + self.regime.retard - horloge())

    def permis(self, sens: Sens, portes: int) -> int:
        """How many bytes may be written at once by a connection that has carried `portes`."""
        tranche = max(1, self.regime.debit // _TRANCHES) if self.regime.debit else _BLOC
        reste = self._limite[1] - portes if self._limite and self._limite[0] is sens else tranche
        return max(0, min(tranche, reste))

    def porter(self, lien: Lien, sens: Sens, octets: int) -> bool:
        """Count what a connection has carried; return whether it must carry no more."""
        self.octets += octets
        lien.portes[sens] += octets
        if not self._limite or self._limite[0] is not sens or lien.portes[sens] < self._limite[1]:
            return False
        self._limite = None
        return True


class Lien:
    """One client's connection, and ours to the target on its behalf."""

    def __init__(self, reseau: Reseau, lecteur: asyncio.StreamReader, plume: asyncio.StreamWriter) -> None:
        self.portes = dict.fromkeys(Sens, 0)
        self.troue = False
        self._reseau = reseau
        self._plumes = [plume]
        self.tache = asyncio.get_running_loop().create_task(self._vivre(lecteur, plume))

    def couper(self) -> None:
        """Reset both ends."""
        for plume in self._plumes:
            _reset(plume)
        self.tache.cancel()

    async def _vivre(self, du_client: asyncio.StreamReader, au_client: asyncio.StreamWriter) -> None:
        try:
            while self._reseau.regime.tenus == set(Sens):
                await self._reseau.pause(None)
            du_serveur, au_serveur = await asyncio.open_connection("127.0.0.1", self._reseau.cible)
            self._plumes.append(au_serveur)
            async with asyncio.TaskGroup() as groupe:
                groupe.create_task(self._relayer(Sens.VERS_SERVEUR, du_client, au_serveur))
                groupe.create_task(self._relayer(Sens.VERS_CLIENT, du_serveur, au_client))
        except* OSError:  # the target is down, or one side is gone
            for plume in self._plumes:
                _reset(plume)
        for plume in self._plumes:
            plume.close()

    async def _relayer(self, sens: Sens, lecteur: asyncio.StreamReader, plume: asyncio.StreamWriter) -> None:
        file = File(_BLOCS_EN_ROUTE)
        plume.transport.set_write_buffer_limits(0)  # what is drained is sent: a byte is here, or on its way
        async with asyncio.TaskGroup() as groupe:
            groupe.create_task(_lire(lecteur, file))
            groupe.create_task(self._verser(sens, file, plume))

    async def _verser(self, sens: Sens, file: File, plume: asyncio.StreamWriter) -> None:
        while True:
            arrivee, bloc = await file.get()
            if bloc:
                await self._porter(sens, (arrivee, bloc), plume)
                continue
            await self._reseau.laisser_passer(sens, arrivee)
            if self._reseau.regime.avale:
                self.troue = True
            elif bloc is None:
                raise ConnectionResetError
            else:
                plume.write_eof()
                return

    async def _porter(self, sens: Sens, recu: tuple[float, bytes], plume: asyncio.StreamWriter) -> None:
        arrivee, bloc = recu
        while bloc:
            await self._reseau.laisser_passer(sens, arrivee)
            if self._reseau.regime.avale:
                self.troue = True
                return
            octets = min(len(bloc), self._reseau.permis(sens, self.portes[sens]))
            plume.write(bloc[:octets])
            await plume.drain()
            if self._reseau.porter(self, sens, octets):
                await _livrer(plume)
                raise ConnectionResetError
            bloc = bloc[octets:]
            if debit := self._reseau.regime.debit:
                await self._reseau.pause(octets / debit)


async def _lire(lecteur: asyncio.StreamReader, file: File) -> None:
    horloge = asyncio.get_running_loop().time
    try:
        while bloc := await lecteur.read(_BLOC):
            await file.put((horloge(), bloc))
        await file.put((horloge(), b""))
    except ConnectionError:
        await file.put((horloge(), None))


async def _livrer(plume: asyncio.StreamWriter) -> None:
    """Wait until the other end has it all: a reset forgets what the kernel has not yet sent."""
    prise = plume.get_extra_info("socket")
    with suppress(TimeoutError):
        async with asyncio.timeout(_DELAI_LIVRAISON):
            while struct.unpack("i", fcntl.ioctl(prise, termios.TIOCOUTQ, bytes(4)))[0]:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(_PAS)


def _reset(plume: asyncio.StreamWriter) -> None:
    with suppress(OSError):  # closed already
        plume.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    plume.transport.abort()
