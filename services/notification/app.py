"""Puts notification together; importing has no effect."""

from datetime import timedelta
from functools import partial
from typing import Annotated

from pydantic import Field, HttpUrl
from starlette.applications import Starlette

from contracts.valeurs import Courriel
from services._runtime.service import Parts, Service, application
from services._runtime.settings import read_settings
from services._runtime.smtp import SmtpSettings
from services._runtime.worker import Worker
from services.notification.facteur import Facteur
from services.notification.handlers import router
from services.notification.messages import Expediteur
from services.notification.mesures import mesurer
from services.notification.store import Store


class Settings(SmtpSettings):
    """What notification needs besides."""

    smtp_minute: Annotated[float, Field(gt=0, description="seconds in a minute of the retry schedule")] = 60.0
    mail_agents: Annotated[Courriel, Field(description="mailbox of the agents, for suspended deliveries")]
    public_url: Annotated[HttpUrl, Field(description="public base URL of intake, for the links")]


def build(settings: Settings | None = None) -> Starlette:
    """Build the service."""
    given = settings or read_settings(Settings)

    def parts(store: Store) -> Parts:
        facteur = Facteur(store, given.relais(), unite=timedelta(seconds=given.smtp_minute))
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
