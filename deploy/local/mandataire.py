"""Stands between clients and one server of 127.0.0.1, and breaks the network between them on request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Any

from deploy.local.partie import Partie
from deploy.local.ports import port_libre
from deploy.local.reseau import NORMAL, Reseau, Sens


class Mandataire(Partie):
    """A TCP proxy on 127.0.0.1:`port` towards 127.0.0.1:`cible`; a target that is down is a reset to the client.

    Lives in a thread of its own. Methods may be called from any thread and before `start`; each returns once it has
    acted on the connections present, and holds for later ones until `transmettre`. `retarder` and `brider` add up
    with the rest; of the others the last one called rules. Also a context manager.
    """

    def __init__(self, cible: int, port: int | None = None) -> None:
        """Describe a proxy; nothing starts. Its port lasts as long as the object."""
        self.cible = cible
        self.port = port or port_libre()
        self._reseau = Reseau(cible)
        self._boucle: asyncio.AbstractEventLoop | None = None
        self._fil: Thread | None = None

    @property
    def connexions(self) -> int:
        """How many were accepted so far, those reset at once included."""
        return self._reseau.connexions

    @property
    def octets(self) -> int:
        """How many were forwarded so far, both directions together."""
        return self._reseau.octets

    def start(self) -> None:
        """Listen; raises OSError when the port is taken."""
        if self._boucle is not None:
            return
        boucle = asyncio.new_event_loop()
        self._fil = Thread(target=boucle.run_forever, name=f"mandataire-{self.port}", daemon=True)
        self._fil.start()
        self._boucle = boucle
        self._reseau.reveiller()  # an event belongs to the loop that waited for it
        ecoute = asyncio.start_server(self._reseau.accueillir, "127.0.0.1", self.port)
        try:
            self._ecoute = asyncio.run_coroutine_threadsafe(ecoute, boucle).result()
        except OSError:
            self._finir(self._fil, boucle)
            raise

    def stop(self) -> None:
        """Reset all connections and listen no more."""
        if self._boucle is None or self._fil is None:
            return
        self._appliquer(self._ecoute.close)
        self.couper()
        self._finir(self._fil, self._boucle)

    def _finir(self, fil: Thread, boucle: asyncio.AbstractEventLoop) -> None:
        boucle.call_soon_threadsafe(boucle.stop)
        fil.join()
        boucle.close()
        self._boucle = None

    def transmettre(self) -> None:
        """Be a good network again: what was held goes through; a connection that lost bytes is reset."""
        self._appliquer(lambda: self._reseau.regler(NORMAL), self._reseau.couper_trouees)

    def retarder(self, secondes: float) -> None:
        """Make each byte arrive so much later, in each direction."""
        self._regler(retard=secondes)

    def brider(self, octets_par_seconde: int) -> None:
        """Let no more bytes a second through, per connection and direction."""
        self._regler(debit=octets_par_seconde)

    def geler(self) -> None:
        """Be half-open: accept, hold every byte both ways; the target sees no new connection meanwhile."""
        self._regler(tenus=frozenset(Sens), avale=False, refuse=False)

    def sens_unique(self, vers_serveur: bool) -> None:  # noqa: FBT001 - one of two directions
        """Let one direction through and hold the bytes of the other."""
        self._regler(tenus=frozenset({Sens(not vers_serveur)}), avale=False, refuse=False)

    def avaler(self) -> None:
        """Lose every byte, and every end of a connection, without a word."""
        self._regler(tenus=frozenset(), avale=True, refuse=False)

    def couper(self) -> None:
        """Reset the connections present; later ones are not touched."""
        self._appliquer(lambda: None, self._reseau.couper)

    def refuser(self) -> None:
        """Reset the connections present, and each new one."""
        self._regler(tenus=frozenset(), avale=False, refuse=True)
        self.couper()

    def couper_apres(self, octets: int, vers_serveur: bool = True) -> None:  # noqa: FBT001, FBT002 - idem
        """Reset, once, the first connection to carry so many bytes that way from now on: those and no more."""
        self._appliquer(lambda: self._reseau.armer(Sens(vers_serveur), octets))

    def _regler(self, **champs: Any) -> None:  # noqa: ANN401 - fields of Regime
        self._appliquer(lambda: self._reseau.regler(replace(self._reseau.regime, **champs)))

    def _appliquer(self, *actes: Callable[[], None]) -> None:
        """Act in the loop, between two bytes, and let the connections just cut be gone; at once if none runs."""

        async def agir() -> None:
            fins = [lien.tache for lien in self._reseau.liens]
            for acte in actes:
                acte()
            coupees = [fin for fin in fins if fin.cancelling()]
            await asyncio.gather(*coupees, return_exceptions=True)
            await asyncio.sleep(0)  # asyncio closes an aborted socket one turn later

        if self._boucle is not None:
            asyncio.run_coroutine_threadsafe(agir(), self._boucle).result()
            return
        for acte in actes:
            acte()
