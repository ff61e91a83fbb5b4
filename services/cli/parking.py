"""`ent1d parking`: the messages that wait for a person, and how to send them back."""

from typing import Annotated, Any

import aio_pika
import typer
from aio_pika.abc import AbstractIncomingMessage

from services.cli.connexions import DELAI, EnJson, NomService, faire, montrer, reglage

app = typer.Typer(
    help="Les messages mis de côté (RABBITMQ_URL : celle de l’utilisateur operateur).", no_args_is_help=True
)
COLONNES = ("id", "file", "motif", "detail", "tentative", "depuis", "octets")
Service = Annotated[NomService | None, typer.Option("--service", help="seulement le parking de ce service")]


@app.command()
def lister(service: Service = None, en_json: EnJson = False) -> None:  # noqa: FBT002
    """Liste les messages mis de côté et pourquoi ; leur contenu n’est pas montré."""

    async def lire() -> list[dict[str, Any]]:
        lignes = []
        async with await aio_pika.connect(reglage("RABBITMQ_URL"), timeout=DELAI) as connexion:
            canal = await connexion.channel()  # its end gives every message back
            for nom in [service] if service else NomService:
                file = await canal.get_queue(f"{nom}.parking", ensure=False)
                while (message := await file.get(fail=False)) is not None:
                    lignes.append(_ligne(message))
        return lignes

    montrer(faire(lire), COLONNES, en_json=en_json)


@app.command()
def rejouer(
    service: Service = None,
    identifiant: Annotated[str | None, typer.Option("--id", help="ce message seulement")] = None,
    pour_de_bon: Annotated[bool, typer.Option("--pour-de-bon", help="sans cette option, rien n’est fait")] = False,  # noqa: FBT002
) -> None:
    """Renvoie des messages dans la file où ils ont échoué. Un message déjà traité ne l’est pas deux fois."""

    async def renvoyer() -> int:
        nombre = 0
        async with await aio_pika.connect(reglage("RABBITMQ_URL"), timeout=DELAI) as connexion:
            canal = await connexion.channel(on_return_raises=True)
            attente = await canal.get_exchange("retry.short", ensure=False)
            for nom in [service] if service else NomService:
                file = await canal.get_queue(f"{nom}.parking", ensure=False)
                while (message := await file.get(fail=False)) is not None:
                    if identifiant in (None, message.message_id):
                        nombre += 1
                        if pour_de_bon:
                            await attente.publish(_neuf(message), routing_key=_file(message), timeout=DELAI)
                            await message.ack()
        return nombre

    nombre = faire(renvoyer)
    typer.echo(
        f"{nombre} message(s) {'renvoyé(s)' if pour_de_bon else 'à renvoyer ; ajouter --pour-de-bon pour le faire'}"
    )


def _notes(message: AbstractIncomingMessage) -> dict[str, Any]:
    """Give what a service wrote on the message when it set it aside: nothing of what a producer may have written."""
    nous = message.user_id is not None and (message.user_id.startswith("svc_") or message.user_id == "operateur")
    return dict(message.headers) if nous else {}


def _file(message: AbstractIncomingMessage) -> str:
    """Name the queue where it failed: noted by the service, or by the broker when no code of ours could."""
    return str(_notes(message).get("x-file") or message.routing_key)


def _ligne(message: AbstractIncomingMessage) -> dict[str, Any]:
    notes = _notes(message)
    return {
        "id": message.message_id or "",
        "file": _file(message),
        "motif": str(notes.get("x-motif", "mort du service pendant le traitement")),
        "detail": str(notes.get("x-detail", "")),
        "tentative": notes.get("x-tentative", ""),
        "depuis": str(notes.get("x-mis-de-cote-le", "")),
        "octets": len(message.body),
    }


def _neuf(message: AbstractIncomingMessage) -> aio_pika.Message:
    """Copy it with its identity and no past, so that it is tried as if for the first time."""
    return aio_pika.Message(
        message.body,
        headers={"x-producteur": _notes(message).get("x-producteur") or message.user_id or ""},
        message_id=message.message_id,
        content_type=message.content_type,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        timestamp=message.timestamp,
        user_id="operateur",
    )
