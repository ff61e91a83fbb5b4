"""What the tests of the agents' desk share: people, dossiers as they stand in the base, and what a page says."""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import httpx

from contracts.dossier import EtatDossier, RolePiece
from deploy.demo.dossiers import CONFORME, SIRET_EXEMPLE
from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from tests import scene

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def numero(rang: int) -> str:
    """Make a number; those of greater ranks come after."""
    signes = "".join(CROCKFORD[rang >> shift & 31] for shift in range(45, -1, -5))
    return f"ENT-{signes[:5]}-{signes[5:]}"


def controle(verdict: str, champ: str = "siret", constat: str = "Un constat.") -> Document:
    """Make a finding."""
    return {
        "id": "essai",
        "verdict": verdict,
        "constat": constat,
        "champ": champ,
        "valeurs": [],
        "source": "Essai",
        "corrigeable": True,
    }


class Personne(scene.Personne):
    """Somebody logged in, and what he does with the pages of the desk."""

    async def voir(self, chemin: str) -> httpx.Response:
        """Look at a page."""
        return await self.navigateur.get(chemin)

    async def poster(self, chemin: str, **champs: object) -> httpx.Response:
        """Send a form; a name with a dot is written with two underscores."""
        return await self.navigateur.post(
            chemin, data={"jeton": self.jeton, **{n.replace("__", "."): v for n, v in champs.items()}}
        )

    async def prendre(self, ident: str) -> httpx.Response:
        """Be on a dossier."""
        return await self.poster(f"/agent/dossiers/{ident}/verrou", geste="prendre")

    async def decider(self, ident: str, geste: str, **champs: object) -> httpx.Response:
        """Decide on a dossier as its page shows it now."""
        page = (await self.voir(f"/agent/dossiers/{ident}")).text
        vus = dict(re.findall(r'<input type="hidden" name="(version|etapes)" value="(\d+)">', page))
        tout = {**vus, "geste": geste, "confirme": "oui", **champs}
        return await self.poster(f"/agent/dossiers/{ident}/decision", **tout)


class Dossiers:
    """What stands in `dossiers`, written there directly."""

    def __init__(self, mongo: Mongo) -> None:
        self.collection = mongo.database["dossiers"]
        self._rang = 0

    async def deposer(self, **champs: object) -> str:
        """Put a dossier there; give its number."""
        (ident,) = await self.deposer_tous([champs])
        return ident

    async def deposer_tous(self, tous: Iterable[Document]) -> list[str]:
        """Put dossiers there, each with these fields (None: without); give their numbers."""
        documents = [self._un(**champs) for champs in tous]
        await self.collection.insert_many(documents)
        return [document["_id"] for document in documents]

    async def lire(self, ident: str) -> Document:
        """Read one."""
        lu = await self.collection.find_one({"_id": ident})
        assert lu is not None
        return lu

    def _un(self, *, il_y_a: timedelta = timedelta(hours=1), **champs: Any) -> Document:  # noqa: ANN401  # BSON
        self._rang += 1
        dossier = {**_dossier(self._rang, champs.pop("depose_le", now() - il_y_a)), **champs}
        dossier = {"numero": dossier["_id"], "departement": dossier["commune"][:2], **dossier}
        return {nom: valeur for nom, valeur in dossier.items() if valeur is not None}


def _dossier(rang: int, depose_le: datetime) -> Document:
    return {
        "_id": numero(rang),
        "producteur": "ent1d",
        "compte": "c" * 32,
        "invites": [],
        "depots": [{"cle": f"cle-{rang}", "empreinte": "e", "version": 1}],
        "etat": EtatDossier.DEPOSE,
        "version": 1,
        "siret": SIRET_EXEMPLE,
        "commune": "77288",
        "deposant": CONFORME.deposant,
        "ecoles": list(CONFORME.ecoles),
        "pieces": [
            {"role": role, "id": hashlib.md5(f"{rang}{role}".encode()).hexdigest(), "sha256": "a" * 64, "taille": 1200}  # noqa: S324  # an id
            for role in RolePiece
        ],
        "commentaires": "",
        "depose_le": depose_le,
        "chronologie": [{"le": depose_le, "fait": "DossierDéposé", "version": 1, "constat": ""}],
        "rapport": {"version": 1, "regles": "1", "controles": [controle("conforme")]},
        "verdict": "conforme",
        "sortie": [],
    }


def numeros(page: httpx.Response) -> list[str]:
    """Read the numbers of the queue, in order."""
    return re.findall(r'<a class="numero" href="/agent/dossiers/(ENT-\w{5}-\w{5})">', page.text)
