"""What the tests of the form share: what is typed in a form that lacks nothing, and who types it."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import httpx

from contracts.dossier import RolePiece
from deploy.demo.dossiers import SIRET_EXEMPLE, uai
from services._runtime.mongo import Document
from services.intake.brouillons.domain import PieceDuBrouillon
from services.intake.reglages import PORTAIL
from services.intake.store import Store
from tests.scene import Personne

VALEURS = {
    "siret": SIRET_EXEMPLE,
    "departement": "77",
    "commune": "77288",
    "civilite": "Mme",
    "nom": "Fictive",
    "prenom": "Camille",
    "fonction": "Responsable des affaires scolaires",
    "courriel": "camille.fictive@exemple.fr",
    "telephone": "01 99 00 12 34",
    "ecoles": [uai(1), uai(2)],
    "commentaires": "",
}


@dataclass(frozen=True, kw_only=True)
class Usager(Personne):
    """Somebody logged in, and what he does with forms."""

    store: Store

    async def commencer(self, **valeurs: object) -> str:
        """Open a draft by its button, with these values typed already; give its number."""
        reponse = await self.navigateur.post("/brouillons", data={"jeton": self.identite.jeton})
        trouve = re.fullmatch(r"/brouillons/(ENT-\w{5}-\w{5})/etablissement", reponse.headers["location"])
        assert trouve is not None
        if valeurs:
            assert await self.store.brouillons.enregistrer(trouve[1], valeurs)
        return trouve[1]

    async def complet(self, **valeurs: object) -> str:
        """Open a draft that lacks nothing."""
        numero = await self.commencer(**(VALEURS | valeurs))
        for role in RolePiece:
            await self.joindre(numero, role)
        return numero

    async def joindre(self, numero: str, role: RolePiece, constat: str = "") -> None:
        """Join a piece, as the pages of the pieces do."""

        async def octets() -> AsyncIterator[bytes]:
            yield f"%PDF {uuid4()}".encode()

        gardee = await self.store.pieces.garder(PORTAIL, f"{role}.pdf", octets())
        piece = PieceDuBrouillon(gardee.id, gardee.sha256, gardee.taille, f"{role}.pdf", constat)
        assert await self.store.brouillons.joindre(numero, role, piece)

    async def voir(self, chemin: str) -> httpx.Response:
        """Look at a page."""
        return await self.navigateur.get(chemin)

    async def caches(self, chemin: str) -> dict[str, str]:
        """Read the hidden fields of a page."""
        page = (await self.voir(chemin)).text
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))

    async def poster(
        self, chemin: str, *, caches: dict[str, str] | None = None, **champs: str | list[str]
    ) -> httpx.Response:
        """Send the form of a page as it was shown (now, or with these hidden fields)."""
        return await self.navigateur.post(chemin, data={**(caches or await self.caches(chemin)), **champs})

    async def brouillon(self, numero: str) -> Document:
        """Read a draft."""
        lu = await self.store.brouillons.lire(numero, self.identite)
        assert lu is not None
        return lu

    async def valeurs(self, numero: str) -> Document:
        """Read what a draft holds."""
        tenues: Document = (await self.brouillon(numero))["valeurs"]
        return tenues
