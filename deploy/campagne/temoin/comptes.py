"""What a campaign leaves to be judged: the producer's book, the sinks' books, MongoDB and the queues, read once."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient

from deploy.campagne.temoin.files import Parque
from deploy.campagne.temoin.livre import lire

Document = dict[str, Any]
COLLECTIONS_DUES: Final = ("dossiers", "verifications", "perimetres")


@dataclass(frozen=True)
class Sources:
    """Where the books are. `mongodb`: URL of the server itself, past any proxy."""

    producteur: Path
    smtp: Path
    sftp: Path
    racine_sftp: Path
    mongodb: str
    base: str = "ent1d"


@dataclass(frozen=True)
class Parking:
    """What the queues hold at the end: messages per work queue, and those parked.

    `attendus` are the SHA-256 of the bodies that the campaign itself sent to be parked.
    """

    profondeurs: Mapping[str, int] = field(default_factory=dict)
    mis_de_cote: tuple[Parque, ...] = ()
    attendus: frozenset[str] = frozenset()

    @property
    def inattendus(self) -> tuple[Parque, ...]:
        """Give those that nobody sent to be parked."""
        return tuple(parque for parque in self.mis_de_cote if parque.empreinte not in self.attendus)


@dataclass(frozen=True)
class Comptes:
    """Everything, in memory: a campaign has thousands of dossiers, not millions."""

    tentees: frozenset[str]
    reconnues: Mapping[str, str | None]
    """Keys with a 2xx, or a broker's confirm, and the number answered if any."""
    pieces_recues: Mapping[str, tuple[str, int]]
    """(SHA-256, size) by id, as answered to the producer; `pieces_gardees`: as kept."""
    pieces_gardees: Mapping[str, tuple[str, int]]
    dossiers: Mapping[str, Document]
    verifications: tuple[Document, ...]
    envois: tuple[Document, ...]
    perimetres: tuple[Document, ...]
    livraisons: tuple[Document, ...]
    recus_parques: frozenset[str]
    sorties: tuple[tuple[str, str], ...]
    """(collection, document) of each event still owed."""
    courriels: Mapping[str, tuple[Document, ...]]
    """The relay's book by the left part of the Message-ID."""
    actes_sftp: tuple[Document, ...]
    racine_sftp: Path
    parking: Parking


def lire_comptes(sources: Sources, parking: Parking) -> Comptes:
    """Read all the books."""
    with MongoClient[Document](sources.mongodb, tz_aware=True, directConnection=True) as client:
        base = client[sources.base]
        lues = {
            nom: tuple(base[nom].find()) for nom in ("dossiers", "verifications", "envois", "perimetres", "livraisons")
        }
        recus = [nom for nom in base.list_collection_names() if nom.startswith("recus_")]
        parques = frozenset(recu["_id"] for nom in recus for recu in base[nom].find({"issue": "parque"}))
        gardees = {f["_id"]: (f["metadata"]["sha256"], f["length"]) for f in base["pieces.files"].find()}
    tentees, reconnues = _livre_du_producteur(sources.producteur)
    recues = {f["id"]: (f["sha256"], f["taille"]) for f in lire(sources.producteur) if f["acte"] == "piece"}
    return Comptes(
        tentees=tentees,
        reconnues=reconnues,
        pieces_recues=recues,
        pieces_gardees=gardees,
        dossiers={d["_id"]: d for d in lues["dossiers"]},
        verifications=lues["verifications"],
        envois=lues["envois"],
        perimetres=lues["perimetres"],
        livraisons=lues["livraisons"],
        recus_parques=parques,
        sorties=tuple((nom, str(d["_id"])) for nom in COLLECTIONS_DUES for d in lues[nom] for _ in d.get("sortie", ())),
        courriels=_par_identifiant(lire(sources.smtp)),
        actes_sftp=tuple(lire(sources.sftp)),
        racine_sftp=sources.racine_sftp,
        parking=parking,
    )


def _livre_du_producteur(livre: Path) -> tuple[frozenset[str], dict[str, str | None]]:
    tentees: set[str] = set()
    reconnues: dict[str, str | None] = {}
    for fait in lire(livre):
        if fait["acte"] == "intention":
            tentees.add(fait["cle"])
        elif fait["acte"] == "confirme":
            reconnues.setdefault(fait["cle"], None)
        elif fait["acte"] == "connu" or (fait["acte"] == "reponse" and fait["statut"] // 100 == 2):  # noqa: PLR2004
            reconnues[fait["cle"]] = fait["numero"]
    return frozenset(tentees), reconnues


def _par_identifiant(receptions: Iterable[Document]) -> dict[str, tuple[Document, ...]]:
    groupes: dict[str, list[Document]] = defaultdict(list)
    for reception in receptions:
        groupes[str(reception["message_id"]).strip("<>").partition("@")[0]].append(reception)
    return {identifiant: tuple(lignes) for identifiant, lignes in groupes.items()}


def manifeste(fichier: Path) -> Document | None:
    """Read a manifest as the titulaire would; None when it is not one."""
    try:
        lu = json.loads(fichier.read_text(encoding="utf-8"))
        return {"nom": lu["fichier"]["nom"], "sha256": lu["fichier"]["sha256"], "ecoles": lu["ecoles"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None
