"""The secrets of compose.yaml: all made, each made once, and kept from others."""

import json
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from deploy.coffre import Coffre
from deploy.compose.__main__ import DEFINITIONS, HOTES_SFTP, cles_api, main
from deploy.rabbitmq.comptes import prouve

RACINE = Path(__file__).parents[2]


def test_preparing_makes_every_secret_that_is_mounted_but_the_key_of_the_titulaires_server(tmp_path: Path) -> None:
    main(tmp_path, "demo", "editeur")
    compose = YAML(typ="safe").load((RACINE / "compose.yaml").read_text(encoding="utf-8"))
    montes = {secret["file"].rpartition("/")[2] for secret in compose["secrets"].values()}
    assert montes - {f.name for f in tmp_path.iterdir()} == {HOTES_SFTP}


def test_preparing_again_changes_nothing_and_shows_no_key_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(tmp_path, "demo", "editeur")
    assert "Clé d’API de demo" in capsys.readouterr().out
    avant = {f.name: (f.read_bytes(), f.stat().st_mtime_ns) for f in tmp_path.iterdir()}
    main(tmp_path, "demo", "editeur")
    assert {f.name: (f.read_bytes(), f.stat().st_mtime_ns) for f in tmp_path.iterdir()} == avant
    assert "Clé d’API" not in capsys.readouterr().out


def test_a_producteur_added_later_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    main(tmp_path, "demo", "editeur")
    coffre = Coffre(tmp_path)
    avant = {nom: coffre.lire(nom) for nom in ("rabbitmq_url_producteur_demo", "mongodb_url", "sftp_key")}
    empreintes = empreintes_rabbitmq(coffre)
    main(tmp_path, "autre", "")
    assert {nom: coffre.lire(nom) for nom in avant} == avant
    assert empreintes.items() < empreintes_rabbitmq(coffre).items()
    assert set(empreintes_rabbitmq(coffre)) - set(empreintes) == {"autre"}


def empreintes_rabbitmq(coffre: Coffre) -> dict[str, str]:
    contenu = json.loads(coffre.lire(DEFINITIONS) or "")
    return {utilisateur["name"]: utilisateur["password_hash"] for utilisateur in contenu["users"]}


def test_nobody_else_may_enter_the_directory_of_secrets(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    main(tmp_path, "demo", "editeur")
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("nom", ["svc_intake", "operateur", "guest", "Démo", "a b", "../x", ".*"])
def test_a_name_that_could_be_taken_for_another_user_or_a_pattern_is_refused(nom: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="nom refusé"):
        main(tmp_path, nom, "editeur")


def test_a_password_whose_file_is_erased_is_changed_and_its_hash_with_it(tmp_path: Path) -> None:
    main(tmp_path, "demo", "editeur")
    coffre = Coffre(tmp_path)
    avant = empreintes_rabbitmq(coffre)
    ancien = mot_de_passe(coffre, "operateur")
    (tmp_path / "rabbitmq_url_operateur").unlink()
    main(tmp_path)
    apres = empreintes_rabbitmq(coffre)
    assert {nom for nom in avant if avant[nom] != apres[nom]} == {"operateur"}
    assert prouve(apres["operateur"], mot_de_passe(coffre, "operateur"))
    assert not prouve(apres["operateur"], ancien)


def mot_de_passe(coffre: Coffre, utilisateur: str) -> str:
    return str(urlsplit(coffre.lire(f"rabbitmq_url_{utilisateur}")).password)


def test_intake_accepts_the_keys_that_are_made(tmp_path: Path) -> None:
    coffre = Coffre(tmp_path)
    cles = cles_api(coffre, ("demo",))
    assert json.loads(coffre.lire("producteurs") or "") == {"demo": sha256(cles["demo"].encode()).hexdigest()}


def test_a_secret_is_never_half_written(tmp_path: Path) -> None:
    coffre = Coffre(tmp_path)
    (tmp_path / ".mongo_keyfile.part").write_text("moitié")  # a run that was killed
    assert coffre.garder("mongo_keyfile", lambda: "entier") == "entier"
    assert [f.name for f in tmp_path.iterdir()] == ["mongo_keyfile"]


def test_without_any_producteur_it_is_refused_as_intake_would_not_start(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="au moins un producteur"):
        main(tmp_path)
