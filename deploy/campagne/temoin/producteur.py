"""A producer as the documentation asks for one: same key until an answer, corrections filed again, nothing forgotten.

Every intention is written down before it is tried, every answer as it comes.
"""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

import aio_pika
import httpx
from aio_pika.abc import AbstractExchange, AbstractRobustChannel, AbstractRobustConnection

from deploy.campagne.temoin.livre import Livre

PATIENCE: Final = 0.25  # seconds between two tries
ABANDONS: Final = 0.05  # part of the HTTP clients that never try again after an error
TELEVERSEMENTS: Final = 0.15  # part of the dossiers that come with a freshly uploaded piece
ETATS_FINAUX: Final = {"livre", "refuse", "classe_sans_suite"}


@dataclass(frozen=True)
class Modele:
    """A dossier to file: the body of its submission, and that of its correction if one will be asked."""

    titre: str
    corps: dict[str, Any]
    piece: bytes
    """The first of the pieces that `corps` names, to be uploaded anew now and then."""
    correction: dict[str, Any] | None = None


@dataclass(frozen=True)
class Acces:
    """How a producer reaches the product: base URL and API key, AMQP URL and user name.

    `republier`: seconds without a trace of a submission before it is published again under the same key; None: never,
    the broker's confirm is believed, as it may be unless the broker loses its data.
    """

    url: str
    cle_api: str
    amqp: str
    nom: str
    republier: float | None = None


