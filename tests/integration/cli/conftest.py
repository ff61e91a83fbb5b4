"""The `ent1d` command as an operator runs it: a process of its own, its two outputs and its status."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import aio_pika
import pytest

from contracts.evenements import DossierDepose, Evenement, SoumettreDossier
from contracts.flux import file_de
from deploy.local.mongod import NoeudMongo
from services._runtime.mongo import Mongo
from services._runtime.service import Service, application
from services.intake.handlers import router
from services.intake.store import Store

if TYPE_CHECKING:
    from tests.integration.conftest import Banc, Vivre

RACINE = Path(__file__).parents[3]
NUMERO = "ENT-E55A1-00001"
NOM = "Anarinette"  # nobody's: in the documents, never on the screen
LE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SOUMISSIONS = file_de("intake", SoumettreDossier)


@dataclass(frozen=True)
class Fin:
    """How a command ended."""

    statut: int
    sortie: str
    erreur: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever a machine reads
        """Read the output as a machine does."""
        assert self.statut == 0, self.erreur
        return json.loads(self.sortie)

    @property
    def ligne_claire(self) -> str:
        """Check that the command failed as it should; give what it said."""
        assert self.statut != 0
        assert "Traceback" not in self.erreur
        (ligne,) = self.erreur.splitlines()
        assert ligne.startswith("ent1d : ")
        return ligne


Ent1d = Callable[..., Awaitable[Fin]]
MettreDeCote = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def ent1d(mongod: NoeudMongo, mongo: Mongo) -> Ent1d:
    """Run the command on the test's own database; environment variables by name."""

    async def lancer(*arguments: str, **variables: str) -> Fin:
        env = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "COLUMNS": "250",
            "PYTHONPATH": str(RACINE),
            "MONGODB_URL": mongod.url,
            "MONGODB_DATABASE": mongo.database.name,
            **variables,
        }
        processus = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", "from services.cli import main; main()", *arguments),
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            sortie, erreur = await asyncio.wait_for(processus.communicate(), 60)
        except TimeoutError:
            processus.kill()
            raise
        return Fin(int(processus.returncode or 0), sortie.decode(), erreur.decode())

    return lancer


@pytest.fixture
def operateur(ent1d: Ent1d, banc: "Banc") -> Ent1d:
    """Run the command with the operator's access to the session's RabbitMQ."""

    async def lancer(*arguments: str) -> Fin:
        return await ent1d(*arguments, RABBITMQ_URL=banc.url("operateur"))

    return lancer


@pytest.fixture
def journal(ent1d: Ent1d) -> Callable[[], Awaitable[list[tuple[str, str, str]]]]:
    """Read who did what to what, the oldest first."""

    async def lire() -> list[tuple[str, str, str]]:
        return [(i["par"], i["geste"], i["cible"]) for i in (await ent1d("interventions", "--json")).json][::-1]

    return lire


@pytest.fixture
async def dossiers(mongo: Mongo) -> None:
    """Give two dossiers, a mail of the first, and a person everywhere a document may hold one."""
    personne = {"nom": NOM, "prenom": NOM, "courriel": f"{NOM}@exemple.fr"}
    for rang, etat in enumerate(("valide", "a_corriger"), start=1):
        numero = f"ENT-E55A1-0000{rang}"
        await mongo.database["dossiers"].insert_one(
            {
                "_id": numero,
                "numero": numero,
                "etat": etat,
                "version": rang,
                "commune": "77288",
                "ecoles": ["0779001R", "0779002S"],
                "depose_le": LE.replace(day=rang),
                "deposant": personne,
                "commentaires": NOM,
                "chronologie": [{"le": LE, "fait": "DossierDéposé", "version": 1, "constat": ""}],
            }
        )
    await mongo.database["envois"].insert_one(envoi("accuse", "accepte", LE.replace(hour=8)))


def envoi(motif: str, etat: str, le: datetime = LE, **champs: Any) -> dict[str, Any]:  # noqa: ANN401 - of a document
    """Make a mail as notification keeps it."""
    return {
        "_id": f"{NUMERO}:1:{motif}",
        "numero": NUMERO,
        "version": 1,
        "motif": motif,
        "etat": etat,
        "destinataire": f"{NOM}@exemple.fr",
        "message": NOM.encode(),
        "refus": 0,
        "pannes": 0,
        "renvois": 0,
        "journal": [{"le": le, "etat": etat, "raison": ""}],
        **champs,
    }


def due(evenement: Evenement[Any], *, depuis: timedelta = timedelta(hours=1), **champs: Any) -> dict[str, Any]:  # noqa: ANN401
    """Make the entry of an event that was told, and whose next look is an hour away."""
    maintenant = datetime.now(UTC)
    return {
        "id": str(evenement.id),
        "cle": evenement.cle,
        "corps": evenement.model_dump_json().encode(),
        "depuis": maintenant - depuis,
        "echeance": maintenant + timedelta(hours=1),
        "publie": True,
        "essais": 4,
        **champs,
    }


def depose(numero: str = NUMERO) -> DossierDepose:
    """Make the event that verification and notification hear."""
    data = {"version": 1, "siret": "21770999700018", "commune": "77288", "ecoles": ["0779001R"], "pieces": []}
    corps = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "ent1d/intake",
        "type": "DossierDéposé",
        "subject": numero,
        "time": LE.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    return DossierDepose.model_validate_json(json.dumps(corps))


@pytest.fixture
def intake(
    banc: "Banc", reglages: Callable[..., Any], vivre: "Vivre"
) -> Callable[[], AbstractAsyncContextManager[Any]]:
    """Run intake with its handlers and its relay; without its HTTP interface."""
    return lambda: vivre(application(Service("intake", reglages(banc, "intake"), router, Store)))


@pytest.fixture(name="envoi")
def _envoi() -> Callable[..., dict[str, Any]]:
    return envoi


@pytest.fixture(name="due")
def _due() -> Callable[..., dict[str, Any]]:
    return due


@pytest.fixture(name="depose")
def _depose() -> Callable[..., DossierDepose]:
    return depose


@pytest.fixture
def mettre_de_cote(banc: "Banc") -> MettreDeCote:
    """Park messages of the producer `demo` as intake does; give their ids."""

    async def parquer(nombre: int = 1, corps: bytes = b"", utilisateur: str = "svc_intake", **notes: str) -> list[str]:
        ids = [str(uuid4()) for _ in range(nombre)]
        for _id in ids:
            headers: Any = {
                "x-producteur": "demo",
                "x-file": SOUMISSIONS,
                "x-motif": "json_invalide",
                "x-detail": "siret",
                "x-tentative": 1,
                **notes,
            }
            message = aio_pika.Message(
                corps or json.dumps({"deposant": NOM}).encode(),
                message_id=_id,
                headers=headers,
                content_type="application/json",
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                user_id=utilisateur,
            )
            await banc.publier("parking", headers["x-file"], message, utilisateur=utilisateur)
        return ids

    return parquer
