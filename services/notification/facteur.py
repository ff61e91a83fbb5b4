"""Sends what is owed: writes the attempt down under a lease, sends, writes down what became of it."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final

from services._runtime.clock import now
from services._runtime.lease import LeaseLost
from services._runtime.mailer import Doute, Indisponible, Mailer, RelaisAbsent
from services._runtime.metrics import ENVOIS
from services._runtime.smtp import ReglagesSmtp
from services.notification.domain import (
    RELAIS_ABSENT,
    EtatEnvoi,
    Suite,
    apres_doute,
    apres_indisponibilite,
    apres_interruption,
    apres_reponse,
)
from services.notification.store import BAIL, Pris, Store, Tenu

CONNEXIONS: Final = 4  # to the relay; an académie's relay often allows no more than ten
LOT: Final = 100


class Facteur:
    """The step of the sending worker."""

    def __init__(self, store: Store, reglages: ReglagesSmtp, *, unite: timedelta) -> None:
        self._store = store
        self._mailers = [Mailer(reglages) for _ in range(CONNEXIONS)]
        self._unite = unite
        self._tenus: set[Tenu] = set()

    async def tournee(self) -> bool:
        """Send what is due; True when there may be more. Raises Indisponible when the relay is away."""
        for perdu in await self._store.interrompus():
            await self._dans_le_doute(perdu)
        lot = await self._store.dus(LOT)
        if lot:
            await self._joindre_le_relais()
            await self._distribuer(lot)
        return len(lot) == LOT

    async def _joindre_le_relais(self) -> None:
        """Try no mail with a relay that is away: each would only be dated later, the oldest the latest."""
        try:
            await self._mailers[0].joindre()
        except RelaisAbsent:
            await self._store.faire_attendre(RELAIS_ABSENT)
            raise

    async def _distribuer(self, lot: Sequence[Pris]) -> None:
        restants = list(reversed(lot))
        renouvellement = asyncio.create_task(self._prolonger())
        try:
            # Gathered, not cancelled at the first failure: a mail cut while it is sent would be in doubt for nothing.
            fins = await asyncio.gather(
                *(self._par(mailer, restants) for mailer in self._mailers[: len(lot)]), return_exceptions=True
            )
        finally:
            renouvellement.cancel()
        for panne in fins:
            if isinstance(panne, BaseException):
                raise panne

    async def _prolonger(self) -> None:
        while True:
            await asyncio.sleep(BAIL.total_seconds() / 3)
            await asyncio.gather(*map(self._store.prolonger, self._tenus), return_exceptions=True)

    async def _par(self, mailer: Mailer, restants: list[Pris]) -> None:
        while restants:
            await _jusqu_au_bout(self._remettre(mailer, restants.pop()))

    async def _remettre(self, mailer: Mailer, du: Pris) -> None:
        tenu = await self._store.tenter(du)
        if tenu is None:
            return
        self._tenus.add(tenu)
        try:
            await self._envoyer(mailer, tenu)
        finally:
            self._tenus.discard(tenu)

    async def _envoyer(self, mailer: Mailer, tenu: Tenu) -> None:
        pris = tenu.pris
        try:
            reponse = await mailer.envoyer(pris.destinataire, pris.message, tenu.bail.check)
        except Doute:
            await self._dans_le_doute(pris)
        except LeaseLost:
            await self._noter(pris, apres_interruption(now()), None)
        except Indisponible:
            await self._noter(pris, apres_indisponibilite(pris.pannes + 1, now(), unite=self._unite), "pannes")
            raise
        else:
            # Nothing between the 250 and this write: a death here is the window where a mail can leave twice.
            suite = apres_reponse(reponse.code, pris.refus + 1, now(), unite=self._unite)
            await self._noter(pris, suite, None if suite.etat is EtatEnvoi.ACCEPTE else "refus")

    async def _dans_le_doute(self, pris: Pris) -> None:
        await self._noter(pris, apres_doute(pris.renvois, now(), unite=self._unite), "renvois")

    async def _noter(self, pris: Pris, suite: Suite, compte: str | None) -> None:
        await self._store.noter(pris, suite, compte=compte)
        ENVOIS.labels(suite.etat).inc()

    async def __aenter__(self) -> None:
        """Connections open at the first mail."""

    async def __aexit__(self, *fin: object) -> None:
        for mailer in self._mailers:
            await mailer.__aexit__(None, None, None)


async def _jusqu_au_bout(envoi: Coroutine[Any, Any, None]) -> None:
    """Let a mail that has begun come to its end when the service stops: cut, it would be in doubt for nothing."""
    tache = asyncio.create_task(envoi)
    try:
        await asyncio.shield(tache)
    except asyncio.CancelledError:
        await asyncio.gather(tache, return_exceptions=True)
        raise