class Producteur:
    """Files dossiers by both doors. `en_cours` counts the lives that are not over."""

    def __init__(self, acces: Acces, livre: Path, alea: random.Random) -> None:
        self._acces = acces
        self._livre = Livre(livre)
        self._alea = alea
        self._http = httpx.AsyncClient(
            base_url=acces.url, headers={"Authorization": f"Bearer {acces.cle_api}"}, timeout=20
        )
        self._connexion: AbstractRobustConnection | None = None
        self._canal: AbstractRobustChannel | None = None
        self._vies: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for vie in self._vies:
            vie.cancel()
        await asyncio.gather(*self._vies, return_exceptions=True)
        await self._http.aclose()
        if self._connexion is not None:
            await self._connexion.close()
        self._livre.fermer()

    @property
    def en_cours(self) -> int:
        """Count the dossiers being filed or followed until their correction."""
        return len(self._vies)

    async def debiter(self, modeles: Sequence[Modele], par_seconde: float, fin: asyncio.Event) -> None:
        """File dossiers at a steady rate until `fin`, at most twenty seconds' worth at once."""
        while not fin.is_set():
            if len(self._vies) < 20 * par_seconde:
                self.lancer(self._alea.choice(modeles))
            await asyncio.sleep(1 / par_seconde)

    def lancer(self, modele: Modele) -> None:
        """Begin the life of one dossier, by one of the two doors."""
        vie = asyncio.create_task(self._vivre(modele, self._alea.choice(("http", "amqp"))))
        self._vies.add(vie)
        vie.add_done_callback(self._vies.discard)

    async def finir(self, delai: float) -> bool:
        """Wait for the lives begun; False when some are still open after `delai` seconds."""
        if self._vies:
            await asyncio.wait(self._vies, timeout=delai)
        return not self._vies

    async def _vivre(self, modele: Modele, porte: str) -> None:
        corps = modele.corps
        if self._alea.random() < TELEVERSEMENTS:
            corps = {
                **corps,
                "pieces": [await self._televerser(corps["pieces"][0], modele.piece), *corps["pieces"][1:]],
            }
        numero = await self._deposer(modele.titre, corps, porte)
        if numero is None or modele.correction is None:
            return
        if await self._attendre(numero) == "a_corriger":
            await self._deposer(modele.titre, {**modele.correction, "corrige": numero}, porte)

    async def _televerser(self, jointe: dict[str, str], contenu: bytes) -> dict[str, str]:
        """Send a piece again until it has an id of its own; give its claim check."""
        while True:
            try:
                reponse = await self._http.post("/api/v1/pieces", params={"nom": "piece.pdf"}, content=contenu)
                recue = _json(reponse) if reponse.is_success else {}
            except httpx.HTTPError:
                recue = {}
            if recue:
                self._livre.ecrire("piece", id=recue["id"], sha256=recue["sha256"], taille=len(contenu))
                return {"role": jointe["role"], "id": recue["id"], "sha256": recue["sha256"]}
            await asyncio.sleep(PATIENCE)

    async def _deposer(self, titre: str, corps: dict[str, Any], porte: str) -> str | None:
        """File one version; give the dossier's number, None when this client gave up."""
        cle = UUID(int=self._alea.getrandbits(128), version=4)
        self._livre.ecrire("intention", cle=str(cle), porte=porte, titre=titre, corrige=corps.get("corrige"))
        abandon = porte == "http" and self._alea.random() < ABANDONS
        return await (self._par_http(cle, corps, abandon=abandon) if porte == "http" else self._par_amqp(cle, corps))

    async def _par_http(self, cle: UUID, corps: dict[str, Any], *, abandon: bool) -> str | None:
        while True:
            try:
                reponse = await self._http.post(
                    "/api/v1/soumissions", json=corps, headers={"Idempotency-Key": str(cle)}
                )
                statut, lu = reponse.status_code, _json(reponse)
            except httpx.HTTPError as panne:
                statut, lu = 0, {"panne": type(panne).__name__}
            numero: str | None = lu.get("numero")
            self._livre.ecrire("reponse", cle=str(cle), statut=statut, numero=numero, motif=lu.get("motif"))
            if statut // 100 == 2 or 400 <= statut < 500:  # noqa: PLR2004  # a 4xx is the client's fault: not again
                return numero
            if abandon:
                self._livre.ecrire("abandon", cle=str(cle))
                return None
            await asyncio.sleep(PATIENCE)

    async def _par_amqp(self, cle: UUID, corps: dict[str, Any]) -> str:
        """Publish until confirmed, then ask until intake knows; a confirm is the broker's word, not intake's."""
        while True:
            await self._publier(cle, corps)
            try:
                async with asyncio.timeout(self._acces.republier):
                    return await self._retrouver(cle)
            except TimeoutError:
                self._livre.ecrire("republie", cle=str(cle))

    async def _publier(self, cle: UUID, corps: dict[str, Any]) -> None:
        enveloppe = {
            "specversion": "1.0",
            "id": str(cle),
            "source": self._acces.nom,
            "type": "SoumettreDossier",
            "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json",
            "data": corps,
        }
        message = aio_pika.Message(
            json.dumps(enveloppe, ensure_ascii=False).encode(),
            message_id=str(cle),
            content_type="application/json",
            user_id=self._acces.nom,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        while True:
            try:
                async with asyncio.timeout(5):
                    porte = await self._porte()
                    await porte.publish(message, routing_key="dossier.soumettre.v1", mandatory=True)
            except Exception:  # noqa: BLE001  # whatever the broker's state, the producer tries again
                await asyncio.sleep(PATIENCE)
            else:
                self._livre.ecrire("confirme", cle=str(cle))
                return

    async def _porte(self) -> AbstractExchange:
        if self._connexion is None:
            self._connexion = await aio_pika.connect_robust(self._acces.amqp, reconnect_interval=0.5, timeout=5)
        if self._canal is None:
            self._canal = await self._connexion.channel(on_return_raises=True)
        return await self._canal.get_exchange("soumissions", ensure=False)

    async def _retrouver(self, cle: UUID) -> str:
        while (lu := await self._demander(f"/api/v1/soumissions/{cle}")) is None:  # noqa: ASYNC110  # HTTP has no event
            await asyncio.sleep(2 * PATIENCE)
        self._livre.ecrire("connu", cle=str(cle), numero=lu["numero"])
        return str(lu["numero"])

    async def _attendre(self, numero: str) -> str:
        """Follow a dossier until it is to be corrected, or over."""
        while True:
            lu = await self._demander(f"/api/v1/dossiers/{numero}")
            if lu is not None and lu["etat"] in {"a_corriger", *ETATS_FINAUX}:
                return str(lu["etat"])
            await asyncio.sleep(4 * PATIENCE)

    async def _demander(self, chemin: str) -> dict[str, Any] | None:
        try:
            reponse = await self._http.get(chemin)
        except httpx.HTTPError:
            return None
        return _json(reponse) if reponse.is_success else None


def _json(reponse: httpx.Response) -> dict[str, Any]:
    try:
        lu = reponse.json()
    except ValueError:
        return {}
    return lu if isinstance(lu, dict) else {}
