"""The named points where a process can be made to die: before or after a step of the code, named as the code names it.

The product holds no failpoint: the launcher wraps these functions in the processes of a campaign, so production has
neither their cost nor their door.
"""

from dataclasses import dataclass
from typing import Final

from contracts.flux import SERVICES

AVANT: Final = "avant"
APRES: Final = "apres"


@dataclass(frozen=True)
class Point:
    """`cible` is `module:Class.method`; `moment` says on which side of it the process dies."""

    service: str
    cible: str
    moment: str

    @property
    def nom(self) -> str:
        """Give its name: `apres-Store.tenter`."""
        return f"{self.moment}-{self.cible.partition(':')[2]}"


_COMMUNS: Final = (
    ("services._runtime.mongo:GroupCommit._send", (AVANT, APRES)),
    ("services._runtime.outbox:Outbox._offer", (AVANT, APRES)),
    ("services._runtime.receipts:Receipts.record", (AVANT, APRES)),
    ("services._runtime.bus:Publisher.hand_over", (AVANT, APRES)),
)
_EMETTEURS: Final = (
    ("services._runtime.bus:Publisher.tell", (AVANT, APRES)),
    ("services._runtime.relay:Relay._postpone", (AVANT, APRES)),
    ("services._runtime.relay:Relay._settle", (AVANT, APRES)),
    ("services._runtime.relay:Relay._claim", (APRES,)),
)
_PROPRES: Final = {
    "intake": (
        ("services.intake.store:Store.ouvrir", (AVANT, APRES)),
        ("services.intake.store:Store.redeposer", (AVANT, APRES)),
        ("services.intake.store:Store.appliquer", (AVANT, APRES)),
        ("services.intake.pieces:Pieces.garder", (AVANT, APRES)),
    ),
    "verification": (
        ("services.verification.pieces:LecteurDePieces.inspecter", (AVANT, APRES)),
        ("services.verification.store:Store.enregistrer", (AVANT, APRES)),
    ),
    "notification": (
        ("services.notification.store:Store.prevoir", (AVANT, APRES)),
        ("services.notification.store:Store.dus", (APRES,)),
        ("services.notification.store:Store.tenter", (AVANT, APRES)),
        ("services._runtime.mailer:Mailer.envoyer", (AVANT, APRES)),
        ("services.notification.store:Store.noter", (AVANT, APRES)),
    ),
    "aaf_dispatch": (
        ("services.aaf_dispatch.store:Store.inscrire", (AVANT, APRES)),
        ("services.aaf_dispatch.store:Store.ouvrir", (AVANT, APRES)),
        ("services.aaf_dispatch.fabrique:Fabrique.produire", (AVANT, APRES)),
        ("services.aaf_dispatch.remise:Depot._ecrire", (AVANT, APRES)),
        ("services.aaf_dispatch.remise:Depot._verifier", (APRES,)),
        ("services.aaf_dispatch.remise:Depot._renommer", (AVANT, APRES)),
        ("services.aaf_dispatch.store:Store.remise", (AVANT, APRES)),
    ),
}


def points(service: str) -> list[Point]:
    """Give the points of a service; notification tells no event, so nothing of the relay is reached there."""
    emet = () if service == "notification" else _EMETTEURS
    communs = _COMMUNS if emet else [c for c in _COMMUNS if "outbox" not in c[0]]
    return [
        Point(service, cible, moment) for cible, moments in (*communs, *emet, *_PROPRES[service]) for moment in moments
    ]


def point(service: str, nom: str) -> Point:
    """Find a point by its name. Raises LookupError."""
    for candidat in points(service):
        if candidat.nom == nom:
            return candidat
    raise LookupError(f"aucun point nommé {nom} dans {service}")


def tous() -> list[Point]:
    """Give every point of every service."""
    return [un for service in SERVICES for un in points(service)]
