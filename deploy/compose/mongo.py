"""`python -m deploy.compose.mongo`: makes the replica set and its two users at the first start of mongod.

It runs in the network namespace of mongod, because only from loopback does mongod let somebody unknown make its first
user. Run again, it only sets the application's password to that of its file.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

SECRETS: Final = Path("/run/secrets")
RACINE: Final = "root"
BASE: Final = "ent1d"
DELAI: Final = 120.0  # seconds for mongod to answer, then to be primary
_ACCES_REFUSE: Final = 18
_DEJA_INITIE: Final = 23
_DEJA_CREE: Final = 51003

Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True)
class Compte:
    """A user and his password."""

    nom: str
    mot_de_passe: str


def preparer(hote: str, membre: str, jeu: str, racine: Compte, application: Compte) -> None:
    """Make what is missing on the mongod at `hote`, which the other members and the services reach as `membre`.

    Raises PyMongoError when mongod does not answer in time, or refuses root's password.
    """
    with _ouvrir(f"{hote}/?directConnection=true") as inconnu:
        if not _reconnait(hote, racine):
            _initier(inconnu, membre, jeu)
            _attendre_primaire(inconnu)
            inconnu.admin.command(_creation(racine, [{"role": "root", "db": "admin"}]))
    with _ouvrir(f"{membre}/?replicaSet={jeu}", racine) as admin:  # wherever the primary is by now
        _poser(admin, application)


def _ouvrir(adresse: str, compte: Compte | None = None) -> Client:
    return Client(
        f"mongodb://{adresse}",
        username=compte.nom if compte else None,
        password=compte.mot_de_passe if compte else None,
        serverSelectionTimeoutMS=int(DELAI * 1000),
    )


def _reconnait(hote: str, racine: Compte) -> bool:
    try:
        with _ouvrir(f"{hote}/?directConnection=true", racine) as client:
            client.admin.command("ping")
    except OperationFailure as refus:
        if refus.code != _ACCES_REFUSE:
            raise
        return False
    return True


def _initier(client: Client, membre: str, jeu: str) -> None:
    try:
        client.admin.command("replSetInitiate", {"_id": jeu, "members": [{"_id": 0, "host": membre}]})
    except OperationFailure as refus:
        if refus.code != _DEJA_INITIE:  # an earlier run was stopped before root was made
            raise


def _attendre_primaire(client: Client) -> None:
    fin = time.monotonic() + DELAI
    while not client.admin.command("hello")["isWritablePrimary"]:
        if time.monotonic() > fin:
            raise TimeoutError("mongod ne devient pas primaire")
        time.sleep(0.2)


def _poser(admin: Client, compte: Compte) -> None:
    droits = [{"role": "readWrite", "db": BASE}]
    try:
        admin.admin.command(_creation(compte, droits))
    except OperationFailure as refus:
        if refus.code != _DEJA_CREE:
            raise
        admin.admin.command({"updateUser": compte.nom, "pwd": compte.mot_de_passe, "roles": droits})


def _creation(compte: Compte, droits: list[dict[str, str]]) -> dict[str, Any]:
    return {"createUser": compte.nom, "pwd": compte.mot_de_passe, "roles": droits}


def main() -> None:
    """Read the secrets and prepare; say in one line what could not be done."""
    url = urlsplit((SECRETS / "mongodb_url").read_text(encoding="utf-8").strip())
    membre = url.netloc.rpartition("@")[2].split(",")[0]
    application = Compte(unquote(url.username or ""), unquote(url.password or ""))
    racine = Compte(RACINE, (SECRETS / "mongo_root_password").read_text(encoding="utf-8").strip())
    try:
        preparer("127.0.0.1:27017", membre, parse_qs(url.query)["replicaSet"][0], racine, application)
    except (PyMongoError, TimeoutError) as erreur:
        code = getattr(erreur, "code", None)
        sys.exit(f"MongoDB n’est pas prêt : {type(erreur).__name__}{f' ({code})' if code else ''}")


if __name__ == "__main__":
    main()
