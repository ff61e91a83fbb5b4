"""Asks providers of identities who somebody is (OpenID Connect). Each answer is verified before it is used."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from ssl import SSLContext
from typing import Any, Final, Self

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.common.urls import add_params_to_uri
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, HttpUrl, model_validator

from contracts.valeurs import est_siret
from services._runtime.clock import now
from services._runtime.logs import logger
from services.intake.comptes.adresses import normaliser
from services.intake.comptes.jetons import Claims, verifier
from services.intake.comptes.liens import secret
from services.intake.comptes.personne import Personne
from services.intake.reglages import ReglagesFournisseur, ReglagesPortail

DELAI: Final = 10.0  # seconds for all that one page asks of a provider: somebody waits
MEMOIRE: Final = timedelta(hours=1)  # of the discovery and of the keys
SUB_MAX: Final = 255  # OpenID Connect Core, 8
_ECHECS: Final = (
    *(AuthlibBaseError, JoseError, httpx2.HTTPError, httpx2.InvalidURL),
    *(LookupError, TypeError, ValueError, TimeoutError),
)


class ConnexionImpossible(Exception):  # noqa: N818  # a finding about a provider, or about who comes from it
    """Nobody was identified. Says nothing of why: the log has the type."""


@dataclass(frozen=True, slots=True)
class Aller:
    """What is sent to a provider with somebody, and must come back in what it says of him."""

    nonce: str
    verificateur: str

    @classmethod
    def nouveau(cls) -> Self:
        """Draw both."""
        return cls(secret(), secret())


class Decouverte(BaseModel):
    """What a provider publishes of itself."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    issuer: str
    authorization_endpoint: HttpUrl
    token_endpoint: HttpUrl
    userinfo_endpoint: HttpUrl
    jwks_uri: HttpUrl
    end_session_endpoint: HttpUrl | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    acr_values_supported: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _chiffree_de_bout_en_bout(self) -> Self:
        points = (self.authorization_endpoint, self.token_endpoint, self.userinfo_endpoint, self.jwks_uri)
        if self.issuer.startswith("https:") and any(point.scheme != "https" for point in points):
            raise ValueError("un point d’accès n’est pas chiffré")
        return self

    @property
    def methode(self) -> str:
        """Give how to prove our secret: in the body if it may be, as ProConnect and FranceConnect want it."""
        post = "client_secret_post"
        return post if post in self.token_endpoint_auth_methods_supported else "client_secret_basic"


