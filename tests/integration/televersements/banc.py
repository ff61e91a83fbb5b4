"""The routes of the pieces, served by uvicorn over a real mongod: their replicas, their people, a network to break."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from starlette.types import ASGIApp

from contracts.dossier import RolePiece
from deploy.local.mandataire import Mandataire
from deploy.local.ports import port_libre
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mongo import Document, Mongo
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services.intake.comptes.identite import Identite
from services.intake.portail.app import build_portail
from services.intake.reglages import ReglagesPortail, Theme
from services.intake.store import Store
from services.intake.televersements.examen import Examen
from services.intake.televersements.reception import Reception

ATTESTATION = RolePiece.ATTESTATION_ADHESION
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Personne:
    """Somebody logged in, his draft, and how his browser speaks tus."""

    client: httpx.AsyncClient
    identite: Identite
    numero: str
    store: Store
    cookie: str

    @property
    def page(self) -> str:
        """Give the address of the page of his pieces."""
        return f"/brouillons/{self.numero}/pieces"

    @property
    def entetes(self) -> dict[str, str]:
        """Give what each request of his carries."""
        return TUS | {"X-Jeton": self.identite.jeton}

    async def brouillon(self) -> Document:
        """Read his draft."""
        lu = await self.store.brouillons.lire(self.numero, self.identite)
        assert lu is not None
        return lu

    async def creer(self, taille: int, nom: str = "bon.pdf", role: str = ATTESTATION, **entetes: str) -> httpx.Response:
        """Begin an upload."""
        metadonnees = f"role {b64encode(role.encode()).decode()},filename {b64encode(nom.encode()).decode()}"
        tous = self.entetes | {"Upload-Length": str(taille), "Upload-Metadata": metadonnees} | entetes
        return await self.client.post(f"/brouillons/{self.numero}/televersements", headers=tous)

    async def ouvrir(self, taille: int, nom: str = "bon.pdf", role: str = ATTESTATION) -> str:
        """Begin an upload that is accepted; give its address."""
        reponse = await self.creer(taille, nom, role)
        assert reponse.status_code == 201, reponse.text
        return str(reponse.headers["Location"])

    async def pousser(self, url: str, offset: int, contenu: Any, **entetes: str) -> httpx.Response:  # noqa: ANN401 - what httpx sends
        """Send bytes of an upload from `offset`."""
        tous = self.entetes | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        return await self.client.patch(url, headers=tous | entetes, content=contenu)

    async def situer(self, url: str) -> httpx.Response:
        """Ask where an upload stands."""
        return await self.client.head(url, headers=TUS)

    async def envoyer(self, contenu: bytes, nom: str = "bon.pdf", role: str = ATTESTATION) -> Document:
        """Upload a file in one request; give the piece that the draft holds then."""
        url = await self.ouvrir(len(contenu), nom, role)
        assert (await self.pousser(url, 0, contenu)).status_code == 204
        piece: Document = (await self.brouillon())["pieces"][role]
        return piece


class _Serveur(uvicorn.Server):
    """uvicorn in the loop of the test, which keeps its own signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Portail:
    """The portal on one database: as many replicas as a test asks for, behind one network that it may break."""

    def __init__(self, mongod: str, base: str, pile: AsyncExitStack) -> None:
        reglages = RuntimeSettings(
            rabbitmq_url="amqp://svc_intake:essai@127.0.0.1:1/ent1d", mongodb_url=mongod, mongodb_database=base, port=1
        )
        self._socle = Base("intake", reglages)
        pile.callback(self._socle.mongo.close)
        self.store = Store(self._socle)
        self.mongo: Mongo = self._socle.mongo
        self.port = port_libre()
        self.reseau = pile.enter_context(Mandataire(self.port))
        self.url = f"http://127.0.0.1:{self.reseau.port}"
        self.direct = f"http://127.0.0.1:{self.port}"
        self._pile = pile

    async def demarrer(self) -> None:
        """Create the indexes, and serve the replica that the network leads to."""
        await self.store.prepare()
        self.inspecteur = await self._pile.enter_async_context(Inspecteur())
        self.examen = Examen(self.store.pieces, self.inspecteur)
        store = self.store
        self.reception = Reception(store.televersements, store.pieces, store.brouillons, self.examen)
        await self.servir(self.port)

    async def servir(self, port: int) -> str:
        """Serve one more replica; give its address."""
        application = self._application()
        serveur = _Serveur(uvicorn.Config(application, port=port, log_config=None, lifespan="off", http="httptools"))
        tache = asyncio.create_task(serveur.serve())
        while not serveur.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)

        async def arreter() -> None:
            serveur.should_exit = serveur.force_exit = True
            await tache

        self._pile.push_async_callback(arreter)
        return f"http://127.0.0.1:{port}"

    def _application(self) -> ASGIApp:
        reglages = ReglagesPortail(base=self.url, service="Académie d’essai", theme=Theme.NEUTRE, fournisseurs=())
        portail: Any = SimpleNamespace(store=self.store, reglages=reglages, reception=self.reception)
        return build_portail(portail)

    async def personne(self, courriel: str = "camille.fictive@exemple.fr", client: str | None = None) -> Personne:
        """Log somebody in, with a draft of his own."""
        compte = uuid4().hex
        document = {"_id": compte, "courriel": f"{compte[:6]}.{courriel}", "identites": []}
        await self.mongo.database["comptes"].insert_one(document)
        cookie = await self.store.comptes.sessions.ouvrir(compte)
        identite = await self.store.comptes.identite(cookie)
        assert identite is not None
        numero = await self.store.brouillons.creer(identite)
        return Personne(self.client(cookie, client), identite, numero, self.store, cookie)

    def client(self, cookie: str, url: str | None = None) -> httpx.AsyncClient:
        """Give the client of who holds a cookie."""
        client = httpx.AsyncClient(base_url=url or self.direct, cookies={"ent1d": cookie}, timeout=60)
        self._pile.push_async_callback(client.aclose)
        return client

    async def octets(self, piece: str) -> tuple[int, str]:
        """Read a piece as GridFS gives it; give its length and its SHA-256."""
        flux = await self.mongo.files("pieces").open_download_stream(piece)
        hachage, taille = hashlib.sha256(), 0
        while morceau := await flux.readchunk():
            hachage.update(morceau)
            taille += len(morceau)
        return taille, hachage.hexdigest()

    async def morceaux(self) -> int:
        """Count the chunks that GridFS holds."""
        return int(await self.mongo.database["pieces.chunks"].count_documents({}))

    async def document(self, url: str) -> Document | None:
        """Read the document of an upload."""
        lu: Document | None = await self.mongo.database["televersements"].find_one({"_id": url.rpartition("/")[2]})
        return lu
