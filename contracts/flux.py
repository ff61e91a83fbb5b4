"""Who tells what to whom: the one table that queues, rights, settlement and the AsyncAPI document are made from."""

from dataclasses import dataclass
from typing import Any, Final

from contracts.evenements import (
    AAFLivre,
    CorrectionDemandee,
    DossierClasse,
    DossierDepose,
    DossierRefuse,
    DossierValide,
    Evenement,
    LivraisonApprouvee,
    LivraisonSuspendue,
    PiecesVerifiees,
    SoumettreDossier,
)

SERVICES: Final = ("intake", "verification", "notification", "aaf_dispatch")
EXCHANGE_EVENEMENTS: Final = "dossiers"
EXCHANGE_SOUMISSIONS: Final = "soumissions"


@dataclass(frozen=True)
class Flux:
    """One event, the service that tells it and those that hear it. `public`: also on the titulaires' feed."""

    evenement: type[Evenement[Any]]
    emetteur: str
    auditeurs: tuple[str, ...]
    public: bool = False


FLUX: Final = (
    Flux(DossierDepose, "intake", ("verification", "notification")),
    Flux(PiecesVerifiees, "verification", ("intake",)),
    Flux(CorrectionDemandee, "intake", ("notification",)),
    Flux(DossierValide, "intake", ("notification", "aaf_dispatch")),
    Flux(DossierRefuse, "intake", ("notification",)),
    Flux(DossierClasse, "intake", ("notification",)),
    Flux(AAFLivre, "aaf_dispatch", ("intake", "notification"), public=True),
    Flux(LivraisonSuspendue, "aaf_dispatch", ("intake", "notification")),
    Flux(LivraisonApprouvee, "intake", ("aaf_dispatch",)),
)


def file_de(service: str, message: type[Evenement[Any] | SoumettreDossier]) -> str:
    """Name the queue where `service` hears `message`: `verification.dossier-depose-v1`."""
    return f"{service}.{message.cle.replace('.', '-')}"


def auditeurs(cle: str) -> tuple[str, ...]:
    """Give the services that must record the event of this routing key."""
    return next(flux.auditeurs for flux in FLUX if flux.evenement.cle == cle)
