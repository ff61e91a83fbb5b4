"""Finds who asks, lets in or not, refuses forged requests: once, before any page, by what the route's table says."""

import hmac
from typing import Final, NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services._runtime.mongo import Document
from services.intake.comptes.identite import Identite
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Formulaire, Page, Portail

BROUILLONS: Final = frozenset({Acces.BROUILLON, Acces.AUTEUR})  # what is about a draft
SANS_EFFET: Final = frozenset({"GET", "HEAD"})


class Garde:
    """One route, guarded."""

    def __init__(self, page: Page, portail: Portail) -> None:
        self._page = page
        self._portail = portail

    async def repondre(self, request: Request) -> Response:
        """Let the request through to its page, or answer why not."""
        page = self._page
        self._refuser_l_etranger(request)
        identite = await self._qui(request)
        if identite is None and page.acces is not Acces.PUBLIC:
            return self._vers_la_connexion(request)
        document = await self._document(request, identite)
        if document is None and page.acces in BROUILLONS:
            return await self._vers_le_dossier(request, identite)
        formulaire = Formulaire()
        if page.methode not in SANS_EFFET and not page.en_flux:
            formulaire = await Formulaire.lire(request)
            verifier_jeton(identite, formulaire.un("jeton"))
        return await page.vue(Demande(request, self._portail, identite, document, formulaire))

    def _refuser_l_etranger(self, request: Request) -> None:
        """Refuse what another site makes a browser send. A browser names itself; what is none has no cookie of ours."""
        if request.method in SANS_EFFET:
            return
        origine = request.headers.get("origin")
        if origine is not None and origine != self._portail.reglages.origine:
            raise HTTPException(403)
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise HTTPException(403)

    async def _qui(self, request: Request) -> Identite | None:
        cookie = request.cookies.get(self._portail.reglages.cookie)
        return await self._portail.store.comptes.identite(cookie) if cookie else None

    async def _document(self, request: Request, identite: Identite | None) -> Document | None:
        """Find what the route is about, if it is theirs: an answer of 404 tells nothing of what exists."""
        acces, store = self._page.acces, self._portail.store
        if acces is Acces.AGENT and (identite is None or identite.agent is None):
            raise HTTPException(404)
        numero = request.path_params.get("numero")
        if identite is None or numero is None:
            return None
        if acces in BROUILLONS:
            return await store.brouillons.lire(numero, identite, invites=acces is Acces.BROUILLON)
        if acces is Acces.AGENT:
            trouve = await store.dossier_d_agent(numero)
        else:
            trouve = await store.dossier_de(numero, identite, invites=acces is Acces.DOSSIER)
        return trouve or _absent()

    async def _vers_le_dossier(self, request: Request, identite: Identite | None) -> Response:
        """Lead from a draft that is no more to the dossier it became: a button pressed twice, a page left open."""
        numero = request.path_params["numero"]
        if identite is None or await self._portail.store.dossier_de(numero, identite, invites=True) is None:
            _absent()
        return RedirectResponse(f"/dossiers/{numero}", 303)

    def _vers_la_connexion(self, request: Request) -> Response:
        if request.method not in SANS_EFFET:
            raise HTTPException(401)
        suite = request.url.path
        return RedirectResponse(f"/connexion?suite={suite}", 303)


def _absent() -> NoReturn:
    raise HTTPException(404)


def verifier_jeton(identite: Identite | None, jeton: str) -> None:
    """Raise a 403 unless the form carries the token of the session it was shown in."""
    if identite is not None and not hmac.compare_digest(jeton.encode(), identite.jeton.encode()):
        raise HTTPException(403)
