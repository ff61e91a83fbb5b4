"""Who asks for the pages that `bench_pages` measures: an agent, and déposants with their drafts, on the real portal."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

import httpx

from contracts.dossier import RolePiece
from deploy.bench_pages_base import COMMUNES, PAR_COMPTE, uais
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mailer import Mailer
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services._runtime.smtp import ReglagesSmtp, Securite
from services.intake.brouillons.domain import PieceDuBrouillon
from services.intake.comptes.courrier import Courrier
from services.intake.comptes.identite import Identite
from services.intake.portail.app import build_portail
from services.intake.portail.page import Portail
from services.intake.referentiels.domain import Commune, Ecole
from services.intake.referentiels.generations import Generations
from services.intake.referentiels.importation import Bilan
from services.intake.reglages import ReglagesPortail, Theme
from services.intake.store import Store

ADRESSE: Final = "https://portail.exemple"
NOM: Final = "bench"
ECOLES: Final = 20  # of a draft


@dataclass(frozen=True)
class Personne:
    """Somebody logged in; a déposant has a dossier and a draft."""

    cookie: str
    jeton: str
    dossier: str = ""
    brouillon: str = ""


@dataclass(frozen=True)
class Salle:
    """The portal, and those who are in front of it."""

    http: httpx.AsyncClient
    agent: Personne
    deposants: Sequence[Personne]


class Accueil:
    """Lets people in."""

    def __init__(self, mongodb: str) -> None:
        amqp = "amqp://personne:rien@127.0.0.1:1/"  # nothing is published
        acces: dict[str, Any] = {"mongodb_url": mongodb, "mongodb_database": NOM, "port": 8000}
        self._base = Base("intake", RuntimeSettings(rabbitmq_url=amqp, **acces))
        self._store = Store(self._base)
        self._reglages = ReglagesPortail(ADRESSE, "Académie d’essai", Theme.NEUTRE, ())

    async def preparer(self) -> None:
        """Create the indexes, and bring in communes and schools."""
        await self._store.prepare()
        communes = {code: asdict(Commune(code, f"Commune {code}", code[:2], "217702885", (code,))) for code in COMMUNES}
        ecoles = {uai: asdict(Ecole(uai, f"École {uai}", "77001", "", "public", ouverte=True)) for uai in uais()}
        for nom, entrees in (("communes", communes), ("ecoles", ecoles)):
            generations = Generations(self._base.mongo.database, nom)
            await generations.remplacer(await generations.courante(), Bilan(entrees, len(entrees), 0, 0, 0, 0.0, 0.0))

    @asynccontextmanager
    async def ouvrir(self, dossiers: Sequence[dict[str, Any]]) -> AsyncIterator[Salle]:
        """Open the portal to an agent, and to the déposants of these dossiers."""
        relais = ReglagesSmtp(hote="127.0.0.1", port=1, securite=Securite.AUCUNE, retour="retours@exemple.fr")
        async with Courrier(Mailer(relais), "ent@exemple.fr", "aide@exemple.fr") as courrier, Inspecteur() as lecteurs:
            portail = Portail.assembler(self._store, self._reglages, courrier, lecteurs)
            transport = httpx.ASGITransport(app=build_portail(portail))
            async with httpx.AsyncClient(transport=transport, base_url=ADRESSE, timeout=600) as http:
                deposants = [await self._deposant(dossier) for dossier in dossiers]
                yield Salle(http, await self._agent(), deposants)
        self._base.mongo.close()

    async def _agent(self) -> Personne:
        compte = await self._store.comptes.de_courriel("agent@exemple.fr")
        role = {"agent": {"code": "agent-1"}, "second_facteur": {"id": "telephone"}}
        await self._base.mongo.database["comptes"].update_one({"_id": compte["_id"]}, {"$set": role})
        cookie, identite = await self._entrer(compte["_id"], facteur="telephone")
        return Personne(cookie, identite.jeton)

    async def _deposant(self, dossier: dict[str, Any]) -> Personne:
        """Log in whose dossier this is, with a draft that only lacks its deposit."""
        compte = {"_id": dossier["compte"], "courriel": f"{dossier['compte']}@exemple.fr", "identites": []}
        await self._base.mongo.database["comptes"].insert_one(compte)
        cookie, identite = await self._entrer(compte["_id"])
        brouillons, hasard = self._store.brouillons, random.Random(dossier["_id"])  # noqa: S311  # no secret
        numero = await brouillons.creer(identite)
        commune = hasard.choice(COMMUNES)
        valeurs = {"siret": "21770999700019", "departement": commune[:2], "commune": commune, "nom": "Fictive"}
        await brouillons.enregistrer(numero, valeurs | {"ecoles": hasard.sample(uais(), ECOLES)})
        for role in RolePiece:
            await brouillons.joindre(numero, role, PieceDuBrouillon("0" * 32, "0" * 64, 100_000, f"{role}.pdf"))
        return Personne(cookie, identite.jeton, dossier["_id"], numero)

    async def _entrer(self, compte: str, facteur: str | None = None) -> tuple[str, Identite]:
        cookie = await self._store.comptes.sessions.ouvrir(compte, facteur=facteur)
        identite = await self._store.comptes.identite(cookie)
        if identite is None:
            raise LookupError("la session n’est pas gardée")
        return f"{self._reglages.cookie}={cookie}", identite


def un_par_compte(dossiers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one dossier of each account."""
    return list(dossiers[::PAR_COMPTE])
