"""The embedded partners, mail relay and titulaire, keep what they accepted and misbehave only as told."""

import hashlib
import json
import smtplib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncssh
import pytest

from deploy.local.partenaires import PuitsSMTP, TitulaireSFTP
from deploy.local.sftp import cles

DELAI = 30.0


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[PuitsSMTP]:
    puits = PuitsSMTP(tmp_path / "smtp")
    puits.start()
    yield puits
    puits.stop()


@pytest.fixture
def titulaire(tmp_path: Path) -> Iterator[TitulaireSFTP]:
    serveur = TitulaireSFTP(tmp_path / "titulaire")
    serveur.start()
    yield serveur
    serveur.stop()


def envoyer(puits: PuitsSMTP, numero: int, a: str = "mairie@exemple.fr") -> int | None:
    """Send one mail; return the code answered, None if the connection was cut."""
    texte = f"Message-ID: <{numero}@ent1d>\r\nSubject: essai {numero}\r\n\r\nBonjour\r\n"
    try:
        with smtplib.SMTP("127.0.0.1", puits.port, timeout=DELAI) as client:
            client.sendmail("ent1d@exemple.fr", [a], texte)
    except smtplib.SMTPDataError as refus:
        return refus.smtp_code
    except smtplib.SMTPServerDisconnected:
        return None
    return 250


def test_a_scripted_server_refuses_as_told_and_keeps_only_what_it_accepted(smtp: PuitsSMTP) -> None:
    smtp.programmer(451, 550, 250)
    assert [envoyer(smtp, numero) for numero in range(4)] == [451, 550, 250, 250]
    assert [message["Message-ID"] for message in smtp.messages()] == ["<2@ent1d>", "<3@ent1d>"]
    assert [reception["code"] for reception in smtp.receptions()] == [451, 550, 250, 250]


def test_a_scripted_server_cuts_the_connection_before_or_after_keeping_the_message(smtp: PuitsSMTP) -> None:
    smtp.programmer("couper", "accepter-puis-couper", "couper-apres-250")
    assert [envoyer(smtp, numero) for numero in range(3)] == [None, None, 250]
    assert [message["Message-ID"] for message in smtp.messages()] == ["<1@ent1d>", "<2@ent1d>"]


def test_a_scripted_server_keeps_the_message_at_once_and_answers_only_later(smtp: PuitsSMTP) -> None:
    smtp.programmer("attendre:0.5", 250)
    debut = time.monotonic()
    with ThreadPoolExecutor() as fils:
        envoi = fils.submit(envoyer, smtp, 0)
        while not smtp.receptions():
            assert time.monotonic() - debut < DELAI
        assert not envoi.done()
        assert envoi.result() == 250
    assert time.monotonic() - debut >= 0.5
    assert len(smtp.messages()) == 1


def test_the_reception_journal_names_each_act_and_the_bytes_received(smtp: PuitsSMTP) -> None:
    scenario = (250, 451, "couper", "accepter-puis-couper", "attendre:0")
    smtp.programmer(*scenario)
    for numero in range(5):
        envoyer(smtp, numero)
    receptions = smtp.receptions()
    vus = [(reception["acte"], reception["code"], reception["accepte"]) for reception in receptions]
    assert vus == [
        ("accepter", 250, True),
        ("refuser", 451, False),
        ("couper", "couper", False),
        ("accepter-puis-couper", "accepter-puis-couper", True),
        ("attendre", 250, True),
    ]
    exact = b"Message-ID: <1@ent1d>\r\nSubject: essai 1\r\n\r\nBonjour\r\n"
    assert receptions[1]["sha256"] == hashlib.sha256(exact).hexdigest()
    assert len({reception["sha256"] for reception in receptions}) == 5


def test_a_script_for_one_recipient_leaves_the_others_alone(smtp: PuitsSMTP) -> None:
    smtp.programmer(destinataires={"pleine@exemple.fr": [452, 250]})
    assert [envoyer(smtp, 0, "pleine@exemple.fr"), envoyer(smtp, 1)] == [452, 250]
    assert envoyer(smtp, 2, "pleine@exemple.fr") == 250


def test_the_reception_journal_survives_a_restart_and_names_no_recipient(smtp: PuitsSMTP) -> None:
    envoyer(smtp, 0)
    smtp.restart()
    assert [reception["domaines"] for reception in smtp.receptions()] == [["exemple.fr"]]
    assert "mairie" not in json.dumps(smtp.receptions())


def connexion_sftp(
    titulaire: TitulaireSFTP, *, cle: Path, known_hosts: Path
) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
    return asyncssh.connect(
        "127.0.0.1",
        titulaire.port,
        username="academie",
        client_keys=[cle],
        known_hosts=str(known_hosts),
        config=None,
        agent_path=None,
    )


async def test_a_file_put_with_the_right_keys_is_under_the_root_of_the_titulaire(titulaire: TitulaireSFTP) -> None:
    connexion = connexion_sftp(titulaire, cle=titulaire.cles.client, known_hosts=titulaire.known_hosts)
    async with connexion as ssh, ssh.start_sftp_client() as sftp:
        async with sftp.open("/livraison.zip.part", "wb") as distant:
            await distant.write(b"contenu")
            await distant.fsync()
        await sftp.posix_rename("/livraison.zip.part", "/livraison.zip")
        assert await sftp.listdir("/../..") == [".", "..", "livraison.zip"]
    assert (titulaire.racine / "livraison.zip").read_bytes() == b"contenu"


async def test_a_client_refuses_a_titulaire_whose_host_key_is_not_the_pinned_one(
    titulaire: TitulaireSFTP, tmp_path: Path
) -> None:
    autre = tmp_path / "known_hosts"
    autre.write_text(cles(tmp_path / "autres").known_hosts(titulaire.port), encoding="ascii")
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        async with connexion_sftp(titulaire, cle=titulaire.cles.client, known_hosts=autre):
            pass


async def test_the_titulaire_refuses_an_unknown_key(titulaire: TitulaireSFTP, tmp_path: Path) -> None:
    inconnue = cles(tmp_path / "autres").client
    with pytest.raises(asyncssh.PermissionDenied):
        async with connexion_sftp(titulaire, cle=inconnue, known_hosts=titulaire.known_hosts):
            pass
