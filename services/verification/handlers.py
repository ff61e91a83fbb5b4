"""What verification does with each message: read the pieces, examine, record the report."""

from typing import Annotated, Final

from faststream.rabbit import RabbitRouter

from contracts.evenements import DossierDepose, PiecesVerifiees
from services._runtime.bus import listens
from services._runtime.clock import now
from services._runtime.given import Given
from services.verification.domain import examiner
from services.verification.pieces import LecteurDePieces
from services.verification.store import Store

SOURCE: Final = "ent1d/verification"
router = RabbitRouter()


@router.subscriber(**listens("verification", DossierDepose))
async def on_dossier_depose(
    event: DossierDepose, store: Annotated[Store, Given("store")], lecteur: Annotated[LecteurDePieces, Given("lecteur")]
) -> None:
    """Examine the version that was filed."""
    inspections = await lecteur.inspecter(event.data.pieces)
    rapport = examiner(event.data, inspections)
    await store.enregistrer(PiecesVerifiees.dire(event.subject, rapport, source=SOURCE, le=now()))
