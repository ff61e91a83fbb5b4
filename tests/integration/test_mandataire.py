"""The proxy breaks the network as told, in front of real clients and servers, and mends it."""

import asyncio
import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local.mandataire import Mandataire
from deploy.local.mongod import NoeudMongo
from deploy.local.ports import port_libre

DELAI = 10.0
BREF = 0.15  # seconds: long enough for a loopback to have answered, were it to answer


class Echo:
    """A server that says `bonjour`, then gives back what it is sent, and keeps what it received."""

    def __init__(self) -> None:
        self._ecoute = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._ecoute.getsockname()[1]
        self.recus: list[bytearray] = []
        self.finis: list[str] = []
        self.muet = False
        self._fil = Thread(target=self._servir, daemon=True)
        self._fil.start()

    def _servir(self) -> None:
        with suppress(OSError):
            while True:
                prise, _ = self._ecoute.accept()
                self.recus.append(bytearray())
                Thread(target=self._repondre, args=(prise, self.recus[-1]), daemon=True).start()

    def _repondre(self, prise: socket.socket, recu: bytearray) -> None:
        with prise:
            try:
                prise.sendall(b"bonjour")
                while bloc := prise.recv(65536):
                    recu += bloc
                    if not self.muet:
                        prise.sendall(bloc)
                self.finis.append("fin")
            except ConnectionError:
                self.finis.append("reset")

    def fermer(self) -> None:
        """Take no more connection."""
        self._ecoute.shutdown(socket.SHUT_RDWR)
        self._ecoute.close()
        self._fil.join(DELAI)


@pytest.fixture
def echo() -> Iterator[Echo]:
    serveur = Echo()
    yield serveur
    serveur.fermer()


@pytest.fixture
def mandataire(echo: Echo) -> Iterator[Mandataire]:
    with Mandataire(echo.port) as ouvert:
        yield ouvert


@pytest.fixture
def client(mandataire: Mandataire) -> Iterator[Callable[[], socket.socket]]:
    """Open connections through the proxy."""
    ouverts: list[socket.socket] = []

    def ouvrir() -> socket.socket:
        ouverts.append(socket.create_connection(("127.0.0.1", mandataire.port), timeout=DELAI))
        return ouverts[-1]

    yield ouvrir
    for prise in ouverts:
        prise.close()


def lire(prise: socket.socket, octets: int) -> bytes:
    recu = b""
    while len(recu) < octets and (bloc := prise.recv(octets - len(recu))):
        recu += bloc
    return recu


def muette(prise: socket.socket) -> bool:
    """Whether nothing comes for a moment, neither bytes nor an end."""
    prise.settimeout(BREF)
    try:
        prise.recv(1)
    except TimeoutError:
        return True
    finally:
        prise.settimeout(DELAI)
    return False


def coupee(prise: socket.socket) -> bool:
    """Whether the connection ends by a reset."""
    try:
        while prise.recv(65536):
            pass
    except ConnectionResetError:
        return True
    return False


