"""Measures the whole chain on this machine: dossiers per second from a backlog, and latency at a steady rate.

Everything (servers, services, this program) shares the machine's cores, so figures are only to be compared with others
of the same run or the same machine. A dossier counts when it is delivered and its three mails are accepted.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import uuid4

import aio_pika
from pymongo import MongoClient
from pymongo.database import Database
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from contracts.flux import SERVICES
from deploy.demo.dossiers import CONFORME, Exemple, uai
from deploy.demo.producteur import Producteur, soumettre
from deploy.local.systeme import PRODUCTEUR, Systeme

Base: TypeAlias = "Database[dict[str, Any]]"
MODELES: Final = 40  # distinct dossiers, each with its own schools and its own bon de commande
COURRIELS: Final = 3  # accusé, validation, livraison
DELAI: Final = 900.0  # seconds before the measure is given up


@dataclass(frozen=True)
class Mesure:
    """One line of the table."""

    nom: str
    valeur: str


def main() -> None:
    """Run both measures and print them as one table."""
    arguments = argparse.ArgumentParser(prog="make bench", description=__doc__)
    arguments.add_argument("--backlog", type=int, default=1000, help="dossiers waiting at the start (default: 1000)")
    arguments.add_argument(
        "--debit", type=float, default=20.0, help="dossiers per second for the latency (default: 20)"
    )
    arguments.add_argument("--duree", type=float, default=20.0, help="seconds at that rate (default: 20)")
    choix = arguments.parse_args()
    ecoles = [uai(numero) for numero in range(1, 2 * MODELES + 1)]
    with tempfile.TemporaryDirectory(prefix="ent1d-bench-") as dossier:
        systeme = Systeme(Path(dossier), ecoles=ecoles, reglages={"LIVRAISON_INTERVALLE": "2"})
        with systeme:
            mesures = asyncio.run(_mesurer(systeme, choix.backlog, choix.debit, choix.duree))
    table = Table("mesure", "valeur", title=f"{choix.backlog} dossiers en attente, puis {choix.debit:g}/s")
    for mesure in mesures:
        table.add_row(mesure.nom, mesure.valeur)
    Console().print(table)


async def _mesurer(systeme: Systeme, backlog: int, debit: float, duree: float) -> list[Mesure]:
    with MongoClient[dict[str, Any]](systeme.grappe.mongo.url, tz_aware=True) as client:
        base = client["ent1d"]
        async with Producteur(systeme.url, systeme.cle_api) as producteur:
            corps = [await _preparer(producteur, rang) for rang in range(MODELES)]
            debits = await _arriere(systeme, base, corps, backlog)
            latences = await _regime(producteur, base, corps, debit, duree)
    return [*debits, *latences]


async def _preparer(producteur: Producteur, rang: int) -> dict[str, Any]:
    exemple: Exemple = replace(CONFORME, ecoles=(uai(2 * rang + 1), uai(2 * rang + 2)))
    return exemple.soumission(await producteur.envoyer_pieces(exemple))


async def _arriere(systeme: Systeme, base: Base, corps: Sequence[dict[str, Any]], nombre: int) -> list[Mesure]:
    """Stop the services, let N submissions wait in the queue, start, and time how long until all is done."""
    for nom in SERVICES:
        systeme.services[nom].arreter()
    async with await aio_pika.connect(systeme.amqp(PRODUCTEUR)) as connexion:
        canal = await connexion.channel(publisher_confirms=True, on_return_raises=True)
        await asyncio.gather(*(soumettre(canal, PRODUCTEUR, corps[n % len(corps)], uuid4()) for n in range(nombre)))
    debut = time.monotonic()
    for nom in SERVICES:
        systeme.services[nom].demarrer()
    premier = await _attendre(base, "dossiers", {}, 1)
    livres = await _attendre(base, "dossiers", {"etat": "livre"}, nombre)
    courriels = await _attendre(base, "envois", {"etat": "accepte"}, COURRIELS * nombre)
    fin = max(livres, courriels)
    cpu = ", ".join(f"{nom} {_cpu(systeme.services[nom].pid) * 1000 / nombre:.1f}" for nom in SERVICES)
    return [
        Mesure(
            "dossiers par seconde, du premier déposé au dernier livré et prévenu", f"{nombre / (fin - premier):.0f}"
        ),
        Mesure("dossiers par seconde, jusqu’à la livraison seule", f"{nombre / (livres - premier):.0f}"),
        Mesure("courriels acceptés par seconde", f"{COURRIELS * nombre / (courriels - premier):.0f}"),
        Mesure("processeur par dossier, en ms", cpu),
        Mesure("démarrage des quatre services au premier dossier déposé", f"{premier - debut:.1f} s"),
    ]


async def _attendre(base: Base, collection: str, filtre: dict[str, Any], nombre: int) -> float:
    """Give the moment when so many documents meet the filter."""
    with Progress(transient=True) as barre:
        tache = barre.add_task(f"{collection} {filtre}", total=nombre)
        async with asyncio.timeout(DELAI):
            while (vus := base[collection].count_documents(filtre)) < nombre:
                barre.update(tache, completed=vus)
                await asyncio.sleep(0.25)
    return time.monotonic()


async def _regime(
    producteur: Producteur,
    base: Base,
    corps: Sequence[dict[str, Any]],
    debit: float,
    duree: float,
) -> list[Mesure]:
    """File at a steady rate by HTTP; read from the documents how long each step took."""
    depots = [
        asyncio.create_task(_deposer(producteur, corps[n % len(corps)], n / debit)) for n in range(int(debit * duree))
    ]
    reponses = await asyncio.gather(*depots)
    numeros = [numero for numero, _ in reponses]
    await _attendre(base, "dossiers", {"_id": {"$in": numeros}, "etat": "livre"}, len(numeros))
    await _attendre(base, "envois", {"numero": {"$in": numeros}, "etat": "accepte"}, COURRIELS * len(numeros))
    depose_le = {d["_id"]: d["depose_le"] for d in base["dossiers"].find({"_id": {"$in": numeros}}, {"depose_le": 1})}
    verifies = base["verifications"].find({"numero": {"$in": numeros}}, {"numero": 1, "le": 1})
    accuses = base["envois"].find({"numero": {"$in": numeros}, "motif": "accuse"}, {"numero": 1, "journal": 1})
    return [
        _quantiles("réponse HTTP au dépôt", [secondes for _, secondes in reponses]),
        _quantiles("du dépôt à la vérification", [_ecart(v["le"], depose_le[v["numero"]]) for v in verifies]),
        _quantiles(
            "du dépôt à l’accusé accepté", [_ecart(a["journal"][-1]["le"], depose_le[a["numero"]]) for a in accuses]
        ),
    ]


async def _deposer(producteur: Producteur, corps: dict[str, Any], apres: float) -> tuple[str, float]:
    await asyncio.sleep(apres)
    debut = time.perf_counter()
    numero = await producteur.deposer(corps)
    return numero, time.perf_counter() - debut


def _cpu(pid: int) -> float:
    """Give the processor time of a process and its ended children, in seconds (proc(5): fields 14 to 17 of stat)."""
    champs = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, champs[11:15])) / os.sysconf("SC_CLK_TCK")


def _ecart(fin: datetime, debut: datetime) -> float:
    return float((fin - debut).total_seconds())


def _quantiles(nom: str, secondes: Sequence[float]) -> Mesure:
    parts = statistics.quantiles(secondes, n=100)
    return Mesure(nom, f"p50 {parts[49] * 1000:.0f} ms, p95 {parts[94] * 1000:.0f} ms, p99 {parts[98] * 1000:.0f} ms")


if __name__ == "__main__":
    main()
