"""What intake does with each message: read, decide, record."""

from typing import Annotated

from faststream.rabbit import RabbitRouter
from faststream.rabbit.message import RabbitMessage

from contracts.evenements import AAFLivre, LivraisonSuspendue, PiecesVerifiees, SoumettreDossier
from services._runtime.bus import Passager, listens, producteur
from services._runtime.given import Given
from services.intake.depot import deposer
from services.intake.domain import Transition, decider, livre, suspendu
from services.intake.store import Store

router = RabbitRouter()

Stored = Annotated[Store, Given("store")]
ValidationAutomatique = Annotated[bool, Given("validation_automatique")]


@router.subscriber(**listens("intake", SoumettreDossier))
async def on_soumettre_dossier(
    command: SoumettreDossier, message: Annotated[RabbitMessage, Given("message")], store: Stored
) -> None:
    """File the dossier under the name of who published, as the broker verified it."""
    await deposer(store, producteur(message), command.id, command.data)


@router.subscriber(**listens("intake", PiecesVerifiees))
async def on_pieces_verifiees(event: PiecesVerifiees, store: Stored, *, valider: ValidationAutomatique) -> None:
    """Decide on the report of this version; a dossier already past it stays as it is."""
    await _appliquer(store, decider(event, valider=valider))


@router.subscriber(**listens("intake", AAFLivre))
async def on_aaf_livre(event: AAFLivre, store: Stored) -> None:
    """Follow up the delivery."""
    await _appliquer(store, livre(event))


@router.subscriber(**listens("intake", LivraisonSuspendue))
async def on_livraison_suspendue(event: LivraisonSuspendue, store: Stored) -> None:
    """Show that the delivery waits for an agent."""
    await _appliquer(store, suspendu(event))


async def _appliquer(store: Store, transition: Transition) -> None:
    """Apply a transition. One ahead of what we know (our base was restored from a backup) waits, and is then parked."""
    if not await store.appliquer(transition) and await store.version(transition.numero) < transition.version:
        raise Passager
