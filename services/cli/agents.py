"""`ent1d agent`: who has the agents' role, and what to do when one of them has lost his telephone."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import typer

from services.cli.connexions import EnJson, base, faire, montrer
from services.cli.interventions import code_de_compte, noter
from services.intake.comptes.adresses import normaliser
from services.intake.comptes.agents import Agents

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

    async def ecrire() -> bool:
        async with base() as documents:
            await noter(documents, par=par, geste="agent ajouter", cible=code)
            return await Agents(documents).nommer(courriel, code)

    if not faire(ecrire):
        raise LookupError(f"cette adresse a déjà un autre code d’agent, ou {code} est déjà celui d’un autre")
    typer.echo(f"{code} est agent : à sa prochaine connexion, il active son second facteur.")


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
    _agir("agent retirer", code, par, lambda agents: agents.retirer(code))
    typer.echo(f"{code} n’est plus agent.")


@app.command(epilog="Exemple : ent1d agent reinitialiser agent-7 --par chef-1")
def reinitialiser(code: Code, par: Par) -> None:
    """Oublie le second facteur d’un agent et ferme ses connexions. À sa prochaine connexion, il en active un autre.

    Assurez-vous d’abord, de vive voix, que c’est bien lui qui le demande.
    """
    _agir("agent reinitialiser", code, par, lambda agents: agents.reinitialiser(code))
    typer.echo(f"{code} n’a plus de second facteur : il en active un à sa prochaine connexion.")


def _agir(geste: str, code: str, par: str, acte: Callable[[Agents], Awaitable[bool]]) -> None:
    async def ecrire() -> bool:
        async with base() as documents:
            await noter(documents, par=par, geste=geste, cible=code)
            return await acte(Agents(documents))

    if not faire(ecrire):
        raise LookupError(f"aucun agent de code {code}")
