"""Kill any one service at any moment, stop RabbitMQ for a while: every dossier arrives, once."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from operator import le
from typing import Any

import pytest

from contracts.flux import SERVICES
from deploy.demo.dossiers import CONFORME
from deploy.demo.producteur import Producteur
from deploy.local.systeme import Systeme
from services._runtime.mongo import Database

Fait = Callable[..., Any]
DOSSIERS = 8


async def deposer(systeme: Systeme, nombre: int) -> list[str]:
    async with Producteur(systeme.url, systeme.cle_api) as producteur:
        corps = CONFORME.soumission(await producteur.envoyer_pieces(CONFORME))
        return [await producteur.deposer(corps) for _ in range(nombre)]


async def tout_est_arrive(base: Database, numeros: list[str], fait: Fait) -> None:
    """Each dossier delivered, each of its mails accepted."""
    dossiers = {"_id": {"$in": numeros}, "etat": "livre"}
    await fait(lambda: base["dossiers"].count_documents(dossiers), lambda n: n == len(numeros), 60)
    envois = {"numero": {"$in": numeros}, "etat": "accepte"}
    await fait(lambda: base["envois"].count_documents(envois), lambda n: n == 3 * len(numeros), 60)


async def rien_n_est_fait_deux_fois(systeme: Systeme, base: Database, numeros: list[str]) -> None:
    """One line of the timeline for each fact, one mail for each motif: twice only if its journal says « douteux »."""
    async for dossier in base["dossiers"].find({"_id": {"$in": numeros}}):
        faits = Counter(etape["fait"] for etape in dossier["chronologie"])
        assert faits == {"DossierDéposé": 1, "DossierValidé": 1, "AAFLivré": 1}
    recus = Counter(str(m["Message-ID"]) for m in systeme.grappe.smtp.messages())
    async for envoi in base["envois"].find({"numero": {"$in": numeros}}):
        identifiant = next(i for i in recus if hashlib.sha256(envoi["_id"].encode()).hexdigest()[:32] in i)
        doutes = sum(ligne["etat"] == "douteux" for ligne in envoi["journal"])
        assert recus[identifiant] <= 1 + doutes


def chaque_livraison_est_entiere(systeme: Systeme) -> None:
    """What the titulaire sees: manifests whose zip is there, whole; no other file."""
    racine = systeme.grappe.sftp.racine
    vus = {chemin.name for chemin in racine.iterdir()} - {".consommateur.json"}  # the titulaire's own
    for manifeste in racine.glob("*.json"):
        fichier = json.loads(manifeste.read_text())["fichier"]
        assert hashlib.sha256((racine / fichier["nom"]).read_bytes()).hexdigest() == fichier["sha256"]
        vus -= {manifeste.name, fichier["nom"]}
    assert vus == set()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_killed_at_any_moment_loses_nothing_and_repeats_nothing(
    systeme: Systeme, mongo_du_systeme: Database, fait: Fait, service: str
) -> None:
    base = mongo_du_systeme
    avant = await base["recus_notification"].count_documents({})
    numeros = await deposer(systeme, DOSSIERS)
    for recus in (DOSSIERS // 2, DOSSIERS, DOSSIERS * 3 // 2):
        # A victim seen working: killed once the flow has moved on, three times over it.
        await fait(lambda: base["recus_notification"].count_documents({}), partial(le, avant + recus), 60)
        await asyncio.to_thread(systeme.services[service].tuer)
        await asyncio.to_thread(systeme.services[service].demarrer)

    await tout_est_arrive(base, numeros, fait)
    await rien_n_est_fait_deux_fois(systeme, base, numeros)
    chaque_livraison_est_entiere(systeme)


@pytest.mark.timeout(180)
async def test_a_deposit_is_taken_while_rabbitmq_is_down_and_flows_when_it_is_back(
    systeme: Systeme, mongo_du_systeme: Database, fait: Fait
) -> None:
    await asyncio.to_thread(systeme.grappe.rabbitmq.stop)
    try:
        numeros = await deposer(systeme, 3)
        etats = await mongo_du_systeme["dossiers"].distinct("etat", {"_id": {"$in": numeros}})
        assert etats == ["depose"]
    finally:
        await asyncio.to_thread(systeme.grappe.rabbitmq.start)

    await tout_est_arrive(mongo_du_systeme, numeros, fait)
    await rien_n_est_fait_deux_fois(systeme, mongo_du_systeme, numeros)


@pytest.mark.timeout(180)
async def test_rabbitmq_killed_in_the_middle_of_the_flow_loses_nothing(
    systeme: Systeme, mongo_du_systeme: Database, fait: Fait
) -> None:
    numeros = await deposer(systeme, DOSSIERS)
    await asyncio.to_thread(systeme.grappe.rabbitmq.kill)
    await asyncio.to_thread(systeme.grappe.rabbitmq.start)

    await tout_est_arrive(mongo_du_systeme, numeros, fait)
    await rien_n_est_fait_deux_fois(systeme, mongo_du_systeme, numeros)


@pytest.mark.timeout(180)
async def test_mails_and_deliveries_wait_for_their_partner_and_leave_when_it_is_back(
    systeme: Systeme, mongo_du_systeme: Database, fait: Fait
) -> None:
    await asyncio.to_thread(systeme.grappe.smtp.stop)
    await asyncio.to_thread(systeme.grappe.sftp.stop)
    try:
        numeros = await deposer(systeme, 2)
        valides = {"_id": {"$in": numeros}, "etat": "valide"}
        await fait(lambda: mongo_du_systeme["dossiers"].count_documents(valides), lambda n: n == 2)
    finally:
        await asyncio.to_thread(systeme.grappe.smtp.start)
        await asyncio.to_thread(systeme.grappe.sftp.start)

    await tout_est_arrive(mongo_du_systeme, numeros, fait)
    await rien_n_est_fait_deux_fois(systeme, mongo_du_systeme, numeros)
    chaque_livraison_est_entiere(systeme)
