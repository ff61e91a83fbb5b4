"""A titulaire's real server, an invented académie, and replicas of aaf_dispatch that lack only their bus."""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import pytest

from contracts.evenements import DossierValide, Validation
from deploy.local.mongod import NoeudMongo
from deploy.local.partenaires import TitulaireSFTP
from services._runtime.mongo import Database, Mongo
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services.aaf_dispatch.annuaire import Academie, Nommage, extraire, generer
from services.aaf_dispatch.fabrique import Fabrique
from services.aaf_dispatch.livreur import Livreur, Regles
from services.aaf_dispatch.remise import Serveur
from services.aaf_dispatch.store import Store

NOMMAGE = Nommage("ENTCRETEIL", date(2026, 11, 23))
ECOLES = 6


@dataclass(frozen=True)
class Casier:
    """A directory of the titulaire's server: how to reach it, and what he sees in it."""

    serveur: Serveur
    racine: Path

    def visibles(self) -> list[str]:
        """Name what he may act on: what does not begin with a dot."""
        return sorted(nom for nom in os.listdir(self.racine) if not nom.startswith("."))  # noqa: PTH208 - names only

    def restes(self) -> list[str]:
        """Name what should not last."""
        return sorted(nom for nom in os.listdir(self.racine) if nom.startswith("."))  # noqa: PTH208 - idem

    def effacer(self) -> None:
        """Empty it."""
        for nom in [*self.visibles(), *self.restes()]:
            (self.racine / nom).unlink()

    def sha256(self, nom: str) -> str:
        """Give the SHA-256 of a file as it is now."""
        return hashlib.sha256((self.racine / nom).read_bytes()).hexdigest()

    def manifeste(self, nom: str) -> dict[str, Any]:
        """Read the manifest of a delivery."""
        lu: dict[str, Any] = json.loads((self.racine / f"{nom}.json").read_text())
        return lu

    def ecoles(self, nom: str) -> set[str]:
        """Give the schools that a delivery holds."""
        return {ecole["uai"] for ecole in self.manifeste(nom)["ecoles"]}


@pytest.fixture(scope="session")
def titulaire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TitulaireSFTP]:
    """Give the titulaire's server, a process of its own."""
    serveur = TitulaireSFTP(tmp_path_factory.mktemp("titulaire"))
    serveur.start()
    yield serveur
    serveur.stop()


@pytest.fixture
def casier(titulaire: TitulaireSFTP) -> Casier:
    """Give an empty directory of the titulaire's server."""
    return casier_de(titulaire)


def casier_de(titulaire: TitulaireSFTP) -> Casier:
    """Make an empty directory on a server."""
    dossier = uuid4().hex
    (titulaire.racine / dossier).mkdir()
    cles = titulaire.cles
    return Casier(
        Serveur("127.0.0.1", titulaire.port, "academie", cles.client, titulaire.known_hosts, f"/{dossier}"),
        titulaire.racine / dossier,
    )


