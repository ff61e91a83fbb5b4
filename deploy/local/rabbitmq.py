"""Runs a private RabbitMQ node: Debian's programs, our own ports, cookie, epmd and data directory."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import aio_pika

from deploy.local.erlang import maison_minimale
from deploy.local.partie import Serveur
from deploy.local.ports import port_libre
from deploy.local.processus import PartieAbsente, Processus, port_ouvert

_DELAI = 90.0  # seconds to be ready: 3 usually, more on a busy machine recovering a long log
_ENTETE_AMQP = b"AMQP\x00\x00\x09\x01"
_TRAME_METHODE = b"\x01"  # Connection.Start, the only method a server speaks first
_BOUCLE = "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false"

_ENV = {
    "LC_ALL": "C.UTF-8",
    "ERL_CRASH_DUMP_SECONDS": "0",
    "ERL_EPMD_ADDRESS": "127.0.0.1",
    "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the node instead of watching over it
    "RABBITMQ_LOGS": "-",
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{_BOUCLE} +S 2:2",
    "RABBITMQ_CTL_ERL_ARGS": _BOUCLE,
}

_CONF = """\
listeners.tcp.1 = 127.0.0.1:{port}
definitions.import_backend = local_filesystem
definitions.local.path = {definitions}
log.console = true
log.console.level = info
log.file = false
log.connection.level = warning
# A node for trials: no alarm because the machine is small or its disk nearly full.
vm_memory_high_watermark.relative = 0.8
disk_free_limit.absolute = 20MB
# 512 MB by default, all kept in memory and read again at boot.
raft.wal_max_size_bytes = 16777216
"""

_PATIENCE_DU_JOURNAL = 10  # seconds; elections take one
_TOUS_ONT_UN_CHEF = """
lists:all(
  fun(Q) -> case ra:members(amqqueue:get_pid(Q), 2000) of {ok, _, _} -> true; _ -> false end end,
  [Q || Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) =:= rabbit_quorum_queue]
).
"""


class NoeudRabbitMQ(Serveur):
    """A single node living in `donnees`; the same directory gives the same node, queues and messages.

    Methods block for seconds: from a coroutine, `await asyncio.to_thread(noeud.restart)`. Ports last as long as
    the object. Also a context manager.
    """

    def __init__(self, donnees: Path, definitions: Path) -> None:
        """Describe a node that imports `definitions` (JSON: users, vhosts, queues…) at each boot."""
        self.donnees = donnees.resolve()
        self.definitions = definitions.resolve()
        self.port = port_libre()
        self._port_epmd = port_libre()
        self._port_noeuds = port_libre()
        self._nom = ""
        self._processus: list[Processus] = []

    def url(self, utilisateur: str, mot_de_passe: str, vhost: str = "/") -> str:
        """Return the AMQP URL for a user of the definitions."""
        acces = f"{quote(utilisateur, safe='')}:{quote(mot_de_passe, safe='')}"
        return f"amqp://{acces}@127.0.0.1:{self.port}/{quote(vhost, safe='')}"

    def start(self) -> None:
        """Start; return once definitions are imported, clients answered, queues led and their names on disk.

        Raises PartieAbsente (nothing installed) or DemarrageImpossible (with the last log lines).
        """
        if self.pid:
            return
        self.kill()  # what a node that died by itself left
        env = self._preparer()
        try:
            self._demarrer(env)
        except BaseException:
            self.kill()
            raise

    def _demarrer(self, env: dict[str, str]) -> None:
        epmd = self._lancer("epmd", ["epmd", "-port", str(self._port_epmd), "-address", "127.0.0.1"], env)
        epmd.attendre(lambda: port_ouvert(self._port_epmd), _DELAI)
        serveur = self._lancer("rabbitmq", [str(self._maison / "sbin/rabbitmq-server")], env)
        serveur.attendre(self._amqp_repond, _DELAI)
        self._attendre_chefs(serveur)
        self.attendre_noms()

    def _attendre_chefs(self, serveur: Processus) -> None:
        # Erlang drops lines beyond 500 a second, and a stream killed often enough writes more when it is found again.
        perdues = time.monotonic() + _PATIENCE_DU_JOURNAL
        serveur.attendre(
            lambda: _chefs_elus(serveur.sortie()) or (time.monotonic() > perdues and self._chefs_repondent()), _DELAI
        )

    def _chefs_repondent(self) -> bool:
        """Whether each quorum queue has a leader, asked of the node itself; takes about a second."""
        try:
            return self.ctl("eval", _TOUS_ONT_UN_CHEF).strip() == "true"
        except subprocess.SubprocessError:
            return False

    def stop(self) -> None:
        """Stop cleanly, leaving no process."""
        while self._processus:
            self._processus.pop().arreter()

    def kill(self) -> None:
        """SIGKILL the node and all its helpers; data stay as they are on disk."""
        while self._processus:
            self._processus.pop().tuer()

    def effacer(self) -> None:
        """Lose everything: kill the node and erase its directory."""
        self.kill()
        shutil.rmtree(self.donnees, ignore_errors=True)

    def perdre(self) -> None:
        """Kill the node and lose its queues, messages and users; start() makes it again from the definitions."""
        self.kill()
        shutil.rmtree(self.donnees / "mnesia", ignore_errors=True)

    @property
    def pid(self) -> int:
        """The pid of the Erlang machine; 0 if it is not running."""
        return next((processus.pid for processus in self._serveur() if processus.vivant), 0)

    def signaler(self, signal_: signal.Signals) -> None:
        """Send SIGSTOP, SIGCONT… to the Erlang machine, if it runs; a stopped one can be killed."""
        for processus in self._serveur():
            processus.signaler(signal_)

    def _serveur(self) -> list[Processus]:
        """The node itself, without its epmd, if it was started."""
        return [processus for processus in self._processus if processus.nom == "rabbitmq"]

    def attendre_noms(self) -> None:
        """Return once the name of each quorum queue and stream declared so far is on disk (0.5 s after the last).

        RabbitMQ 3.10 keeps them in memory for 500 ms: a node killed before that forgets which log belongs to the
        queue, which stays leaderless for ever and loses its confirmed messages. Call it after declaring queues.
        """
        self._processus[-1].attendre(self._noms_ecrits, _DELAI)

    def ctl(self, *args: str) -> str:
        """Run `rabbitmqctl ARGS…` on this node (about 1 s) and return its output; raises CalledProcessError."""
        commande = [str(self._maison / "sbin/rabbitmqctl"), "--quiet", "-n", self._nom, *args]
        return subprocess.run(
            commande, env=self._env(), check=True, capture_output=True, text=True, timeout=_DELAI
        ).stdout

    @property
    def _maison(self) -> Path:
        return self.donnees / "maison"

    def _preparer(self) -> dict[str, str]:
        """Write the node's files, those that must outlive it (name, cookie) once; return its environment."""
        if shutil.which("epmd") is None:
            message = "Erlang absent : paquet Debian rabbitmq-server (deploy/local/installer.sh l'installe)"
            raise PartieAbsente(message)
        maison_minimale(self._maison)
        self._nom = _garder(self.donnees / "nom", f"ent1d-{secrets.token_hex(4)}@localhost")
        _garder(self.donnees / ".erlang.cookie", secrets.token_hex(16))
        conf = _CONF.format(port=self.port, definitions=self.definitions)
        (self.donnees / "rabbitmq.conf").write_text(conf, encoding="utf-8")
        (self.donnees / "enabled_plugins").write_text("[].\n", encoding="utf-8")
        return self._env()

    def _env(self) -> dict[str, str]:
        """Return an environment in which no setting of a system-wide RabbitMQ or Erlang is left."""
        herite = {k: v for k, v in os.environ.items() if not k.startswith(("RABBITMQ_", "ERL_"))}
        ici = str(self.donnees)
        return {
            **herite,
            **_ENV,
            "HOME": ici,
            "ERL_EPMD_PORT": str(self._port_epmd),
            "RABBITMQ_CONF_ENV_FILE": f"{ici}/absent",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{ici}/absent",
            "RABBITMQ_CONFIG_FILE": f"{ici}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{ici}/enabled_plugins",
            "RABBITMQ_HOME": str(self._maison),
            "RABBITMQ_SCRIPTS_DIR": str(self._maison / "sbin"),
            "RABBITMQ_PLUGINS_DIR": str(self._maison / "plugins"),
            "RABBITMQ_NODENAME": self._nom,
            "RABBITMQ_DIST_PORT": str(self._port_noeuds),
            "RABBITMQ_MNESIA_BASE": f"{ici}/mnesia",
            "RABBITMQ_LOG_BASE": ici,
        }

    def _lancer(self, nom: str, commande: list[str], env: dict[str, str]) -> Processus:
        processus = Processus(nom, commande, journal=self.donnees / f"{nom}.log", env=env)
        self._processus.append(processus)
        processus.demarrer()
        return processus

    def _amqp_repond(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connexion:
                connexion.sendall(_ENTETE_AMQP)
                return connexion.recv(1) == _TRAME_METHODE
        except OSError:
            return False

    def _noms_ecrits(self) -> bool:
        """Whether no directory of Raft names (a dets table) has a change that is still in memory only."""
        tables = (self.donnees / "mnesia").glob("*/*/*/names.dets")
        return all(_dets_enregistree(table) for table in tables)


def _garder(fichier: Path, valeur: str) -> str:
    """Return what `fichier` holds; write `valeur` there first, for us alone, if it does not exist."""
    if not fichier.exists():
        fichier.touch(mode=0o600)
        fichier.write_text(valeur, encoding="ascii")
        fichier.chmod(0o400)
    return fichier.read_text(encoding="ascii")


def _chefs_elus(journal: str) -> bool:
    """Whether each quorum queue found again at boot has its leader (up to 1 s later): before, it may look empty."""
    retrouvees = re.findall(r"Recovering (\d+) queues of type rabbit_quorum_queue", journal)
    return journal.count("candidate -> leader in term") >= sum(map(int, retrouvees))


def _dets_enregistree(table: Path) -> bool:
    """Read the `closed properly` word of a dets v9 header: 0 from a first change until all is written."""
    with table.open("rb") as contenu:
        return contenu.read(12)[8:] == b"\x00\x00\x00\x01"


async def profondeurs(url: str, files: Iterable[str]) -> dict[str, int]:
    """Count the ready messages (those not with a consumer) of each queue of the URL's vhost; takes milliseconds."""
    async with await aio_pika.connect(url) as connexion:
        canal = await connexion.channel()
        resultat = {}
        for nom in files:
            file = await canal.declare_queue(nom, passive=True)
            resultat[nom] = file.declaration_result.message_count or 0
        return resultat
