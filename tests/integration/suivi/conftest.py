"""The portal over a real mongod, with people logged in and dossiers as intake writes them."""

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.dossier import Etape, EtatDossier, Soumission
from contracts.evenements import Controle, PiecesVerifiees, Rapport, Verdict
from deploy.demo.dossiers import CONFORME
from deploy.demo.referentiel import poser
from deploy.local.mongod import NoeudMongo
from deploy.local.partenaires import PuitsSMTP
from services._runtime.clock import now
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mailer import Mailer
from services._runtime.mongo import Document, Mongo
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services._runtime.smtp import ReglagesSmtp, Securite
from services.intake.comptes.courrier import Courrier
from services.intake.comptes.identite import Identite
from services.intake.comptes.oidc import Connexions
from services.intake.depot import deposer
from services.intake.domain import Proprietaire, decider
from services.intake.portail.app import build_portail
from services.intake.portail.page import Portail
from services.intake.reglages import PORTAIL, ReglagesPortail, Theme
from services.intake.store import Store
from services.intake.televersements.examen import Examen
from services.intake.televersements.reception import Reception

BASE = "https://portail.exemple"
ROLES = ("attestation_adhesion", "bon_commande_editeur", "bon_commande_chorus")


class Personne:
    """Somebody logged in, with a browser."""

    def __init__(self, courriel: str, compte: str, client: httpx.AsyncClient) -> None:
        self.courriel, self.compte, self.client = courriel, compte, client
        self._jeton = ""

    @property
    def identite(self) -> Identite:
        """Say who it is, as pages are told."""
        return Identite(self.compte, self.courriel, "")

    async def lire(self, chemin: str, statut: int = 200) -> str:
        """Open a page; give its HTML, its no-break spaces made plain."""
        reponse = await self.client.get(chemin)
        assert reponse.status_code == statut, reponse.text
        return _simple(reponse.text)

    async def poster(self, chemin: str, **champs: str) -> httpx.Response:
        """Send a form as a page would, with the token of the session."""
        if not self._jeton:
            trouve = re.search(r'name="jeton" value="([^"]+)"', (await self.client.get("/dossiers")).text)
            assert trouve is not None
            self._jeton = trouve[1]
        return await self.client.post(chemin, data={"jeton": self._jeton, **champs})


