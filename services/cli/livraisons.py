"""`ent1d livraison`: what was delivered, what waits for an agent, and his approval."""

from typing import Annotated, Any

import typer

from contracts.evenements import MotifSuspension
from services._runtime.clock import now
from services.cli.connexions import EnJson, base, faire, montrer
from services.cli.interventions import code_de_compte, noter

app = typer.Typer(help="Les livraisons aux titulaires.", no_args_is_help=True)
COLONNES = ("_id", "titulaire", "etat", "nombre_ecoles", "taille", "livree_le", "motif", "constat", "approuvee_par")


@app.command(epilog="Exemple : ent1d livraison lister --json")
def lister(en_json: EnJson = False) -> None:  # noqa: FBT002
    """Liste les livraisons, de la plus récente à la plus ancienne."""

    async def lire() -> list[dict[str, Any]]:
        async with base() as documents:
            return await documents["livraisons"].find({}, dict.fromkeys(COLONNES, 1)).sort("_id", -1).to_list(100)

    montrer(faire(lire), COLONNES, en_json=en_json)


@app.command(epilog="Exemple : ent1d livraison approuver ENT1D.20261123-00007 --par agent-7")
def approuver(
    nom: Annotated[str, typer.Argument(help="par exemple ENT1D.20261123-00007")],
    par: Annotated[
        str,
        typer.Option(
            "--par", envvar="ENT1D_PAR", callback=code_de_compte, help="votre code de compte : il reste au journal"
        ),
    ],
) -> None:
    """Laisse partir une livraison suspendue, telle qu’elle a été examinée : si elle change, elle attend de nouveau.

    Un annuaire invalide ne part jamais : c’est l’export de l’académie qu’il faut corriger.
    """

    async def ecrire() -> bool:
        async with base() as documents:
            approuvable = {"_id": nom, "etat": "suspendue", "motif": {"$ne": MotifSuspension.ANNUAIRE_INVALIDE}}
            if (trouvee := await documents["livraisons"].find_one(approuvable, {"motif": 1})) is None:
                return False
            motif = str(trouvee.get("motif", ""))
            await noter(documents, par=par, geste="livraison approuver", cible=nom, detail=motif)
            approbation = {"approuvee_par": par, "approuvee_le": now()}
            faite = await documents["livraisons"].update_one(
                approuvable, [{"$set": {"approuvee": "$empreinte", **approbation}}]
            )
            return bool(faite.matched_count)

    if not faire(ecrire):
        raise LookupError(f"aucune livraison suspendue nommée {nom} qui puisse être approuvée")
    typer.echo(f"{nom} approuvée : elle part à la prochaine tournée.")
