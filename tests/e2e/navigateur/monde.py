"""A portal served to Chromium on a database of its own, and people in front of it: where every state begins."""

import hashlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from playwright.async_api import Page

from contracts.dossier import RolePiece
from deploy.demo.dossiers import CONFORME
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.lecture.resultat import Inspection
from services._runtime.mongo import Database, Document
from services.intake.brouillons.domain import PieceDuBrouillon
from services.intake.brouillons.saisie import Rubrique
from services.intake.comptes.identite import Identite
from services.intake.pieces import PieceGardee
from services.intake.portail.page import Portail
from services.intake.reglages import PORTAIL
from services.intake.televersements.constats import constater
from tests.chromium import Servir

from .examen import Ouvrir


@dataclass(frozen=True)
class Personne:
    """Somebody; `agent`: the code of his account, if he is one; `facteur`: whether he gave his second proof."""

    courriel: str = ""
    agent: str = ""
    facteur: bool = False


VISITEUR: Final = Personne()
CAMILLE: Final = Personne("camille.fictive@mairie-exemple.fr")
DOMINIQUE: Final = Personne("dominique.fictif@mairie-exemple.fr")
CLAUDE: Final = Personne("claude.inventee@ac-exemple.fr", "agent-12", facteur=True)
SACHA: Final = Personne("sacha.invente@ac-exemple.fr", "agent-7", facteur=True)

# What Camille types, all right.
REMPLI: Final[Mapping[str, Any]] = {
    "siret": CONFORME.siret,
    "departement": "77",
    "commune": "77288",
    **CONFORME.deposant,
    "ecoles": list(CONFORME.ecoles),
    "commentaires": "Les deux écoles partagent la même cour : un seul espace leur suffirait.",
}
VIDE: Final[Mapping[str, Any]] = {}


Batir: TypeAlias = "Callable[..., Awaitable[Monde]]"


class Monde:
    """The portal, its base, and one browser for each person."""

    def __init__(
        self, portail: Portail, base: Database, inspecteur: Inspecteur, ouvrir: Ouvrir, servir: Servir
    ) -> None:
        self.adresse, self.portail, self.store, self.base = portail.reglages.base, portail, portail.store, base
        self.servir, self._inspecteur, self._ouvrir = servir, inspecteur, ouvrir
        self._pages: dict[str, Page] = {}

    async def aller(self, chemin: str, qui: Personne = VISITEUR) -> Page:
        """Open a page as somebody."""
        page = await self.page(qui)
        await page.goto(self.adresse + chemin)
        return page

    async def page(self, qui: Personne = VISITEUR) -> Page:
        """Give the browser of somebody, logged in the first time."""
        if qui.courriel not in self._pages:
            self._pages[qui.courriel] = await self._ouvrir()
            if qui.courriel:
                await self._connecter(qui)
        return self._pages[qui.courriel]

    async def compte(self, qui: Personne, **change: object) -> Document:
        """Give somebody's account, made if there is none, with this change."""
        compte = await self.store.comptes.de_courriel(qui.courriel)
        change |= {"agent.code": qui.agent} if qui.agent else {}
        change |= {"second_facteur": {"id": "telephone", "actif_le": compte["cree_le"]}} if qui.facteur else {}
        if change:
            await self.base["comptes"].update_one({"_id": compte["_id"]}, {"$set": change})
        return await self.store.comptes.lire(compte["_id"])

    async def identite(self, qui: Personne) -> Identite:
        """Say who somebody is, as pages are told."""
        return Identite((await self.compte(qui))["_id"], qui.courriel, "")

    async def brouillon(
        self,
        valeurs: Mapping[str, Any] = REMPLI,
        *,
        pieces: Mapping[str, bytes] | None = None,
        soumise: Rubrique | None = None,
        qui: Personne = CAMILLE,
    ) -> str:
        """Begin a draft that says this and joins these pieces; `soumise`: a page that was sent. Give its number."""
        numero = await self.store.brouillons.creer(await self.identite(qui))
        await self.store.brouillons.enregistrer(numero, valeurs, soumise=soumise)
        for role, contenu in (pieces or {}).items():
            gardee, nom = await self.garder(role, contenu), nom_de(role, contenu)
            constat = constater(nom, await self.inspecter(contenu))
            await self.store.brouillons.joindre(
                numero, RolePiece(role), PieceDuBrouillon(**asdict(gardee), nom=nom, constat=constat)
            )
        return numero

    async def garder(self, role: str, contenu: bytes) -> PieceGardee:
        """Keep the bytes of a piece."""

        async def recus() -> AsyncIterator[bytes]:
            yield contenu

        return await self.store.pieces.garder(PORTAIL, nom_de(role, contenu), recus())

    async def inspecter(self, contenu: bytes) -> Inspection:
        """Have bytes read by the real readers."""
        with tempfile.NamedTemporaryFile() as copie:
            copie.write(contenu)
            copie.flush()
            return await self._inspecteur.inspecter(Path(copie.name), hashlib.sha256(contenu).hexdigest())

    async def _connecter(self, qui: Personne) -> None:
        compte = await self.compte(qui)
        cookie = await self.store.comptes.sessions.ouvrir(compte["_id"], facteur="telephone" if qui.facteur else None)
        nom = self.portail.reglages.cookie
        await self._pages[qui.courriel].context.add_cookies([{"name": nom, "value": cookie, "url": self.adresse}])


def nom_de(role: str, contenu: bytes) -> str:
    """Name a file as people do."""
    if contenu.startswith(b"%PDF"):
        return f"{role}.pdf"
    return "BonDeCommande_ENT_EcolesDeVilleFictive_VersionDefinitiveSigneeParMadameLaMaire_2026-09-02.docx"
