"""Puts notification together; importing has no effect."""

from datetime import timedelta
from functools import partial
from typing import Annotated

from pydantic import Field, FilePath, HttpUrl, SecretStr
from starlette.applications import Starlette

from contracts.valeurs import Courriel
from services._runtime.service import Parts, Service, application
from services._runtime.settings import RuntimeSettings, read_settings
from services._runtime.worker import Worker
from services.notification.facteur import Facteur
from services.notification.handlers import router
from services.notification.messages import Expediteur
from services.notification.mesures import mesurer
from services.notification.reglages import ReglagesSmtp, Securite
from services.notification.store import Store


class Settings(RuntimeSettings):
    """What notification needs besides."""

    smtp_host: str
    smtp_port: Annotated[int, Field(ge=1, le=65535)]
    smtp_securite: Annotated[Securite, Field(description="aucune, starttls or tls")]
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_autorite: FilePath | None = None
    smtp_minute: Annotated[float, Field(gt=0, description="seconds in a minute of the retry schedule")] = 60.0
    mail_from: Annotated[Courriel, Field(description="sender, and mailbox of the bounces")]
    mail_reply_to: Annotated[Courriel, Field(description="a mailbox that somebody reads")]
    mail_agents: Annotated[Courriel, Field(description="mailbox of the agents, for suspended deliveries")]
    public_url: Annotated[HttpUrl, Field(description="public base URL of intake, for the links")]


def build(settings: Settings | None = None) -> Starlette:
    """Build the service."""
    given = settings or read_settings(Settings)

    def parts(store: Store) -> Parts:
        facteur = Facteur(store, _smtp(given), unite=timedelta(seconds=given.smtp_minute))
        worker = Worker("facteur", facteur.tournee, idle=1.0)
        expediteur = Expediteur(
            adresse=given.mail_from,
            repondre_a=given.mail_reply_to,
            domaine=given.mail_from.rpartition("@")[2],
            url_suivi=str(given.public_url),
            boite_agents=given.mail_agents,
        )
        mesure = Worker("mesure", partial(mesurer, store), idle=5.0)
        return Parts(
            workers=[worker, mesure], context={"expediteur": expediteur, "facteur": worker}, resources=[facteur]
        )

    return application(Service("notification", given, router, Store, parts))


def _smtp(given: Settings) -> ReglagesSmtp:
    return ReglagesSmtp(
        hote=given.smtp_host,
        port=given.smtp_port,
        securite=given.smtp_securite,
        retour=given.mail_from,
        utilisateur=given.smtp_user,
        mot_de_passe=given.smtp_password,
        autorite=given.smtp_autorite,
    )
