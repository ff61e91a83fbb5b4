"""The HTTP door of producers: pieces first, then the submission that names them, then the follow-up."""

import hashlib
import hmac
from collections.abc import Mapping
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from contracts.dossier import TAILLE_MAX_PIECE, Soumission, Suivi
from contracts.valeurs import IdPiece, NumeroDossier, Sha256
from services._runtime.reading import SIZE_MAX, Illisible, read_strictly
from services.intake import documentation
from services.intake.depot import Accuse, deposer
from services.intake.depot import retrouver as accuse_de
from services.intake.pieces import PieceTropVolumineuse
from services.intake.problemes import Probleme, repondre_par_des_problemes
from services.intake.store import Store, suivi

DESCRIPTION = """\
A producer files a dossier in three steps: it sends each piece, it sends the submission that names the pieces by the \
id and the SHA-256 it was given, it reads the dossier until it is delivered, refused, or to be corrected.

Every request carries « Authorization: Bearer KEY ». Every request may be tried again: a submission under the same \
Idempotency-Key is filed once. Every error is a problem document (RFC 9457), in French, that names the fields at fault \
and repeats no value."""


class PieceRecue(BaseModel):
    """The claim check of a piece: name its id and SHA-256 in the submission. `taille` in bytes."""

    id: IdPiece
    sha256: Sha256
    taille: int


class Accepte(BaseModel):
    """The dossier is filed."""

    numero: NumeroDossier
    version: int
    suivi: str


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _producteur(
    request: Request, jeton: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]
) -> str:
    """Name the producer whose API key this is."""
    cles: Mapping[str, str] = request.app.state.cles
    empreinte = hashlib.sha256(jeton.credentials.encode()).hexdigest() if jeton else ""
    # All are compared, each in constant time: the answer's delay tells nothing.
    trouves = [nom for nom, attendue in cles.items() if hmac.compare_digest(empreinte, attendue)]
    if not trouves:
        detail = "Clé d’API absente ou inconnue : en-tête « Authorization: Bearer … »."
        raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})
    return trouves[0]


Stored = Annotated[Store, Depends(_store)]
Qui = Annotated[str, Depends(_producteur)]
routes = APIRouter(prefix="/api/v1")


def build_api(store: Store, cles: Mapping[str, str]) -> FastAPI:
    """Build the API. `cles`: SHA-256 (hex) of each producer's key, by producer."""
    api = FastAPI(
        title="ent1d – dépôt",
        version="1",
        description=DESCRIPTION,
        openapi_url=None,  # ours, below, holds more
        redirect_slashes=False,
    )
    api.state.store, api.state.cles = store, cles
    api.include_router(routes)
    repondre_par_des_problemes(api)
    _se_decrire(api)
    return api


def _se_decrire(api: FastAPI) -> None:
    """Serve what the API says of itself; no key is needed."""
    document = documentation.openapi(api)
    pages = {
        "/api/openapi.json": JSONResponse(document),
        "/api/docs": HTMLResponse(documentation.page(document)),
        "/api/docs/style.css": PlainTextResponse(documentation.style(), media_type="text/css"),
    }
    for chemin, reponse in pages.items():
        api.add_route(chemin, partial(_donner, reponse), include_in_schema=False)


async def _donner(reponse: Response, _: Request) -> Response:
    return reponse


@routes.post(
    "/pieces",
    status_code=201,
    summary="Send a piece",
    response_description="The piece is kept",
    openapi_extra=documentation.CORPS_PIECE,
    responses=Probleme.reponses(401, 413, 415, 422, 503),
)
async def deposer_piece(
    request: Request,
    store: Stored,
    qui: Qui,
    nom: Annotated[str, Query(description="what you call this file; 200 characters are kept")] = "piece",
    content_length: Annotated[int, Header(include_in_schema=False)] = 0,
) -> PieceRecue:
    """Send one piece as the body, 200 Mo at most, in one stream. What no submission names is erased a week later."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise HTTPException(415, "Envoyez les octets du fichier comme corps de la requête, sans formulaire.")
    if content_length > TAILLE_MAX_PIECE:
        raise PieceTropVolumineuse
    gardee = await store.pieces.garder(qui, nom, request.stream())
    return PieceRecue(id=gardee.id, sha256=gardee.sha256, taille=gardee.taille)


@routes.post(
    "/soumissions",
    status_code=201,
    summary="File a dossier",
    response_description="The dossier is filed",
    openapi_extra=documentation.CORPS_SOUMISSION,
    responses=Probleme.reponses(401, 409, 413, 415, 422, 503),
)
async def soumettre(
    request: Request, store: Stored, qui: Qui, idempotency_key: Annotated[UUID, Header(alias="Idempotency-Key")]
) -> Accepte:
    """File a dossier, or a correction. The same key with the same body gives the same answer."""
    if request.headers.get("content-type", "application/json").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Envoyez la soumission en JSON : en-tête « Content-Type: application/json ».")
    soumission = read_strictly(await _body_within(request, SIZE_MAX), Soumission)
    return _accepte(await deposer(store, qui, idempotency_key, soumission))


@routes.get(
    "/soumissions/{cle}",
    summary="Find a deposit by its key",
    response_description="What was filed",
    responses=Probleme.reponses(401, 404, 422, 503),
)
async def retrouver(cle: UUID, store: Stored, qui: Qui) -> Accepte:
    """Find what was filed with this key, for those who published it by AMQP."""
    accuse = await accuse_de(store, qui, cle)
    if accuse is None:
        raise HTTPException(404, "Aucun dossier n’a été déposé avec cette clé.")
    return _accepte(accuse)


@routes.get(
    "/dossiers/{numero}",
    summary="Follow a dossier",
    response_description="Where the dossier stands",
    responses=Probleme.reponses(401, 404, 422, 503),
)
async def suivre(numero: str, store: Stored, qui: Qui) -> Suivi:
    """Follow a dossier. Another producer's dossier answers as an absent one.

    While a mail or the delivery waits for a partner that is away, `chronologie` ends with a line for each whose `fait`
    is `EnAttente`: `constat` says what waits and why, `le` since when. The line goes away once it is done.
    """
    dossier = await store.dossier(numero, qui)
    if dossier is None:
        raise HTTPException(404, "Aucun dossier de ce numéro n’a été déposé avec ce compte.")
    return suivi(dossier, await store.attentes(numero))


async def _body_within(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Illisible("trop_volumineux")
    return bytes(body)


def _accepte(accuse: Accuse) -> Accepte:
    return Accepte(numero=accuse.numero, version=accuse.version, suivi=f"/api/v1/dossiers/{accuse.numero}")
