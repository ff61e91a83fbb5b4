"""mongo-init against a real mongod with a key file: from an empty one to an application that reaches its base alone."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.compose.mongo import Compte, preparer
from deploy.local.mongod import _mongod
from deploy.local.ports import port_libre
from deploy.local.processus import Processus, port_ouvert

JEU = "rs0"
RACINE = Compte("root", "racine-d-essai")
APPLICATION = Compte("ent1d", "application-d-essai")


@pytest.fixture
def adresse(tmp_path: Path) -> Iterator[str]:
    """A mongod that knows nobody yet, as after its first start."""
    port = port_libre()
    cle = tmp_path / "cle"
    cle.touch(mode=0o600)
    cle.write_text(secrets.token_hex(200))
    (tmp_path / "db").mkdir()
    commande = [str(_mongod()), "--dbpath", str(tmp_path / "db"), "--port", str(port), "--bind_ip", "127.0.0.1"]
    options = ["--replSet", JEU, "--keyFile", str(cle), "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
    mongod = Processus("mongod", [*commande, *options, "--oplogSize", "64"], journal=tmp_path / "mongod.log")
    mongod.demarrer()
    mongod.attendre(lambda: port_ouvert(port), 60)
    yield f"127.0.0.1:{port}"
    mongod.arreter()


def connecte(adresse: str, compte: Compte | None) -> MongoClient[dict[str, Any]]:
    qui = f"{compte.nom}:{compte.mot_de_passe}@" if compte else ""
    return MongoClient(f"mongodb://{qui}{adresse}/?replicaSet={JEU}", timeoutMS=20_000)


def test_the_application_writes_in_its_base_and_nowhere_else(adresse: str) -> None:
    preparer(adresse, adresse, JEU, RACINE, APPLICATION)
    with connecte(adresse, APPLICATION) as client:
        client["ent1d"]["dossiers"].insert_one({"_id": "essai"})
        with pytest.raises(OperationFailure, match="not authorized"):
            client["autre"]["dossiers"].insert_one({"_id": "essai"})
    with connecte(adresse, None) as client, pytest.raises(OperationFailure, match="requires authentication"):
        client["ent1d"]["dossiers"].find_one()


def test_run_again_it_keeps_the_data_and_sets_the_password_of_the_file(adresse: str) -> None:
    preparer(adresse, adresse, JEU, RACINE, APPLICATION)
    with connecte(adresse, APPLICATION) as client:
        client["ent1d"]["dossiers"].insert_one({"_id": "essai"})
    nouveau = Compte(APPLICATION.nom, "change")
    preparer(adresse, adresse, JEU, RACINE, nouveau)
    with connecte(adresse, nouveau) as client:
        assert client["ent1d"]["dossiers"].find_one() == {"_id": "essai"}
    with connecte(adresse, APPLICATION) as client, pytest.raises(OperationFailure, match="Authentication failed"):
        client["ent1d"]["dossiers"].find_one()


def test_stopped_before_the_first_user_it_goes_on_where_it_was(adresse: str) -> None:
    with MongoClient[dict[str, Any]](f"mongodb://{adresse}", directConnection=True) as client:
        client.admin.command("replSetInitiate", {"_id": JEU, "members": [{"_id": 0, "host": adresse}]})
    preparer(adresse, adresse, JEU, RACINE, APPLICATION)
    with connecte(adresse, APPLICATION) as client:
        client["ent1d"]["dossiers"].insert_one({"_id": "essai"})


def test_with_another_root_password_it_makes_nothing_and_says_so(adresse: str) -> None:
    preparer(adresse, adresse, JEU, RACINE, APPLICATION)
    with pytest.raises(OperationFailure, match="authentication"):
        preparer(adresse, adresse, JEU, Compte("root", "faux"), APPLICATION)
