"""What the tests of the follow-up share: people, and dossiers as intake writes them."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from email.message import EmailMessage
from uuid import uuid4

import httpx

from contracts.dossier import Etape, EtatDossier, RolePiece, Soumission
from contracts.evenements import Controle, PiecesVerifiees, Rapport
from deploy.demo.dossiers import CONFORME
from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from services.intake.depot import deposer
from services.intake.domain import Proprietaire, decider
from services.intake.reglages import PORTAIL
from services.intake.store import Store
from tests import scene

Courriels = Callable[[str], Awaitable[list[EmailMessage]]]
Trouver = Callable[..., Controle]


class Personne(scene.Personne):
    """Somebody logged in, and what he does with the pages of a dossier."""

    @property
    def courriel(self) -> str:
        """Give his address."""
        return self.identite.courriel

    async def lire(self, chemin: str, statut: int = 200) -> str:
        """Open a page; give its HTML, its no-break spaces made plain."""
        reponse = await self.navigateur.get(chemin)
        assert reponse.status_code == statut, reponse.text
        return reponse.text.replace("&nbsp;", " ").replace("\u00a0", " ")

    async def poster(self, chemin: str, **champs: str) -> httpx.Response:
        """Send a form as a page would, with the token of the session."""
        return await self.navigateur.post(chemin, data={"jeton": self.jeton, **champs})


class Essai:
    """Dossiers, and who comes to see them."""

    def __init__(
        self, store: Store, mongo: Mongo, entrer: Callable[..., Awaitable[scene.Personne]], courriels: Courriels
    ) -> None:
        self.store, self.mongo, self.courriels = store, mongo, courriels
        self._entrer = entrer

    async def personne(self) -> Personne:
        """Log somebody in."""
        qui = await self._entrer(scene.adresse_neuve(), pannes=False)
        return Personne(qui.navigateur, qui.identite)

    async def navigateur(self) -> httpx.AsyncClient:
        """Open a browser in which nobody is logged in."""
        return (await self._entrer(pannes=False)).navigateur

    async def deposer(
        self,
        qui: Personne,
        *,
        corrige: str = "",
        fichiers: dict[str, tuple[str, bytes]] | None = None,
        **change: object,
    ) -> str:
        """File a dossier for somebody, or its next version; `fichiers`: by role, a name and bytes. Give its number."""
        donnes = {role: (f"{role}.pdf", role.encode()) for role in RolePiece} | (fichiers or {})
        jointes = [await self._joindre(role, *donnes[role]) for role in RolePiece]
        corps = CONFORME.soumission(jointes, corrige or None) | change
        soumission = Soumission.model_validate(corps, strict=False)
        accuse = await deposer(self.store, PORTAIL, uuid4(), soumission, proprietaire=Proprietaire(qui.identite.compte))
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

    async def _joindre(self, role: str, nom: str, contenu: bytes) -> dict[str, str]:
        async def recus() -> AsyncIterator[bytes]:
            yield contenu

        gardee = await self.store.pieces.garder(PORTAIL, nom, recus())
        assert gardee.sha256 == hashlib.sha256(contenu).hexdigest()
        return {"role": role, "id": gardee.id, "sha256": gardee.sha256}


def _simple(texte: str) -> str:
    return texte.replace("&nbsp;", " ").replace("\u00a0", " ")
