"""Measures the pages of the agents' desk over 100,000 dossiers, on a mongod of its own: server time, in this process.

Everything shares the machine's cores. On one that does something else besides, look at the processor's time: it is what
a page takes when nobody else wants the cores.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.table import Table

from contracts.evenements import Verdict
from deploy.bench_bureau_dossiers import COMMUNES, remplir, uais
from deploy.local.mongod import NoeudMongo
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mailer import Mailer
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services._runtime.smtp import ReglagesSmtp, Securite
from services.intake.comptes.courrier import Courrier
from services.intake.comptes.oidc import Connexions
from services.intake.portail.app import build_portail
from services.intake.portail.page import Portail
from services.intake.referentiels.domain import Commune, Ecole
from services.intake.referentiels.generations import Generations
from services.intake.referentiels.importation import Bilan
from services.intake.reglages import ReglagesPortail, Theme
from services.intake.store import Store
from services.intake.televersements.examen import Examen
from services.intake.televersements.reception import Reception

ADRESSE: Final = "https://portail.exemple"
NOM: Final = "bench"


@dataclass(frozen=True)
class Mesure:
    """What one kind of page took, in milliseconds: on the wall's clock, and of processors, mongod's included."""

    nom: str
    durees: Sequence[float]
    processeur: Sequence[float]

    def ligne(self) -> tuple[str, ...]:
        """Give the line of the table."""
        return self.nom, *(f"{part:.1f}" for temps in (self.durees, self.processeur) for part in _parts(temps))


def _parts(temps: Sequence[float]) -> tuple[float, float]:
    """Give the median and the 95th percentile."""
    quantiles = statistics.quantiles(temps, n=20)
    return quantiles[9], quantiles[18]


def main() -> None:
    """Fill a base, measure, and print one table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--dossiers", type=int, default=100_000)
    arguments.add_argument("--fois", type=int, default=60, help="requests of each kind (default: 60)")
    choix = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="ent1d-bench-bureau-") as dossier, NoeudMongo(Path(dossier)) as mongod:
        mesures, exports = asyncio.run(_mesurer(mongod, choix.dossiers, choix.fois))
    table = Table("page", "médiane (ms)", "p95", "processeur : médiane", "p95", title=f"{choix.dossiers} dossiers")
    for mesure in mesures:
        table.add_row(*mesure.ligne())
    Console().print(table)
    for ligne in exports:
        Console().print(ligne)


async def _mesurer(mongod: NoeudMongo, nombre: int, fois: int) -> tuple[list[Mesure], list[str]]:
    hasard = random.Random(42)  # noqa: S311  # the same base each time
    async with _agent(mongod.url) as http:
        connus = await asyncio.to_thread(remplir, mongod.url, NOM, nombre, hasard)
        chronometre = Chronometre(http, mongod.pid)
        mesures = [await chronometre.repeter(nom, faire, fois) for nom, faire in _demandes(hasard, connus).items()]
        return mesures, [await chronometre.exporter(suffixe) for suffixe in ("csv", "xlsx")]


@asynccontextmanager
async def _agent(mongodb: str) -> AsyncIterator[httpx.AsyncClient]:
    """Log an agent in, on the real portal."""
    amqp = "amqp://personne:rien@127.0.0.1:1/"  # nothing is published
    acces = {"rabbitmq_url": amqp, "mongodb_url": mongodb, "mongodb_database": NOM, "port": 8000}
    base = Base("intake", RuntimeSettings.model_validate(acces))
    store = Store(base)
    await store.prepare()
    relais = ReglagesSmtp(hote="127.0.0.1", port=1, securite=Securite.AUCUNE, retour="retours@exemple.fr")
    reglages = ReglagesPortail(ADRESSE, "Académie d’essai", Theme.NEUTRE, ())
    examen = Examen(store.pieces, Inspecteur())
    reception = Reception(store.televersements, store.pieces, store.brouillons, examen)
    async with Courrier(Mailer(relais), "ent@exemple.fr", "aide@exemple.fr") as courrier:
        app = build_portail(Portail(store, reglages, courrier, Connexions(reglages), reception))
        cookies = {reglages.cookie: await _session(base, store)}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=ADRESSE, cookies=cookies, timeout=600) as http:
            yield http
    base.mongo.close()


