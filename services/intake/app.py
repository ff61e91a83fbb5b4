"""Puts intake together; importing has no effect."""

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from services._runtime.lecture.inspection import Inspecteur
from services._runtime.service import Parts, Service, application
from services._runtime.settings import read_settings
from services._runtime.worker import Worker
from services.intake.api import build_api
from services.intake.comptes.courrier import Courrier
from services.intake.entetes import Entetes
from services.intake.handlers import router
from services.intake.portail.app import build_portail
from services.intake.portail.page import Portail
from services.intake.reglages import ReglagesPortail, Settings
from services.intake.store import Store


def build(settings: Settings | None = None) -> Starlette:
    """Build the service."""
    given = settings or read_settings(Settings)

    def parts(store: Store) -> Parts:
        menage = Worker("menage", store.menage.passer, idle=3600.0)
        api = Entetes(build_api(store, given.producteurs))
        courrier, inspecteur = Courrier.de(given), Inspecteur()
        portail = build_portail(Portail.assembler(store, ReglagesPortail.de(given), courrier, inspecteur))
        return Parts(
            routes=[Mount("/", _Aiguillage(api, portail))],
            workers=[menage],
            context={"validation_automatique": given.validation_automatique},
            resources=[courrier, inspecteur],
        )

    return application(Service("intake", given, router, Store, parts))


class _Aiguillage:
    """The two doors: `/api` for machines, all the rest for people."""

    def __init__(self, api: ASGIApp, portail: ASGIApp) -> None:
        self._api = api
        self._portail = portail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        porte = self._api if scope["path"].startswith("/api/") else self._portail
        await porte(scope, receive, send)
