"""Measures the dossiers validated and not delivered yet, which an alert looks at."""

from typing import Final

from prometheus_client import Counter, Gauge

from services._runtime.clock import now
from services.aaf_dispatch.empechements import Empechement
from services.aaf_dispatch.store import Store

SANS_EMPECHEMENT: Final = "aucun"
EMPECHEES: Final = Counter("livraisons_empechees_total", "Deliveries tried that could not be made", ["empechement"])
EN_ATTENTE: Final = Gauge(
    "livraisons_en_attente", "Dossiers validated and not delivered, by what kept the last try", ["empechement"]
)
ATTENTE: Final = Gauge("livraison_attente_seconds", "Age of the oldest dossier validated and not delivered")


async def mesurer(store: Store) -> bool:
    """Measure; a step of a Worker."""
    trouves = await store.non_livres()
    for empechement in (SANS_EMPECHEMENT, *Empechement):
        nombre, _ = trouves.get(None if empechement == SANS_EMPECHEMENT else empechement, (0, None))
        EN_ATTENTE.labels(empechement).set(nombre)
    depuis = min((le for _, le in trouves.values() if le), default=None)
    ATTENTE.set((now() - depuis).total_seconds() if depuis else 0.0)
    return False
