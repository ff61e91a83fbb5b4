"""What the operator's commands connect to, and how they show what they found."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import aio_pika
import pymongo
import typer
from aio_pika.abc import AbstractChannel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services._runtime.mongo import Database, Mongo

T = TypeVar("T")
DELAI: Final = 5.0  # seconds for a server to answer
LARGE: Final = 10_000  # columns: what no terminal has
_UNITES: Final = {"s": "seconds", "m": "minutes", "h": "hours", "j": "days"}
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
    """Open the database named by MONGODB_URL and MONGODB_DATABASE; the clock is MongoDB's from then on."""
    mongo = Mongo(reglage("MONGODB_URL"), os.environ.get("MONGODB_DATABASE", "ent1d"))
    try:
        with pymongo.timeout(DELAI):  # a person waits: half of what a service would
            await mongo.ping()
        yield mongo.database
    finally:
        mongo.close()


@asynccontextmanager
async def bus() -> AsyncIterator[AbstractChannel]:
    """Open a channel as the user of RABBITMQ_URL (`operateur`); its end gives back every message not acknowledged."""
    async with await aio_pika.connect(reglage("RABBITMQ_URL"), timeout=DELAI) as connexion:
        yield await connexion.channel(on_return_raises=True)


def faire(travail: Callable[[], Awaitable[T]]) -> T:
    """Run an asynchronous command."""

    async def corps() -> T:
        return await travail()

    return asyncio.run(corps())


def duree(texte: str) -> timedelta:
    """Read `30s`, `10m`, `2h` or `1j`."""
    lue = re.fullmatch(r"([0-9]{1,6})([smhj])", texte)
    if lue is None:
        raise typer.BadParameter("une durée s’écrit 30s, 10m, 2h ou 1j")
    return timedelta(**{_UNITES[lue[2]]: int(lue[1])})


def montrer(lignes: Sequence[dict[str, Any]], colonnes: Sequence[str], *, en_json: bool) -> None:
    """Write rows as a table for a person, or as JSON, with all their keys, for a machine.

    Where a table is too wide, each row is a block: an identifier cut in two can be neither copied nor searched.
    """
    if en_json:
        json.dump(lignes, sys.stdout, ensure_ascii=False, indent=1, default=_texte)
        sys.stdout.write("\n")
        return
    table = Table(*colonnes)
    for ligne in lignes:
        table.add_row(*(_cellule(ligne.get(colonne, "")) for colonne in colonnes))
    console = Console()
    if not lignes:
        console.print("rien")
    elif console.measure(table, options=console.options.update(max_width=LARGE)).maximum <= console.width:
        console.print(table)
    else:
        for ligne in lignes:
            console.print(*(_champ(nom, ligne.get(nom, "")) for nom in colonnes), sep="\n", end="\n\n", soft_wrap=True)


def _champ(nom: str, valeur: Any) -> Text:  # noqa: ANN401  # any value of a document
    return Text(f"{nom} : ").append_text(_cellule(valeur))


def _cellule(valeur: Any) -> Text:  # noqa: ANN401  # idem
    """Show what a message holds as it is: a producer writes neither markup nor orders to the operator's terminal."""
    return Text("".join(signe if signe.isprintable() else "�" for signe in _texte(valeur)))


def _texte(valeur: Any) -> str:  # noqa: ANN401  # any value of a document
    if isinstance(valeur, datetime):
        return valeur.isoformat(timespec="seconds")
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    return ", ".join(map(str, valeur)) if isinstance(valeur, list) else str(valeur)
