"""Measures the pages of the portal over 100,000 dossiers, on a mongod of its own: server time, in this process.

Everything shares the machine's cores. On one that does something else besides, look at the processor's time: it is what
a page takes when nobody else wants the cores.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from contracts.evenements import Verdict
from deploy.bench_pages_base import COMMUNES, remplir
from deploy.bench_pages_gens import NOM, Accueil, Personne, Salle, un_par_compte
from deploy.local.mongod import NoeudMongo
from services.intake.brouillons.saisie import Rubrique

BUT: Final = 50.0  # milliseconds at the 95th percentile: issue 4
ERREUR: Final = 400  # the first status that is one


@dataclass(frozen=True)
class Requete:
    """What somebody asks for; a `formulaire` is sent, without one a page is read."""

    qui: Personne
    adresse: str
    formulaire: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Mesure:
    """What one kind of page took, in milliseconds: on the wall's clock, and of processors, mongod's included."""

    nom: str
    durees: Sequence[float]
    processeur: Sequence[float]

    @property
    def p95(self) -> float:
        """Give the 95th percentile of the wall's clock."""
        return _parts(self.durees)[1]

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
    arguments.add_argument("--exports", action="store_true", help="export everything too: a minute and a half more")
    choix = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="ent1d-bench-pages-") as dossier, NoeudMongo(Path(dossier)) as mongod:
        mesures, exports = asyncio.run(_mesurer(mongod, choix))
    table = Table("page", "médiane (ms)", "p95", "processeur : médiane", "p95", title=f"{choix.dossiers} dossiers")
    for mesure in mesures:
        table.add_row(*mesure.ligne())
    console = Console()
    console.print(table)
    pire = max(mesures, key=lambda mesure: mesure.p95)
    console.print(f"p95 le plus haut : {pire.p95:.1f} ms ({pire.nom}) ; but : {BUT:.0f} ms")
    for ligne in exports:
        console.print(ligne)


async def _mesurer(mongod: NoeudMongo, choix: argparse.Namespace) -> tuple[list[Mesure], list[str]]:
    hasard = random.Random(42)  # noqa: S311  # the same base each time
    accueil = Accueil(mongod.url)
    await accueil.preparer()
    Console(stderr=True).print(f"{choix.dossiers} dossiers à écrire…")
    connus = await asyncio.to_thread(remplir, mongod.url, NOM, choix.dossiers, hasard)
    async with accueil.ouvrir(un_par_compte(connus)) as salle:
        chronometre = Chronometre(salle, mongod.pid)
        demandes = _bureau(hasard, connus, salle.agent) | _mairie(hasard, salle.deposants)
        mesures = [await chronometre.repeter(nom, faire, choix.fois) for nom, faire in demandes.items()]
        formes = ("csv", "xlsx") if choix.exports else ()
        return mesures, [await chronometre.exporter(forme) for forme in formes]


def _bureau(
    hasard: random.Random, connus: Sequence[dict[str, Any]], agent: Personne
) -> dict[str, Callable[[], Requete]]:
    """Name each kind of page of the desk, with what makes a request for it."""
    onglets, verdicts = ("a_traiter", "a_corriger", "valides", "incidents", "tous"), [*Verdict, "non_verifie"]
    tris = [signe + tri for tri in ("depose_le", "commune", "verdict") for signe in ("", "-")]

    def quelconque() -> dict[str, Any]:
        return hasard.choice(connus)

    def place() -> str:
        d = quelconque()
        return f"{int(d['depose_le'].timestamp() * 1000)}.{d['_id']}.{d['commune']}"

    adresses: dict[str, Callable[[Personne], str]] = {
        "file, chaque onglet": lambda _: f"/agent?onglet={hasard.choice(onglets)}",
        "file, chaque ordre": lambda _: f"/agent?onglet={hasard.choice(onglets)}&tri={hasard.choice(tris)}",
        "file, au milieu": lambda _: f"/agent?onglet=tous&tri=commune&apres={place()}",
        "file, département": lambda _: f"/agent?onglet=tous&departement=94&tri={hasard.choice(tris)}",
        "file, commune": lambda _: f"/agent?onglet=tous&commune={hasard.choice(COMMUNES)}&tri={hasard.choice(tris)}",
        "file, vérification": lambda _: f"/agent?onglet={hasard.choice(onglets)}&verdict={hasard.choice(verdicts)}",
        "file, école": lambda _: f"/agent?onglet=tous&uai={quelconque()['ecoles'][0]}",
        "file, tous les filtres": lambda _: (
            f"/agent?onglet={hasard.choice(onglets)}&departement=93&age=14&verdict={hasard.choice(verdicts)}"
            f"&tri={hasard.choice(tris)}"
        ),
        "recherche, numéro": lambda _: f"/agent?onglet=tous&q={quelconque()['_id']}",
        "recherche, SIRET": lambda _: f"/agent?onglet=tous&q={quelconque()['siret']}",
        "recherche, UAI": lambda _: f"/agent?onglet=tous&q={quelconque()['ecoles'][0]}",
        "recherche, commune": lambda _: f"/agent?onglet=tous&q=Commune {hasard.choice(COMMUNES)}",
        "bureau, dossier": lambda _: f"/agent/dossiers/{quelconque()['_id']}",
        "bureau, livraisons": lambda _: "/agent/livraisons",
    }
    return {nom: _de(lambda: agent, faire) for nom, faire in adresses.items()}


