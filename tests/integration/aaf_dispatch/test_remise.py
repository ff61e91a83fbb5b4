"""The hand-over by SFTP, on real servers cut, killed, full or lying: the titulaire sees all of it or nothing."""

import asyncio
import errno
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest

from deploy.local.partenaires import TitulaireSFTP
from deploy.local.sftp import cles
from services.aaf_dispatch.remise import EcritureAltereeError, Serveur, ouvrir

if TYPE_CHECKING:
    from tests.integration.aaf_dispatch.conftest import Casier, NouveauCoupeur, Par

Fait = Callable[..., Any]
NOM = "ENT1D.20261123-00001"
COUPURES = 12


@pytest.fixture
def livraison(tmp_path: Path) -> tuple[Path, Path]:
    """Give a zip larger than any socket buffer, and its manifest."""
    zip_, manifeste = tmp_path / f"{NOM}.zip", tmp_path / f"{NOM}.json"
    zip_.write_bytes(random.Random(1).randbytes(700_000))  # noqa: S311 - any bytes
    manifeste.write_text('{"manifeste": 1}')
    return zip_, manifeste


async def remettre(serveur: Serveur, *fichiers: Path) -> None:
    async with ouvrir(serveur) as depot:
        await depot.balayer()
        for fichier in fichiers:
            await depot.deposer(fichier)


async def test_a_delivery_arrives_whole_under_its_names_and_nothing_else_stays(
    casier: "Casier", livraison: tuple[Path, Path]
) -> None:
    await remettre(casier.serveur, *livraison)

    for fichier in livraison:
        assert (casier.racine / fichier.name).read_bytes() == fichier.read_bytes()
    assert casier.visibles() == [f"{NOM}.json", f"{NOM}.zip"]
    assert casier.restes() == []


async def test_the_manifest_of_a_delivery_is_read_back_and_of_none_there_is_none(
    casier: "Casier", livraison: tuple[Path, Path]
) -> None:
    async with ouvrir(casier.serveur) as depot:
        assert await depot.manifeste(NOM) is None
        await depot.deposer(livraison[1])
        assert await depot.manifeste(NOM) == {"manifeste": 1}


async def test_cut_after_any_byte_nothing_torn_is_ever_seen_and_the_next_delivery_leaves_nothing_behind(
    casier: "Casier", coupeur: "NouveauCoupeur", par: "Par", livraison: tuple[Path, Path]
) -> None:
    entiers = {fichier.name: fichier.read_bytes() for fichier in livraison}
    restes: list[str] = []
    vus: list[list[str]] = []
    fautes: list[str] = []

    def regarder() -> None:
        vus.append(casier.visibles())
        fautes.extend(nom for nom in vus[-1] if (casier.racine / nom).read_bytes() != entiers[nom])
        fautes.extend(["a manifest without its zip"] if vus[-1] == [f"{NOM}.json"] else [])

    async def essai(apres: int | None) -> int:
        casier.effacer()
        async with coupeur(apres, regarder) as proxy:
            await remettre(par(casier, proxy), *livraison)
        return int(proxy.passes)

    total = await essai(None)
    # Beyond the keys' exchange (3 kB): before it there is nothing to tear.
    for apres in random.Random(20261123).sample(range(3_000, total - 3_000), COUPURES):  # noqa: S311 - seeded
        with pytest.raises((asyncssh.Error, OSError)):
            await essai(apres)
        regarder()
        restes += casier.restes()
        await remettre(casier.serveur, *livraison)
        regarder()
        assert (casier.visibles(), casier.restes()) == (sorted(entiers), [])
    assert fautes == []
    assert restes, "no cut fell while a file was hidden: this test would see nothing"
    assert len(vus) > COUPURES * 20


