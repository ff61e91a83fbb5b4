"""The titulaire's server writes down what it was given before it answers, and fails exactly as it is told to."""

import hashlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from deploy.local.mandataire import Mandataire
from deploy.local.partenaires import TitulaireSFTP

CONTENU = os.urandom(1_000_000)
EMPREINTE = hashlib.sha256(CONTENU).hexdigest()
COUPEE = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.ConnectionLost, ConnectionError)
Fait = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def serveur(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TitulaireSFTP]:
    titulaire = TitulaireSFTP(tmp_path_factory.mktemp("titulaire"))
    titulaire.start()
    yield titulaire
    titulaire.stop()


@pytest.fixture
def titulaire(serveur: TitulaireSFTP) -> Iterator[TitulaireSFTP]:
    for fichier in serveur.racine.iterdir():
        fichier.unlink()
    (serveur.donnees / "actes.jsonl").unlink(missing_ok=True)
    yield serveur
    serveur.programmer()


@asynccontextmanager
async def client(
    titulaire: TitulaireSFTP, port: int = 0, known_hosts: Path | None = None
) -> AsyncIterator[asyncssh.SFTPClient]:
    connexion = asyncssh.connect(
        "127.0.0.1",
        port or titulaire.port,
        username="academie",
        client_keys=[titulaire.cles.client],
        known_hosts=str(known_hosts or titulaire.known_hosts),
        config=None,
        agent_path=None,
    )
    async with connexion as ssh, ssh.start_sftp_client() as sftp:
        yield sftp


async def deposer(sftp: asyncssh.SFTPClient, nom: str, contenu: bytes = CONTENU) -> None:
    async with sftp.open(nom, "wb", block_size=32_768) as distant:  # many writes under way at once
        await distant.write(contenu)


async def coupe(sftp: asyncssh.SFTPClient, acte: Awaitable[None]) -> None:
    """Check that an act ends with the connection, not by an answer."""
    with pytest.raises(COUPEE):
        await acte
    with pytest.raises(COUPEE):
        await sftp.stat("/")


async def relire(sftp: asyncssh.SFTPClient, nom: str) -> str | bytes:
    async with sftp.open(nom, "rb") as distant:
        return await distant.read()


def actes(titulaire: TitulaireSFTP) -> list[str]:
    return [ligne["acte"] for ligne in titulaire.journal()]


async def test_a_delivery_is_written_down_act_by_act_with_what_the_disk_holds(titulaire: TitulaireSFTP) -> None:
    async with client(titulaire) as sftp:
        await deposer(sftp, "/.lot.zip.part")
        await sftp.posix_rename("/.lot.zip.part", "/lot.zip")
        assert await relire(sftp, "/lot.zip") == CONTENU
        await deposer(sftp, "/lot.json", b"{}")
        await sftp.remove("/lot.json")
    lignes = titulaire.journal()
    assert all(ligne.pop("instant") for ligne in lignes)
    plein = {"taille": len(CONTENU), "sha256": EMPREINTE}
    petit = {"taille": 2, "sha256": hashlib.sha256(b"{}").hexdigest()}
    assert lignes == [
        {"acte": "ouverture", "nom": ".lot.zip.part", "visible": False},
        {"acte": "fermeture", "nom": ".lot.zip.part", "visible": False, **plein},
        {"acte": "renommage", "de": ".lot.zip.part", "vers": "lot.zip", "visible": True, **plein},
        {"acte": "ouverture", "nom": "lot.json", "visible": True},
        {"acte": "fermeture", "nom": "lot.json", "visible": True, **petit},
        {"acte": "suppression", "nom": "lot.json", "visible": True},
    ]


async def test_a_connection_is_cut_after_so_many_bytes_of_data_once_an_entry(
    titulaire: TitulaireSFTP, fait: Fait
) -> None:
    titulaire.programmer(couper_apres=[300_000, 1])
    for octets in (300_000, 1):
        async with client(titulaire) as sftp:
            await coupe(sftp, deposer(sftp, "/.lot.part"))
        await fait(lambda: actes(titulaire)[-1], lambda dernier: dernier == "fermeture")
        assert titulaire.journal()[-2]["octets"] == octets
        assert (titulaire.racine / ".lot.part").read_bytes() == CONTENU[:octets]
    async with client(titulaire) as sftp:
        await deposer(sftp, "/.lot.part")
    assert titulaire.journal()[-1]["sha256"] == EMPREINTE


async def test_bytes_of_several_files_of_a_connection_add_up(titulaire: TitulaireSFTP) -> None:
    titulaire.programmer(couper_apres=[15])
    async with client(titulaire) as sftp:
        await deposer(sftp, "/a", b"a" * 10)
        await coupe(sftp, deposer(sftp, "/b", b"b" * 10))
    assert (titulaire.racine / "b").read_bytes() == b"b" * 5


