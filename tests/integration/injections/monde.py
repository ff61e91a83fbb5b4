"""A portal that a hostile hand has written in wherever it may: each field refused its text, or kept it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import httpx
from pydantic import ValidationError

from services._runtime.mongo import Database
from services.intake.portail.page import Portail
from tests.scene import Personne

from .champs import RANGS
from .vecteurs import debut, en_adresse, marque, sur_une_ligne, vecteur

CLE: Final = "cle-du-producteur"
PRODUCTEUR: Final = "producteur"


@dataclass
class Monde:
    """One vector, typed everywhere. `issues`: by field, how its text begins where it is shown; None: it was refused."""

    vecteur: str
    portail: Portail
    base: Database
    deposant: Personne
    agent: Personne
    api: httpx.AsyncClient
    issues: dict[str, str | None] = field(default_factory=dict)
    dossiers: list[str] = field(default_factory=list)
    brouillons: list[str] = field(default_factory=list)
    courriels: list[tuple[bytes, str]] = field(default_factory=list)  # each with its recipient

    def brut(self, champ: str) -> str:
        """Give the vector, with the mark of this field."""
        return vecteur(self.vecteur, marque(RANGS[champ]))

    async def essayer(self, champ: str, envoyer: Callable[[str], Awaitable[bool]]) -> str | None:
        """Send the vector, then what is most like it, until one is taken; give that one, None when all are refused."""
        brut = self.brut(champ)
        for essai in dict.fromkeys((brut, en_adresse(brut), sur_une_ligne(brut))):
            if await envoyer(essai):
                self.issues[champ] = debut(essai)
                return essai
        self.issues[champ] = None
        return None

    async def prendre(self, champ: str, faire: Callable[[str], object], sinon: str) -> str:
        """Give what a model takes of the vector in one field, else `sinon`."""

        async def tenter(essai: str) -> bool:
            try:
                faire(essai)
            except ValidationError:
                return False
            return True

        pris = await self.essayer(champ, tenter)
        return sinon if pris is None else pris

    async def poster(self, qui: Personne, chemin: str, **champs: str | list[str]) -> httpx.Response:
        """Send a form, with the token of the session."""
        return await qui.navigateur.post(chemin, data={"jeton": qui.jeton} | champs)
