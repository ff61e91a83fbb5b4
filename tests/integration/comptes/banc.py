"""What the tests of accounts share: a real provider of identities, and people who log in."""

import json
import re
import shutil
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path

import httpx

from deploy.local.ports import port_libre
from deploy.local.processus import Processus, port_ouvert
from services._runtime.mongo import Document
from services.intake.portail.page import Portail
from services.intake.reglages import ReglagesFournisseur
from tests.npm import installer
from tests.scene import BASE

CLIENT, SECRET = "ent1d", "un-secret-que-le-fournisseur-connait"
COOKIE = "__Host-ent1d"
DEPOT = Path(__file__).parents[3]
SOURCES, INSTALLE = DEPOT / "tests" / "fournisseur", DEPOT / ".local" / "fournisseur"


def fournisseur(emetteur: str, *, agents: bool = False, acr: tuple[str, ...] = ()) -> ReglagesFournisseur:
    """Make the settings of a provider."""
    return ReglagesFournisseur(
        nom="proconnect", libelle="ProConnect", emetteur=emetteur, client=CLIENT, secret=SECRET,
        portees=("openid", "email", "siret"), agents=agents, acr=acr,
    )  # fmt: skip


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
        installer(SOURCES, INSTALLE)
        shutil.copy(SOURCES / "fournisseur.mjs", INSTALLE)
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


class Essai:
    """A portal, and how people come in."""

    def __init__(
        self,
        portail: Portail,
        naviguer: Callable[..., Awaitable[httpx.AsyncClient]],
        courriels: Callable[[str], Awaitable[list[EmailMessage]]],
    ) -> None:
        self.comptes, self.courriels = portail.store.comptes, courriels
        self._portail, self._naviguer = portail, naviguer

    async def navigateur(self, ip: str = "192.0.2.1") -> httpx.AsyncClient:
        """Open a browser of its own."""
        return await self._naviguer(self._portail, ip=ip)

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
