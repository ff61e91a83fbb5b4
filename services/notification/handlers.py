"""What notification does with each message: read the dossier, compose, record what is owed. A worker sends."""

from typing import Annotated, Any

from faststream.rabbit import RabbitRouter

from contracts.evenements import (
    AAFLivre,
    CorrectionDemandee,
    DossierClasse,
    DossierDepose,
    DossierRefuse,
    DossierValide,
    Evenement,
    LivraisonSuspendue,
)
from services._runtime.bus import listens
from services._runtime.given import Given
from services._runtime.worker import Worker
from services.notification.domain import envoi_du
from services.notification.messages import Expediteur
from services.notification.store import Store

router = RabbitRouter()

Stored = Annotated[Store, Given("store")]
Sender = Annotated[Expediteur, Given("expediteur")]
Postman = Annotated[Worker, Given("facteur")]


async def prevenir(event: Evenement[Any], store: Store, expediteur: Expediteur, facteur: Worker) -> None:
    """Owe the mail this event calls for, and wake the worker that sends."""
    dossier = await store.dossier(event.subject)
    await store.prevoir(envoi_du(event, dossier, expediteur))
    facteur.wake()


@router.subscriber(**listens("notification", DossierDepose))
async def on_dossier_depose(event: DossierDepose, store: Stored, expediteur: Sender, facteur: Postman) -> None:
    """Accusé de dépôt."""
    await prevenir(event, store, expediteur, facteur)


@router.subscriber(**listens("notification", CorrectionDemandee))
async def on_correction_demandee(
    event: CorrectionDemandee, store: Stored, expediteur: Sender, facteur: Postman
) -> None:
    """Demande de correction."""
    await prevenir(event, store, expediteur, facteur)


@router.subscriber(**listens("notification", DossierValide))
async def on_dossier_valide(event: DossierValide, store: Stored, expediteur: Sender, facteur: Postman) -> None:
    """Validation."""
    await prevenir(event, store, expediteur, facteur)


@router.subscriber(**listens("notification", DossierRefuse))
async def on_dossier_refuse(event: DossierRefuse, store: Stored, expediteur: Sender, facteur: Postman) -> None:
    """Refus."""
    await prevenir(event, store, expediteur, facteur)


@router.subscriber(**listens("notification", DossierClasse))
async def on_dossier_classe(event: DossierClasse, store: Stored, expediteur: Sender, facteur: Postman) -> None:
    """Classement sans suite."""
    await prevenir(event, store, expediteur, facteur)


@router.subscriber(**listens("notification", AAFLivre))
async def on_aaf_livre(event: AAFLivre, store: Stored, expediteur: Sender, facteur: Postman) -> None:
    """Annuaire livré."""
    await prevenir(event, store, expediteur, facteur)


@router.subscriber(**listens("notification", LivraisonSuspendue))
async def on_livraison_suspendue(
    event: LivraisonSuspendue, store: Stored, expediteur: Sender, facteur: Postman
) -> None:
    """Livraison suspendue, to the agents."""
    await prevenir(event, store, expediteur, facteur)
