"""`ent1d livraison`: what was delivered, what waits for an agent, and his approval."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from contracts.evenements import MotifSuspension
from services.cli.connexions import EnJson, base, faire, montrer

app = typer.Typer(help="Les livraisons aux titulaires.", no_args_is_help=True)
COLONNES = ("_id", "titulaire", "etat", "nombre_ecoles", "taille", "livree_le", "motif", "constat", "approuvee_par")


@app.command()
def lister(en_json: EnJson = False) -> None:  # noqa: FBT002
    """Liste les livraisons, de la plus récente à la plus ancienne."""

    async def lire() -> list[dict[str, Any]]:
        async with base() as documents:
            return await documents["livraisons"].find({}, dict.fromkeys(COLONNES, 1)).sort("_id", -1).to_list(100)

    montrer(faire(lire), COLONNES, en_json=en_json)


@app.command()
def approuver(
    nom: Annotated[str, typer.Argument(help="par exemple ENT1D.20261123-00007")],
    par: Annotated[str, typer.Option("--par", help="qui approuve : son identifiant reste au journal")],
) -> None:
    """Laisse partir une livraison suspendue, telle qu’elle a été examinée : si elle change, elle attend de nouveau.

    Un annuaire invalide ne part jamais : c’est l’export de l’académie qu’il faut corriger.
    """

    async def ecrire() -> bool:
        async with base() as documents:
            approbation = {"approuvee_par": par, "approuvee_le": datetime.now(UTC)}
            faite = await documents["livraisons"].update_one(
                {"_id": nom, "etat": "suspendue", "motif": {"$ne": MotifSuspension.ANNUAIRE_INVALIDE}},
                [{"$set": {"approuvee": "$empreinte", **approbation}}],
            )
            return bool(faite.matched_count)

    if not faire(ecrire):
        raise LookupError(f"aucune livraison suspendue nommée {nom} qui puisse être approuvée")
    typer.echo(f"{nom} approuvée : elle part à la prochaine tournée.")