async def test_a_server_killed_in_the_middle_leaves_a_hidden_file_that_the_next_delivery_removes(
    tmp_path: Path, livraison: tuple[Path, Path], fait: Fait
) -> None:
    titulaire = TitulaireSFTP(tmp_path / "a-tuer")
    titulaire.start()
    serveur = Serveur("127.0.0.1", titulaire.port, "academie", titulaire.cles.client, titulaire.known_hosts, "/")
    gros = tmp_path / f"{NOM}-gros.zip"
    gros.write_bytes(os.urandom(24_000_000))
    provisoire = titulaire.racine / f".{gros.name}.part"
    try:
        envoi = asyncio.create_task(remettre(serveur, gros))
        await fait(lambda: provisoire.exists() and provisoire.stat().st_size > 1_000_000)
        await asyncio.to_thread(titulaire.kill)
        with pytest.raises((asyncssh.Error, OSError)):
            await envoi
        assert [f.name for f in titulaire.racine.iterdir()] == [provisoire.name]

        await asyncio.to_thread(titulaire.start)
        await remettre(serveur, *livraison)

        assert sorted(f.name for f in titulaire.racine.iterdir()) == [f"{NOM}.json", f"{NOM}.zip"]
    finally:
        await asyncio.to_thread(titulaire.kill)


async def test_cancelled_in_the_middle_it_takes_the_hidden_file_back(
    casier: "Casier", coupeur: "NouveauCoupeur", par: "Par", livraison: tuple[Path, Path]
) -> None:
    restes: list[str] = []

    def regarder() -> None:
        restes.extend(casier.restes())
        if proxy.passes > 300_000 and not envoi.cancelling():
            envoi.cancel()

    async with coupeur(None, regarder) as proxy:
        envoi = asyncio.create_task(remettre(par(casier, proxy), *livraison))
        with pytest.raises(asyncio.CancelledError):
            await envoi

    assert restes, "it was cancelled before the upload"
    assert casier.restes() == []
    assert casier.visibles() == []


async def test_what_is_not_ours_is_left_alone(casier: "Casier", livraison: tuple[Path, Path]) -> None:
    autres = [".autre.part", ".ENT1D.notes", "ENT1D.20261122-00001.zip", "autre.part"]
    for nom in autres:
        (casier.racine / nom).write_text("au titulaire")
    (casier.racine / ".ENT1D.20261122-00007.json.part").write_text("{")

    await remettre(casier.serveur, *livraison)

    assert sorted([*casier.visibles(), *casier.restes()]) == sorted([*autres, f"{NOM}.json", f"{NOM}.zip"])


async def test_what_an_earlier_try_left_under_the_final_name_is_replaced(
    casier: "Casier", livraison: tuple[Path, Path]
) -> None:
    (casier.racine / f"{NOM}.zip").write_bytes(b"un essai d'avant")

    await remettre(casier.serveur, *livraison)

    assert (casier.racine / f"{NOM}.zip").read_bytes() == livraison[0].read_bytes()


class Portier(asyncssh.SSHServer):
    """Notes who got as far as showing a key."""

    presentes: list[str]

    def begin_auth(self, username: str) -> bool:
        """Note the name."""
        type(self).presentes.append(username)
        return True


@asynccontextmanager
async def serveur_special(
    dossier: Path, classe: type[asyncssh.SFTPServer], *, portier: type[asyncssh.SSHServer] | None = None
) -> AsyncIterator[Serveur]:
    """Serve `dossier`/racine by a server of another make."""
    jeu, racine = cles(dossier / "cles"), dossier / "racine"
    racine.mkdir()
    ecoute = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=portier or asyncssh.SSHServer,
        server_host_keys=[jeu.hote],
        authorized_client_keys=str(jeu.autorisees),
        sftp_factory=lambda canal: classe(canal, chroot=os.fsencode(racine)),
    )
    connus = dossier / "known_hosts"
    connus.write_text(jeu.known_hosts(ecoute.get_port()), encoding="ascii")
    try:
        yield Serveur("127.0.0.1", ecoute.get_port(), "academie", jeu.client, connus, "/")
    finally:
        ecoute.close()
        await ecoute.wait_closed()


