"""The whole system on this machine: the embedded servers and the four services, each a process of its own."""

import hashlib
import json
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
from yarl import URL

from contracts.flux import SERVICES
from deploy.local.grappe import Grappe
from deploy.local.mongod import NoeudMongo
from deploy.local.partie import Partie
from deploy.local.ports import port_libre
from deploy.local.processus import Processus
from deploy.rabbitmq.definitions import VHOST, definitions
from services.aaf_dispatch.annuaire.academie import Academie
from services.aaf_dispatch.annuaire.ecriture import Nommage
from services.aaf_dispatch.annuaire.generateur import generer

PRODUCTEUR: Final = "demo"
TITULAIRE: Final = "exemple"
_DEPOT: Final = Path(__file__).parents[2]
_DELAI: Final = 60.0  # seconds for a service to be ready: two usually, more when four start on a busy machine


@dataclass(frozen=True)
class Branchement:
    """How services are started and find their partners; a campaign puts its proxies and its launcher in between.

    `passage` gives, from the name (rabbitmq, mongod, smtp, sftp) and the port of a part, the port to use for it;
    `lanceur` the arguments of Python that run the `ent1d` command; `prefixes` what goes before, by service; `mongo` a
    node that takes the place of the ordinary one.
    """

    passage: Callable[[str, int], int] | None = None
    lanceur: Sequence[str] = ("-c", "from services.cli import main; main()")
    prefixes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mongo: NoeudMongo | None = None