@dataclass
class Coupeur:
    """A TCP proxy: counts the bytes that go by, looks after each of them, and cuts both ways after `apres` bytes."""

    cible: int
    apres: int | None = None
    regarder: Callable[[], None] = lambda: None
    passes: int = 0
    port: int = 0
    _liens: list[asyncio.StreamWriter] = field(default_factory=list)
    _relais: list[asyncio.Task[Any]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._ecoute = await asyncio.start_server(self._relayer, "127.0.0.1", 0)
        self.port = self._ecoute.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.couper()
        self._ecoute.close()
        await asyncio.gather(*self._relais, return_exceptions=True)

    def couper(self) -> None:
        """Cut, as a cable is."""
        for lien in self._liens:
            lien.transport.abort()

    async def _relayer(self, du_client: asyncio.StreamReader, au_client: asyncio.StreamWriter) -> None:
        self._relais += [tache for tache in [asyncio.current_task()] if tache]
        du_serveur, au_serveur = await asyncio.open_connection("127.0.0.1", self.cible)
        self._liens += [au_client, au_serveur]
        await asyncio.gather(self._pomper(du_client, au_serveur), self._pomper(du_serveur, au_client))

    async def _pomper(self, de: asyncio.StreamReader, vers: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while bloc := await de.read(8192):
                passe = bloc if self.apres is None else bloc[: max(0, self.apres - self.passes)]
                self.passes += len(passe)
                vers.write(passe)
                await vers.drain()
                self.regarder()
                if len(passe) < len(bloc):
                    return self.couper()
        return vers.close()


Par = Callable[[Casier, Coupeur], Serveur]


@pytest.fixture
def par(titulaire: TitulaireSFTP, tmp_path: Path) -> Par:
    """Reach a casier through a proxy, the titulaire's key pinned there too."""

    def faire(casier: Casier, coupeur: Coupeur) -> Serveur:
        connus = tmp_path / f"known_hosts-{coupeur.port}"
        connus.write_text(titulaire.cles.known_hosts(coupeur.port), encoding="ascii")
        return replace(casier.serveur, port=coupeur.port, hotes_connus=connus)

    return faire


NouveauCoupeur = Callable[..., Coupeur]


@pytest.fixture
def coupeur(titulaire: TitulaireSFTP) -> NouveauCoupeur:
    """Make a proxy in front of the titulaire's server, to be opened by `async with`."""
    return partial(Coupeur, titulaire.port)


@dataclass
class Export:
    """What the académie shows as its export of the day: a link, changed at once as a whole."""

    chemin: Path
    complet: Path
    uai: tuple[str, ...]

    def montrer(self, dossier: Path) -> Path:
        """Make this the export of the day."""
        nouveau = self.chemin.with_name("nouveau")
        nouveau.symlink_to(dossier)
        nouveau.replace(self.chemin)
        return dossier

    def limiter(self, *ecoles: str) -> Path:
        """Show an export where only these schools are."""
        dossier = self.chemin.with_name(f"export-{uuid4().hex}")
        extraire(self.complet, dossier, frozenset(ecoles), nommage=NOMMAGE)
        return self.montrer(dossier)

    def rapetisser(self) -> Path:
        """Show an export where the same schools have half their pupils."""
        dossier = self.chemin.with_name(f"export-{uuid4().hex}")
        generer(dossier, Academie(ECOLES, 3, self.uai, eleves_par_ecole=4), NOMMAGE)
        return self.montrer(dossier)

    def modifier(self, categorie: str, changer: Callable[[str], str]) -> Path:
        """Show an export one file of which was changed."""
        dossier = self.limiter(*self.uai)
        fichier = next(dossier.glob(f"*_{categorie}_0000.xml"))
        fichier.write_text(changer(fichier.read_text()))
        return dossier

    def retablir(self) -> None:
        """Show the whole export."""
        self.montrer(self.complet)


@pytest.fixture(scope="session")
def academie(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...]]:
    """Give the whole export of an invented académie, and its schools."""
    dossier = tmp_path_factory.mktemp("academie") / "complet"
    return dossier, generer(dossier, Academie(ECOLES, 3, eleves_par_ecole=8), NOMMAGE).uai


@pytest.fixture
def export(tmp_path: Path, academie: tuple[Path, tuple[str, ...]]) -> Export:
    """Give the export of the day: the whole académie until told otherwise."""
    (tmp_path / "academie").mkdir()
    trouve = Export(tmp_path / "academie" / "export", *academie)
    trouve.retablir()
    return trouve


@dataclass(frozen=True)
class Poste:
    """One replica of aaf_dispatch, without its bus: what it tells stays in its documents."""

    store: Store
    livreur: Livreur
    atelier: Path
    base: Database

    async def valider(self, numero: str, *ecoles: str) -> str:
        """Hear that a dossier is validated."""
        validation = Validation(
            version=1, siret="21770999700019", commune="77288", ecoles=ecoles, decide_par="regle:essai.1"
        )
        await self.store.inscrire(DossierValide.dire(numero, validation, source="ent1d/intake", le=datetime.now(UTC)))
        return numero

    async def dits(self, nature: str) -> list[dict[str, Any]]:
        """Give what is told of this type, by dossier."""
        corps = [
            json.loads(sortie["corps"])
            async for perimetre in self.base["perimetres"].find().sort("_id", 1)
            for sortie in perimetre["sortie"]
        ]
        return [evenement for evenement in corps if evenement["type"] == nature]

    async def livraisons(self) -> list[dict[str, Any]]:
        """Give the deliveries, oldest first."""
        return await self.base["livraisons"].find().sort("ordre", 1).to_list(None)

    async def perimer(self) -> None:
        """Let the leases of dead processes run out."""
        passe = datetime.now(UTC) - timedelta(seconds=1)
        await self.base["livraisons"].update_many({"etat": {"$ne": "livree"}}, {"$set": {"bail": passe}})


NouveauPoste = Callable[..., Awaitable[Poste]]


@pytest.fixture
async def nouveau_poste(
    mongod: NoeudMongo, mongo: Mongo, export: Export, casier: Casier, tmp_path: Path
) -> AsyncIterator[NouveauPoste]:
    """Make a replica; all those of one test share its database, each has its own work directory."""
    bases: list[Base] = []

    async def faire(serveur: Serveur | None = None, intervalle: float = 0.0) -> Poste:
        reglages = RuntimeSettings(
            rabbitmq_url="amqp://personne:rien@127.0.0.1:1/",  # type: ignore[arg-type]  # pydantic makes the secret
            mongodb_url=mongod.url,  # type: ignore[arg-type]
            mongodb_database=mongo.database.name,
            port=8000,
        )
        bases.append(Base("aaf_dispatch", reglages))
        store = Store(bases[-1], "exemple")
        await store.prepare()
        atelier = tmp_path / f"atelier-{len(bases)}"
        fabrique = Fabrique(export.chemin, atelier)
        regles = Regles(baisse_max=0.1, intervalle=timedelta(seconds=intervalle))
        livreur = Livreur(store, fabrique, serveur or casier.serveur, regles)
        return Poste(store, livreur, atelier, mongo.database)

    yield faire
    for base in bases:
        base.mongo.close()


@pytest.fixture
async def poste(nouveau_poste: NouveauPoste) -> Poste:
    """Give one replica."""
    return await nouveau_poste()


@pytest.fixture
def numeros() -> Sequence[str]:
    """Give numbers of dossiers."""
    return [f"ENT-E55A1-0000{rang}" for rang in range(1, 10)]
