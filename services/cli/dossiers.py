"""`ent1d dossier`: where dossiers stand, what they wait for, and taking one up again. Shows no person."""

from typing import Annotated, Any, Final

import typer

from contracts.dossier import EtatDossier
from services._runtime.mongo import Database
from services.cli.attentes import Attente, attentes
from services.cli.connexions import EnJson, base, faire, montrer
from services.cli.interventions import Par, PourDeBon, auteur
from services.cli.reprise import reprendre as reprendre_une

app = typer.Typer(help="Où en sont les dossiers, et reprendre l’un d’eux.", no_args_is_help=True)
COLONNES: Final = ("numero", "etat", "version", "commune", "ecoles", "depose_le")
Numero = Annotated[str, typer.Argument(metavar="NUMÉRO", help="par exemple ENT-5KHZ3-VGE9T")]


@app.command(epilog="Exemple : ent1d dossier lister --etat valide")
def lister(
    etat: Annotated[EtatDossier | None, typer.Option(help="seulement ceux dans cet état")] = None,
    nombre: Annotated[int, typer.Option(help="les plus récents d’abord, au plus tant")] = 50,
    en_json: EnJson = False,  # noqa: FBT002
) -> None:
    """Liste les dossiers, du plus récent au plus ancien."""

    async def lire() -> list[dict[str, Any]]:
        async with base() as documents:
            filtre = {"etat": etat} if etat else {}
            trouves = documents["dossiers"].find(filtre, {"_id": 0, **dict.fromkeys(COLONNES, 1)})
            return await trouves.sort("depose_le", -1).to_list(nombre)

    montrer(faire(lire), COLONNES, en_json=en_json)


@app.command(epilog="Exemple : ent1d dossier voir ENT-5KHZ3-VGE9T")
def voir(numero: Numero, en_json: EnJson = False) -> None:  # noqa: FBT002
    """Montre la chronologie d’un dossier et de ses courriels, puis ce qu’il attend et pourquoi."""

    async def lire() -> list[dict[str, Any]]:
        async with base() as documents:
            passe = await _chronologie(documents, numero)
            return [*passe, *(_etape(attente) for attente in await attentes(documents, numero))]

    lignes = faire(lire)
    if en_json:
        montrer(lignes, (), en_json=True)
        return
    montrer([ligne for ligne in lignes if not ligne["attend"]], ("le", "fait", "version", "constat"), en_json=False)
    attendues = [ligne for ligne in lignes if ligne["attend"]]
    typer.echo("Ce qu’il attend :" if attendues else "Il n’attend rien de nos services.")
    if attendues:
        montrer(attendues, ("fait", "version", "constat", "le", "prochain"), en_json=False)


@app.command(epilog="Exemple : ent1d dossier reprendre ENT-5KHZ3-VGE9T --pour-de-bon --par agent-7")
def reprendre(
    numero: Numero,
    *,
    redire: Annotated[
        bool, typer.Option("--redire", help="aussi ce qui est mis de côté, quand RabbitMQ a perdu ses données")
    ] = False,
    pour_de_bon: PourDeBon = False,
    par: Par = None,
    en_json: EnJson = False,
) -> None:
    """Rend dû tout de suite ce que le dossier attend : ses événements non soldés, ses courriels en attente ou refusés.

    Sans --pour-de-bon, montre seulement ce qui serait fait.
    Un événement garde son identifiant, un courriel ses octets : rien n’est fait deux fois pour autant.
    Chaque reprise laisse une ligne à « ent1d interventions ».
    """
    lignes = faire(lambda: _reprendre(numero, auteur(par, pour_de_bon=pour_de_bon), redire=redire))
    if not en_json:
        typer.echo(_bilan(numero, lignes, pour_de_bon=pour_de_bon))
    if lignes or en_json:
        montrer(lignes, ("quoi", "pourquoi", "depuis", "geste", "fait"), en_json=en_json)


async def _reprendre(numero: str, par: str | None, *, redire: bool) -> list[dict[str, Any]]:
    async with base() as documents:
        await _trouver(documents, numero, {"_id": 1})
        lignes = []
        for attente in await attentes(documents, numero, redire=redire):
            fait = bool(par and attente.geste) and await reprendre_une(documents, numero, attente, str(par))
            lignes.append(attente.ligne() | {"fait": fait})
        return lignes


def _bilan(numero: str, lignes: list[dict[str, Any]], *, pour_de_bon: bool) -> str:
    if not lignes:
        return f"{numero} n’attend rien : rien à reprendre."
    if pour_de_bon:
        return f"{sum(ligne['fait'] for ligne in lignes)} reprise(s) faite(s)"
    nombre = sum(bool(ligne["geste"]) for ligne in lignes)
    return f"{nombre} reprise(s) à faire ; ajouter --pour-de-bon --par CODE pour les faire"


async def _trouver(documents: Database, numero: str, champs: dict[str, int]) -> dict[str, Any]:
    dossier: dict[str, Any] | None = await documents["dossiers"].find_one({"_id": numero}, champs)
    if dossier is None:
        raise LookupError(f"aucun dossier {numero}")
    return dossier


async def _chronologie(documents: Database, numero: str) -> list[dict[str, Any]]:
    """Give what has been, the oldest first."""
    dossier = await _trouver(documents, numero, {"chronologie": 1})
    envois = documents["envois"].find({"numero": numero}, {"motif": 1, "version": 1, "journal": 1})
    courriels = [
        {
            "le": fait["le"],
            "fait": f"courriel « {envoi['motif']} »",
            "version": envoi["version"],
            "constat": " : ".join(filter(None, (fait["etat"], fait["raison"]))),
        }
        async for envoi in envois
        for fait in envoi["journal"]
    ]
    etapes = sorted([*dossier["chronologie"], *courriels], key=lambda etape: etape["le"])
    return [etape | {"attend": False, "prochain": ""} for etape in etapes]


def _etape(attente: Attente) -> dict[str, Any]:
    return {
        "le": attente.depuis or "",
        "fait": attente.quoi,
        "version": attente.version,
        "constat": attente.pourquoi,
        "attend": True,
        "prochain": attente.prochain or "",
    }
