"""The routes of the pieces, served by uvicorn over a real mongod: their replicas, their people, a network to break."""

import hashlib
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from contracts.dossier import RolePiece
from deploy.local.mandataire import Mandataire
from services._runtime.mongo import Document, Mongo
from services.intake.comptes.identite import Identite
from services.intake.portail import page
from services.intake.portail.app import build_portail
from services.intake.store import Store
from tests.chromium import Servir
from tests.scene import adresse_neuve

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


@dataclass(frozen=True)
class Portail:
    """The portal on one database: as many replicas as a test asks for, behind one network that it may break."""

    assemble: page.Portail
    mongo: Mongo
    reseau: Mandataire
    session: Callable[[str], Awaitable[str]]
    serveurs: Servir
    clients: AsyncExitStack

    @property
    def store(self) -> Store:
        """Give its store."""
        return self.assemble.store

    @property
    def port(self) -> int:
        """Give the port of the replica that the network leads to."""
        return self.reseau.cible

    @property
    def url(self) -> str:
        """Give the address of the network."""
        return self.assemble.reglages.base

    async def servir(self, port: int) -> str:
        """Serve one more replica; give its address."""
        return await self.serveurs(lambda _: build_portail(self.assemble), port)

    async def personne(self, client: str = "") -> Personne:
        """Log somebody in, with a draft of his own; his requests go to this address, or straight to the replica."""
        cookie = await self.session(adresse_neuve())
        identite = await self.store.comptes.identite(cookie)
        numero = await self.store.brouillons.creer(identite)
        return Personne(self.client(cookie, client), identite, numero, self.store, cookie)

    def client(self, cookie: str, url: str = "") -> httpx.AsyncClient:
        """Give the client of who holds a cookie."""
        cookies = {self.assemble.reglages.cookie: cookie}
        client = httpx.AsyncClient(base_url=url or f"http://127.0.0.1:{self.port}", cookies=cookies, timeout=60)
        self.clients.push_async_callback(client.aclose)
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
