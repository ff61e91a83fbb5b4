"""Decides which mail an event calls for, and what becomes of an envoi after each answer of the relay; pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from contracts.dossier import DossierLu
from contracts.evenements import Evenement
from services.notification.messages import EnTetes, Expediteur, composer
from services.notification.redaction import Motif, rediger

MINUTE: Final = timedelta(minutes=1)
PATIENCE: Final = 5 * 24 * 60  # minutes: what Postfix gives a recipient who answers « later »
_PREMIERES_ATTENTES: Final = (5, 15, 30, 60)  # minutes; greylisting opens after five
ATTENTES_REFUS: Final = _PREMIERES_ATTENTES + (60,) * ((PATIENCE - sum(_PREMIERES_ATTENTES)) // 60)
ATTENTES_RELAIS: Final = (1, 2, 5, 10, 15)  # minutes; the last one repeats for as long as the relay is away
ATTENTE_DOUTE: Final = 5  # minutes
RENVOIS_DOUTE: Final = 1
RELAIS_ABSENT: Final = "relais de messagerie indisponible"


class EtatEnvoi(StrEnum):
    """The life of an envoi: prevu → tentative → accepte, refus_temporaire, refus_definitif or douteux.

    `tentative` is written, with a lease, before the relay is called. An envoi is due when its `prochaine_tentative` is
    past; one that has none waits for nothing (`accepte`, `refus_definitif`) or for a person (`douteux`).
    """

    PREVU = "prevu"
    TENTATIVE = "tentative"
    ACCEPTE = "accepte"
    REFUS_TEMPORAIRE = "refus_temporaire"
    REFUS_DEFINITIF = "refus_definitif"
    DOUTEUX = "douteux"


class Suite(NamedTuple):
    """What an envoi becomes, when to try again (None: never by itself), and why, in French, without a person."""

    etat: EtatEnvoi
    prochaine_tentative: datetime | None
    raison: str = ""


@dataclass(frozen=True)
class Envoi:
    """One mail owed to one mailbox. `cle` (`numero:version:motif`) makes it unique; `message` is the whole of it.

    Keep the bytes and send them as they are: composed again later, they could speak of another state of the dossier.
    """

    cle: str
    numero: str
    version: int
    motif: Motif
    destinataire: str = field(repr=False)
    message: bytes = field(repr=False)


def envoi_du(evenement: Evenement[Any], dossier: DossierLu, expediteur: Expediteur) -> Envoi:
    """Give the mail that `evenement` calls for, addressed to the déposant, or to the agents for a suspended delivery.

    Raises:
        TypeError: the event is told to nobody by mail.
        ValueError: the dossier is not the event's, or its address cannot stand in a header.
    """
    if evenement.subject != dossier.numero:
        raise ValueError(f"le dossier {dossier.numero} n’est pas celui de l’événement ({evenement.subject})")
    courrier = rediger(evenement, dossier)
    version = evenement.data.version
    cle = f"{dossier.numero}:{version}:{courrier.motif}"
    destinataire = expediteur.boite_agents if courrier.aux_agents else dossier.deposant.courriel
    message = composer(courrier, EnTetes(cle, dossier.numero, destinataire, evenement.time), expediteur)
    return Envoi(cle, dossier.numero, version, courrier.motif, destinataire, message)


def apres_reponse(code: int, essais: int, maintenant: datetime, *, unite: timedelta = MINUTE) -> Suite:
    """Give the suite of a reply of the relay about this mail.

    `code` is 2xx, 4xx or 5xx. `essais` counts the replies this mail has had, this one included; tries that found no
    relay do not count. Waits are in `unite`, a minute unless a test or the demo runs faster.
    """
    match code // 100:
        case 2:
            return Suite(EtatEnvoi.ACCEPTE, None)
        case 5:
            return Suite(EtatEnvoi.REFUS_DEFINITIF, None, f"refusé par le serveur ({code})")
        case 4 if essais > len(ATTENTES_REFUS):
            return Suite(EtatEnvoi.REFUS_DEFINITIF, None, "délai dépassé")
        case 4:
            attente = ATTENTES_REFUS[essais - 1] * unite
            return Suite(EtatEnvoi.REFUS_TEMPORAIRE, maintenant + attente, f"à représenter plus tard ({code})")
    raise ValueError(f"code de réponse SMTP inattendu : {code}")


def apres_indisponibilite(pannes: int, maintenant: datetime, *, unite: timedelta = MINUTE) -> Suite:
    """Give the suite of a try that sent nothing, the `pannes`-th of this mail: the relay broke off or refused us.

    It never gives up: an outage of ours, or a wrong setting, must not cost one mail. Waits stay short, so that a
    backlog leaves within a quarter of an hour of the relay's return. A relay that does not even answer is not tried
    with a mail: nothing is dated later, and the oldest leave first when it is back.
    """
    attente = ATTENTES_RELAIS[min(pannes, len(ATTENTES_RELAIS)) - 1]
    return Suite(EtatEnvoi.REFUS_TEMPORAIRE, maintenant + attente * unite, RELAIS_ABSENT)


def apres_interruption(maintenant: datetime) -> Suite:
    """Give the suite of a try given up before anything was sent, because its lease was over."""
    return Suite(EtatEnvoi.REFUS_TEMPORAIRE, maintenant, "tentative interrompue avant l’envoi")


def apres_doute(renvois: int, maintenant: datetime, *, unite: timedelta = MINUTE) -> Suite:
    """Give the suite of a try whose end is unknown: cut after the final dot, or open past its lease after a crash.

    Policy `renvoyer`: losing an accusé, or a correction to make, costs a mairie its school year; the same message twice
    costs a glance, and many receivers drop the second one by its Message-ID. So it is sent again with identical bytes,
    at most once more: `renvois` counts the times it already was after a doubt. Past that, a person decides.
    """
    if renvois >= RENVOIS_DOUTE:
        return Suite(EtatEnvoi.DOUTEUX, None, "remise incertaine après un second envoi")
    return Suite(EtatEnvoi.DOUTEUX, maintenant + ATTENTE_DOUTE * unite, "remise incertaine")
