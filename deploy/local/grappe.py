"""Brings up the four embedded servers together in one data directory, and takes them down."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import IO

from deploy.local.mongod import NoeudMongo
from deploy.local.partenaires import PuitsSMTP, TitulaireSFTP
from deploy.local.partie import Partie
from deploy.local.processus import DemarrageImpossible
from deploy.local.rabbitmq import NoeudRabbitMQ


class Grappe(Partie):
    """RabbitMQ, MongoDB, the mail relay and the titulaire; a directory used before gives back what it held.

    Addresses: `rabbitmq.url(user, password, vhost)`, `mongo.url`, `smtp.port`, `smtp.maildir`, `sftp.port`,
    `sftp.racine`, `sftp.cles.client`, `sftp.known_hosts`. Methods block; also a context manager.
    """

    def __init__(
        self,
        donnees: Path,
        definitions: Path,
        etape: Callable[[str], None] = lambda _: None,
        mongo: NoeudMongo | None = None,
    ) -> None:
        """Describe servers living in `donnees`; `etape` is told each step, in French, in the caller's thread.

        `mongo` takes the place of the ordinary node.
        """
        self.donnees = donnees.resolve()
        self.rabbitmq = NoeudRabbitMQ(self.donnees / "rabbitmq", definitions)
        self.mongo = mongo or NoeudMongo(self.donnees / "mongo")
        self.smtp = PuitsSMTP(self.donnees / "smtp")
        self.sftp = TitulaireSFTP(self.donnees / "titulaire")
        self._etape = etape
        self._verrou: IO[str] | None = None

    def start(self) -> None:
        """Start all four at once; return when all are ready, or stop all and raise the first failure."""
        self._verrouiller()
        debut = time.monotonic()
        self._etape("démarrage de RabbitMQ, MongoDB, du serveur de mail et de celui du titulaire")
        try:
            with ThreadPoolExecutor() as fils:
                demarrages = {
                    fils.submit(self.rabbitmq.start): "RabbitMQ",
                    fils.submit(self.mongo.start): "MongoDB",
                    fils.submit(self.smtp.start): "serveur de mail",
                    fils.submit(self.sftp.start): "serveur SFTP du titulaire",
                }
                for demarrage in as_completed(demarrages):
                    demarrage.result()
                    duree = f"{time.monotonic() - debut:.1f}".replace(".", ",")
                    self._etape(f"{demarrages[demarrage]} prêt en {duree} s")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all four, leaving no process."""
        _ensemble([self.rabbitmq.stop, self.mongo.stop, self.smtp.stop, self.sftp.stop])
        if self._verrou is not None:
            self._verrou.close()
            self._verrou = None

    def effacer(self) -> None:
        """Stop all four and erase the whole data directory, keys included."""
        _ensemble([self.rabbitmq.kill, self.mongo.kill, self.smtp.kill, self.sftp.kill])
        self.stop()
        shutil.rmtree(self.donnees, ignore_errors=True)

    def _verrouiller(self) -> None:
        """Keep the directory for us: two nodes on the same files would ruin them."""
        self.donnees.mkdir(parents=True, exist_ok=True)
        verrou = (self.donnees / "verrou").open("w")
        try:
            fcntl.flock(verrou, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            verrou.close()
            raise DemarrageImpossible(f"{self.donnees} sert déjà à une autre démonstration en cours") from None
        self._verrou = verrou


def _ensemble(actions: Iterable[Callable[[], None]]) -> None:
    """Run all to their end at the same time, then raise the first failure if any."""
    with ThreadPoolExecutor() as fils:
        finis = [fils.submit(action) for action in actions]
    for fini in finis:
        fini.result()
