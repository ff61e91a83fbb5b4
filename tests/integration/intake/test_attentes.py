"""What other services have not been able to do yet ends the timeline that the producer reads, until it is done."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services._runtime.mongo import Mongo

RAISON = "relais de messagerie indisponible"


async def test_a_mail_and_a_delivery_that_wait_are_told_until_they_are_done(
    api: httpx.AsyncClient,
    base: Mongo,
    soumission: Callable[..., Awaitable[dict[str, Any]]],
    deposer: Callable[..., Awaitable[httpx.Response]],
) -> None:
    accuse = (await deposer(api, await soumission(api))).json()
    numero, suivi = accuse["numero"], accuse["suivi"]
    depuis = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    commun = {"numero": numero, "version": 1}
    envoi = {**commun, "motif": "accuse", "destinataire": "x@exemple.fr", "etat": "prevu"}
    perimetre = {**commun, "titulaire": "exemple", "livree": False}
    await base.database["envois"].insert_one({"_id": numero, **envoi, "attente": {"depuis": depuis, "raison": RAISON}})
    await base.database["perimetres"].insert_one(
        {
            "_id": numero,
            **perimetre,
            "attente": {
                "depuis": depuis,
                "raison": "le serveur du titulaire ne répond pas",
                "empechement": "titulaire_injoignable",
            },
        }
    )

    lu = (await api.get(suivi)).json()
    assert lu["etat"] == "depose"
    assert [(etape["fait"], etape["constat"]) for etape in lu["chronologie"]] == [
        ("DossierDéposé", ""),
        ("EnAttente", f"Le courriel « accusé de dépôt » attend : {RAISON}."),
        ("EnAttente", "La livraison de l’annuaire attend : le serveur du titulaire ne répond pas."),
    ]
    assert [datetime.fromisoformat(etape["le"]) for etape in lu["chronologie"][1:]] == [depuis] * 2

    await base.database["envois"].update_one({"_id": numero}, {"$unset": {"attente": ""}})
    await base.database["perimetres"].update_one({"_id": numero}, {"$unset": {"attente": ""}})
    assert [etape["fait"] for etape in (await api.get(suivi)).json()["chronologie"]] == ["DossierDéposé"]
