"""Writes what the contract looks like to those who have no Python: JSON Schemas and one AsyncAPI document.

We write them ourselves rather than with FastStream's exporter: contracts/asyncapi.py says why. `python -m
contracts.documents` rewrites the files; tests/contract/test_documents.py fails when they are stale.
"""

import json
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from contracts.asyncapi import MESSAGES, Objet, SansTitres, asyncapi, titre
from contracts.dossier import Soumission
from contracts.manifeste import Manifeste

ICI: Final = Path(__file__).parent
SCHEMAS: Final = ICI / "schemas"
EXEMPLES: Final = ICI / "exemples"
ASYNCAPI: Final = ICI / "asyncapi.json"
DIALECTE: Final = "https://json-schema.org/draft/2020-12/schema"

DECRITS: Final[dict[str, type[BaseModel]]] = {
    **{message.cle: message for message in MESSAGES},
    "soumission.v1": Soumission,
    "livraison.manifeste.v1": Manifeste,
}


def documents() -> dict[Path, str]:
    """Give the text of each file by its path."""
    schemas = {SCHEMAS / f"{nom}.json": _texte(schema(nom)) for nom in DECRITS}
    return {**schemas, ASYNCAPI: _texte(asyncapi({nom: exemples(nom) for nom in DECRITS}))}


def schema(nom: str) -> Objet:
    """Give the JSON Schema of what `DECRITS` names."""
    modele = DECRITS[nom]
    corps = modele.model_json_schema(schema_generator=SansTitres)
    return {"$schema": DIALECTE, "$id": f"urn:ent1d:schema:{nom}", **corps, "title": titre(modele)}


def exemples(nom: str) -> dict[str, Objet]:
    """Give the committed examples of what `DECRITS` names, by file name."""
    return {chemin.stem: json.loads(chemin.read_bytes()) for chemin in sorted(EXEMPLES.glob(f"{nom}.*json"))}


def _texte(objet: Objet) -> str:
    return json.dumps(objet, ensure_ascii=False, indent=2) + "\n"


def ecrire() -> None:
    """Write every file, and remove the schema of what is no longer described."""
    a_jour = documents()
    for perime in set(SCHEMAS.glob("*.json")) - set(a_jour):
        perime.unlink()
    for chemin, texte in a_jour.items():
        chemin.write_text(texte, encoding="utf-8")


if __name__ == "__main__":
    ecrire()