async def _session(base: Base, store: Store) -> str:
    compte = await store.comptes.de_courriel("agent@exemple.fr")
    role = {"agent": {"code": "agent-1"}, "second_facteur": {"id": "telephone"}}
    await base.mongo.database["comptes"].update_one({"_id": compte["_id"]}, {"$set": role})
    communes = {code: asdict(Commune(code, f"Commune {code}", code[:2], "217702885", (code,))) for code in COMMUNES}
    ecoles = {uai: asdict(Ecole(uai, f"École {uai}", "77001", "", "public", ouverte=True)) for uai in uais()}
    for nom, entrees in (("communes", communes), ("ecoles", ecoles)):
        generations = Generations(base.mongo.database, nom)
        await generations.remplacer(await generations.courante(), Bilan(entrees, len(entrees), 0, 0, 0, 0.0, 0.0))
    return await store.comptes.sessions.ouvrir(compte["_id"], facteur="telephone")


def _demandes(hasard: random.Random, connus: Sequence[dict[str, Any]]) -> dict[str, Callable[[], str]]:
    """Name each kind of page, with what makes an address of it."""
    onglets, verdicts = ("a_traiter", "a_corriger", "valides", "incidents", "tous"), [*Verdict, "non_verifie"]
    tris = [signe + tri for tri in ("depose_le", "commune", "verdict") for signe in ("", "-")]

    def quelconque() -> dict[str, Any]:
        return hasard.choice(connus)

    def place() -> str:
        d = quelconque()
        return f"{int(d['depose_le'].timestamp() * 1000)}.{d['_id']}.{d['commune']}"

    return {
        "file, chaque onglet": lambda: f"/agent?onglet={hasard.choice(onglets)}",
        "file, chaque ordre": lambda: f"/agent?onglet={hasard.choice(onglets)}&tri={hasard.choice(tris)}",
        "file, au milieu": lambda: f"/agent?onglet=tous&tri=commune&apres={place()}",
        "file, département": lambda: f"/agent?onglet=tous&departement=94&tri={hasard.choice(tris)}",
        "file, commune": lambda: f"/agent?onglet=tous&commune={hasard.choice(COMMUNES)}&tri={hasard.choice(tris)}",
        "file, vérification": lambda: f"/agent?onglet={hasard.choice(onglets)}&verdict={hasard.choice(verdicts)}",
        "file, école": lambda: f"/agent?onglet=tous&uai={quelconque()['ecoles'][0]}",
        "file, tous les filtres": lambda: (
            f"/agent?onglet={hasard.choice(onglets)}&departement=93&age=14&verdict={hasard.choice(verdicts)}"
            f"&tri={hasard.choice(tris)}"
        ),
        "recherche, numéro": lambda: f"/agent?onglet=tous&q={quelconque()['_id']}",
        "recherche, SIRET": lambda: f"/agent?onglet=tous&q={quelconque()['siret']}",
        "recherche, UAI": lambda: f"/agent?onglet=tous&q={quelconque()['ecoles'][0]}",
        "recherche, commune": lambda: f"/agent?onglet=tous&q=Commune {hasard.choice(COMMUNES)}",
        "dossier": lambda: f"/agent/dossiers/{quelconque()['_id']}",
        "livraisons": lambda: "/agent/livraisons",
    }


class Chronometre:
    """Asks for pages, one at a time, and times them."""

    def __init__(self, http: httpx.AsyncClient, pid: int) -> None:
        self._http = http
        self._mongod = (~pid << 3) | 2  # its processor clock, as clock_getcpuclockid(3) makes it

    async def repeter(self, nom: str, adresse: Callable[[], str], fois: int) -> Mesure:
        """Ask for pages of one kind, after three that read what is read once for all."""
        for _ in range(3):
            await self._demander(adresse())
        temps = [await self._demander(adresse()) for _ in range(fois)]
        return Mesure(nom, *zip(*temps, strict=True))

    async def _demander(self, adresse: str) -> tuple[float, float]:
        debut, travail = time.perf_counter(), self._travail()
        reponse = await self._http.get(adresse)
        if reponse.status_code != httpx.codes.OK:
            raise RuntimeError(f"{adresse} : {reponse.status_code}")
        return (time.perf_counter() - debut) * 1000, (self._travail() - travail) * 1000

    async def exporter(self, suffixe: str) -> str:
        """Export everything."""
        debut, travail = time.perf_counter(), self._travail()
        taille = len((await self._http.get(f"/agent/export.{suffixe}?onglet=tous")).content) / 1e6
        duree, travail = time.perf_counter() - debut, self._travail() - travail
        return f"export {suffixe} : {duree:.0f} s, dont {travail:.0f} de processeur, {taille:.0f} Mo"

    def _travail(self) -> float:
        return time.process_time() + time.clock_gettime(self._mongod)


if __name__ == "__main__":
    main()
