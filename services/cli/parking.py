"""`ent1d parking`: the messages that wait for a person, and how to send them back."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

import typer
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage

from services._runtime.clock import now
from services._runtime.mongo import Database
from services.cli.connexions import DELAI, EnJson, NomService, base, bus, faire, montrer
from services.cli.interventions import Par, PourDeBon, auteur, noter
from services.cli.messages import MODELES, Filtre, Ligne, a_plat, detailler, maintenant_ecrit, neuf, resumer

app = typer.Typer(
    help="Les messages mis de côté (RABBITMQ_URL : celle de l’utilisateur operateur).", no_args_is_help=True
)
COLONNES: Final = ("id", "file", "dossier", "motif", "detail", "depuis")
Service = Annotated[NomService | None, typer.Option("--service", help="seulement le parking de ce service")]
UnEvenement = Annotated[
    str, typer.Option("--evenement", help="DossierDéposé, dossier.depose.v1 ou le nom de la file où il a échoué")
]
UnDossier = Annotated[str, typer.Option("--dossier", help="numéro du dossier")]
UnMotif = Annotated[str, typer.Option("--motif", help="tel que « lister » le montre")]
UnId = Annotated[str, typer.Option("--id", help="ce message seulement, tel que « lister » le nomme")]


@app.command(epilog="Exemple : ent1d parking lister --service notification --motif TimeoutError")
def lister(
    service: Service = None,
    evenement: UnEvenement = "",
    dossier: UnDossier = "",
    motif: UnMotif = "",
    en_json: EnJson = False,  # noqa: FBT002
) -> None:
    """Liste les messages mis de côté et pourquoi ; leur contenu n’est pas montré."""
    filtre = Filtre(evenement=evenement, dossier=dossier, motif=motif)

    async def lire() -> list[Ligne]:
        async with bus() as canal:
            lignes = [resumer(message, nom) async for nom, message in _gares(canal, service)]
        return [ligne for ligne in lignes if filtre.retient(ligne)]

    montrer(faire(lire), COLONNES, en_json=en_json)


@app.command(epilog="Exemple : ent1d parking voir 0b0c2f6e-5d7b-5c1e-9d53-6f0a7f1c2d3e")
def voir(
    identifiant: Annotated[str, typer.Argument(metavar="ID", help="tel que « lister » le nomme")],
    service: Service = None,
    en_json: EnJson = False,  # noqa: FBT002
) -> None:
    """Montre un message : ce que nos services ont noté, et de son corps ce qui n’est à personne.

    D’un événement, qui ne contient personne, tout est montré ; d’une soumission, les noms de ses champs et sa clé.
    """

    async def lire() -> list[Ligne]:
        async with bus() as canal:
            return [
                detailler(message, nom)
                async for nom, message in _gares(canal, service)
                if resumer(message, nom)["id"] == identifiant
            ]

    if not (trouves := faire(lire)):
        raise LookupError(f"aucun message mis de côté ne porte l’identifiant {identifiant}")
    if en_json:
        montrer(trouves, (), en_json=True)
        return
    for message in trouves:
        montrer([{"champ": c, "valeur": v} for c, v in a_plat(message)], ("champ", "valeur"), en_json=False)


@app.command(
    epilog="Exemple : ent1d parking rejouer --service notification --motif TimeoutError --pour-de-bon --par agent-7"
)
def rejouer(  # noqa: PLR0913  # an option each
    *,
    service: Service = None,
    identifiant: UnId = "",
    evenement: UnEvenement = "",
    dossier: UnDossier = "",
    motif: UnMotif = "",
    pour_de_bon: PourDeBon = False,
    par: Par = None,
    en_json: EnJson = False,
) -> None:
    """Renvoie des messages dans la file où ils ont échoué, trente secondes plus tard ; sans --pour-de-bon, les montre.

    Un message déjà traité ne l’est pas deux fois. Chaque renvoi laisse une ligne à « ent1d interventions ».
    """
    filtre = Filtre(id=identifiant, evenement=evenement, dossier=dossier, motif=motif)
    lignes = faire(lambda: _rejouer(service, filtre, auteur(par, pour_de_bon=pour_de_bon)))
    if not en_json:
        suite = "renvoyé(s)" if pour_de_bon else "à renvoyer ; ajouter --pour-de-bon --par CODE pour le faire"
        typer.echo(f"{sum(ligne['rejouable'] for ligne in lignes)} message(s) {suite}")
    if lignes or en_json:
        montrer(lignes, ("id", "file", "dossier", "motif", "rejouable", "fait"), en_json=en_json)


async def _rejouer(service: NomService | None, filtre: Filtre, par: str | None) -> list[Ligne]:
    """Give a row for each message meant, sent back if somebody acts."""
    lignes: list[Ligne] = []
    if par is None:
        async with bus() as canal:
            async for nom, message in _gares(canal, service):
                lignes.append(_a_faire(message, nom))
        return [ligne for ligne in lignes if filtre.retient(ligne)]
    async with base() as documents, bus() as canal:
        attente = await canal.get_exchange("retry.short", ensure=False)
        # What fails again at once is parked again while we work: without this bound we would replay it for ever.
        borne = Filtre(**{**vars(filtre), "avant": maintenant_ecrit(now())})
        async for nom, message in _gares(canal, service):
            ligne = _a_faire(message, nom)
            if borne.retient(ligne):
                lignes.append(await _renvoyer(message, ligne, par, documents, attente))
    return lignes


def _a_faire(message: AbstractIncomingMessage, service: str) -> Ligne:
    ligne = resumer(message, service)
    # Of a contract that is no more, the message would circle in the waiting queue for ever.
    return ligne | {"rejouable": ligne["file"] in MODELES, "fait": False}


async def _renvoyer(
    message: AbstractIncomingMessage, ligne: Ligne, par: str, documents: Database, attente: AbstractExchange
) -> Ligne:
    """Write it down, publish, and only then take it out of parking: a death in between replays it twice, not never."""
    if not ligne["rejouable"]:
        return ligne
    detail = ", ".join(str(ligne[champ]) for champ in ("dossier", "file", "motif") if ligne[champ])
    await noter(documents, par=par, geste="parking rejouer", cible=ligne["id"], detail=detail)
    await attente.publish(neuf(message), routing_key=ligne["file"], timeout=DELAI)
    await message.ack()
    return ligne | {"fait": True}


async def _gares(
    canal: AbstractChannel, service: NomService | None
) -> AsyncIterator[tuple[str, AbstractIncomingMessage]]:
    """Take the parked messages one by one; those not acknowledged go back when the channel ends."""
    for nom in [service] if service else NomService:
        file = await canal.get_queue(f"{nom}.parking", ensure=False)
        while (message := await file.get(fail=False)) is not None:
            yield nom, message
