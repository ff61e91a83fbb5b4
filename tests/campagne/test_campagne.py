"""A short campaign of each kind, seeded: nothing lost, nothing done twice, nothing torn. `make campagne` plays on."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.campagne.points import tous

Campagne = Callable[..., dict[str, Any]]
RACINE = Path(__file__).parents[2]
PROCESSUS = "service.tuer=8 service.figer=2 mongod.tuer=3 mongod.figer=1 rabbitmq.tuer=1 rabbitmq.perdre=1"
RESEAU = "reseau.rabbitmq=2 reseau.mongod=2 reseau.smtp=2 reseau.sftp=2 messages.rejouer=2 horloge.sauter=2"
PARTENAIRES = (
    "smtp.differer=1 smtp.refuser=1 smtp.douter=2 smtp.arreter=1 sftp.couper=2 sftp.alterer=1 sftp.perdre_reponse=1 "
    "sftp.refuser=1 sftp.remplir=1 sftp.cle=1"
)


@pytest.fixture
def campagne(tmp_path: Path) -> Campagne:
    """Play a campaign as `make campagne` does; give its evidence."""

    def jouer(*arguments: str) -> dict[str, Any]:
        preuve = tmp_path / "preuve.json"
        finie = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "deploy.campagne", "--graine", "7", "--preuve", str(preuve), *arguments],
            cwd=RACINE,
            env=os.environ | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert finie.returncode == 0, finie.stdout[-5000:] + finie.stderr[-5000:]
        lue: dict[str, Any] = json.loads(preuve.read_text(encoding="utf-8"))
        return lue

    return jouer


@pytest.mark.timeout(360)
def test_faults_of_every_kind_lose_nothing_and_repeat_nothing(campagne: Campagne) -> None:
    preuve = campagne("--pannes", f"{PROCESSUS} {RESEAU} {PARTENAIRES}", "--voies", "2")

    assert preuve["anomalies"] == []
    assert preuve["coups"] == 40
    assert preuve["constats"]["dossiers"] > 50


@pytest.mark.timeout(300)
def test_a_death_at_a_named_point_loses_nothing_and_repeats_nothing(campagne: Campagne) -> None:
    preuve = campagne("--points", "1", "--part", "0.4")

    assert preuve["anomalies"] == []
    assert preuve["coups"] > len(tous()) / 3


@pytest.mark.timeout(200)
def test_hostile_messages_are_all_parked_while_dossiers_flow(campagne: Campagne) -> None:
    preuve = campagne("--hostiles", "400", "--pannes", "rabbitmq.tuer=1 service.tuer=2")

    assert preuve["constats"]["mis_de_cote"] == preuve["constats"]["messages_hostiles"] == 400


@pytest.mark.timeout(240)
def test_after_a_day_without_partners_all_that_waited_leaves_by_itself(campagne: Campagne) -> None:
    preuve = campagne("--pannes", "smtp.journee=1 sftp.journee=1", "--echelle", "0.0003", "--voies", "2")

    assert preuve["anomalies"] == []
    assert preuve["constats"]["dossiers"] > 50
    assert preuve["constats"]["courriels_laisses_a_une_personne"] == 0
