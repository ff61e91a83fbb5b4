"""The processes of the four services: the real stores, relay, receipts, facteur and livreur, made anew at each start.

Messages go through FastStream's own path to the real handlers: decoder, `Handling`, acknowledgement.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from faststream import ContextRepo
from faststream.rabbit import RabbitBroker, RabbitRouter
from pydantic import SecretStr

from contracts.flux import SERVICES
from services._runtime.bus import Handling
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.lecture.resultat import Inspection
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services._runtime.smtp import ReglagesSmtp, Securite
from services._runtime.worker import Worker
from services.aaf_dispatch import handlers as aaf_handlers
from services.aaf_dispatch.fabrique import Fabrique
from services.aaf_dispatch.livreur import Livreur, Regles
from services.aaf_dispatch.remise import Serveur
from services.aaf_dispatch.store import Store as StoreAAF
from services.intake import handlers as intake_handlers
from services.intake.store import Store as StoreIntake
from services.notification import handlers as notification_handlers
from services.notification.facteur import Facteur
from services.notification.messages import Expediteur
from services.notification.store import Store as StoreNotification
from services.verification import handlers as verification_handlers
from services.verification.pieces import LecteurDePieces
from services.verification.store import Store as StoreVerification

from .courtier import Message
from .portes import VIE, Vie

TITULAIRE: Final = "exemple"
UNITE: Final = timedelta(minutes=1)
INTERVALLE: Final = timedelta(seconds=60)
EXPEDITEUR: Final = Expediteur(
    adresse="ent1d@ac-exemple.fr",
    repondre_a="contact@ac-exemple.fr",
    domaine="ac-exemple.fr",
    url_suivi="https://ent1d.exemple.fr",
    boite_agents="agents@ac-exemple.fr",
)
SMTP: Final = ReglagesSmtp(hote="relais.exemple", port=25, securite=Securite.AUCUNE, retour="ent1d@ac-exemple.fr")
SFTP: Final = Serveur("sftp.exemple", 22, "academie", Path("cle"), Path("hotes"), ".")
ROUTERS: Final[Mapping[str, RabbitRouter]] = {
    "intake": intake_handlers.router,
    "verification": verification_handlers.router,
    "notification": notification_handlers.router,
    "aaf_dispatch": aaf_handlers.router,
}
Pas = Callable[[], Awaitable[bool]]


class Processus:
    """One process: `pas` are its loops, each a step of a real Worker; `contexte` is what its handlers ask for."""

    def __init__(self, service: str, vie: Vie, inspections: Mapping[str, Inspection], atelier: Fabrique) -> None:
        self.service = service
        self.vie = vie
        self.base = vie.base = Base(service, _reglages(service))
        self.store, ouvriers, self.contexte = self._parties(inspections, atelier)
        self.contexte["store"] = self.store
        tous = [*self.base.relay.workers, self.base.parked.worker, *ouvriers]
        self.pas: dict[str, Pas] = {ouvrier.name: ouvrier._step for ouvrier in tous if ouvrier.name != "measure"}

    def _parties(
        self, inspections: Mapping[str, Inspection], atelier: Fabrique
    ) -> tuple[Any, list[Worker], dict[str, Any]]:
        """Make what the service's `app` makes."""
        match self.service:
            case "intake":
                return StoreIntake(self.base), [], {"validation_automatique": True}
            case "verification":
                verification = StoreVerification(self.base)
                inspecteur = Inspecteur()
                inspecteur._connus.update(inspections)  # read before: the same bytes are read once
                return verification, [], {"lecteur": LecteurDePieces(verification, inspecteur)}
            case "notification":
                notification = StoreNotification(self.base)
                facteur = Worker("facteur", Facteur(notification, SMTP, unite=UNITE).tournee, idle=1.0)
                return notification, [facteur], {"expediteur": EXPEDITEUR, "facteur": facteur}
            case _:
                aaf = StoreAAF(self.base, TITULAIRE)
                livreur = Livreur(aaf, atelier, SFTP, Regles(baisse_max=0.1, intervalle=INTERVALLE))
                tournee = Worker("livraison", livreur.livrer, idle=1.0)
                return aaf, [tournee], {"tournee": tournee}

    async def preparer(self) -> None:
        """Create the indexes."""
        await self.base.receipts.prepare()
        for outbox in self.base.outboxes:
            await outbox.prepare()
        await self.store.prepare()


class Oreilles:
    """How each service hears: its router, as the mould gives it to FastStream, once for all processes."""

    def __init__(self) -> None:
        self._courtiers = {service: self._preparer(service) for service in SERVICES}
        tous: Iterable[Any] = (abonne for courtier in self._courtiers.values() for abonne in courtier.subscribers)
        self._abonnes: dict[str, Any] = {abonne.queue.name: abonne for abonne in tous}
        for abonne in self._abonnes.values():
            abonne._build_fastdepends_model()

    def _preparer(self, service: str) -> RabbitBroker:
        def gerer(msg: Any, /, *, context: Any) -> Handling:  # noqa: ANN401 - as FastStream calls it
            base = VIE.get().base
            return Handling(msg, context=context, publisher=base.publisher, receipts=base.receipts, mongo=base.mongo)

        courtier = RabbitBroker(
            "amqp://127.0.0.1:1/", middlewares=[gerer], routers=[ROUTERS[service]], context=ContextRepo(), logger=None
        )
        courtier._setup_logger()
        return courtier

    async def entendre(self, processus: Processus, message: Message) -> str:
        """Have a process handle a message; give what it then tells the broker: ack, rendu, rejete."""
        contexte = self._courtiers[processus.service].context
        for nom, valeur in processus.contexte.items():
            contexte.set_global(nom, valeur)
        recu = message.recu()
        try:
            await self._abonnes[message.file].process_message(recu)
        except Exception:
            if not recu.sort:  # as `consume` does, once the middlewares have said what becomes of it
                raise
        return recu.sort


@cache
def _reglages(service: str) -> RuntimeSettings:
    return RuntimeSettings(
        rabbitmq_url=SecretStr(f"amqp://svc_{service}:essai@127.0.0.1:1/ent1d"),
        mongodb_url=SecretStr("mongodb://127.0.0.1:1/"),
        port=1,
    )
