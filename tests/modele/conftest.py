"""One mongod in memory and one world for all examples: the doors of the four services are in place from here."""

import asyncio
import logging  # noqa: TID251 - FastStream's
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import structlog
from pymongo import MongoClient

from deploy.local.mongod import NoeudMongo
from services._runtime import bus
from services._runtime import service as moule
from services._runtime.clock import Clock
from services._runtime.mongo import Document
from services.aaf_dispatch import livreur
from services.notification import domain, facteur

from .banc import Banc
from .base import MongoDirect, connexion
from .courrier import Postier, composer_vite
from .courtier import Publieur
from .portes import SansAttente, suivre
from .processus import Oreilles
from .titulaire import guichet

MEMOIRE = Path("/dev/shm")  # noqa: S108 - a mount, not a temporary file


@pytest.fixture
def en_memoire() -> Iterator[Path]:
    """Give a directory in memory where there is one: nothing here is to survive."""
    with TemporaryDirectory(prefix="ent1d-modele-", dir=MEMOIRE if MEMOIRE.is_dir() else None) as dossier:
        yield Path(dossier)


@pytest.fixture
def un_coeur() -> Iterator[None]:
    """Stay on one core, with mongod: one asks, the other answers, and to wake another core takes longer than both."""
    avant = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(avant)})
    yield
    os.sched_setaffinity(0, avant)


@pytest.fixture
def mongod_modele(en_memoire: Path, partie: Any, un_coeur: None) -> Iterator[NoeudMongo]:  # noqa: ANN401
    """Give a mongod of its own: nobody kills it."""
    del un_coeur
    noeud = NoeudMongo(en_memoire / "mongo")
    noeud.donnees.mkdir()
    partie(noeud.start)
    yield noeud
    noeud.stop()


@pytest.fixture
def banc(mongod_modele: NoeudMongo, en_memoire: Path) -> Iterator[Banc]:
    """Give what all examples share, the stand-ins at their doors."""
    client: MongoClient[Document] = MongoClient(port=mongod_modele.port, directConnection=True)
    boucle = asyncio.SelectorEventLoop(SansAttente())
    boucle.set_task_factory(suivre)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with pytest.MonkeyPatch.context() as patch, client, connexion(client) as seule:
        trouve = Banc(boucle, seule, Oreilles())
        (en_memoire / "atelier").mkdir()
        patch.setattr(boucle, "time", trouve.secondes)
        patch.setattr(Clock, "now", lambda _: trouve.maintenant)
        patch.setattr(moule, "Mongo", lambda *_: MongoDirect(trouve.base))
        patch.setattr(moule, "Publisher", lambda url, **_: Publieur(trouve.courtier, url))
        patch.setattr(facteur, "Mailer", Postier)
        patch.setattr(bus, "HANDING_OVER", 0)  # seconds of a real clock
        patch.setattr(facteur, "CONNEXIONS", 1)  # two at once would make no two runs alike
        patch.setattr(domain, "composer", composer_vite)
        patch.setattr(Postier, "relais", trouve.smtp, raising=False)
        patch.setattr(livreur, "ouvrir", guichet(trouve.titulaire))
        yield trouve
    boucle.close()
    structlog.reset_defaults()


@pytest.fixture
def atelier(banc: Banc, en_memoire: Path) -> Path:
    """Give the directory where annuaires are made."""
    del banc
    return en_memoire / "atelier"
