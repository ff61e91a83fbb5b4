"""Puts the pages together into one ASGI application."""

from pathlib import Path
from typing import Final

from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from services.intake.entetes import Entetes
from services.intake.portail.garde import Garde
from services.intake.portail.page import Demande, FormulaireIllisible, Portail
from services.intake.portail.pages import PAGES
from services.intake.portail.rendu import STATIQUE, rendre
from services.intake.reglages import ReglagesPortail, Theme

POLITIQUE: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # Not « no-referrer »: with it, browsers send « Origin: null » with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}
ECHECS: Final = (HTTPException, FormulaireIllisible, ClientDisconnect, PyMongoError, Exception)
UN_AN: Final = "public, max-age=31536000, immutable"
UN_JOUR: Final = "public, max-age=86400"


class _Statique(StaticFiles):
    """Files that browsers may keep: for ever when their address changes with their content, as ours does."""

    def __init__(self, directory: Path, *, duree: str = UN_AN) -> None:
        super().__init__(directory=directory)
        self._duree = duree

    async def get_response(self, path: str, scope: Scope) -> Response:
        reponse = await super().get_response(path, scope)
        reponse.headers["Cache-Control"] = self._duree
        return reponse


def build_portail(portail: Portail) -> ASGIApp:
    """Build the portal. Every answer, failures included, carries its policy."""
    routes = [Route(p.chemin, Garde(p, portail).repondre, methods=[p.methode], name=None) for p in PAGES]

    async def echec(request: Request, panne: Exception) -> Response:
        return rendre(Demande(request, portail), "erreur.html.j2", statut=_statut(panne))

    app = Starlette(
        routes=[*_montages(portail.reglages), *routes],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[portail.reglages.hote], www_redirect=False)],
        exception_handlers=dict.fromkeys((HTTPException, FormulaireIllisible, PyMongoError, Exception), echec),
    )
    return Entetes(app, _politique(portail.reglages))


def _montages(reglages: ReglagesPortail) -> list[Mount]:
    montages = [Mount("/statique", _Statique(STATIQUE))]
    if reglages.dsfr_dir:
        montages.append(Mount("/dsfr", _Statique(reglages.dsfr_dir, duree=UN_JOUR)))
    return montages


def _politique(reglages: ReglagesPortail) -> dict[str, str]:
    """Widen the policy for the DSFR alone, whose ticks and arrows are images within its style sheet."""
    if reglages.theme is not Theme.DSFR:
        return POLITIQUE
    contenu = POLITIQUE["Content-Security-Policy"]
    return POLITIQUE | {"Content-Security-Policy": contenu.replace("img-src 'self'", "img-src 'self' data:")}


def _statut(panne: Exception) -> int:
    if isinstance(panne, HTTPException):
        return panne.status_code
    if isinstance(panne, FormulaireIllisible | ClientDisconnect):  # of the second, nobody is there to read it
        return 400
    return 503 if isinstance(panne, PyMongoError) else 500