class Fournisseur:
    """One provider. It sends people back to `retour`, and after its logout to `accueil`."""

    def __init__(self, reglages: ReglagesFournisseur, retour: str, accueil: str) -> None:
        self.reglages = reglages
        self._retour = retour
        self._accueil = accueil
        self._decouverte: tuple[datetime, Decouverte] | None = None
        self._cles: tuple[datetime, KeySet] | None = None

    async def depart(self, etat: str, aller: Aller) -> str:
        """Give where to send somebody. Raises ConnexionImpossible."""
        async with self._echange("depart") as client:
            publie = await self._decouvrir(client)
            url, _ = client.create_authorization_url(
                str(publie.authorization_endpoint),
                state=etat,
                nonce=aller.nonce,
                code_verifier=aller.verificateur,
                **self._niveau(publie),
            )
            return str(url)

    async def retour(self, code: str, aller: Aller, emetteur: str | None = None) -> Personne:
        """Give who comes back with this code; `emetteur`: whom he says he comes from. Raises ConnexionImpossible."""
        async with self._echange("retour") as client:
            publie = await self._decouvrir(client)
            if emetteur not in {None, publie.issuer}:  # RFC 9207
                raise ValueError("un autre émetteur")
            client.token_endpoint_auth_method = publie.methode
            jetons = await client.fetch_token(
                str(publie.token_endpoint),
                grant_type="authorization_code",
                code=code,
                code_verifier=aller.verificateur,
            )
            return await self._identifier(client, publie, str(jetons["id_token"]), aller.nonce)

    async def sortie(self, id_token: str, etat: str) -> str | None:
        """Give where somebody logs out of the provider, if it has such a page. Raises ConnexionImpossible."""
        async with self._echange("sortie") as client:
            page = (await self._decouvrir(client)).end_session_endpoint
            suite = {"id_token_hint": id_token, "post_logout_redirect_uri": self._accueil, "state": etat}
            return str(add_params_to_uri(str(page), suite)) if page else None

    def _niveau(self, publie: Decouverte) -> dict[str, str]:
        """Ask for the levels of the settings, or else for the only one there is: FranceConnect wants it named."""
        seul = publie.acr_values_supported if len(publie.acr_values_supported) == 1 else ()
        demandes = self.reglages.acr or seul
        return {"acr_values": " ".join(demandes)} if demandes else {}

    @asynccontextmanager
    async def _echange(self, etape: str) -> AsyncIterator[Any]:
        """Open a client for one person; whatever fails within is one failure, told by its type."""
        client = AsyncOAuth2Client(
            self.reglages.client,
            self.reglages.secret.get_secret_value(),
            scope=" ".join(self.reglages.portees),
            redirect_uri=self._retour,
            code_challenge_method="S256",
            leeway=0,  # an access token may last a minute in all: used at once, it has not expired
            follow_redirects=False,
            verify=_confiance(),
        )
        try:
            async with asyncio.timeout(DELAI), client:
                yield client
        except _ECHECS as echec:
            nom = self.reglages.nom
            logger().warning("provider_failed", fournisseur=nom, etape=etape, error=type(echec).__name__)
            raise ConnexionImpossible from None

    async def _identifier(self, client: Any, publie: Decouverte, id_token: str, nonce: str) -> Personne:  # noqa: ANN401  # untyped
        """Say who the ID token names, with what the provider tells of him."""
        cles = partial(self._lire_cles, client, publie)
        attendus = {"iss": publie.issuer, "aud": self.reglages.client}
        dit = await verifier(id_token, cles, attendus | {"nonce": nonce}, presents=("exp", "iat"))
        if self.reglages.acr and dit.get("acr") not in self.reglages.acr:
            raise ValueError("un niveau de garantie qui ne suffit pas")
        reponse = await client.get(str(publie.userinfo_endpoint))
        reponse.raise_for_status()
        # ProConnect and FranceConnect sign it.
        signe = reponse.headers.get("content-type", "").partition(";")[0].strip() == "application/jwt"
        de_lui = await verifier(reponse.text, cles, attendus) if signe else reponse.json()
        if de_lui["sub"] != dit["sub"]:
            raise ValueError("quelqu’un d’autre")
        return _personne(self.reglages.nom, dit | de_lui, id_token)

    async def _decouvrir(self, client: Any) -> Decouverte:  # noqa: ANN401  # idem
        if self._decouverte is None or self._decouverte[0] < now():
            emetteur = str(self.reglages.emetteur).rstrip("/")
            publie = Decouverte.model_validate(await _json(client, f"{emetteur}/.well-known/openid-configuration"))
            if publie.issuer.rstrip("/") != emetteur:
                raise ValueError("un autre émetteur")
            self._decouverte = (now() + MEMOIRE, publie)
        return self._decouverte[1]

    async def _lire_cles(self, client: Any, publie: Decouverte, *, neuves: bool) -> KeySet:  # noqa: ANN401  # idem
        if neuves or self._cles is None or self._cles[0] < now():
            self._cles = (now() + MEMOIRE, KeySet.import_key_set(await _json(client, str(publie.jwks_uri))))
        return self._cles[1]


class Connexions:
    """The providers of the settings, by name."""

    def __init__(self, reglages: ReglagesPortail) -> None:
        self._par_nom = {
            f.nom: Fournisseur(f, f"{reglages.base}/connexion/oidc/{f.nom}/retour", f"{reglages.base}/")
            for f in reglages.fournisseurs
        }

    def get(self, nom: str) -> Fournisseur | None:
        """Give the one that bears this name."""
        return self._par_nom.get(nom)


@lru_cache
def _confiance() -> SSLContext:
    """Read the authorities of this machine once: it takes a tenth of a second."""
    return httpx2.create_ssl_context()


def _personne(fournisseur: str, dit: Claims, id_token: str) -> Personne:
    """Keep what we use of what a provider says, once it is what it should be."""
    sub, courriel, siret = dit["sub"], normaliser(str(dit["email"])), dit.get("siret")
    if not 0 < len(sub) <= SUB_MAX or courriel is None:
        raise ValueError("sans nom, ou sans adresse")
    return Personne(
        fournisseur,
        sub,
        courriel,
        verifie=dit.get("email_verified") is True,
        siret=siret if isinstance(siret, str) and est_siret(siret) else "",
        id_token=id_token,
    )


async def _json(client: Any, url: str) -> Any:  # noqa: ANN401  # idem
    reponse = await client.request("GET", url, withhold_token=True)
    reponse.raise_for_status()
    return reponse.json()