def refusee(port: int) -> bool:
    """Whether a new connection ends by a reset, maybe before we know it to be open."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=DELAI) as prise:
            return coupee(prise)
    except ConnectionResetError:
        return True


Client = Callable[[], socket.socket]


def test_bytes_of_a_good_network_arrive_whole_and_are_counted(mandataire: Mandataire, client: Client) -> None:
    prise, contenu = client(), os.urandom(3_000_000)
    assert lire(prise, 7) == b"bonjour"
    envoi = Thread(target=prise.sendall, args=(contenu,))
    envoi.start()
    assert hashlib.sha256(lire(prise, len(contenu))).digest() == hashlib.sha256(contenu).digest()
    prise.shutdown(socket.SHUT_WR)
    assert prise.recv(1) == b""  # the half-close went there, and the end came back
    envoi.join(DELAI)
    assert (mandataire.connexions, mandataire.octets) == (1, 7 + 2 * len(contenu))


def test_delayed_bytes_arrive_later_each_way(mandataire: Mandataire, client: Client) -> None:
    prise = client()
    lire(prise, 7)
    mandataire.retarder(0.2)
    debut = time.monotonic()
    prise.sendall(b"a")
    assert lire(prise, 1) == b"a"
    assert 0.4 <= time.monotonic() - debut < 2
    mandataire.retarder(60)
    prise.sendall(b"b")
    mandataire.transmettre()
    assert lire(prise, 1) == b"b"


def test_a_limited_rate_takes_its_time(mandataire: Mandataire, client: Client) -> None:
    prise = client()
    lire(prise, 7)
    mandataire.brider(10_000)
    debut = time.monotonic()
    prise.sendall(b"a" * 5_000)
    assert lire(prise, 5_000) == b"a" * 5_000
    assert 0.4 <= time.monotonic() - debut < 3


def test_a_frozen_network_says_nothing_and_gives_all_back(mandataire: Mandataire, client: Client, echo: Echo) -> None:
    ancienne = client()
    lire(ancienne, 7)
    mandataire.geler()
    nouvelle = client()
    ancienne.sendall(b"avant")
    nouvelle.sendall(b"apres")
    assert muette(ancienne)
    assert muette(nouvelle)
    assert echo.recus == [bytearray()]
    mandataire.transmettre()
    assert lire(ancienne, 5) == b"avant"
    assert lire(nouvelle, 12) == b"bonjourapres"


def test_a_frozen_network_takes_no_more_than_a_little(mandataire: Mandataire, client: Client) -> None:
    prise = client()
    lire(prise, 7)
    mandataire.geler()
    prise.settimeout(BREF)
    with pytest.raises(TimeoutError):
        prise.sendall(bytes(64_000_000))


@pytest.mark.parametrize("vers_serveur", [True, False])
def test_one_way_only_lets_that_way_through(
    mandataire: Mandataire, client: Client, echo: Echo, fait_vite: Callable[..., None], *, vers_serveur: bool
) -> None:
    prise = client()
    lire(prise, 7)
    mandataire.sens_unique(vers_serveur)
    prise.sendall(b"a")
    assert muette(prise)
    if vers_serveur:
        fait_vite(lambda: echo.recus[0] == b"a")
    else:
        assert echo.recus[0] == b""
        assert lire(client(), 7) == b"bonjour"
    mandataire.transmettre()
    assert lire(prise, 1) == b"a"


def test_a_connection_that_lost_bytes_is_reset_when_the_network_is_back(
    mandataire: Mandataire, client: Client, echo: Echo, fait_vite: Callable[..., None]
) -> None:
    trouee, fermee, intacte = client(), client(), client()
    assert [lire(prise, 7) for prise in (trouee, fermee, intacte)] == [b"bonjour"] * 3
    mandataire.avaler()
    trouee.sendall(b"perdu")
    fermee.close()
    assert muette(trouee)
    assert echo.finis == []
    mandataire.transmettre()
    assert coupee(trouee)
    fait_vite(lambda: echo.finis == ["reset", "reset"])
    intacte.sendall(b"a")
    assert lire(intacte, 1) == b"a"
    assert b"perdu" not in echo.recus


def test_a_cut_resets_both_ends_of_present_connections_only(
    mandataire: Mandataire, client: Client, echo: Echo, fait_vite: Callable[..., None]
) -> None:
    prises = [client(), client()]
    assert [lire(prise, 7) for prise in prises] == [b"bonjour"] * 2
    mandataire.couper()
    assert all(coupee(prise) for prise in prises)
    fait_vite(lambda: echo.finis == ["reset", "reset"])
    assert lire(client(), 7) == b"bonjour"


def test_a_network_that_refuses_resets_present_and_new_connections(mandataire: Mandataire, client: Client) -> None:
    prise = client()
    lire(prise, 7)
    mandataire.refuser()
    assert coupee(prise)
    assert refusee(mandataire.port)
    mandataire.transmettre()
    assert lire(client(), 7) == b"bonjour"
    assert mandataire.connexions == 3


@pytest.mark.parametrize("octets", [1, 70_000, 500_000])
def test_a_connection_is_cut_once_after_exactly_so_many_bytes(
    mandataire: Mandataire, client: Client, echo: Echo, fait_vite: Callable[..., None], octets: int
) -> None:
    echo.muet = True
    prise, suivante = client(), client()
    assert lire(prise, 7) + lire(suivante, 7) == b"bonjourbonjour"
    mandataire.couper_apres(octets)
    envoyer_sans_erreur(prise, bytes(2_000_000))
    assert coupee(prise)
    fait_vite(lambda: echo.finis == ["reset"])
    suivante.sendall(bytes(octets + 1))
    fait_vite(lambda: sorted(map(len, echo.recus)) == [octets, octets + 1])


def test_a_connection_is_cut_after_what_the_server_said(mandataire: Mandataire, client: Client) -> None:
    prise = client()
    lire(prise, 7)
    mandataire.couper_apres(3, vers_serveur=False)
    prise.sendall(b"abcdef")
    recu = b""
    with suppress(ConnectionResetError):
        while bloc := prise.recv(10):
            recu += bloc
        pytest.fail("fin sans coupure")
    assert recu == b"abc"


def envoyer_sans_erreur(prise: socket.socket, contenu: bytes) -> None:
    with suppress(OSError):
        prise.sendall(contenu)


async def test_it_starts_and_stops_whatever_loop_its_caller_runs(echo: Echo) -> None:
    with Mandataire(echo.port) as mandataire:
        with pytest.raises(OSError, match="address already in use"):
            Mandataire(echo.port, mandataire.port).start()
        lecteur, plume = await asyncio.open_connection("127.0.0.1", mandataire.port)
        assert await lecteur.readexactly(7) == b"bonjour"
        plume.close()


def test_a_target_that_is_down_is_a_reset() -> None:
    with Mandataire(port_libre()) as mandataire:
        assert refusee(mandataire.port)


def test_a_stopped_proxy_refuses_and_starts_again_on_its_port(echo: Echo) -> None:
    mandataire = Mandataire(echo.port)
    mandataire.refuser()
    mandataire.start()
    try:
        assert refusee(mandataire.port)
    finally:
        mandataire.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", mandataire.port), timeout=DELAI)
    mandataire.transmettre()
    with mandataire, socket.create_connection(("127.0.0.1", mandataire.port), timeout=DELAI) as prise:
        assert lire(prise, 7) == b"bonjour"


def test_a_mongo_client_times_out_on_a_frozen_network_and_its_write_is_done_afterwards(
    mongod: NoeudMongo, fait_vite: Callable[..., None]
) -> None:
    with Mandataire(mongod.port) as mandataire:
        adresse = f"mongodb://127.0.0.1:{mandataire.port}/?directConnection=true&retryWrites=false"
        with MongoClient[dict[str, Any]](adresse, timeoutMS=500, maxPoolSize=1) as client:
            lieu = client["mandataire"]["essai"]
            lieu.drop()
            mandataire.retarder(0.05)
            debut = time.monotonic()
            client.admin.command("ping")
            assert time.monotonic() - debut >= 0.1
            mandataire.sens_unique(vers_serveur=True)
            with pytest.raises(PyMongoError):
                lieu.insert_one({"_id": 1})
            mandataire.transmettre()
            fait_vite(lambda: compter(lieu) == 1)
            mandataire.geler()
            with pytest.raises(PyMongoError):
                client.admin.command("ping")
            mandataire.transmettre()
            fait_vite(lambda: compter(lieu) == 1)


def compter(lieu: Any) -> int | None:  # noqa: ANN401 - a collection
    try:
        return int(lieu.count_documents({}))
    except PyMongoError:
        return None


@pytest.fixture
def fait_vite() -> Callable[[Callable[[], bool]], None]:
    """Wait for a fact, or fail at the deadline."""

    def attendre(est: Callable[[], bool]) -> None:
        limite = time.monotonic() + DELAI
        while not est():
            assert time.monotonic() < limite, "toujours pas"
            Event().wait(0.01)  # only to look again

    return attendre
