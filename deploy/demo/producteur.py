"""A producer as any other: sends pieces by HTTP, then files the dossier by HTTP or by AMQP, and follows it."""

import json
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

import aio_pika
import httpx
from aio_pika.abc import AbstractChannel

from contracts.dossier import Soumission
from contracts.evenements import SoumettreDossier
from contracts.flux import EXCHANGE_SOUMISSIONS
from deploy.demo.dossiers import Exemple


class Producteur:
    """Speaks to intake with one API key."""

    def __init__(self, url: str, cle: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {cle}"}, timeout=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def envoyer_pieces(self, exemple: Exemple) -> list[dict[str, str]]:
        """Upload the pieces; give the claim checks to name in the submission."""
        jointes = []
        for role, contenu in exemple.pieces().items():
            reponse = await self._http.post("/api/v1/pieces", params={"nom": f"{role}.pdf"}, content=contenu)
            recue = reponse.raise_for_status().json()
            jointes.append({"role": role, "id": recue["id"], "sha256": recue["sha256"]})
        return jointes

    async def deposer(self, corps: dict[str, Any], cle: UUID | None = None) -> str:
        """File a dossier by HTTP; give its number. The same key may be tried again."""
        entetes = {"Idempotency-Key": str(cle or uuid4())}
        reponse = await self._http.post("/api/v1/soumissions", json=corps, headers=entetes)
        return str(reponse.raise_for_status().json()["numero"])

    async def suivre(self, numero: str) -> dict[str, Any]:
        """Read where a dossier stands."""
        reponse = await self._http.get(f"/api/v1/dossiers/{numero}")
        suivi: dict[str, Any] = reponse.raise_for_status().json()
        return suivi

    async def retrouver(self, cle: UUID) -> str | None:
        """Find the number of the dossier filed with this key, once intake has recorded it."""
        reponse = await self._http.get(f"/api/v1/soumissions/{cle}")
        return str(reponse.json()["numero"]) if reponse.status_code == httpx.codes.OK else None


async def publier(url: str, producteur: str, corps: dict[str, Any]) -> UUID:
    """File a dossier by AMQP; give its key, with which intake answers by HTTP."""
    cle = uuid4()
    async with await aio_pika.connect(url) as connexion:
        canal = await connexion.channel(publisher_confirms=True, on_return_raises=True)
        await soumettre(canal, producteur, corps, cle)
    return cle


async def soumettre(canal: AbstractChannel, producteur: str, corps: dict[str, Any], cle: UUID) -> None:
    """Publish one submission. `user_id` is required: the broker verifies it, intake reads it."""
    commande = SoumettreDossier(
        specversion="1.0",
        id=cle,
        source=producteur,
        type="SoumettreDossier",
        time=datetime.now(UTC),
        datacontenttype="application/json",
        data=Soumission.model_validate_json(json.dumps(corps)),
    )
    message = aio_pika.Message(
        commande.model_dump_json().encode(),
        message_id=str(cle),
        content_type="application/json",
        user_id=producteur,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
    exchange = await canal.get_exchange(EXCHANGE_SOUMISSIONS, ensure=False)
    await exchange.publish(message, routing_key=SoumettreDossier.cle, timeout=30)
