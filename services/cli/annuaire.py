"""`ent1d annuaire`: makes a synthetic academy, for trials and demonstrations."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from services.aaf_dispatch.annuaire.academie import Academie
from services.aaf_dispatch.annuaire.ecriture import Nommage
from services.aaf_dispatch.annuaire.generateur import generer as inventer
from services.aaf_dispatch.annuaire.grammaire import Categorie

app = typer.Typer(help="L’annuaire académique (AAF 1D).", no_args_is_help=True)


@app.callback()
def annuaire() -> None:
    """L’annuaire académique (AAF 1D)."""


@app.command()
def generer(
    destination: Annotated[Path, typer.Argument(help="dossier absent ou vide où écrire l’export Complet")],
    ecoles: Annotated[int, typer.Option(min=1, help="nombre d’écoles")] = 20,
    eleves_par_ecole: Annotated[int, typer.Option(min=1, help="en moyenne")] = 200,
    graine: Annotated[int, typer.Option(help="la même graine donne les mêmes fichiers, à l’octet près")] = 1,
    uai: Annotated[list[str] | None, typer.Option(help="UAI qui doivent exister ; option répétable")] = None,
    jour: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="aujourd’hui par défaut")
    ] = None,
) -> None:
    """Invente une académie entière, au format du Complet AAF 1D. Personne n’y est réel."""
    quand: date = (jour or datetime.now(UTC)).date()
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed} fiches")) as barre:
        taches = {categorie: barre.add_task(categorie, total=None) for categorie in Categorie}
        academie = _academie(ecoles, graine, uai or [], eleves_par_ecole)
        try:
            generation = inventer(
                destination,
                academie,
                Nommage("ENTCRETEIL", quand),
                progression=lambda categorie, faites: barre.update(taches[categorie], completed=faites),
            )
        except FileExistsError:
            raise typer.BadParameter("le dossier de destination n’est pas vide") from None
    nombres = generation.effectifs
    typer.echo(
        f"{len(generation.uai)} écoles, {nombres.eleves} élèves, {nombres.responsables} responsables, "
        f"{nombres.personnels} personnels, {len(generation.fichiers)} fichiers dans {destination}"
    )


def _academie(ecoles: int, graine: int, uai: list[str], eleves_par_ecole: int) -> Academie:
    try:
        return Academie(ecoles, graine, uai, eleves_par_ecole)
    except ValueError as erreur:
        raise typer.BadParameter(str(erreur)) from None
