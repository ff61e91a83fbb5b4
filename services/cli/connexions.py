"""What the operator's commands connect to, and how they show what they found."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import pymongo
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services._runtime.mongo import Database, Mongo

T = TypeVar("T")
DELAI: Final = 5.0  # seconds for a server to answer
EnJson = Annotated[bool, typer.Option("--json", help="pour une machine")]


class NomService(StrEnum):
    """The four services."""

    INTAKE = "intake"
    VERIFICATION = "verification"
    NOTIFICATION = "notification"
    AAF_DISPATCH = "aaf_dispatch"


def reglage(nom: str) -> str:
    """Read a setting of the environment. Raises LookupError with what to do."""
    valeur = os.environ.get(nom)
    if not valeur:
        raise LookupError(f"la variable {nom} n’est pas définie")
    return valeur


@asynccontextmanager
async def base() -> AsyncIterator[Database]:
    """Open the database named by MONGODB_URL and MONGODB_DATABASE."""
    mongo = Mongo(reglage("MONGODB_URL"), os.environ.get("MONGODB_DATABASE", "ent1d"))
    try:
        with pymongo.timeout(DELAI):  # a person waits: half of what a service would
            await mongo.ping()
        yield mongo.database
    finally:
        mongo.close()


def faire(travail: Callable[[], Awaitable[T]]) -> T:
    """Run an asynchronous command."""

    async def corps() -> T:
        return await travail()

    return asyncio.run(corps())


def montrer(lignes: Sequence[dict[str, Any]], colonnes: Sequence[str], *, en_json: bool) -> None:
    """Write rows as a table for a person, or as JSON for a machine."""
    if en_json:
        json.dump(lignes, sys.stdout, ensure_ascii=False, indent=1, default=_texte)
        sys.stdout.write("\n")
        return
    table = Table(*colonnes)
    for ligne in lignes:
        table.add_row(*(_cellule(ligne.get(colonne, "")) for colonne in colonnes))
    Console().print(table if lignes else "rien")


def _cellule(valeur: Any) -> Text:  # noqa: ANN401  # idem
    """Show what a message holds as it is: a producer writes neither markup nor orders to the operator's terminal."""
    return Text("".join(signe if signe.isprintable() else "�" for signe in _texte(valeur)))


def _texte(valeur: Any) -> str:  # noqa: ANN401  # any value of a document
    if isinstance(valeur, datetime):
        return valeur.isoformat(timespec="seconds")
    return ", ".join(map(str, valeur)) if isinstance(valeur, list) else str(valeur)
