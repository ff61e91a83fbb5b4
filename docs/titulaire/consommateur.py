"""Exemple à copier : reçoit AAFLivré, contrôle la livraison déposée, lit l’annuaire, et reprend où il s’est arrêté.

Usage : python consommateur.py AMQP_URL FILE DOSSIER [--une]      (seule dépendance : aio-pika)
DOSSIER est celui où l’académie dépose ; `--une` s’arrête après la première livraison nouvelle. À la moindre anomalie le
programme s’arrête (code 1) sans rien retenir : qu’un superviseur le relance, il reprend au même point.
"""
# ruff: noqa: INP001, S314, T201

import asyncio
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import iterparse
from zipfile import ZipFile

import aio_pika


def fiches(archive: ZipFile, categorie: str) -> Iterator[dict[str, str]]:
    """Donne une à une les fiches d’une catégorie (première valeur de chaque attribut), sans tout charger en mémoire."""
    for nom in sorted(nom for nom in archive.namelist() if f"_{categorie}_" in nom):
        for fiche in (balise for _, balise in iterparse(archive.open(nom)) if balise.tag == "addRequest"):
            yield {a.get("name", ""): a.findtext("value") or "" for a in fiche.iterfind("attributes/attr")}
            fiche.clear()


def controler(dossier: Path, livraison: dict[str, Any]) -> Counter[str]:
    """Compte les élèves par UAI ; s’arrête si l’événement, le manifeste et le fichier ne disent pas la même chose."""
    manifeste = json.loads((dossier / livraison["manifeste"]).read_bytes())
    chemin = dossier / livraison["fichier"]
    with chemin.open("rb") as flux:
        lu = (chemin.stat().st_size, hashlib.file_digest(flux, "sha256").hexdigest())
    if any(lu != (annonce["taille"], annonce["sha256"]) for annonce in (livraison, manifeste["fichier"])):
        sys.exit(f"{chemin.name} : taille ou empreinte différente de celle annoncée")
    with ZipFile(chemin) as archive:
        ecoles = {f["ENTStructureJointure"]: f["ENTStructureUAI"] for f in fiches(archive, "EtabEducNat")}
        eleves = Counter(ecoles[f["ENTPersonStructRattach"]] for f in fiches(archive, "Eleve"))
    attendus = Counter({ecole["uai"]: ecole["effectifs"]["eleves"] for ecole in manifeste["ecoles"]})
    if eleves != attendus or eleves.total() != livraison["effectifs"]["eleves"]:
        sys.exit(f"{chemin.name} : nombre d’élèves différent de celui annoncé")
    return eleves


async def ecouter(url: str, file: str, dossier: Path, *, une: bool) -> None:
    """Traite les livraisons dans l’ordre de leur rang : un rang déjà vu, ou dépassé, est sans effet."""
    memoire = dossier / ".consommateur.json"
    etat = json.loads(memoire.read_bytes()) if memoire.exists() else {"offset": -1, "rang": 0}
    # « connect » et non « connect_robust » : rebranché par la bibliothèque, un stream repartirait de l’ancien offset.
    async with await aio_pika.connect(url) as connexion, connexion.channel() as canal:
        await canal.set_qos(prefetch_count=10)  # un stream l’exige
        messages = await canal.get_queue(file, ensure=False)
        async for message in messages.iterator(arguments={"x-stream-offset": etat["offset"] + 1}):
            livraison = json.loads(message.body)["data"]["livraison"]
            rang = int(livraison["nom"].rpartition("-")[2])
            if nouvelle := rang > etat["rang"]:
                eleves = controler(dossier, livraison)
                print(f"{livraison['nom']} : {eleves.total()} élèves, {len(eleves)} écoles", flush=True)
                # Ici : importer l’annuaire dans l’ENT, puis supprimer le zip.
            etat = {"offset": message.headers["x-stream-offset"], "rang": max(rang, etat["rang"])}
            memoire.with_suffix(".part").write_text(json.dumps(etat))
            memoire.with_suffix(".part").replace(memoire)
            await message.ack()
            if nouvelle and une:
                return
    sys.exit("la connexion à RabbitMQ est perdue")


if __name__ == "__main__":
    asyncio.run(ecouter(sys.argv[1], sys.argv[2], Path(sys.argv[3]), une="--une" in sys.argv))
