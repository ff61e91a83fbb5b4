"""Measures what uploads at once cost the memory of intake: a real process, a real mongod, files cut as a browser does.

Status 1 when the process takes more than the 150 MB promised above what it takes at rest.
"""

import argparse
import asyncio
import hashlib
import json
import os
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
from rich.console import Console
from rich.table import Table

from contracts.dossier import RolePiece
from deploy.local.mongod import NoeudMongo
from deploy.local.ports import port_libre
from deploy.local.processus import Processus, http_repond
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services.intake.store import Store

MIO: Final = 1024 * 1024
MORCEAU: Final = 8 * MIO  # what the page sends at a time
PROMIS: Final = 150_000_000  # bytes
BASE: Final = "ent1d"
RABBITMQ_ABSENT: Final = "amqp://svc_intake:essai@127.0.0.1:1/ent1d"  # nothing of an upload needs it


@dataclass(frozen=True)
class Envoi:
    """A file on its way to a place of a draft; `rang` makes its bytes its own."""

    rang: int
    cookie: str
    jeton: str
    numero: str
    role: RolePiece


def main() -> None:
    """Send the files, and print what it took."""
    arguments = argparse.ArgumentParser(prog="python -m deploy.bench_televersements", description=__doc__)
    arguments.add_argument("--nombre", type=int, default=20, help="files at once (default: 20)")
    arguments.add_argument("--taille", type=int, default=200, help="Mio each (default: 200)")
    choix = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="ent1d-bench-") as dossier, _intake(Path(dossier)) as (mongodb, port, pid):
        envois = asyncio.run(_preparer(mongodb, choix.nombre))
        repos = _memoire(pid, "VmRSS")
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")  # its peak so far was its start
        debut = time.monotonic()
        asyncio.run(_envoyer(f"http://127.0.0.1:{port}", envois, choix.taille * MIO))
        duree, pic = time.monotonic() - debut, _memoire(pid, "VmHWM")
    table = Table("mesure", "valeur", title=f"{choix.nombre} fichiers de {choix.taille} Mio à la fois")
    table.add_row("mémoire d’intake au repos", f"{repos // MIO} Mio")
    table.add_row("au plus fort", f"{pic // MIO} Mio, soit {(pic - repos) // MIO} de plus ({PROMIS // MIO} au plus)")
    table.add_row("durée", f"{duree:.0f} s, {choix.nombre * choix.taille / duree:.0f} Mio/s")
    Console().print(table)
    sys.exit(pic - repos > PROMIS)


@contextmanager
def _intake(dossier: Path) -> Iterator[tuple[str, int, int]]:
    """Start mongod and intake; give the URL of the one, the port and the process of the other."""
    port, temporaire = port_libre(), dossier / "tmp"
    temporaire.mkdir()
    with NoeudMongo(dossier / "mongo") as mongo:
        env = {
            "PATH": "/usr/bin:/bin",
            "TMPDIR": str(temporaire),
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "RABBITMQ_URL": RABBITMQ_ABSENT,
            "MONGODB_URL": mongo.url,
            "MONGODB_DATABASE": BASE,
            "PORT": str(port),
            "PRODUCTEURS": json.dumps({"bench": hashlib.sha256(b"bench").hexdigest()}),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": "1",
            "SMTP_SECURITE": "aucune",
            "MAIL_FROM": "ent1d@ac-exemple.fr",
            "MAIL_REPLY_TO": "ent1d-contact@ac-exemple.fr",
        }
        commande = [sys.executable, "-c", "from services.cli import main; main()", "serve", "intake"]
        intake = Processus("intake", commande, journal=dossier / "journal", env=env)
        intake.demarrer()
        try:
            intake.attendre(lambda: http_repond(port, "/readyz"), 60)
            yield mongo.url, port, intake.pid
        finally:
            intake.arreter()


async def _preparer(mongodb: str, nombre: int) -> list[Envoi]:
    """Log one person in for three files, as many as a draft has places."""
    reglages = RuntimeSettings(rabbitmq_url=RABBITMQ_ABSENT, mongodb_url=mongodb, mongodb_database=BASE, port=1)
    base = Base("intake", reglages)
    store, envois = Store(base), list[Envoi]()
    await store.prepare()
    while len(envois) < nombre:
        compte = await store.comptes.de_courriel(f"{uuid4().hex}@exemple.fr")
        cookie = await store.comptes.sessions.ouvrir(compte["_id"])
        identite = await store.comptes.identite(cookie)
        if identite is None:
            raise LookupError("la session n’est pas gardée")
        numero = await store.brouillons.creer(identite)
        envois += [Envoi(len(envois) + n, cookie, identite.jeton, numero, role) for n, role in enumerate(RolePiece)]
    base.mongo.close()
    return envois[:nombre]


async def _envoyer(url: str, envois: list[Envoi], taille: int) -> None:
    bloc = os.urandom(MORCEAU)
    async with httpx.AsyncClient(base_url=url, timeout=300, limits=httpx.Limits(max_connections=None)) as client:
        await asyncio.gather(*(_televerser(client, envoi, bloc, taille) for envoi in envois))


async def _televerser(client: httpx.AsyncClient, envoi: Envoi, bloc: bytes, taille: int) -> None:
    """Send a file as the page does."""
    communs = {"Cookie": f"ent1d={envoi.cookie}", "X-Jeton": envoi.jeton, "Tus-Resumable": "1.0.0"}
    metadonnees = f"role {b64encode(envoi.role.encode()).decode()},filename {b64encode(b'bench.pdf').decode()}"
    annonce = {"Upload-Length": str(taille), "Upload-Metadata": metadonnees}
    ouvert = await client.post(f"/brouillons/{envoi.numero}/televersements", headers=communs | annonce)
    adresse = ouvert.raise_for_status().headers["Location"]
    for offset in range(0, taille, MORCEAU):
        entetes = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        contenu = (envoi.rang.to_bytes(4) + bloc[4:])[: taille - offset]
        (await client.patch(adresse, headers=communs | entetes, content=contenu)).raise_for_status()


def _memoire(pid: int, mesure: str) -> int:
    """Read a measure of memory of a process, in bytes."""
    lignes = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(ligne.split()[1]) * 1024 for ligne in lignes if ligne.startswith(mesure))


if __name__ == "__main__":
    main()
