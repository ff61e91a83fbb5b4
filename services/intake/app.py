"""Puts intake together; importing has no effect."""

from typing import Annotated

from pydantic import Field
from starlette.applications import Starlette
from starlette.routing import Mount

from services._runtime.service import Parts, Service, application
from services._runtime.settings import RuntimeSettings, read_settings
from services._runtime.worker import Worker
from services.intake.api import build_api
from services.intake.entetes import Entetes
from services.intake.handlers import router
from services.intake.store import Store


class Settings(RuntimeSettings):
    """What intake needs besides."""

    producteurs: Annotated[
        dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]],
        Field(min_length=1, description='JSON: {"name": "SHA-256 of its API key, in hex"}'),
    ]


def build(settings: Settings | None = None) -> Starlette:
    """Build the service."""
    given = settings or read_settings(Settings)

    def parts(store: Store) -> Parts:
        menage = Worker("menage", store.pieces.oublier_les_abandons, idle=3600.0)
        return Parts(routes=[Mount("/", Entetes(build_api(store, given.producteurs)))], workers=[menage])

    return application(Service("intake", given, router, Store, parts))
