"""The portal as browsers see it, over a real mongod, a real mail server and a real provider of identities."""

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import httpx
import pyotp
import pytest

from deploy.local.mongod import NoeudMongo
from deploy.local.partenaires import PuitsSMTP
from deploy.local.ports import port_libre
from deploy.local.processus import PartieAbsente, Processus, port_ouvert
from services._runtime.clock import now
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mailer import Mailer
from services._runtime.mongo import Document, Mongo
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services._runtime.smtp import ReglagesSmtp, Securite
from services.intake.comptes.agents import Agents
from services.intake.comptes.courrier import Courrier
from services.intake.comptes.oidc import Connexions
from services.intake.portail.app import build_portail
from services.intake.portail.page import Portail
from services.intake.reglages import ReglagesFournisseur, ReglagesPortail, Theme
from services.intake.store import Store
from services.intake.televersements.examen import Examen
from services.intake.televersements.reception import Reception

BASE = "https://portail.exemple"
CLIENT, SECRET = "ent1d", "un-secret-que-le-fournisseur-connait"
DEPOT = Path(__file__).parents[3]
SOURCES, INSTALLE = DEPOT / "tests" / "fournisseur", DEPOT / ".local" / "fournisseur"


class ProConnect:
    """A real provider, shaped as ProConnect, run by Node.js; whoever logs in as NAME is `personnes[NAME]`."""

    def __init__(self, donnees: Path) -> None:
        self.port = port_libre()
        self.emetteur = f"http://127.0.0.1:{self.port}/api/v2"
        self._reglages = donnees / "reglages.json"
        commande = ["node", str(INSTALLE / "fournisseur.mjs"), str(self._reglages)]
        self._processus = Processus("fournisseur", commande, journal=donnees / "fournisseur.log")

    def start(self) -> None:
        """Install it if needed, start it, and return once it listens."""
        _installer()
        self.personnes()
        self._processus.demarrer()
        self._processus.attendre(lambda: port_ouvert(self.port), 30)

    def stop(self) -> None:
        """Stop."""
        self._processus.arreter()

    def personnes(self, **personnes: Document) -> None:
        """Set who can log in, and what is said of them from now on."""
        reglages = {
            "port": self.port,
            "client": CLIENT,
            "secret": SECRET,
            "retour": f"{BASE}/connexion/oidc/proconnect/retour",
            "accueil": f"{BASE}/",
            "personnes": personnes,
        }
        self._reglages.write_text(json.dumps(reglages), encoding="utf-8")


def _installer() -> None:
    """Put the provider in .local/, with npm, at the versions and digests of its lock file; once."""
    verrou = (SOURCES / "package-lock.json").read_text(encoding="utf-8")
    marque = INSTALLE / "installe"
    if shutil.which("npm") is None:
        raise PartieAbsente("npm et Node.js manquent (apt install npm)")
    INSTALLE.mkdir(parents=True, exist_ok=True)
    for source in ("package.json", "package-lock.json", "fournisseur.mjs"):
        shutil.copy(SOURCES / source, INSTALLE / source)
    if marque.exists() and marque.read_text(encoding="utf-8") == verrou:
        return
    fin = subprocess.run(  # the ordinary client, with no word from outside
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],  # noqa: S607  # the one that is installed
        cwd=INSTALLE,
        capture_output=True,
        timeout=100,
        check=False,
    )
    if fin.returncode:
        raise PartieAbsente(f"npm n’a pas pu installer oidc-provider : {fin.stderr.decode()[-300:]}")
    marque.write_text(verrou, encoding="utf-8")


@pytest.fixture(scope="session")
def proconnect(tmp_path_factory: pytest.TempPathFactory, partie: Callable[..., None]) -> Iterator[ProConnect]:
    """Give a real provider."""
    fournisseur = ProConnect(tmp_path_factory.mktemp("proconnect"))
    partie(fournisseur.start)
    yield fournisseur
    fournisseur.stop()


@pytest.fixture(scope="session")
def puits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PuitsSMTP]:
    """Give a real mail server."""
    serveur = PuitsSMTP(tmp_path_factory.mktemp("puits"))
    serveur.start()
    yield serveur
    serveur.stop()