def _mairie(hasard: random.Random, deposants: Sequence[Personne]) -> dict[str, Callable[[], Requete]]:
    """Name each kind of page that a déposant sees."""
    adresses: dict[str, Callable[[Personne], str]] = {
        "mes dossiers": lambda _: "/dossiers",
        "suivi": lambda qui: f"/dossiers/{qui.dossier}",
        "récapitulatif (PDF)": lambda qui: f"/dossiers/{qui.dossier}/recapitulatif.pdf",
        "attestation (PDF)": lambda qui: f"/dossiers/{qui.dossier}/attestation.pdf",
        "recherche d’une commune": lambda _: f"/referentiels/communes?q=Commune {hasard.choice(COMMUNES)}",
    }
    adresses |= {f"formulaire, {rubrique}": _page_du_formulaire(rubrique) for rubrique in Rubrique}

    def quelconque() -> Personne:
        return hasard.choice(deposants)

    def enregistrement() -> Requete:
        qui = quelconque()
        saisie = {"rubrique": Rubrique.COMMENTAIRES, "commentaires": f"Essai {hasard.random()}", "revision": "999"}
        return Requete(qui, f"/brouillons/{qui.brouillon}/enregistrer", {"jeton": qui.jeton, **saisie})

    lectures = {nom: _de(quelconque, faire) for nom, faire in adresses.items()}
    return lectures | {"formulaire, enregistrement": enregistrement}


def _page_du_formulaire(rubrique: Rubrique) -> Callable[[Personne], str]:
    return lambda qui: f"/brouillons/{qui.brouillon}/{rubrique}"


def _de(qui: Callable[[], Personne], adresse: Callable[[Personne], str]) -> Callable[[], Requete]:
    def faire() -> Requete:
        personne = qui()
        return Requete(personne, adresse(personne))

    return faire


class Chronometre:
    """Asks for pages, one at a time, and times them."""

    def __init__(self, salle: Salle, pid: int) -> None:
        self._salle = salle
        self._mongod = (~pid << 3) | 2  # its processor clock, as clock_getcpuclockid(3) makes it

    async def repeter(self, nom: str, faire: Callable[[], Requete], fois: int) -> Mesure:
        """Ask for pages of one kind, after three that read what is read once for all."""
        for _ in range(3):
            await self._demander(faire())
        temps = [await self._demander(faire()) for _ in range(fois)]
        return Mesure(nom, *zip(*temps, strict=True))

    async def _demander(self, requete: Requete) -> tuple[float, float]:
        methode, formulaire = ("GET", None) if requete.formulaire is None else ("POST", dict(requete.formulaire))
        debut, travail = time.perf_counter(), self._travail()
        reponse = await self._salle.http.request(
            methode, requete.adresse, data=formulaire, headers={"Cookie": requete.qui.cookie}
        )
        if reponse.status_code >= ERREUR:
            raise RuntimeError(f"{requete.adresse} : {reponse.status_code}")
        return (time.perf_counter() - debut) * 1000, (self._travail() - travail) * 1000

    async def exporter(self, suffixe: str) -> str:
        """Export everything."""
        debut, travail = time.perf_counter(), self._travail()
        entetes = {"Cookie": self._salle.agent.cookie}
        reponse = await self._salle.http.get(f"/agent/export.{suffixe}?onglet=tous", headers=entetes)
        duree, travail = time.perf_counter() - debut, self._travail() - travail
        taille = len(reponse.content) / 1e6
        return f"export {suffixe} : {duree:.0f} s, dont {travail:.0f} de processeur, {taille:.0f} Mo"

    def _travail(self) -> float:
        return time.process_time() + time.clock_gettime(self._mongod)


if __name__ == "__main__":
    main()