class Essai:
    """The portal, and all that a test does with it."""

    def __init__(self, store: Store, mongo: Mongo, portail: Portail, puits: PuitsSMTP) -> None:
        self.store, self.mongo, self.app = store, mongo, build_portail(portail)
        self._courrier, self._puits = portail.courrier, puits
        self._ouverts = AsyncExitStack()

    async def personne(self, courriel: str = "") -> Personne:
        """Log somebody in."""
        courriel = courriel or f"camille.{uuid4().hex[:12]}@exemple.fr"
        compte = (await self.store.comptes.de_courriel(courriel))["_id"]
        client = await self.navigateur()
        client.cookies.set("__Host-ent1d", await self.store.comptes.sessions.ouvrir(compte), domain="portail.exemple")
        return Personne(courriel, compte, client)

    async def navigateur(self) -> httpx.AsyncClient:
        """Open a browser in which nobody is logged in."""
        transport = httpx.ASGITransport(app=self.app, client=("192.0.2.1", 4321))
        return await self._ouverts.enter_async_context(httpx.AsyncClient(transport=transport, base_url=BASE))

    async def deposer(
        self,
        qui: Personne,
        *,
        corrige: str = "",
        fichiers: dict[str, tuple[str, bytes]] | None = None,
        **change: object,
    ) -> str:
        """File a dossier for somebody, or its next version; `fichiers`: by role, a name and bytes. Give its number."""
        donnes = {role: (f"{role}.pdf", role.encode()) for role in ROLES} | (fichiers or {})
        jointes = [await self._joindre(role, *donnes[role]) for role in ROLES]
        corps = CONFORME.soumission(jointes, corrige or None) | change
        soumission = Soumission.model_validate(corps, strict=False)
        accuse = await deposer(self.store, PORTAIL, uuid4(), soumission, proprietaire=Proprietaire(qui.compte))
        return accuse.numero

    async def verifier(self, numero: str, *controles: Controle) -> None:
        """Have the present version examined, and decided on as its report calls for."""
        dossier = await self.lu(numero)
        data = Rapport(
            version=dossier["version"], siret=dossier["siret"], commune=dossier["commune"],
            ecoles=tuple(dossier["ecoles"]), regles="essai", controles=controles,
        )  # fmt: skip
        rapport = PiecesVerifiees.dire(numero, data, source="ent1d/verification", le=now())
        assert await self.store.appliquer(decider(rapport))

    async def lu(self, numero: str) -> Document:
        """Read a dossier as it is kept."""
        trouve = await self.mongo.database["dossiers"].find_one({"_id": numero})
        assert trouve is not None
        return trouve

    async def changer(self, numero: str, **change: object) -> None:
        """Bring a dossier where a part that is not here would."""
        await self.mongo.database["dossiers"].update_one({"_id": numero}, {"$set": change})

    async def raconter(self, numero: str, fait: str, etat: EtatDossier, constat: str = "") -> None:
        """Add a line to the timeline of a dossier, and change its state."""
        etape = Etape(le=now(), fait=fait, version=(await self.lu(numero))["version"], constat=constat)
        await self.mongo.database["dossiers"].update_one(
            {"_id": numero}, {"$push": {"chronologie": etape.model_dump()}, "$set": {"etat": etat}}
        )

    async def envoi(self, numero: str, motif: str, etat: str, **change: object) -> None:
        """Write a mail of notification's, as it keeps them."""
        journal = [{"le": now() - timedelta(minutes=5), "etat": "prevu", "raison": ""}]
        journal.append({"le": now(), "etat": etat, "raison": "250 OK"})
        cle = {"_id": f"{numero}:1:{motif}", "numero": numero, "version": 1, "motif": motif}
        envoi = cle | {"etat": etat, "journal": journal, "refus": 0, "message": b"secret"} | change
        await self.mongo.database["envois"].insert_one(envoi)

    async def courriels(self, adresse: str) -> list[EmailMessage]:
        """Read what came to an address, all that was leaving having left."""
        await self._courrier.attendre(20)
        return [message for message in self._puits.messages() if message["To"] == adresse]

    async def fermer(self) -> None:
        """Close all the browsers."""
        await self._ouverts.aclose()

    async def _joindre(self, role: str, nom: str, contenu: bytes) -> dict[str, str]:
        async def recus() -> AsyncIterator[bytes]:
            yield contenu

        gardee = await self.store.pieces.garder(PORTAIL, nom, recus())
        assert gardee.sha256 == hashlib.sha256(contenu).hexdigest()
        return {"role": role, "id": gardee.id, "sha256": gardee.sha256}


def _simple(texte: str) -> str:
    return texte.replace("&nbsp;", " ").replace("\u00a0", " ")


@pytest.fixture
def controle() -> Callable[..., Controle]:
    """Make a finding of verification."""

    def trouver(verdict: Verdict, champ: str = "ecoles", constat: str = "Constat.", **plus: Any) -> Controle:  # noqa: ANN401
        return Controle(id="essai", verdict=verdict, constat=constat, champ=champ, source="essai", **plus)

    return trouver


@pytest.fixture(scope="session")
def puits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PuitsSMTP]:
    """Give a real mail server."""
    serveur = PuitsSMTP(tmp_path_factory.mktemp("puits"))
    serveur.start()
    yield serveur
    serveur.stop()


@pytest.fixture
async def essai(mongod: NoeudMongo, mongo: Mongo, puits: PuitsSMTP) -> AsyncIterator[Essai]:
    """Build the portal on the test's own database, which knows the communes and schools of the demo."""
    settings = RuntimeSettings(
        rabbitmq_url="amqp://personne:rien@127.0.0.1:1/", mongodb_url=mongod.url,
        mongodb_database=mongo.database.name, port=8000,
    )  # fmt: skip
    socle = Base("intake", settings)
    store = Store(socle)
    await store.prepare()
    await poser(mongo.database)
    relais = ReglagesSmtp(hote="127.0.0.1", port=puits.port, securite=Securite.AUCUNE, retour="retours@exemple.fr")
    reglages = ReglagesPortail(BASE, "Académie d’essai", Theme.NEUTRE, ())
    async with Courrier(Mailer(relais), "ent@exemple.fr", "aide@exemple.fr") as courrier:
        examen = Examen(store.pieces, Inspecteur())
        reception = Reception(store.televersements, store.pieces, store.brouillons, examen)
        portail = Portail(store, reglages, courrier, Connexions(reglages), reception)
        essai = Essai(store, mongo, portail, puits)
        yield essai
        await essai.fermer()
    socle.mongo.close()