class Systeme(Partie):
    """Everything under `donnees`: a directory used before gives back its passwords, its queues and its dossiers.

    `grappe` holds the servers; `services[nom]` the processes, to be killed and started again at will. Methods block.
    """

    def __init__(
        self,
        donnees: Path,
        *,
        ecoles: Sequence[str],
        etape: Callable[[str], None] = lambda _: None,
        echelle: float = 0.02,
        reglages: dict[str, str] | None = None,
        branchement: Branchement | None = None,
    ) -> None:
        """Describe the system; nothing starts.

        Args:
            donnees: its directory.
            ecoles: UAI that the synthetic annuaire must hold; fixed for a directory by its first use.
            etape: told each step, in French.
            echelle: multiplies the waits of the retry queues and of the mail schedule.
            reglages: environment variables for all the services, over the defaults here.
            branchement: how the services are started and plugged in, when not plainly.
        """
        self.donnees = donnees.resolve()
        self.donnees.mkdir(parents=True, exist_ok=True)
        self._etape = etape
        self._echelle = echelle
        self._ecoles = ecoles
        self._reglages = reglages or {}
        self._branchement = branchement or Branchement()
        self._secrets = self._lire_secrets()
        self.cle_api = self._secrets["cle_api"]
        self.grappe = Grappe(self.donnees, self._ecrire_definitions(), etape, self._branchement.mongo)
        self.ports = {nom: port_libre() for nom in SERVICES}
        self.services = {nom: self._processus(nom) for nom in SERVICES}

    @property
    def url(self) -> str:
        """Give the base URL of intake."""
        return f"http://127.0.0.1:{self.ports['intake']}"

    def amqp(self, utilisateur: str) -> str:
        """Give the AMQP URL of a user of the definitions."""
        return self.grappe.rabbitmq.url(utilisateur, self._secrets[utilisateur], VHOST)

    def start(self) -> None:
        """Start the servers, then the services, and return once all are at work; on a failure stop all and raise."""
        try:
            with ThreadPoolExecutor(1) as fil:
                annuaire = fil.submit(self._preparer_annuaire)
                self.grappe.start()
                annuaire.result()
            for nom in SERVICES:
                self.services[nom].demarrer()
            for nom in SERVICES:
                self.attendre(nom)
            self._etape("les quatre services sont prêts")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the services, which drain, then the servers; no process is left."""
        with ThreadPoolExecutor(len(self.services)) as fils:
            list(fils.map(lambda service: service.arreter(), self.services.values()))
        self.grappe.stop()

    def attendre(self, nom: str) -> None:
        """Return once a service is at work: MongoDB and RabbitMQ answered it."""
        self.services[nom].attendre(lambda: self._au_travail(nom), _DELAI)

    def _au_travail(self, nom: str) -> bool:
        try:
            return bool(httpx.get(f"http://127.0.0.1:{self.ports[nom]}/readyz", timeout=2).json()["rabbitmq"])
        except (httpx.HTTPError, ValueError):
            return False

    def environnement(self, nom: str) -> dict[str, str]:
        """Give the settings of a service, as its environment. Nothing is inherited but the path of programs."""
        communs = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.donnees / "tmp"),
            "PYTHONPATH": str(_DEPOT),
            "RABBITMQ_URL": str(URL(self.amqp(f"svc_{nom}")).with_port(self._port("rabbitmq"))),
            "MONGODB_URL": f"mongodb://127.0.0.1:{self._port('mongod')}/?directConnection=true"
            if self._branchement.passage
            else self.grappe.mongo.url,
            "PORT": str(self.ports[nom]),
        }
        propres = {"intake": self._intake, "notification": self._notification, "aaf_dispatch": self._aaf_dispatch}
        return communs | propres.get(nom, dict[str, str])() | self._reglages

    def _intake(self) -> dict[str, str]:
        empreinte = hashlib.sha256(self.cle_api.encode()).hexdigest()
        return {"PRODUCTEURS": json.dumps({PRODUCTEUR: empreinte}), **self._courrier()}

    def _notification(self) -> dict[str, str]:
        return {
            "SMTP_MINUTE": str(60 * self._echelle),
            "MAIL_AGENTS": "ent1d-agents@ac-exemple.fr",
            **self._courrier(),
        }

    def _courrier(self) -> dict[str, str]:
        return {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self._port("smtp")),
            "SMTP_SECURITE": "aucune",
            "MAIL_FROM": "ent1d@ac-exemple.fr",
            "MAIL_REPLY_TO": "ent1d-contact@ac-exemple.fr",
            "PUBLIC_URL": self.url,
        }

    def _aaf_dispatch(self) -> dict[str, str]:
        sftp = self.grappe.sftp
        port = self._port("sftp")
        hotes_connus = self.donnees / "known_hosts"
        hotes_connus.write_text(sftp.cles.known_hosts(port), encoding="ascii")
        return {
            "TITULAIRE": TITULAIRE,
            "SFTP_HOST": "127.0.0.1",
            "SFTP_PORT": str(port),
            "SFTP_USER": "academie",
            "SFTP_KEY_FILE": str(sftp.cles.client),
            "SFTP_KNOWN_HOSTS": str(hotes_connus),
            "ANNUAIRE_SOURCE": str(self.donnees / "annuaire"),
            "ANNUAIRE_ATELIER": str(self.donnees / "atelier"),
            "LIVRAISON_INTERVALLE": "1",
        }

    def _port(self, partie: str) -> int:
        """Give the port at which the services find a part."""
        grappe = self.grappe
        ports = {
            "rabbitmq": grappe.rabbitmq.port,
            "mongod": grappe.mongo.port,
            "smtp": grappe.smtp.port,
            "sftp": grappe.sftp.port,
        }
        passage = self._branchement.passage
        return passage(partie, ports[partie]) if passage else ports[partie]

    def _processus(self, nom: str) -> Processus:
        (self.donnees / "tmp").mkdir(exist_ok=True)
        branchement = self._branchement
        commande = [*branchement.prefixes.get(nom, ()), sys.executable, *branchement.lanceur, "serve", nom]
        return Processus(nom, commande, journal=self.donnees / f"{nom}.log", env=self.environnement(nom))

    def _preparer_annuaire(self) -> None:
        destination = self.donnees / "annuaire"
        if destination.exists():
            return
        nombre = len(self._ecoles) + 12
        self._etape(f"génération d’une académie fictive de {nombre} écoles")
        provisoire = self.donnees / "annuaire.part"
        academie = Academie(nombre, uai=tuple(self._ecoles), eleves_par_ecole=60)
        generer(provisoire, academie, Nommage("ENTCRETEIL", datetime.now(UTC).date()))
        provisoire.rename(destination)

    def _lire_secrets(self) -> dict[str, str]:
        fichier = self.donnees / "secrets.json"
        if not fichier.exists():
            noms = [*(f"svc_{s}" for s in SERVICES), "operateur", PRODUCTEUR, f"titulaire_{TITULAIRE}", "cle_api"]
            fichier.touch(mode=0o600)
            fichier.write_text(json.dumps({nom: secrets.token_urlsafe(24) for nom in noms}), encoding="utf-8")
        lus: dict[str, str] = json.loads(fichier.read_text(encoding="utf-8"))
        return lus

    def _ecrire_definitions(self) -> Path:
        """Write the topology, unless it is already there: the node imports a changed file again at boot."""
        fichier = self.donnees / "definitions.json"
        topologie = definitions(
            self._secrets, producteurs=[PRODUCTEUR], titulaires=[TITULAIRE], time_scale=self._echelle
        )
        deja = json.loads(fichier.read_text(encoding="utf-8")) if fichier.exists() else {}
        # The hashes are salted anew each time.
        if deja | {"users": []} != topologie | {"users": []}:
            fichier.write_text(json.dumps(topologie), encoding="utf-8")
        return fichier
