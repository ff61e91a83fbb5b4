"""Puts verification together; importing has no effect."""

from starlette.applications import Starlette

from services._runtime.lecture.inspection import Inspecteur
from services._runtime.service import Parts, Service, application
from services._runtime.settings import RuntimeSettings, read_settings
from services.verification.handlers import router
from services.verification.pieces import LecteurDePieces
from services.verification.store import Store


class Settings(RuntimeSettings):
    """What verification needs: nothing besides."""


def build(settings: Settings | None = None) -> Starlette:
    """Build the service."""

    def parts(store: Store) -> Parts:
        inspecteur = Inspecteur()
        return Parts(context={"lecteur": LecteurDePieces(store, inspecteur)}, resources=[inspecteur])

    return application(Service("verification", settings or read_settings(Settings), router, Store, parts))
