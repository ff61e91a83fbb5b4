"""Measures the mails that the relay has not accepted, which an alert looks at."""

from datetime import datetime
from typing import Final

from prometheus_client import Gauge

from services._runtime.clock import now
from services.notification.domain import EtatEnvoi
from services.notification.store import EN_COURS, Store

EN_ATTENTE: Final = Gauge("envois_en_attente", "Mails owed and not accepted yet, by state", ["etat"])
ATTENTE: Final = Gauge("envoi_attente_seconds", "Age of the oldest mail owed and not accepted yet")
DOUTEUX: Final = Gauge(
    "envois_douteux", "Mails of which nobody knows whether they left, to be sent again or decided on"
)


async def mesurer(store: Store) -> bool:
    """Measure; a step of a Worker."""
    trouves = await store.en_cours()
    for etat in EN_COURS:
        EN_ATTENTE.labels(etat).set(_nombre(trouves, etat))
    DOUTEUX.set(_nombre(trouves, EtatEnvoi.DOUTEUX))
    depuis = min((le for _, le in trouves.values()), default=None)
    ATTENTE.set((now() - depuis).total_seconds() if depuis else 0.0)
    return False


def _nombre(trouves: dict[str, tuple[int, datetime]], etat: EtatEnvoi) -> int:
    return trouves[etat][0] if etat in trouves else 0
