"""The `ent1d` command: serve, demonstrate, look, approve, replay. Errors are one clear line and a status above 0."""

import logging  # noqa: TID251  # to silence it
import os
import signal
import sys
from importlib import import_module
from typing import Annotated

import typer
import uvicorn
from aio_pika.exceptions import AMQPError
from pymongo.errors import PyMongoError

from contracts.documents import ASYNCAPI, documents
from services._runtime.settings import read_settings
from services.cli import agents, annuaire, dossiers, livraisons, outbox, parking, referentiels
from services.cli.connexions import NomService
from services.cli.interventions import interventions

app = typer.Typer(
    name="ent1d",
    help="Finalisation de commande ENT 1er degré : les services, et la main de l’exploitant.",
    epilog="Statut : 0 fait, ou rien à faire ; 1 impossible, une ligne dit pourquoi ; 2 commande mal écrite. "
    "Que faire devant un symptôme : docs/ops/README.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback shows local variables, and these hold people
)
app.add_typer(agents.app, name="agent")
app.add_typer(annuaire.app, name="annuaire")
app.add_typer(dossiers.app, name="dossier")
app.add_typer(livraisons.app, name="livraison")
app.add_typer(parking.app, name="parking")
app.add_typer(referentiels.app, name="referentiel")
app.command(epilog="Exemple : ent1d outbox --depuis 10m")(outbox.outbox)
app.command(epilog="Exemple : ent1d interventions --cible ENT-5KHZ3-VGE9T")(interventions)


@app.command()
def serve(service: Annotated[NomService, typer.Argument(help="le service à lancer")]) -> None:
    """Lance un service. Ses réglages viennent de l’environnement ou de /run/secrets ; un réglage faux est nommé."""
    module = import_module(f"services.{service}.app")
    settings = read_settings(module.Settings)
    # uvicorn raises the signal again once all is drained: without this, a clean stop would end with a killed status.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        lambda: module.build(settings),  # inside the event loop: motor binds to the one that runs
        factory=True,
        host=settings.host,
        port=settings.port,
        forwarded_allow_ips=settings.forwarded_allow_ips,
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
        statut = app(standalone_mode=False)
    except typer.Abort:
        statut = 130
    except typer.TyperException as error:
        statut = _dire(str(getattr(error, "format_message", error.__str__)()), 2)
    except BrokenPipeError:
        os._exit(0)
    except (PyMongoError, AMQPError, OSError, LookupError) as error:
        statut = _dire(_panne(error), 1)
    sys.exit(statut)


def _panne(error: Exception) -> str:
    """Name the server that failed: what its library says may hold a password."""
    for famille, serveur in ((PyMongoError, "MongoDB"), (AMQPError, "RabbitMQ")):
        if isinstance(error, famille):
            return f"{serveur} ne répond pas comme attendu ({type(error).__name__})"
    return str(error) or type(error).__name__


def _dire(pourquoi: str, statut: int) -> int:
    if pourquoi:  # empty when the help has said it all
        sys.stderr.write(f"ent1d : {' '.join(pourquoi.split())}\n")
    return statut
