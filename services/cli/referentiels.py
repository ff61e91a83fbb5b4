"""`ent1d referentiel`: brings in the communes and the schools that the State publishes, all at once or not at all."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from services.cli.connexions import EnJson, base, faire, montrer
from services.cli.interventions import Par, PourDeBon, auteur, noter
from services.intake.referentiels.generations import Generation, Generations, ImportDepasse
from services.intake.referentiels.importation import COMMUNES, ECOLES, Bilan, Lecture, Nature, confronter
from services.intake.referentiels.lecture import FichierIllisible, fiches

app = typer.Typer(help="Les communes et les écoles que le formulaire connaît.", no_args_is_help=True)
Fichier = Annotated[Path, typer.Argument(metavar="FICHIER", help="le fichier tel qu’il est publié")]
Force = Annotated[
    bool, typer.Option("--force", help="même s’il retire plus d’un cinquième de ce qui est là, ou a trop de défauts")
]
COLONNES: Final = ("referentiel", "nombre", "en_service", "importe_le", "empreinte", "source")


@dataclass(frozen=True)
class Consigne:
    """What is asked of an import. `par`: who acts; None only shows what would be done."""

    nature: Nature[Any]
    force: bool
    par: str | None
    en_json: bool


def _commande(nature: Nature[Any], exemple: str, aide: str) -> None:
    """Add the command that imports a référentiel."""

    @app.command(
        nature.nom,
        help=f"{aide}\nSans --pour-de-bon, montre seulement ce qui changerait. Refaire le même import ne change rien.",
        epilog=f"Exemple : ent1d referentiel {nature.nom} {exemple} --pour-de-bon --par agent-7",
    )
    def importer(
        fichier: Fichier,
        *,
        force: Force = False,
        pour_de_bon: PourDeBon = False,
        par: Par = None,
        en_json: EnJson = False,
    ) -> None:
        _importer(fichier, Consigne(nature, force, auteur(par, pour_de_bon=pour_de_bon), en_json))


_commande(
    COMMUNES,
    "communes.json",
    "Remplace les communes par celles du fichier communes.json du paquet @etalab/decoupage-administratif.\n",
)
_commande(
    ECOLES,
    "annuaire.json",
    "Remplace les écoles par celles de l’export JSON ou CSV de l’annuaire de l’éducation.\n\n"
    "Une école que le fichier n’a plus reste connue, comme fermée.",
)


@app.command(epilog="Exemple : ent1d referentiel etat")
def etat(en_json: EnJson = False) -> None:  # noqa: FBT002
    """Montre ce qui est en place, depuis quand, et la source à citer."""

    async def lire() -> list[dict[str, Any]]:
        async with base() as documents:
            return [_etat(nature, await Generations(documents, nature.nom).courante()) for nature in (COMMUNES, ECOLES)]

    montrer(faire(lire), COLONNES, en_json=en_json)


def _etat(nature: Nature[Any], courante: Generation) -> dict[str, Any]:
    return {
        "referentiel": nature.nom,
        "nombre": courante.nombre,
        "en_service": courante.en_service,
        "importe_le": courante.importe_le or "",
        "empreinte": courante.empreinte[:12],
        "source": nature.source,
    }


def _importer(fichier: Path, consigne: Consigne) -> None:
    lecture = _lire(fichier, consigne.nature)
    if not lecture.retenues:
        _montrer_remarques(lecture, consigne)
        raise LookupError(f"{fichier} : rien à prendre pour 77, 93 ou 94 (référentiel {consigne.nature.nom})")
    bilan, fait = faire(lambda: _remplacer(lecture, consigne))
    obstacle = "" if consigne.force else bilan.obstacle()
    _montrer_remarques(lecture, consigne)
    if consigne.en_json:
        montrer([_ligne(lecture, bilan) | {"fait": fait, "obstacle": obstacle}], (), en_json=True)
    else:
        typer.echo(_phrase(lecture, bilan))
    if obstacle:
        raise LookupError(f"rien n’est changé : {obstacle} (--force passe outre)")
    if not consigne.en_json:
        typer.echo(_fin(consigne, fait=fait))


def _lire(fichier: Path, nature: Nature[Any]) -> Lecture[Any]:
    """Read the file, showing how far. Raises LookupError with what to do."""
    colonnes = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    console = Console(stderr=True)
    try:
        with Progress(*colonnes, console=console, transient=True, disable=not console.is_terminal) as barre:
            tache = barre.add_task("lecture", total=fichier.stat().st_size)
            return nature.lire(fiches(fichier, lambda lus: barre.update(tache, completed=lus)))
    except FichierIllisible as illisible:
        raise LookupError(f"{fichier} : {illisible}") from None
    except FileNotFoundError:
        raise LookupError(f"{fichier} : ce fichier n’existe pas") from None
    except OSError as refus:
        raise LookupError(f"{fichier} : ce fichier ne peut pas être lu ({type(refus).__name__})") from None


async def _remplacer(lecture: Lecture[Any], consigne: Consigne) -> tuple[Bilan, bool]:
    """Say what changes; True when it is done."""
    async with base() as documents:
        generations = Generations(documents, consigne.nature.nom)
        courante = await generations.courante()
        bilan = confronter(consigne.nature, lecture, await generations.entrees(courante))
        permis = consigne.force or not bilan.obstacle()
        if consigne.par is None or not permis or bilan.empreinte == courante.empreinte:
            return bilan, False
        await noter(
            documents,
            par=consigne.par,
            geste=f"referentiel {consigne.nature.nom}",
            cible=bilan.empreinte[:12],
            detail=_phrase(lecture, bilan) + (" --force" if consigne.force else ""),
        )
        try:
            await generations.remplacer(courante, bilan)
        except ImportDepasse:
            raise LookupError("un autre import vient d’aboutir : regarder « ent1d referentiel etat »") from None
        return bilan, True


def _montrer_remarques(lecture: Lecture[Any], consigne: Consigne) -> None:
    """Name the records that are wrong or there twice: on the screen only, JSON has them in its row."""
    if lecture.remarques and not consigne.en_json:
        montrer([asdict(remarque) for remarque in lecture.remarques], ("repere", "cle", "raison"), en_json=False)


def _ligne(lecture: Lecture[Any], bilan: Bilan) -> dict[str, Any]:
    return {
        "lues": len(lecture.retenues),
        "hors_champ": lecture.hors_champ,
        "defauts": lecture.defauts,
        "doublons": lecture.doublons,
        "remarques": [asdict(remarque) for remarque in lecture.remarques],
        "ajoutees": bilan.ajoutees,
        "modifiees": bilan.modifiees,
        "retirees": bilan.retirees,
        "nombre": len(bilan.documents),
        "en_service": bilan.en_service,
        "empreinte": bilan.empreinte[:12],
    }


def _phrase(lecture: Lecture[Any], bilan: Bilan) -> str:
    return (
        f"lues : {len(lecture.retenues)}, en défaut : {lecture.defauts}, en double : {lecture.doublons}, "
        f"laissées de côté : {lecture.hors_champ} ; "
        f"ajoutées : {bilan.ajoutees}, modifiées : {bilan.modifiees}, retirées : {bilan.retirees} ; "
        f"en service : {bilan.en_service}."
    )


def _fin(consigne: Consigne, *, fait: bool) -> str:
    if fait:
        return "C’est fait."
    if consigne.par is not None:
        return "Rien à changer."
    return "Rien n’est fait ; ajouter --pour-de-bon --par CODE pour le faire."
