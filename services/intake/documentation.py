"""Writes the OpenAPI document of the API, and the same thing as a page for a person, with no script in it."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from jinja2 import Environment
from pydantic.json_schema import models_json_schema

from contracts.dossier import Soumission
from services._runtime import gabarits
from services._runtime.reading import SIZE_MAX
from services.intake.problemes import Probleme

# Invented: no such SIRET, school, person or piece.
EXEMPLE: Final[dict[str, Any]] = {
    "siret": "21770999700019",
    "commune": "77288",
    "deposant": {
        "civilite": "Mme",
        "nom": "Fictive",
        "prenom": "Camille",
        "fonction": "Responsable des affaires scolaires",
        "courriel": "camille.fictive@exemple.fr",
        "telephone": "+33 1 99 00 12 34",
    },
    "ecoles": ["0779001R", "0779002S"],
    "pieces": [
        {"role": "bon_commande_editeur", "id": "0123456789abcdef" * 2, "sha256": "0123456789abcdef" * 4},
    ],
}
_REFERENCE: Final = "#/components/schemas/{model}"
# Bodies that their routes read as streams, so that FastAPI does not see them.
CORPS_PIECE: Final = {
    "requestBody": {
        "required": True,
        "description": "The bytes of the file, as they are: no form, no multipart.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
CORPS_SOUMISSION: Final = {
    "requestBody": {
        "required": True,
        "description": f"JSON in UTF-8, NFC, {SIZE_MAX // 1024} KiB at most.",
        "content": {
            "application/json": {"schema": {"$ref": _REFERENCE.format(model="Soumission")}, "example": EXEMPLE}
        },
    }
}


def openapi(api: FastAPI) -> dict[str, Any]:
    """Give the OpenAPI 3.1 document of the routes, with the models that they read or answer outside FastAPI."""
    document = get_openapi(title=api.title, version=api.version, description=api.description, routes=api.routes)
    _, definitions = models_json_schema(
        [(Soumission, "validation"), (Probleme, "serialization")], ref_template=_REFERENCE
    )
    schemas = document["components"]["schemas"] | definitions["$defs"]
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def page(document: dict[str, Any]) -> str:
    """Render the document as an HTML page."""
    return _gabarits().get_template("documentation.html.j2").render(document=document)


def style() -> str:
    """Give the style sheet of the page."""
    return _gabarits().get_template("documentation.css.j2").render()


def _gabarits() -> Environment:
    moule = gabarits.lire("services.intake")
    moule.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # in the order of the contract
    return moule
