"""The `ent1d` command: serve, demonstrate, look, approve, replay. Errors are one clear line and a status above 0."""

import logging  # noqa: TID251  # to silence it
import os
import sys
from importlib import import_module
from typing import Annotated

import typer
import uvicorn
from aio_pika.exceptions import AMQPError
from pymongo.errors import PyMongoError

from contracts.documents import ASYNCAPI, documents
from services._runtime.settings import read_settings
from services.cli import annuaire, dossiers, livraisons, parking
from services.cli.connexions import NomService

app = typer.Typer(
    name="ent1d",
    help="Finalisation de commande ENT 1er degré : les services, et la main de l’exploitant.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback shows local variables, and these hold people
)
app.add_typer(annuaire.app, name="annuaire")
app.add_typer(dossiers.app, name="dossier")
app.add_typer(livraisons.app, name="livraison")
app.add_typer(parking.app, name="parking")


@app.command()
def serve(service: Annotated[NomService, typer.Argument(help="le service à lancer")]) -> None:
    """Lance un service. Ses réglages viennent de l’environnement ou de /run/secrets ; un réglage faux est nommé."""
    module = import_module(f"services.{service}.app")
    settings = read_settings(module.Settings)
    uvicorn.run(
        lambda: module.build(settings),  # inside the event loop: motor binds to the one that runs
        factory=True,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.drain_timeout) + 1,
    )


@app.command()
def demo(
    une_fois: Annotated[bool, typer.Option("--once", help="s’arrête seule ; statut 0 si l’annuaire est livré")] = False,  # noqa: FBT002
) -> None:
    """Monte toute la chaîne sur de vrais serveurs privés et y fait passer les dossiers d’exemple."""
    try:
        demonstration = import_module("deploy.demo.demonstration")
    except ModuleNotFoundError as absent:
        raise LookupError(f"la démonstration demande un clone du dépôt ({absent.name} manque)") from None
    raise typer.Exit(demonstration.main(une_fois=une_fois))


@app.command()
def asyncapi() -> None:
    """Écrit sur la sortie le document AsyncAPI 3.0 des messages échangés avec l’extérieur et entre services."""
    sys.stdout.write(documents()[ASYNCAPI])


def main() -> None:
    """Run the command; say in one line why it could not be done."""
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries would say besides
    try:
        app()
    except PyMongoError as error:
        sys.exit(f"ent1d : MongoDB ne répond pas comme attendu ({type(error).__name__})")
    except AMQPError as error:
        sys.exit(f"ent1d : RabbitMQ ne répond pas comme attendu ({type(error).__name__})")
    except BrokenPipeError:
        os._exit(0)
    except (OSError, LookupError) as error:
        sys.exit(f"ent1d : {str(error) or type(error).__name__}")
