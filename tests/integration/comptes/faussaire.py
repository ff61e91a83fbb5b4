"""A provider of identities that says what a test wants: right, wrong, or nothing."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from deploy.demo.dossiers import SIRET_EXEMPLE

from .banc import CLIENT

UNE, AUTRE = (RSAKey.generate_key(2048, {"kid": nom}) for nom in ("une", "autre"))
CAMILLE = {"sub": "camille", "email": "camille@exemple.fr", "email_verified": True, "siret": SIRET_EXEMPLE}
JSON = {"Content-Type": "application/json"}
DECOUVERTE, JWKS, TOKEN, USERINFO = "/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"
Reponse = tuple[int, dict[str, str], str]


class Faussaire:
    """A provider whose every word a test may change: a claim that is None is left out, a whole answer may be given."""

    def __init__(self) -> None:
        self.serveur = ThreadingHTTPServer(("127.0.0.1", 0), _gestionnaire(self))
        self.emetteur = f"http://127.0.0.1:{self.serveur.server_port}"
        maintenant = int(time.time())
        self.dit: dict[str, Any] = {
            "iss": self.emetteur, "aud": CLIENT, "sub": "camille", "iat": maintenant, "exp": maintenant + 60,
        }  # fmt: skip
        self.userinfo: dict[str, Any] = dict(CAMILLE)
        self.userinfo_signe: dict[str, Any] | None = None
        self.signer: Callable[[dict[str, Any]], str] = par(UNE)
        self.cles = [UNE]
        self.reponses: dict[str, Reponse] = {}
        self.vus: list[str] = []
        self.parler = Event()
        self.parler.set()

    def repondre(self, chemin: str) -> Reponse:
        """Answer a request."""
        self.vus.append(chemin)
        self.parler.wait(20)
        if chemin in self.reponses:
            return self.reponses[chemin]
        if chemin == USERINFO and self.userinfo_signe is not None:
            de_lui = self.dit | self.userinfo | self.userinfo_signe
            return 200, {"Content-Type": "application/jwt; charset=utf-8"}, self.signer(_dits(de_lui))
        jetons = {"access_token": "a", "token_type": "Bearer", "id_token": self.signer(_dits(self.dit))}
        corps: dict[str, Any] = {
            DECOUVERTE: self.decouverte(),
            JWKS: KeySet(list(self.cles)).as_dict(),
            TOKEN: jetons,
            USERINFO: _dits(self.userinfo),
        }
        return 200, JSON, json.dumps(corps[chemin])

    def decouverte(self, **autres: str) -> dict[str, str]:
        """Give what it publishes of itself."""
        points = {"authorization_endpoint": "/authorize", "token_endpoint": TOKEN, "userinfo_endpoint": USERINFO}
        publie = {nom: f"{self.emetteur}{chemin}" for nom, chemin in points.items()}
        return {"issuer": self.emetteur, "jwks_uri": f"{self.emetteur}{JWKS}", **publie, **autres}


def par(cle: RSAKey | OctKey, **entete: str) -> Callable[[dict[str, Any]], str]:
    """Sign with a key."""
    return lambda dit: jwt.encode({"alg": "RS256", "kid": cle.kid, **entete}, dit, cle)


def sans_signature(dit: dict[str, Any]) -> str:
    """Make a token that says it is not signed."""
    parties = ({"alg": "none"}, dit)
    return ".".join(urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parties) + "."


def _dits(claims: dict[str, Any]) -> dict[str, Any]:
    return {nom: valeur for nom, valeur in claims.items() if valeur is not None}


def _gestionnaire(faussaire: Faussaire) -> type[BaseHTTPRequestHandler]:
    class Gestionnaire(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # named by the library
            self.rfile.read(int(self.headers.get("content-length", 0)))
            statut, entetes, corps = faussaire.repondre(self.path)
            self.send_response(statut)
            for nom, valeur in {**entetes, "Content-Length": str(len(corps.encode()))}.items():
                self.send_header(nom, valeur)
            self.end_headers()
            self.wfile.write(corps.encode())

        do_POST = do_GET  # noqa: N815  # idem

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Gestionnaire


@contextmanager
def servi() -> Iterator[Faussaire]:
    """Run one that is honest until it is told otherwise."""
    faux = Faussaire()
    fil = Thread(target=faux.serveur.serve_forever, kwargs={"poll_interval": 0.02})
    fil.start()
    yield faux
    faux.parler.set()
    faux.serveur.shutdown()
    faux.serveur.server_close()
    fil.join()