async def test_to_a_server_whose_key_changed_not_even_our_name_is_sent(
    tmp_path: Path, livraison: tuple[Path, Path]
) -> None:
    Portier.presentes = []
    async with serveur_special(tmp_path, asyncssh.SFTPServer, portier=Portier) as serveur:
        serveur.hotes_connus.write_text(cles(tmp_path / "autres").known_hosts(serveur.port), encoding="ascii")
        with pytest.raises(asyncssh.HostKeyNotVerifiable):
            await remettre(serveur, *livraison)
        serveur.hotes_connus.write_text("")
        with pytest.raises(asyncssh.HostKeyNotVerifiable):
            await remettre(serveur, *livraison)

        assert Portier.presentes == []
        assert list((tmp_path / "racine").iterdir()) == []
        serveur.hotes_connus.write_text(cles(tmp_path / "cles").known_hosts(serveur.port), encoding="ascii")
        await remettre(serveur, *livraison)
        assert Portier.presentes == ["academie"], "this test would see nothing"


async def test_with_a_key_that_the_titulaire_does_not_know_nothing_is_written(
    casier: "Casier", tmp_path: Path, livraison: tuple[Path, Path]
) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await remettre(replace(casier.serveur, cle=cles(tmp_path / "autres").client), *livraison)

    assert casier.visibles() == casier.restes() == []


@pytest.mark.parametrize("deja", [False, True])
async def test_a_server_without_extensions_receives_all_and_is_never_written_over_in_place(
    tmp_path: Path, livraison: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, *, deja: bool
) -> None:
    monkeypatch.setattr("asyncssh.sftp.SFTPServerHandler._extensions", [])
    async with serveur_special(tmp_path, asyncssh.SFTPServer) as serveur:
        if deja:
            (tmp_path / "racine" / f"{NOM}.zip").write_bytes(b"un essai d'avant")
        await remettre(serveur, *livraison)

    assert sorted(f.name for f in (tmp_path / "racine").iterdir()) == [f"{NOM}.json", f"{NOM}.zip"]
    assert (tmp_path / "racine" / f"{NOM}.zip").read_bytes() == livraison[0].read_bytes()


class Alterant(asyncssh.SFTPServer):
    """Writes one byte wrong, far into the file, and answers that all is well."""

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:  # noqa: ANN401 - asyncssh's own
        """Flip a byte."""
        if offset <= 600_000 < offset + len(data):
            rang = 600_000 - offset
            data = data[:rang] + bytes([data[rang] ^ 1]) + data[rang + 1 :]
        return super().write(file_obj, offset, data)


class Perdant(asyncssh.SFTPServer):
    """Loses the end of the file, and answers that all is well."""

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:  # noqa: ANN401 - asyncssh's own
        """Drop what comes late."""
        return super().write(file_obj, offset, data) if offset < 500_000 else len(data)


class Plein(asyncssh.SFTPServer):
    """Has no room beyond half a megabyte."""

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:  # noqa: ANN401 - asyncssh's own
        """Refuse what comes late."""
        if offset >= 500_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(file_obj, offset, data)


class Interdit(asyncssh.SFTPServer):
    """Lets nobody create a file."""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:  # noqa: ANN401 - asyncssh's own
        """Refuse."""
        raise PermissionError(errno.EACCES, "Permission denied", path, pflags, attrs)


class SansRenommage(asyncssh.SFTPServer):
    """Refuses to give a file its name."""

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Refuse."""
        raise PermissionError(errno.EACCES, "Permission denied", oldpath, newpath)


@pytest.mark.parametrize(
    ("classe", "erreur"),
    [
        (Alterant, EcritureAltereeError),
        (Perdant, EcritureAltereeError),
        (Plein, asyncssh.SFTPError),
        (Interdit, asyncssh.SFTPPermissionDenied),
        (SansRenommage, asyncssh.SFTPPermissionDenied),
    ],
)
async def test_a_server_that_fails_gets_nothing_under_a_final_name_and_keeps_nothing(
    tmp_path: Path, livraison: tuple[Path, Path], classe: type[asyncssh.SFTPServer], erreur: type[Exception]
) -> None:
    async with serveur_special(tmp_path, classe) as serveur:
        with pytest.raises(erreur):
            await remettre(serveur, *livraison)

    assert list((tmp_path / "racine").iterdir()) == []
