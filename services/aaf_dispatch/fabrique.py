"""Makes a Complet on disk, in a process of its own: extract, validate, zip."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from contracts.evenements import Effectifs, Livraison
from services._runtime.children import die_with_parent
from services.aaf_dispatch.annuaire.constats import Gravite
from services.aaf_dispatch.annuaire.ecriture import Nommage
from services.aaf_dispatch.annuaire.filtrage import extraire
from services.aaf_dispatch.annuaire.grammaire import Categorie
from services.aaf_dispatch.annuaire.lecture import empreinte, ouvrir_export
from services.aaf_dispatch.annuaire.paquet import empaqueter, manifeste
from services.aaf_dispatch.annuaire.validation import valider

PROJET: Final = "ENT1DCRETEIL"
T = TypeVar("T")


@dataclass(frozen=True)
class Commande:
    """What to make: the name and the moment of the delivery, its schools."""

    nom: str
    titulaire: str
    ecoles: frozenset[str]
    le: datetime


@dataclass(frozen=True)
class Produit:
    """What was made: the zip, its manifest, its description; or the codes of the faults that forbid to deliver it."""

    zip: Path
    manifeste: Path
    livraison: Livraison
    fautes: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Today's export of the académie: its identity and the schools it holds."""

    empreinte: str
    ecoles: frozenset[str]


class Fabrique:
    """Works in `atelier`, which holds pupils' data and is emptied after each delivery and at each start."""

    def __init__(self, source: Path, atelier: Path) -> None:
        self._source = source
        self._atelier = atelier
        self._connue: tuple[tuple[int, ...], Source] | None = None

    async def __aenter__(self) -> Self:
        self.vider()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.vider()

    def vider(self) -> None:
        """Remove what the last delivery left."""
        shutil.rmtree(self._atelier, ignore_errors=True)
        self._atelier.mkdir(parents=True, mode=0o700, exist_ok=True)

    async def source(self) -> Source:
        """Look at today's export; read again only when a file has changed. Raises AnnuaireIllisible."""
        etat = tuple(sorted(f.stat().st_mtime_ns for f in [self._source, *self._source.rglob("*")]))
        if self._connue is None or self._connue[0] != etat:
            self._connue = (etat, await _a_part(_regarder, self._source))
        return self._connue[1]

    async def produire(self, commande: Commande) -> Produit:
        """Make the Complet of these schools. Raises AnnuaireIllisible when the source is damaged."""
        self.vider()
        return await _a_part(_produire, self._source, self._atelier, commande)


async def _a_part(travail: Callable[..., T], *arguments: object) -> T:
    """Run in a process made for this one work: whatever ends it, the next starts afresh.

    Cancelled, it kills the process: to wait for its end would hold up the stop, and every other loop, for minutes.
    """
    boucle = asyncio.get_running_loop()
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=die_with_parent)
    try:
        pid = await boucle.run_in_executor(pool, os.getpid)
        try:
            return await boucle.run_in_executor(pool, travail, *arguments)
        except asyncio.CancelledError:
            os.kill(pid, signal.SIGKILL)
            raise
    finally:
        pool.shutdown(wait=False)


def _regarder(source: Path) -> Source:
    structures = ouvrir_export(source).fiches(Categorie.STRUCTURE)
    uai = (fiche.attributs.get("ENTStructureUAI", ("",))[0] for fiche in structures)
    return Source(empreinte(source), frozenset(code for code in uai if code))


def _produire(source: Path, atelier: Path, commande: Commande) -> Produit:
    dossier, archive = atelier / "xml", atelier / f"{commande.nom}.zip"
    extraction = extraire(source, dossier, commande.ecoles, nommage=Nommage(PROJET, commande.le.date()))
    constats = valider(dossier, uai_attendues=commande.ecoles)
    paquet = empaqueter(dossier, archive, horodatage=commande.le)
    shutil.rmtree(dossier)
    contenu = manifeste(extraction, paquet, titulaire=commande.titulaire, jour=commande.le.date())
    fiche = archive.with_suffix(".json")
    fiche.write_text(json.dumps(contenu, ensure_ascii=False, indent=1))
    return Produit(
        archive, fiche, livraison_de(contenu), tuple(sorted({c.code for c in constats if c.gravite is Gravite.ERREUR}))
    )


def livraison_de(manifeste: dict[str, Any]) -> Livraison:
    """Describe a delivery from its manifest: ours, or the one read back on the titulaire's server."""
    fichier = manifeste["fichier"]
    nom = Path(fichier["nom"]).stem
    return Livraison(
        nom=nom,
        fichier=fichier["nom"],
        manifeste=f"{nom}.json",
        taille=fichier["taille"],
        sha256=fichier["sha256"],
        effectifs=Effectifs(**manifeste["effectifs"]),
        nombre_ecoles=len(manifeste["ecoles"]),
    )