class Essai:
    """The portal, and all that a test does with it."""

    def __init__(self, store: Store, reglages: ReglagesPortail, puits: PuitsSMTP, courrier: Courrier) -> None:
        self.comptes = store.comptes
        self.connexions = Connexions(reglages)
        self.courrier = courrier
        self._puits = puits
        self._ouverts = AsyncExitStack()
        examen = Examen(store.pieces, Inspecteur())
        reception = Reception(store.televersements, store.pieces, store.brouillons, examen)
        self.app = build_portail(Portail(store, reglages, courrier, self.connexions, reception))

    async def navigateur(self, ip: str = "192.0.2.1") -> httpx.AsyncClient:
        """Open a browser of its own."""
        transport = httpx.ASGITransport(app=self.app, client=(ip, 4321))
        return await self._ouverts.enter_async_context(httpx.AsyncClient(transport=transport, base_url=BASE))

    async def fermer(self) -> None:
        """Close all the browsers."""
        await self._ouverts.aclose()

    async def courriels(self, adresse: str) -> list[EmailMessage]:
        """Read what came to an address, all that was leaving having left."""
        await self.courrier.attendre(20)
        return [message for message in self._puits.messages() if message["To"] == adresse]

    async def lien(self, adresse: str) -> str:
        """Read the path of the last link that came to an address."""
        dernier = (await self.courriels(adresse))[-1]
        texte = dernier.get_body(("plain",))
        assert texte is not None
        trouve = re.search(rf"{re.escape(BASE)}(/connexion/lien/\S+)", texte.get_content())
        assert trouve is not None
        return trouve[1]

    async def connecter(self, adresse: str, *, suite: str = "", ip: str = "192.0.2.1") -> httpx.AsyncClient:
        """Log somebody in by a link, in a browser of his own."""
        navigateur = await self.navigateur(ip)
        await navigateur.post("/connexion", data={"courriel": adresse, "suite": suite})
        entree = await navigateur.post(await self.lien(adresse))
        assert entree.status_code == 303
        return navigateur

    async def poster(self, navigateur: httpx.AsyncClient, chemin: str, **champs: str) -> httpx.Response:
        """Send a form as its page would, with the token of the session."""
        page = await navigateur.get("/compte")
        jeton = re.search(r'name="jeton" value="([^"]+)"', page.text)
        assert jeton is not None
        return await navigateur.post(chemin, data={"jeton": jeton[1], **champs})


@pytest.fixture
def adresse() -> str:
    """Give an address that no other test uses."""
    return f"camille.{uuid4().hex[:12]}@exemple.fr"


@pytest.fixture
async def ouvrir(mongod: NoeudMongo, mongo: Mongo, puits: PuitsSMTP) -> AsyncIterator[Callable[..., Awaitable[Essai]]]:
    """Build a portal on the test's own database, with these providers; it sends by the sink unless told another way."""
    async with AsyncExitStack() as fin:

        async def faire(*fournisseurs: ReglagesFournisseur, base: str = BASE, port: int | None = None) -> Essai:
            settings = RuntimeSettings(
                rabbitmq_url="amqp://personne:rien@127.0.0.1:1/", mongodb_url=mongod.url,
                mongodb_database=mongo.database.name, port=8000,
            )  # fmt: skip
            socle = Base("intake", settings)
            fin.callback(socle.mongo.close)
            store = Store(socle)
            await store.comptes.prepare()
            relais = ReglagesSmtp(
                hote="127.0.0.1", port=port or puits.port, securite=Securite.AUCUNE, retour="retours@exemple.fr"
            )
            courrier = await fin.enter_async_context(Courrier(Mailer(relais), "ent@exemple.fr", "aide@exemple.fr"))
            reglages = ReglagesPortail(base, "Académie d’essai", Theme.NEUTRE, fournisseurs)
            essai = Essai(store, reglages, puits, courrier)
            fin.push_async_callback(essai.fermer)
            return essai

        yield faire


@pytest.fixture
async def essai(ouvrir: Callable[..., Awaitable[Essai]]) -> Essai:
    """Give a portal without providers."""
    return await ouvrir()


def reglages_de(emetteur: str, *, agents: bool = False) -> ReglagesFournisseur:
    """Make the settings of a provider."""
    return ReglagesFournisseur(
        nom="proconnect", libelle="ProConnect", emetteur=emetteur, client=CLIENT, secret=SECRET,
        portees=("openid", "email", "siret"), agents=agents,
    )  # fmt: skip


@pytest.fixture
def fournisseur() -> Callable[..., ReglagesFournisseur]:
    """Make the settings of a provider."""
    return reglages_de


@pytest.fixture
async def agent(essai: Essai, mongo: Mongo, adresse: str) -> tuple[httpx.AsyncClient, pyotp.TOTP]:
    """Give an agent, logged in by a link, whose second factor is proposed; and his telephone."""
    await Agents(mongo.database).nommer(adresse, "agent-7")
    navigateur = await essai.connecter(adresse)
    await essai.poster(navigateur, "/compte/second-facteur")
    compte = await mongo.database["comptes"].find_one({"courriel": adresse})
    assert compte is not None
    return navigateur, pyotp.TOTP(compte["second_facteur"]["secret"])


@pytest.fixture
def code() -> Callable[..., str]:
    """Read a telephone, now or some steps away."""

    def lire(telephone: pyotp.TOTP, pas: int = 0) -> str:
        return telephone.at(now(), counter_offset=pas)

    return lire
