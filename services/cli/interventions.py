"""What operators did by hand: an append-only journal in MongoDB, and the command that reads it."""

import re
from datetime import timedelta
from typing import Annotated, Any, Final

import typer

from services._runtime.clock import now
from services._runtime.mongo import Database
from services.cli.connexions import EnJson, base, duree, faire, montrer

COLONNES: Final = ("le", "par", "geste", "cible", "detail")


def code_de_compte(par: str | None) -> str | None:
    """Accept the code of an account, never a person's name or address."""
    if par is not None and not re.fullmatch(r"[A-Za-z0-9._-]{1,60}", par):
        raise typer.BadParameter("un code de compte : lettres, chiffres, « . », « _ » et « - » seulement")
    return par


PourDeBon = Annotated[bool, typer.Option("--pour-de-bon", help="sans cette option, rien n’est fait")]
Par = Annotated[
    str | None,
    typer.Option(
        "--par", envvar="ENT1D_PAR", callback=code_de_compte, help="votre code de compte : il reste au journal"
    ),
]


def auteur(par: str | None, *, pour_de_bon: bool) -> str | None:
    """Give who acts; None in a dry run. Nothing is done by nobody."""
    if pour_de_bon and not par:
        raise typer.BadParameter("--pour-de-bon demande --par VOTRE-CODE (ou la variable ENT1D_PAR)")
    return par if pour_de_bon else None


async def noter(documents: Database, *, par: str, geste: str, cible: str, detail: str = "") -> None:
    """Write down what is about to be done: written before, so that nothing is done that was not written.

    `cible` and `detail` name dossiers, messages, queues and reasons, never a person.
    """
    await documents["interventions"].insert_one(
        {"le": now(), "par": par, "geste": geste, "cible": cible, "detail": detail}
    )


def interventions(
    cible: Annotated[str, typer.Option(help="un numéro de dossier, un message, une livraison")] = "",
    par: Annotated[str, typer.Option(help="seulement celles de ce compte")] = "",
    depuis: Annotated[timedelta | None, typer.Option(parser=duree, metavar="DURÉE", help="30m, 2h, 7j…")] = None,
    nombre: Annotated[int, typer.Option(min=1, help="les plus récentes d’abord, au plus tant")] = 100,
    en_json: EnJson = False,  # noqa: FBT002
) -> None:
    """Montre ce que les exploitants ont fait à la main : rejeux, reprises, approbations. Rien ne s’y efface."""
    filtre: dict[str, Any] = {"par": par} if par else {}
    if cible:
        contient = {"$regex": re.escape(cible)}
        filtre["$or"] = [{"cible": contient}, {"detail": contient}]

    async def lire() -> list[dict[str, Any]]:
        async with base() as documents:
            if depuis is not None:
                filtre["le"] = {"$gte": now() - depuis}
            trouvees = documents["interventions"].find(filtre, {"_id": 0}).sort([("le", -1), ("_id", -1)])
            return await trouvees.to_list(nombre)

    montrer(faire(lire), COLONNES, en_json=en_json)
