"""`ent1d outbox`: the events that documents still owe, to be published or to be recorded by their listeners."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final

import typer

from contracts.flux import FLUX
from services._runtime.clock import now
from services._runtime.mongo import Database, Document
from services._runtime.receipts import LISTENERS, PARKED
from services.cli.connexions import EnJson, base, duree, faire, montrer

# The collections whose documents owe events, and the field that holds the number of their dossier.
COLLECTIONS: Final[Mapping[str, str]] = {"dossiers": "_id", "verifications": "numero", "perimetres": "numero"}
NOMS: Final = {flux.evenement.cle: flux.evenement.nom() for flux in FLUX}
COLONNES: Final = ("dossier", "evenement", "depuis", "publie", "essais", "prochain_regard", "attendus", "mis_de_cote")


def outbox(
    depuis: Annotated[
        timedelta | None,
        typer.Option(parser=duree, metavar="DURÉE", help="seulement ce qui attend depuis au moins 30s, 10m, 2h, 1j"),
    ] = None,
    nombre: Annotated[int, typer.Option(min=1, help="les plus anciens d’abord, au plus tant")] = 100,
    en_json: EnJson = False,  # noqa: FBT002
) -> None:
    """Montre les événements dus : pas encore publiés, ou publiés et pas encore enregistrés par tous leurs auditeurs.

    « attendus » : les services dont l’accusé manque ; « mis_de_cote » : ceux où l’événement attend une personne.
    """

    async def lire() -> tuple[list[Document], int]:
        async with base() as documents:
            ages = {} if depuis is None else {"sortie.depuis": {"$lte": now() - depuis}}
            lignes: list[Document] = []
            for collection in COLLECTIONS:
                lignes += await dus(documents, collection, {}, ages=ages, nombre=nombre)
            total = [await _compter(documents, collection, ages) for collection in COLLECTIONS]
            return sorted(lignes, key=lambda ligne: ligne["depuis"])[:nombre], sum(total)

    lignes, total = faire(lire)
    montrer(lignes, COLONNES, en_json=en_json)
    if not en_json and total > len(lignes):
        typer.echo(f"… et {total - len(lignes)} autres : --nombre en montre plus.")


async def dus(
    documents: Database, collection: str, filtre: Document, *, ages: Document | None = None, nombre: int = 1000
) -> list[Document]:
    """Give the events that the documents of `filtre` owe, the oldest first, and where each stands."""
    etapes = [
        *_entrees(filtre, ages or {}),
        {"$sort": {"sortie.depuis": 1}},
        {"$limit": nombre},
        {"$project": {"sortie.corps": 0}},
    ]
    entrees = [
        {"document": trouve["_id"], "dossier": trouve[COLLECTIONS[collection]], **trouve["sortie"]}
        async for trouve in documents[collection].aggregate(
            [*etapes, {"$project": {COLLECTIONS[collection]: 1, "sortie": 1}}]
        )
    ]
    accuses = await _accuses(documents, entrees)
    return [_ligne(collection, entree, accuses[entree["id"]]) for entree in entrees]


async def _compter(documents: Database, collection: str, ages: Document) -> int:
    comptes = await documents[collection].aggregate([*_entrees({}, ages), {"$count": "n"}]).to_list(1)
    return int(comptes[0]["n"]) if comptes else 0


def _entrees(filtre: Document, ages: Document) -> list[Document]:
    return [{"$match": {"sortie.echeance": {"$exists": True}, **filtre}}, {"$unwind": "$sortie"}, {"$match": ages}]


async def _accuses(documents: Database, entrees: Sequence[Document]) -> dict[str, dict[str, str]]:
    """Read the receipts of events: by event, what each listening service recorded."""
    demandes: dict[str, list[str]] = defaultdict(list)
    for entree in entrees:
        for service in LISTENERS.get(entree["cle"], ()):
            demandes[service].append(entree["id"])
    accuses: dict[str, dict[str, str]] = defaultdict(dict)
    for service, ids in demandes.items():
        async for recu in documents[f"recus_{service}"].find({"_id": {"$in": ids}}, {"issue": 1}):
            accuses[recu["_id"]][service] = recu["issue"]
    return accuses


def _ligne(collection: str, entree: Document, accuses: Mapping[str, str]) -> Document:
    return {
        "dossier": entree["dossier"],
        "evenement": NOMS.get(entree["cle"], entree["cle"]),
        "id": entree["id"],
        "collection": collection,
        "document": entree["document"],
        "depuis": entree["depuis"],
        "publie": entree["publie"],
        "essais": entree["essais"],
        "prochain_regard": entree["echeance"],
        "attendus": [service for service in LISTENERS.get(entree["cle"], ()) if service not in accuses],
        "mis_de_cote": [service for service, issue in accuses.items() if issue == PARKED],
    }


def filtre_du_dossier(collection: str, numero: str) -> dict[str, Any]:
    """Give the query of the documents of one dossier, by an index where there is one."""
    # "`numero`:version": from the colon to the character after it.
    bornes = {"$gte": f"{numero}:", "$lt": f"{numero};"}
    return {"_id": bornes} if collection == "verifications" else {COLLECTIONS[collection]: numero}
