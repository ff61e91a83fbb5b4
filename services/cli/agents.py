"""`ent1d agent`: who has the agents' role, and what to do when one of them has lost his telephone."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeVar

import typer

from services.cli.connexions import EnJson, base, faire, montrer
from services.cli.interventions import code_de_compte, noter
from services.intake.comptes.activation import VALIDITE
from services.intake.comptes.adresses import normaliser
from services.intake.comptes.agents import Agents

T = TypeVar("T")
app = typer.Typer(help="Les agents qui instruisent les dossiers.", no_args_is_help=True)
COLONNES: Final = ("code", "second_facteur", "depuis", "connecte_le")
Code = Annotated[str, typer.Argument(help="le code de l’agent, par exemple agent-7", callback=code_de_compte)]
Par = Annotated[
    str,
    typer.Option(
        "--par", envvar="ENT1D_PAR", callback=code_de_compte, help="votre code de compte : il reste au journal"
    ),
]


def _adresse(saisie: str) -> str:
    adresse = normaliser(saisie)
    if adresse is None:
        raise typer.BadParameter("ce n’est pas une adresse électronique")
    return adresse


@app.command(epilog="Exemple : ent1d agent ajouter prenom.nom@ac-exemple.fr --code agent-7 --par chef-1")
def ajouter(
    courriel: Annotated[str, typer.Argument(help="son adresse électronique", callback=_adresse)],
    code: Annotated[
        str, typer.Option("--code", callback=code_de_compte, help="ce qui le nomme au journal et dans ses décisions")
    ],
    par: Par,
) -> None:
    """Donne le rôle d’agent à une adresse. Il l’aura en se connectant, une fois son second facteur activé."""
    activation = _agir("agent ajouter", code, par, lambda agents: agents.nommer(courriel, code))
    if activation is None:
        raise LookupError(f"cette adresse a déjà un autre code d’agent, ou {code} est déjà celui d’un autre")
    _dire(f"{code} est agent : à sa prochaine connexion, il active son second facteur.", activation)


@app.command(epilog="Exemple : ent1d agent lister --json")
def lister(en_json: EnJson = False) -> None:  # noqa: FBT002
    """Liste les agents par leur code, sans leur adresse ; `second_facteur` dit s’ils ont activé le leur."""

    async def lire() -> list[dict[str, Any]]:
        async with base() as documents:
            return await Agents(documents).lister()

    montrer(faire(lire), COLONNES, en_json=en_json)


@app.command(epilog="Exemple : ent1d agent retirer agent-7 --par chef-1")
def retirer(code: Code, par: Par) -> None:
    """Retire le rôle d’agent, tout de suite et partout où il est connecté. Son compte reste, ordinaire."""
    if not _agir("agent retirer", code, par, lambda agents: agents.retirer(code)):
        raise LookupError(f"aucun agent de code {code}")
    typer.echo(f"{code} n’est plus agent.")


@app.command(epilog="Exemple : ent1d agent reinitialiser agent-7 --par chef-1")
def reinitialiser(code: Code, par: Par) -> None:
    """Oublie le second facteur d’un agent et ferme ses connexions. À sa prochaine connexion, il en active un autre.

    Assurez-vous d’abord, de vive voix, que c’est bien lui qui le demande.
    """
    activation = _agir("agent reinitialiser", code, par, lambda agents: agents.reinitialiser(code))
    if activation is None:
        raise LookupError(f"aucun agent de code {code}")
    _dire(f"{code} n’a plus de second facteur : il en active un à sa prochaine connexion.", activation)


def _dire(fait: str, activation: str) -> None:
    typer.echo(fait)
    typer.echo(
        f"Code d’activation : {activation}\n"
        "À lui donner de vive voix ou par téléphone, pas par courriel. "
        f"Il sert une fois, dans les {VALIDITE.days} jours."
    )


def _agir(geste: str, code: str, par: str, acte: Callable[[Agents], Awaitable[T]]) -> T:
    async def ecrire() -> T:
        async with base() as documents:
            await noter(documents, par=par, geste=geste, cible=code)
            return await acte(Agents(documents))

    return faire(ecrire)
