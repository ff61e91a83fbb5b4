"""`python -m deploy.campagne`: play a fault campaign, say what the witness found; status 1 if anything is amiss."""

import argparse
import asyncio
import logging  # noqa: TID251  # to silence it: libraries tell of every lost connection
import random
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from contracts.flux import SERVICES
from deploy.campagne.deroulement import SANS_PROGRES, Plan, Resultat, au_hasard, comptees, derouler
from deploy.campagne.pannes import PANNES, Panne, choisir
from deploy.campagne.pieges import pieger, pieges
from deploy.campagne.rapport import ecrire, montrer, preuve
from deploy.campagne.terrain import Options, Terrain

_AIDE: Final = """\
Des dossiers sont déposés sans arrêt pendant que des pannes frappent les processus, les serveurs et le réseau ; à la fin
tout est réparé, la chaîne se vide, et un témoin extérieur compare ses livres avec ce qui reste.

  make campagne DUREE=300                                  cinq minutes de pannes tirées au sort
  make campagne PANNES="mongod.tuer rabbitmq.tuer" DUREE=600
  make campagne PANNES="service.tuer=1000" VOIES=2         un nombre donné de chacune
  make campagne POINTS="1 2 10"                            chaque point nommé du code, à ces passages
  make campagne HOSTILES=10000                             ce nombre de messages hostiles, rien d’autre
  make campagne PANNES="smtp.journee=1 sftp.journee=1" ECHELLE=0.001   un jour sans partenaire, en 86 secondes
  make campagne GRAINE=42 …                                la même suite de pannes qu’avant
"""


def main() -> None:
    """Read the command line, play, report; exit 1 on any anomaly."""
    choix = _options()
    graine: int = choix.graine if choix.graine is not None else secrets.randbelow(1_000_000)
    donnees = Path(tempfile.mkdtemp(prefix="ent1d-campagne-", dir=choix.donnees))
    console = Console()
    logging.disable()
    commande = _commande(choix, graine)
    trouve = asyncio.run(_jouer(choix, graine, donnees, console, commande))
    fichier = choix.preuve or Path("campagnes") / f"{trouve['fini_le'][:19].replace(':', '')}-{graine}.json"
    ecrire(trouve, fichier)
    montrer(trouve, console)
    console.print(f"preuve : {fichier}", highlight=False)
    if trouve["anomalies"]:
        console.print(f"[bold red]ÉCHEC[/bold red] — journaux et livres : {donnees}\npour rejouer : {commande}")
        sys.exit(1)
    shutil.rmtree(donnees, ignore_errors=True)


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(
        prog="make campagne", description=_AIDE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--duree", type=float, default=120.0, help="secondes de pannes tirées au sort (120)")
    options.add_argument("--graine", type=int, help="graine du tirage ; tirée au sort et dite si absente")
    options.add_argument("--pannes", help="noms, ou nom=nombre, parmi : " + ", ".join(PANNES) + ", point:SERVICE:NOM")
    options.add_argument("--points", type=int, nargs="*", default=[], help="passages auxquels mourir à chaque point")
    options.add_argument("--part", type=float, default=1.0, help="part des points, tirée au sort (1 : tous)")
    options.add_argument("--hostiles", type=int, default=0, help="messages hostiles à envoyer d’abord")
    options.add_argument("--debit", type=float, default=4.0, help="dossiers déposés par seconde (4)")
    options.add_argument("--echelle", type=float, default=0.02, help="facteur des attentes, et des journées (0.02)")
    options.add_argument("--voies", type=int, default=1, help="pannes menées de front, sur des parties différentes (1)")
    options.add_argument("--patience", type=float, default=SANS_PROGRES, help="secondes sans progrès, à la fin (150)")
    options.add_argument("--preuve", type=Path, help="fichier JSON à écrire (campagnes/…)")
    options.add_argument("--donnees", type=Path, help="où vivent les serveurs (un dossier temporaire)")
    choix = options.parse_args()
    if choix.pannes is None:
        ordinaires = " ".join(nom for nom in PANNES if not nom.endswith(".journee"))  # a day is asked for by its name
        choix.pannes = "" if choix.points or choix.hostiles else ordinaires
    return choix


async def _jouer(
    choix: argparse.Namespace, graine: int, donnees: Path, console: Console, commande: str
) -> dict[str, Any]:
    alea = random.Random(graine)  # noqa: S311  # to be played again
    choisis = [p for service in SERVICES for p in pieges(service, choix.points, choix.part, alea)]
    coups, nombre = _coups(choix, alea)
    options = Options(
        graine,
        echelle=choix.echelle,
        instrumente=bool(choisis) or "point:" in choix.pannes or "horloge." in choix.pannes,
        disques="disque." in choix.pannes,
        pertes="rabbitmq.perdre" in choix.pannes,
    )
    with _barre(console) as barre:
        tache = barre.add_task("démarrage", total=None)

        def suivre(resultat: Resultat) -> None:
            _avancer(barre, tache, resultat, nombre + len(choisis) or None)

        async with Terrain(donnees, options) as terrain:
            if choix.hostiles:
                await terrain.envoyer_hostiles(choix.hostiles)

            async def points(resultat: Resultat) -> None:
                await pieger(terrain, choisis, resultat, suivre)

            plan = Plan(
                coups, debit=choix.debit, voies=choix.voies, patience=choix.patience, aussi=points if choisis else None
            )
            return preuve(await derouler(terrain, plan, suivre), terrain.systeme, commande, graine)


def _coups(choix: argparse.Namespace, alea: random.Random) -> tuple[Iterator[Panne], int]:
    """Give the faults to play and their number, 0 when only time limits it."""
    demandees = [(choisir(nom), nombre) for nom, _, nombre in (mot.partition("=") for mot in choix.pannes.split())]
    comptes = [compte for pannes, nombre in demandees if nombre for compte in _repartir(pannes, int(nombre))]
    if comptes or not demandees:
        return comptees(comptes, alea), sum(nombre for _, nombre in comptes)
    return au_hasard([panne for pannes, _ in demandees for panne in pannes], alea, choix.duree), 0


def _repartir(pannes: Sequence[Panne], nombre: int) -> list[tuple[Panne, int]]:
    """Share a number asked of a family (`service.tuer=1000`) among its members."""
    return [(panne, nombre // len(pannes) + (rang < nombre % len(pannes))) for rang, panne in enumerate(pannes)]


def _barre(console: Console) -> Progress:
    colonnes = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}"), TimeElapsedColumn())
    return Progress(*colonnes, console=console, transient=True)


def _avancer(barre: Progress, tache: TaskID, resultat: Resultat, total: int | None) -> None:
    nombre = resultat.coups
    derniere = next(reversed(resultat.reprises), "")
    barre.update(tache, completed=nombre, total=total, description=f"pannes ({derniere})")


def _commande(choix: argparse.Namespace, graine: int) -> str:
    points = f' POINTS="{" ".join(map(str, choix.points))}" PART={choix.part:g}' if choix.points else ""
    hostiles = f" HOSTILES={choix.hostiles}" if choix.hostiles else ""
    pannes = f' PANNES="{choix.pannes}" DUREE={choix.duree:g}' if choix.pannes else ""
    rythme = f" DEBIT={choix.debit:g} VOIES={choix.voies} ECHELLE={choix.echelle:g}"
    return f"make campagne GRAINE={graine}{pannes}{rythme}{points}{hostiles}"


if __name__ == "__main__":
    main()
