"""`ent1d dossier`: where dossiers stand. Shows no person."""

from typing import Annotated, Any

import typer

from contracts.dossier import EtatDossier
from services.cli.connexions import EnJson, base, faire, montrer

app = typer.Typer(help="Où en sont les dossiers.", no_args_is_help=True)
COLONNES = ("numero", "etat", "version", "commune", "ecoles", "depose_le")


@app.command()
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


@app.command()
def voir(numero: str, en_json: EnJson = False) -> None:  # noqa: FBT002
    """Montre la chronologie d’un dossier, ses courriels et sa livraison."""

    async def lire() -> list[dict[str, Any]]:
        async with base() as documents:
            dossier = await documents["dossiers"].find_one({"_id": numero}, {"chronologie": 1})
            if dossier is None:
                raise LookupError(f"aucun dossier {numero}")
            envois = documents["envois"].find({"numero": numero}, {"motif": 1, "version": 1, "journal": 1})
            courriels = [
                {
                    "le": fait["le"],
                    "fait": f"courriel « {e['motif']} »",
                    "version": e["version"],
                    "constat": fait["etat"],
                }
                async for e in envois
                for fait in e["journal"]
            ]
            return sorted([*dossier["chronologie"], *courriels], key=lambda etape: etape["le"])

    montrer(faire(lire), ("le", "fait", "version", "constat"), en_json=en_json)
