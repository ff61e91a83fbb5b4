"""Says in one form (RFC 9457) what is wrong with a request: which field, why, and what to do, in French."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from services._runtime.reading import Illisible
from services.intake.domain import SoumissionRefusee
from services.intake.pieces import PieceTropVolumineuse

MEDIA: Final = "application/problem+json"
TITRES: Final = {
    400: "Demande incomplète",
    401: "Accès refusé",
    404: "Introuvable",
    405: "Méthode non permise",
    409: "Le dossier a changé d’état",
    413: "Contenu trop volumineux",
    415: "Type de contenu non accepté",
    422: "Demande à corriger",
    500: "Erreur inattendue",
    503: "Service momentanément indisponible",
}
DETAILS: Final = {404: "Rien ne répond à cette adresse.", 405: "Cette adresse n’accepte pas cette méthode."}


class Erreur(BaseModel):
    """What is wrong with one field: `champ` is its path in the body, `motif` a stable code."""

    champ: str
    motif: str


class Probleme(BaseModel):
    """A problem document. It never repeats a value that was sent."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    erreurs: list[Erreur] = []

    @staticmethod
    def reponses(*statuts: int) -> dict[int | str, dict[str, Any]]:
        """Document the errors that a route may answer."""
        contenu = {MEDIA: {"schema": {"$ref": "#/components/schemas/Probleme"}}}
        return {statut: {"description": TITRES[statut], "content": contenu} for statut in statuts}


def repondre_par_des_problemes(api: FastAPI) -> None:
    """Make every error of this API a problem document."""
    for kind, answer in _REPONSES.items():
        api.add_exception_handler(kind, answer)


def _soumission_refusee(_: Request, error: SoumissionRefusee) -> JSONResponse:
    return _probleme(error.statut, error.message, [Erreur(champ=error.detail, motif=error.motif)])


def _illisible(_: Request, error: Illisible) -> JSONResponse:
    fautes = (faute.partition(": ") for faute in error.detail.split("; "))
    erreurs = [Erreur(champ=champ, motif=motif) for champ, _, motif in fautes if motif]
    statut = 413 if error.motif == "trop_volumineux" else 422
    return _probleme(statut, f"Le contenu n’est pas celui attendu ({error.motif}).", erreurs)


def _parametre_invalide(_: Request, error: RequestValidationError) -> JSONResponse:
    erreurs = [Erreur(champ=".".join(map(str, e["loc"][1:])), motif=e["type"]) for e in error.errors()]
    return _probleme(422, "Un paramètre ou un en-tête est absent ou mal formé.", erreurs)


def _piece_trop_volumineuse(_: Request, __: PieceTropVolumineuse) -> JSONResponse:
    return _probleme(413, "Une pièce ne peut pas dépasser 200 Mo.")


def _base_indisponible(_: Request, __: PyMongoError) -> JSONResponse:
    # The write may have been applied: trying again with the same key is safe, and tells.
    return _probleme(503, "Réessayez dans un instant avec la même clé.", headers={"Retry-After": "5"})


def _interrompu(_: Request, __: ClientDisconnect) -> JSONResponse:
    # Nobody is there to read it; without it the server would log a failure of ours.
    return _probleme(400, "L’envoi s’est interrompu avant sa fin.")


def _http(_: Request, error: HTTPException) -> JSONResponse:
    par_defaut = error.detail == HTTPStatus(error.status_code).phrase  # the router's own, in English
    detail = DETAILS.get(error.status_code, error.detail) if par_defaut else error.detail
    return _probleme(error.status_code, detail, headers=dict(error.headers or {}))


def _inattendu(_: Request, __: Exception) -> JSONResponse:
    return _probleme(500, "La demande n’a pas abouti de notre fait. Réessayez plus tard avec la même clé.")


_REPONSES: Final[dict[type[Exception], Any]] = {
    SoumissionRefusee: _soumission_refusee,
    Illisible: _illisible,
    RequestValidationError: _parametre_invalide,
    PieceTropVolumineuse: _piece_trop_volumineuse,
    PyMongoError: _base_indisponible,
    ClientDisconnect: _interrompu,
    HTTPException: _http,
    Exception: _inattendu,
}


def _probleme(
    statut: int, detail: str, erreurs: list[Erreur] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    probleme = Probleme(title=TITRES.get(statut, "Erreur"), status=statut, detail=detail, erreurs=erreurs or [])
    return JSONResponse(probleme.model_dump(), status_code=statut, headers=headers, media_type=MEDIA)
