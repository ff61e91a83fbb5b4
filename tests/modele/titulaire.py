"""A titulaire's SFTP server in memory, under a look that never ends; and the académie's export with its workshop.

The real `services.aaf_dispatch.remise.Depot` works on `Connexion`, which has the doors of asyncssh's client.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, Self

import asyncssh

from contracts.evenements import Effectifs
from contracts.manifeste import EcoleLivree, EffectifsEcole, FichierLivre, Gar, Guichets, Manifeste
from deploy.demo.dossiers import ECOLES
from services.aaf_dispatch.fabrique import Commande, Produit, Source, livraison_de
from services.aaf_dispatch.remise import Depot, Serveur

from .portes import Moment, Porte, franchir

ELEVES: Final = 100  # per school


@dataclass
class Inode:
    """A file, whatever its name: who has it open writes to it even after it was renamed."""

    octets: bytearray = field(default_factory=bytearray)


class Titulaire:
    """The files of the delivery directory. `regarder` notes in `fautes` what a reader should never have seen."""

    def __init__(self) -> None:
        self.vider()

    def vider(self) -> None:
        """Begin anew."""
        self.present = True
        self.fichiers: dict[str, Inode] = {}
        self.entiers: set[str] = set()  # SHA-256 of all that the workshop made
        self.annonces: dict[str, Manifeste] = {}  # by name of delivery, in the order seen
        self.fautes: list[str] = []

    def regarder(self) -> None:
        """Look at every visible file."""
        for nom, inode in self.fichiers.items():
            if nom.startswith("."):
                continue
            if hashlib.sha256(inode.octets).hexdigest() not in self.entiers:
                self.fautes.append(f"{nom} visible et incomplet")
            elif nom.endswith(".json"):
                self._lire(nom.removesuffix(".json"), bytes(inode.octets))
        self.fautes += [f"{nom} annoncée puis retirée" for nom in self.annonces if f"{nom}.json" not in self.fichiers]

    def _lire(self, nom: str, octets: bytes) -> None:
        manifeste = Manifeste.model_validate_json(octets)
        zip_ = self.fichiers.get(manifeste.fichier.nom)
        if zip_ is None or hashlib.sha256(zip_.octets).hexdigest() != manifeste.fichier.sha256:
            self.fautes.append(f"{nom} annoncée sans son archive")
        if self.annonces.setdefault(nom, manifeste) != manifeste:
            self.fautes.append(f"{nom} annoncée deux fois, différente")
        if nom != max(self.annonces):
            dernieres = list(self.annonces)
            if dernieres != sorted(dernieres):
                self.fautes.append(f"{nom} annoncée après une livraison plus récente")


class Connexion:
    """What asyncssh's SFTP client gives to `Depot`. Once cut, it stays cut."""

    def __init__(self, titulaire: Titulaire) -> None:
        self._titulaire = titulaire
        self._coupee = False

    async def faire(self, quoi: str, acte: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the act gives
        """Do something on the server, then let the titulaire look."""
        if self._coupee:
            raise asyncssh.ConnectionLost("cut")
        return await franchir(Porte.SFTP, quoi, lambda: self._vu(acte), self._couper)

    def _vu(self, acte: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the act gives
        try:
            return acte()
        finally:
            self._titulaire.regarder()

    def _couper(self, _: Moment) -> BaseException:
        self._coupee = True
        return asyncssh.ConnectionLost("cut")

    def open(self, chemin: str, mode: str) -> "Poignee":
        """Open a file."""
        return Poignee(self, self._titulaire.fichiers, PurePosixPath(chemin).name, mode)

    async def remove(self, chemin: str) -> None:
        """Remove a file."""
        await self.faire(f"effacer {chemin}", lambda: self._oter(PurePosixPath(chemin).name))

    async def listdir(self, _: str) -> list[str]:
        """List the directory."""
        noms: list[str] = await self.faire("lister", lambda: list(self._titulaire.fichiers))
        return noms

    async def posix_rename(self, depuis: str, vers: str) -> None:
        """Rename, over what has that name."""

        def renommer() -> None:
            self._titulaire.fichiers[PurePosixPath(vers).name] = self._oter(PurePosixPath(depuis).name)

        await self.faire(f"renommer en {vers}", renommer)

    def _oter(self, nom: str) -> Inode:
        if nom not in self._titulaire.fichiers:
            raise asyncssh.SFTPNoSuchFile("absent")
        return self._titulaire.fichiers.pop(nom)


class Poignee:
    """An open file."""

    def __init__(self, connexion: Connexion, fichiers: dict[str, Inode], nom: str, mode: str) -> None:
        self._connexion = connexion
        self._fichiers = fichiers
        self._nom = nom
        self._mode = mode
        self._lu = False

    async def __aenter__(self) -> Self:
        self._inode: Inode = await self._connexion.faire(f"ouvrir {self._nom}", self._ouvrir)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""

    def _ouvrir(self) -> Inode:
        if self._mode == "rb":
            if self._nom not in self._fichiers:
                raise asyncssh.SFTPNoSuchFile("absent")
            return self._fichiers[self._nom]
        inode = self._fichiers.setdefault(self._nom, Inode())
        inode.octets.clear()
        return inode

    async def write(self, octets: bytes) -> None:
        """Write, in two halves: a cut may come between."""
        for moitie in (octets[: len(octets) // 2], octets[len(octets) // 2 :]):
            await self._connexion.faire(f"écrire {self._nom}", partial(self._inode.octets.extend, moitie))

    async def read(self, _: int = -1) -> bytes:
        """Read all, once."""
        if self._lu:
            return b""
        self._lu = True
        lu: bytes = await self._connexion.faire(f"relire {self._nom}", lambda: bytes(self._inode.octets))
        return lu

    async def fsync(self) -> None:
        """Have it already on disk."""


def guichet(titulaire: Titulaire) -> Callable[[Serveur], Any]:
    """Make what stands for `services.aaf_dispatch.remise.ouvrir`."""

    @asynccontextmanager
    async def ouvrir(serveur: Serveur) -> AsyncIterator[Depot]:
        if not titulaire.present:
            raise ConnectionRefusedError
        yield Depot(Connexion(titulaire), serveur.dossier)  # type: ignore[arg-type]  # the doors that Depot uses

    return ouvrir


@dataclass(frozen=True)
class Export:
    """The académie's export of the day: its schools, and how many pupils each has."""

    ecoles: frozenset[str] = frozenset(ECOLES)
    eleves: int = ELEVES


class Atelier:
    """Stands for `Fabrique`: makes a tiny archive and a manifest of the contract's shape."""

    def __init__(self, titulaire: Titulaire, export: Callable[[], Export], dossier: Path) -> None:
        self._titulaire = titulaire
        self._export = export
        self._dossier = dossier

    def vider(self) -> None:
        """Remove what the last delivery left."""
        for fichier in self._dossier.iterdir():
            fichier.unlink()

    async def source(self) -> Source:
        """Look at today's export."""
        export = self._export()
        return Source(f"{sorted(export.ecoles)} {export.eleves}", export.ecoles)

    async def produire(self, commande: Commande) -> Produit:
        """Make the Complet of these schools."""
        export = self._export()
        archive = self._dossier / f"{commande.nom}.zip"
        archive.write_bytes(json.dumps([commande.nom, sorted(commande.ecoles), export.eleves]).encode())
        contenu = _manifeste(commande, archive.read_bytes(), export.eleves).model_dump(mode="json")
        fiche = archive.with_suffix(".json")
        fiche.write_text(json.dumps(contenu, ensure_ascii=False), encoding="utf-8")
        self._titulaire.entiers |= {hashlib.sha256(f.read_bytes()).hexdigest() for f in (archive, fiche)}
        return Produit(archive, fiche, livraison_de(contenu), ())


def _manifeste(commande: Commande, archive: bytes, eleves: int) -> Manifeste:
    nombre = len(commande.ecoles)
    par_ecole = EffectifsEcole(eleves=eleves, responsables=eleves, personnels=5, classes=4)
    prets = Guichets(pret_educonnect=True, pret_guichet_agents=True, personnels_sans_mail=0)
    gar = Gar(mefstat4_complet=True, eleves_sans_mefstat4=0, direction_connue=True, responsable_affectation="essai")
    return Manifeste(
        manifeste=1,
        nom=f"{commande.nom}.zip",
        date=commande.le.date(),
        portee="Complet",
        version_af="",
        titulaire=commande.titulaire,
        fichier=FichierLivre(
            nom=f"{commande.nom}.zip", taille=len(archive), sha256=hashlib.sha256(archive).hexdigest()
        ),
        contenu=(),
        effectifs=Effectifs(
            etablissements=nombre, eleves=eleves * nombre, responsables=eleves * nombre, personnels=5 * nombre
        ),
        uai_absentes=(),
        ecoles=tuple(
            EcoleLivree(uai=uai, effectifs=par_ecole, guichets=prets, gar=gar) for uai in sorted(commande.ecoles)
        ),
    )