async def test_a_refusal_is_for_writing_only_and_ends_with_the_scenario(titulaire: TitulaireSFTP) -> None:
    (titulaire.racine / "la").write_bytes(b"la")
    titulaire.programmer(refuser=True)
    async with client(titulaire) as sftp:
        with pytest.raises(asyncssh.SFTPPermissionDenied):
            await deposer(sftp, "/.lot.part")
        assert await relire(sftp, "/la") == b"la"
        titulaire.programmer()
        await deposer(sftp, "/.lot.part")
    assert actes(titulaire) == ["refus", "ouverture", "fermeture"]


async def test_a_full_disk_takes_what_it_can_then_fails_as_openssh_does(titulaire: TitulaireSFTP) -> None:
    titulaire.programmer(plein_apres=400_000)
    async with client(titulaire) as sftp:
        with pytest.raises(asyncssh.SFTPFailure, match="No space left on device"):
            await deposer(sftp, "/.lot.part")
        await sftp.remove("/.lot.part")
    lignes = titulaire.journal()
    assert [ligne["acte"] for ligne in lignes] == ["ouverture", "refus", "fermeture", "suppression"]
    assert lignes[2]["taille"] == 400_000


async def test_so_many_files_are_changed_on_disk_and_no_more(titulaire: TitulaireSFTP) -> None:
    titulaire.programmer(alterer=1)
    async with client(titulaire) as sftp:
        await deposer(sftp, "/a")
        await deposer(sftp, "/b")
    assert (titulaire.racine / "b").read_bytes() == CONTENU
    altere = (titulaire.racine / "a").read_bytes()
    assert sum(a != b for a, b in zip(altere, CONTENU, strict=True)) == 1
    assert actes(titulaire)[:3] == ["ouverture", "alteration", "fermeture"]


@pytest.mark.parametrize("sans_extensions", [False, True])
async def test_a_rename_is_done_and_its_answer_lost(titulaire: TitulaireSFTP, *, sans_extensions: bool) -> None:
    titulaire.programmer(perdre_reponse=1, sans_extensions=sans_extensions)
    async with client(titulaire) as sftp:
        await deposer(sftp, "/.lot.part")
        renommer = sftp.rename if sans_extensions else sftp.posix_rename
        await coupe(sftp, renommer("/.lot.part", "/lot"))
    assert (titulaire.racine / "lot").read_bytes() == CONTENU
    assert actes(titulaire)[-2:] == ["renommage", "coupure"]
    async with client(titulaire) as sftp:
        await sftp.rename("/lot", "/lot2")
    assert (titulaire.racine / "lot2").exists()


async def test_a_server_without_extensions_has_plain_rename_only(titulaire: TitulaireSFTP) -> None:
    titulaire.programmer(sans_extensions=True)
    async with client(titulaire) as sftp:
        async with sftp.open("/.lot.part", "wb") as distant:
            await distant.write(b"x")
            with pytest.raises(asyncssh.SFTPOpUnsupported):
                await distant.fsync()
        with pytest.raises(asyncssh.SFTPOpUnsupported):
            await sftp.posix_rename("/.lot.part", "/lot")
        await sftp.rename("/.lot.part", "/lot")
        await deposer(sftp, "/.lot.part", b"y")
        with pytest.raises(asyncssh.SFTPFailure):
            await sftp.rename("/.lot.part", "/lot")
    assert (titulaire.racine / "lot").read_bytes() == b"x"


async def test_a_slow_server_takes_so_long_for_each_write(titulaire: TitulaireSFTP) -> None:
    titulaire.programmer(lent=0.1)
    debut = time.monotonic()
    async with client(titulaire) as sftp, sftp.open("/lent", "wb") as distant:
        await distant.write(b"a")
        await distant.write(b"b")
    assert time.monotonic() - debut >= 0.2


async def test_another_host_key_is_refused_until_the_pinned_one_is_back(titulaire: TitulaireSFTP) -> None:
    titulaire.changer_cle()
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        async with client(titulaire):
            pass
    titulaire.remettre_cle()
    async with client(titulaire) as sftp:
        await deposer(sftp, "/a")
    assert actes(titulaire) == ["ouverture", "fermeture"]


async def test_the_key_is_pinned_for_a_proxy_too(titulaire: TitulaireSFTP, tmp_path: Path, fait: Fait) -> None:
    connus = tmp_path / "known_hosts"
    with Mandataire(titulaire.port) as mandataire:
        connus.write_text(titulaire.known_hosts_pour(mandataire.port), encoding="ascii")
        async with client(titulaire, mandataire.port, connus) as sftp:
            await deposer(sftp, "/a")
            mandataire.couper_apres(200_000)
            await coupe(sftp, deposer(sftp, "/.b.part"))
    await fait(lambda: actes(titulaire)[-1], lambda dernier: dernier == "fermeture")
    assert titulaire.journal()[-1]["taille"] < 200_000


async def test_the_journal_outlives_a_kill_and_a_line_cut_short_is_none(titulaire: TitulaireSFTP) -> None:
    async with client(titulaire) as sftp:
        await deposer(sftp, "/a")
    titulaire.kill()
    with (titulaire.donnees / "actes.jsonl").open("a") as journal:
        journal.write('{"acte": "re')
    assert actes(titulaire) == ["ouverture", "fermeture"]
    titulaire.start()
