"""What aaf_dispatch does with each message: record what is owed. A worker delivers."""

from typing import Annotated

from faststream.rabbit import RabbitRouter

from contracts.evenements import DossierValide, LivraisonApprouvee
from services._runtime.bus import listens
from services._runtime.given import Given
from services._runtime.worker import Worker
from services.aaf_dispatch.store import Store

router = RabbitRouter()


@router.subscriber(**listens("aaf_dispatch", DossierValide))
async def on_dossier_valide(
    event: DossierValide, store: Annotated[Store, Given("store")], tournee: Annotated[Worker, Given("tournee")]
) -> None:
    """Owe the titulaire the annuaire of these schools, and wake the worker that delivers."""
    await store.inscrire(event)
    tournee.wake()


@router.subscriber(**listens("aaf_dispatch", LivraisonApprouvee))
async def on_livraison_approuvee(
    event: LivraisonApprouvee, store: Annotated[Store, Given("store")], tournee: Annotated[Worker, Given("tournee")]
) -> None:
    """Let this very attempt leave, if it still is the one that waits, and wake the worker that delivers."""
    await store.approuver(event)
    tournee.wake()
