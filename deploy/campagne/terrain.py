"""The ground of a campaign: the whole system with a proxy before each server, and the hands to break and mend it."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from contracts.evenements import SoumettreDossier
from contracts.flux import FLUX, SERVICES, file_de
from deploy.campagne import hostiles
from deploy.campagne.regard import Regard
from deploy.campagne.temoin.comptes import Comptes, Parking, Sources, lire_comptes
from deploy.campagne.temoin.files import Echo, mis_de_cote, profondeurs
from deploy.campagne.temoin.producteur import Acces, Modele, Producteur
from deploy.demo import dossiers as exemples
from deploy.demo import producteur as demo
from deploy.local.disque import PetitDisque
from deploy.local.mandataire import Mandataire
from deploy.local.mongod import NoeudMongo
from deploy.local.systeme import PRODUCTEUR, Branchement, Systeme
from deploy.rabbitmq.definitions import VHOST, WAITS, password_hash

TEMOIN: Final = "temoin"
MODELES: Final = 12
PARKINGS: Final = tuple(f"{service}.parking" for service in SERVICES)
FILES: Final = (
    *(file_de(service, flux.evenement) for flux in FLUX for service in flux.auditeurs),
    file_de("intake", SoumettreDossier),
    *WAITS,
)
DISQUES: Final = {"mongod": 700, "aaf_dispatch": 60}
"""Megabytes, by program."""
REPUBLIER: Final = 15.0  # seconds
REGLAGES: Final = {"LIVRAISON_INTERVALLE": "0.5", "UNSETTLED_AFTER": "20"}


@dataclass(frozen=True)
class Options:
    """What a ground is made with.

    `instrumente`: the services run under the launcher, which knows the named points and can shift their wall clocks;
    `disques`: mongod and the annuaire's workshop have small disks of their own; `pertes`: the broker may lose its data,
    and producers know it.
    """

    graine: int
    echelle: float = 0.02
    instrumente: bool = False
    disques: bool = False
    pertes: bool = False


class Terrain:
    """Start it, let the producer file dossiers, break what you like, then read the books."""

    def __init__(self, donnees: Path, options: Options) -> None:
        self.donnees = donnees
        self.options = options
        self.alea = random.Random(options.graine)  # noqa: S311  # a campaign must be played again
        self.mandataires: dict[str, Mandataire] = {}
        self.disques = self._monter() if options.disques else {}
        self.systeme = Systeme(
            donnees,
            ecoles=[exemples.uai(numero) for numero in range(1, 2 * MODELES + 1)],
            echelle=options.echelle,
            reglages=REGLAGES | self._atelier(),
            branchement=self._branchement(),
        )
        self._ajouter_temoin()
        self.hostiles: set[str] = set()
        self.regard = Regard(self.systeme)

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._demarrer)
        try:
            self.modeles = await self._preparer_modeles()
            self.echo = await Echo(self.amqp_temoin, _auditeurs()).__aenter__()
        except BaseException:
            await asyncio.to_thread(self._arreter)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.echo.__aexit__()
        await asyncio.to_thread(self._arreter)
        self.regard.fermer()

    def _demarrer(self) -> None:
        for mandataire in self.mandataires.values():
            mandataire.start()
        self.systeme.start()

    def _arreter(self) -> None:
        self.systeme.stop()
        for mandataire in self.mandataires.values():
            mandataire.stop()
        for disque in self.disques.values():
            disque.stop()

    @property
    def amqp_temoin(self) -> str:
        """Give the AMQP URL of the witness, who has every right."""
        return self.systeme.grappe.rabbitmq.url(TEMOIN, TEMOIN, VHOST)

    def producteur(self) -> Producteur:
        """Give a producer who writes everything down."""
        systeme, republier = self.systeme, REPUBLIER if self.options.pertes else None
        acces = Acces(systeme.url, systeme.cle_api, systeme.amqp(PRODUCTEUR), PRODUCTEUR, republier)
        return Producteur(acces, self.donnees / "producteur.jsonl", random.Random(self.options.graine + 1))  # noqa: S311

    async def comptes(self) -> Comptes:
        """Read all the books, once everything is mended and drained."""
        parking = Parking(
            await profondeurs(self.amqp_temoin, FILES),
            await mis_de_cote(self.amqp_temoin, PARKINGS),
            frozenset(self.hostiles),
        )
        grappe = self.systeme.grappe
        sources = Sources(
            producteur=self.donnees / "producteur.jsonl",
            smtp=self.regard.receptions,
            sftp=self.regard.journal_sftp,
            racine_sftp=grappe.sftp.racine,
            mongodb=grappe.mongo.url,
        )
        return await asyncio.to_thread(lire_comptes, sources, parking)

    async def envoyer_hostiles(self, nombre: int) -> None:
        """Send messages that no consumer can handle, by every door."""
        graine = self.alea.getrandbits(32)
        self.hostiles |= {*await hostiles.publier(self.systeme.amqp(PRODUCTEUR), self.amqp_temoin, nombre, graine)}

    def armer(self, service: str, point: str | None, passage: int = 1) -> None:
        """Choose the named point at which the next process of a service dies; None disarms."""
        self._fichier_point(service).write_text(f"{point}:{passage}" if point else "", encoding="ascii")

    def regler_horloge(self, service: str, decalage: float) -> None:
        """Shift the wall clock that a service sees, in seconds."""
        self._fichier_horloge(service).write_text(str(decalage), encoding="ascii")

    def _fichier_point(self, service: str) -> Path:
        return self.donnees / f"point.{service}"

    def _fichier_horloge(self, service: str) -> Path:
        return self.donnees / f"horloge.{service}"

    def _monter(self) -> dict[str, PetitDisque]:
        disques = {nom: PetitDisque(self.donnees / "disques" / nom, mo) for nom, mo in DISQUES.items()}
        for disque in disques.values():
            disque.start()
        return disques

    def _atelier(self) -> dict[str, str]:
        disque = self.disques.get("aaf_dispatch")
        return {"ANNUAIRE_ATELIER": str(disque.chemin / "atelier")} if disque else {}

    def _branchement(self) -> Branchement:
        lanceur = ("-m", "deploy.campagne.lanceur", str(self.donnees))
        mongod = self.disques.get("mongod")
        simple = Branchement(
            passage=self._detourner,
            prefixes={service: self._sur_disque(service) for service in SERVICES},
            mongo=NoeudMongo(self.donnees / "mongo", prefixe=mongod.prefixe(), dbpath=mongod.chemin)
            if mongod
            else None,
        )
        return replace(simple, lanceur=lanceur) if self.options.instrumente else simple

    def _sur_disque(self, service: str) -> Sequence[str]:
        return self.disques[service].prefixe() if service in self.disques else ()

    def _detourner(self, partie: str, port: int) -> int:
        if partie not in self.mandataires:
            self.mandataires[partie] = Mandataire(port)
        return self.mandataires[partie].port

    def _ajouter_temoin(self) -> None:
        """Give the witness, in the topology, a user with every right: to count, to hear and to tell again."""
        fichier = self.donnees / "definitions.json"
        topologie = json.loads(fichier.read_text(encoding="utf-8"))
        utilisateur = {"name": TEMOIN, "password_hash": password_hash(TEMOIN), "tags": "administrator"}
        droits = {"user": TEMOIN, "vhost": VHOST, "configure": ".*", "write": ".*", "read": ".*"}
        topologie["users"] = [*topologie["users"], utilisateur]
        topologie["permissions"] = [*topologie["permissions"], droits]
        fichier.write_text(json.dumps(topologie), encoding="utf-8")

    async def _preparer_modeles(self) -> list[Modele]:
        """Upload the pieces of every model while all is well; give the bodies that name them."""
        async with demo.Producteur(self.systeme.url, self.systeme.cle_api) as producteur:
            return [await self._modele(producteur, rang) for rang in range(MODELES)]

    async def _modele(self, producteur: demo.Producteur, rang: int) -> Modele:
        """Of six dossiers, four are conforme, one is to be corrected, one is refused."""
        ecoles = (exemples.uai(2 * rang + 1), exemples.uai(2 * rang + 2))
        bon = replace(exemples.CONFORME, ecoles=ecoles)
        juste = bon.soumission(await producteur.envoyer_pieces(bon))
        piece = next(iter(bon.pieces().values()))
        if rang % 6 == 4:  # noqa: PLR2004
            faux = replace(bon, ecoles_commandees=ecoles[:1])
            return Modele("à corriger", faux.soumission(await producteur.envoyer_pieces(faux)), piece, juste)
        if rang % 6 == 5:  # noqa: PLR2004
            return Modele("refusé", replace(bon, siret=exemples.REFUSE.siret).soumission(juste["pieces"]), piece)
        return Modele("conforme", juste, piece)


def _auditeurs() -> Mapping[str, Sequence[str]]:
    return {flux.evenement.cle: [file_de(s, flux.evenement) for s in flux.auditeurs] for flux in FLUX}
