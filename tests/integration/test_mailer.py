"""The mailer against a real SMTP server that accepts, refuses, hangs and hangs up where it is told to."""

import asyncio
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, AnyStr, cast

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr, ValidationError

from services._runtime.mailer import Doute, Indisponible, Mailer, Reponse
from services._runtime.smtp import ReglagesSmtp, Securite

A = "camille.fictive@exemple.fr"
MESSAGE = b"Subject: essai\r\n\r\nune ligne\r\n.une ligne qui commence par un point\r\n.\r\n..\r\nfin\r\n"
LONG = b"Subject: long\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 200_000  # more than any socket buffer


Acte = str | Callable[["Protocole"], Awaitable[str]]


@dataclass
class Relais:
    """A relay: what it received, and what it must do instead of accepting. `faire` maps a step to a reply or an act.

    The `handle_…` are aiosmtpd's hooks.
    """

    port: int = 0
    faire: dict[str, Acte] = field(default_factory=dict)
    recus: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    chiffres: list[bool] = field(default_factory=list)
    extensions: list[str] = field(default_factory=list)
    connexions: list["Protocole"] = field(default_factory=list)

    async def reponse(self, etape: str, serveur: "Protocole", sinon: str) -> str:
        """Give what this step must answer."""
        voulu = self.faire.get(etape, sinon)
        return voulu if isinstance(voulu, str) else await voulu(serveur)

    async def handle_EHLO(  # noqa: N802
        self, _server: "Protocole", session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Announce the extensions of this relay."""
        session.host_name = hostname
        return [responses[0], *(f"250-{nom}" for nom in self.extensions), *responses[1:]]

    async def handle_MAIL(  # noqa: N802
        self, server: "Protocole", _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self.reponse("MAIL", server, "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: "Protocole", _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        reponse = await self.reponse(f"RCPT {address}", server, "250 OK")
        if reponse.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reponse

    async def handle_DATA(self, server: "Protocole", session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer the final dot."""
        reponse = await self.reponse("point", server, "250 2.0.0 Ok: queued as 4F2A1C")
        if reponse.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.recus.append((str(envelope.mail_from), envelope.rcpt_tos, envelope.content))
            self.chiffres.append(session.ssl is not None or server.fil.get_extra_info("sslcontext") is not None)
        return reponse


class Protocole(SMTP):
    """aiosmtpd, with two more moments at which it can be told to misbehave: the greeting and DATA."""

    def __init__(self, relais: Relais, **options: Any) -> None:  # noqa: ANN401  # aiosmtpd's own
        super().__init__(relais, hostname="relais.exemple", **options)
        self.relais = relais
        self.fermee = asyncio.Event()
        self.expediteurs: list[str] = []
        relais.connexions.append(self)

    @property
    def fil(self) -> asyncio.Transport:
        """Give the live connection."""
        return cast("asyncio.Transport", self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the test that the client is gone."""
        super().connection_lost(error)
        self.fermee.set()

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd's own
        """Note the options of MAIL, and hide from aiosmtpd the one it does not know."""
        self.expediteurs.append(str(arg))
        await super().smtp_MAIL(str(arg).replace(" RET=HDRS", ""))

    async def push(self, status: AnyStr) -> None:
        """Answer, unless this step must do something else."""
        dit = status if isinstance(status, str) else status.decode()
        if dit.startswith("220 relais.exemple"):
            dit = await self.relais.reponse("accueil", self, dit)
        if dit.startswith("354"):
            dit = await self.relais.reponse("DATA", self, dit)
        await super().push(dit)


async def raccrocher(serveur: Protocole) -> str:
    serveur.fil.abort()
    await asyncio.Event().wait()  # until aiosmtpd cancels this connection
    return ""


async def se_taire(_: Protocole) -> str:
    await asyncio.Event().wait()
    return ""


async def ne_plus_lire(serveur: Protocole) -> str:
    serveur.fil.pause_reading()
    return "354 envoyez"


async def ne_plus_lire_puis_raccrocher(serveur: Protocole) -> str:
    await SMTP.push(serveur, await ne_plus_lire(serveur))
    asyncio.get_running_loop().call_later(0.2, serveur.fil.abort)
    await asyncio.Event().wait()
    return ""


@asynccontextmanager
async def relais_ouvert(relais: Relais, *, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[Relais]:  # noqa: ANN401
    boucle = asyncio.get_running_loop()
    serveur = await boucle.create_server(lambda: Protocole(relais, **options), "127.0.0.1", relais.port, ssl=tls)
    relais.port = serveur.sockets[0].getsockname()[1]
    try:
        yield relais
    finally:
        serveur.close()
        for connexion in relais.connexions:
            if connexion.transport is not None:
                connexion.fil.abort()
        await serveur.wait_closed()


@pytest.fixture
async def relais() -> AsyncIterator[Relais]:
    async with relais_ouvert(Relais()) as ouvert:
        yield ouvert


def reglages(relais: Relais, **autres: Any) -> ReglagesSmtp:  # noqa: ANN401  # any setting
    valeurs = {"hote": "127.0.0.1", "securite": Securite.AUCUNE, "retour": "rebonds@academie.exemple"} | autres
    return ReglagesSmtp(port=relais.port, **valeurs)


@pytest.fixture
async def mailer(relais: Relais) -> AsyncIterator[Mailer]:
    async with Mailer(reglages(relais, delai_connexion=2, delai_commandes=2, delai_reponse=2)) as ouvert:
        yield ouvert


async def test_a_mail_arrives_as_it_was_written_and_the_answer_names_nobody(relais: Relais, mailer: Mailer) -> None:
    relais.faire["point"] = "250 2.0.0 Ok <camille.fictive@exemple.fr> Fictive: queued as 4F2A1C"
    assert await mailer.envoyer(A, MESSAGE) == Reponse(250, "2.0.0 Ok … …: queued as 4F2A1C")
    assert relais.recus == [("rebonds@academie.exemple", [A], MESSAGE)]


async def test_many_mails_leave_on_one_connection_and_at_once_or_not(relais: Relais, mailer: Mailer) -> None:
    await asyncio.gather(*(mailer.envoyer(A, MESSAGE) for _ in range(50)))
    assert len(relais.recus) == 50
    assert len(relais.connexions) == 1


@pytest.mark.parametrize(
    ("etape", "reponse", "attendue"),
    [
        (f"RCPT {A}", "451 4.7.1 Greylisted, try later", Reponse(451, "4.7.1 Greylisted, try later")),
        (f"RCPT {A}", f"550 5.1.1 <{A}>: user camille.fictive unknown", Reponse(550, "5.1.1 … user …. … unknown")),
        ("point", "552 5.3.4 too big", Reponse(552, "5.3.4 too big")),
        ("point", "451 4.3.0 later", Reponse(451, "4.3.0 later")),
        ("DATA", "554 5.5.1 no valid recipients", Reponse(554, "5.5.1 no valid recipients")),
    ],
)
async def test_a_refusal_is_an_answer_about_this_mail_alone(
    etape: str, reponse: str, attendue: Reponse, relais: Relais, mailer: Mailer
) -> None:
    relais.faire[etape] = reponse
    obtenue = await mailer.envoyer(A, MESSAGE)
    assert obtenue.code == attendue.code
    assert "ictive" not in obtenue.texte
    assert "camille" not in obtenue.texte
    assert obtenue.texte.split()[0] == attendue.texte.split()[0]
    relais.faire.clear()
    assert (await mailer.envoyer("autre@exemple.fr", MESSAGE)).code == 250
    assert relais.recus == [("rebonds@academie.exemple", ["autre@exemple.fr"], MESSAGE)]


@pytest.mark.parametrize(
    ("etape", "acte"),
    [
        ("accueil", "554 5.7.1 not you"),
        ("accueil", raccrocher),
        ("accueil", se_taire),
        ("MAIL", "550 5.7.1 sender not allowed"),
        ("MAIL", "421 4.3.2 closing"),
        ("MAIL", raccrocher),
        ("MAIL", se_taire),
        (f"RCPT {A}", "421 4.3.2 closing"),
        (f"RCPT {A}", "530 5.7.0 Authentication required"),
        (f"RCPT {A}", raccrocher),
        ("DATA", "421 4.3.2 closing"),
        ("DATA", "250 what?"),
        ("DATA", raccrocher),
        ("DATA", se_taire),
    ],
)
async def test_what_stops_before_the_body_sent_nothing_and_is_tried_again(
    etape: str,
    acte: Acte,
    relais: Relais,
) -> None:
    relais.faire[etape] = acte
    async with Mailer(reglages(relais, delai_connexion=0.4, delai_commandes=0.4)) as mailer:
        with pytest.raises(Indisponible) as info:
            await mailer.envoyer(A, MESSAGE)
        assert "ictive" not in "".join(traceback.format_exception(info.value))
        assert relais.recus == []
        relais.faire.clear()
        assert (await mailer.envoyer(A, MESSAGE)).code == 250


async def test_a_cut_while_the_body_leaves_sent_nothing(relais: Relais, mailer: Mailer) -> None:
    relais.faire["DATA"] = ne_plus_lire_puis_raccrocher
    with pytest.raises(Indisponible):
        await mailer.envoyer(A, LONG)
    relais.faire.clear()
    assert (await mailer.envoyer(A, MESSAGE)).code == 250
    assert len(relais.recus) == 1


async def test_a_relay_that_stops_reading_never_gets_the_final_dot_later(relais: Relais) -> None:
    relais.faire["DATA"] = ne_plus_lire
    async with Mailer(reglages(relais, delai_commandes=0.4)) as mailer:
        with pytest.raises(Indisponible):
            await mailer.envoyer(A, LONG)
    arrete = relais.connexions[0]
    arrete.fil.resume_reading()
    async with asyncio.timeout(30):
        await arrete.fermee.wait()
    assert relais.recus == []


@pytest.mark.parametrize("acte", [raccrocher, se_taire, "354 again", "150 wait"])
async def test_no_answer_after_the_final_dot_is_a_doubt(acte: Acte, relais: Relais) -> None:
    relais.faire["point"] = acte
    async with Mailer(reglages(relais, delai_reponse=0.4)) as mailer:
        with pytest.raises(Doute) as info:
            await mailer.envoyer(A, MESSAGE)
        assert "ictive" not in "".join(traceback.format_exception(info.value))
        relais.faire.clear()
        assert (await mailer.envoyer(A, MESSAGE)).code == 250


async def test_a_connection_that_the_relay_dropped_between_two_mails_is_opened_again(
    relais: Relais, mailer: Mailer
) -> None:
    await mailer.envoyer(A, MESSAGE)
    relais.connexions[0].fil.abort()
    assert (await mailer.envoyer(A, MESSAGE)).code == 250
    assert (len(relais.recus), len(relais.connexions)) == (2, 2)


async def test_a_relay_that_is_down_is_unavailable_then_served_when_it_is_back() -> None:
    async with relais_ouvert(Relais()) as relais:
        pass
    async with Mailer(reglages(relais)) as mailer:
        with pytest.raises(Indisponible, match="SMTPConnectError"):
            await mailer.envoyer(A, MESSAGE)
        async with relais_ouvert(relais):
            assert (await mailer.envoyer(A, MESSAGE)).code == 250


async def test_the_late_answer_to_a_mail_given_up_is_not_taken_for_the_next_one_s(
    relais: Relais, mailer: Mailer
) -> None:
    tard = asyncio.Event()

    async def repondre_tard(_: Protocole) -> str:
        await tard.wait()
        return "250 2.0.0 Ok: queued as 4F2A1C"

    relais.faire["point"] = repondre_tard
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await mailer.envoyer(A, MESSAGE)
    relais.faire.clear()
    asyncio.get_running_loop().call_later(0.1, tard.set)
    assert (await mailer.envoyer("autre@exemple.fr", MESSAGE)).code == 250
    assert [destinataires for _, destinataires, _ in relais.recus] == [["autre@exemple.fr"]]


@pytest.mark.parametrize(("extensions", "options"), [(["DSN"], " RET=HDRS"), ([], "")])
async def test_bounces_return_headers_only_when_the_relay_knows_how(
    extensions: list[str], options: str, relais: Relais, mailer: Mailer
) -> None:
    relais.extensions = extensions
    await mailer.envoyer(A, MESSAGE)
    (recu,) = relais.connexions[0].expediteurs
    assert recu.removeprefix("FROM:<rebonds@academie.exemple>").partition(" size=")[0] == options


@pytest.fixture(scope="module")
def certificat(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1; give the file that vouches for it, and the server's context."""
    cle = ec.generate_private_key(ec.SECP256R1())
    nom = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relais.exemple")])
    hier = datetime.now(UTC) - timedelta(days=1)
    signe = (
        x509.CertificateBuilder(nom, nom, cle.public_key(), x509.random_serial_number(), hier, hier + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(cle, hashes.SHA256())
    )
    fichier = tmp_path_factory.mktemp("tls") / "certificat.pem"
    fichier.write_bytes(signe.public_bytes(serialization.Encoding.PEM))
    secret = fichier.with_name("cle.pem")
    secret.write_bytes(
        cle.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    contexte = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    contexte.load_cert_chain(fichier, secret)
    return fichier, contexte


async def test_a_relay_without_starttls_gets_nothing_when_it_is_required(relais: Relais) -> None:
    async with Mailer(reglages(relais, securite=Securite.STARTTLS)) as mailer:
        with pytest.raises(Indisponible, match="SMTPException"):
            await mailer.envoyer(A, MESSAGE)
    assert relais.recus == []


async def test_starttls_protects_the_mail(certificat: tuple[Path, ssl.SSLContext]) -> None:
    autorite, contexte = certificat
    async with relais_ouvert(Relais(), tls_context=contexte) as relais:
        async with Mailer(reglages(relais, securite=Securite.STARTTLS, autorite=autorite)) as mailer:
            await mailer.envoyer(A, MESSAGE)
            await mailer.envoyer(A, LONG)
        assert relais.chiffres == [True, True]
        assert len(relais.connexions) == 1


@pytest.mark.parametrize("securite", [Securite.STARTTLS, Securite.TLS])
async def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    securite: Securite, certificat: tuple[Path, ssl.SSLContext]
) -> None:
    contexte = certificat[1]
    ouvert = (
        relais_ouvert(Relais(), tls=contexte)
        if securite is Securite.TLS
        else relais_ouvert(Relais(), tls_context=contexte)
    )
    async with ouvert as relais:
        async with Mailer(reglages(relais, securite=securite)) as mailer:
            with pytest.raises(Indisponible):
                await mailer.envoyer(A, MESSAGE)
        assert relais.recus == []


async def test_tls_from_the_first_byte_protects_the_mail(certificat: tuple[Path, ssl.SSLContext]) -> None:
    autorite, contexte = certificat
    async with relais_ouvert(Relais(), tls=contexte) as relais:
        async with Mailer(reglages(relais, securite=Securite.TLS, autorite=autorite)) as mailer:
            assert (await mailer.envoyer(A, MESSAGE)).code == 250
        assert relais.chiffres == [True]


async def test_a_wrong_password_is_a_setting_to_mend_and_no_mail_is_lost(
    certificat: tuple[Path, ssl.SSLContext],
) -> None:
    def juge(_s: Any, _r: Any, _e: Any, _m: str, identite: LoginPassword) -> AuthResult:  # noqa: ANN401
        return AuthResult(success=identite == LoginPassword(b"ent1d", b"bon"), handled=False)

    autorite, contexte = certificat
    identite = {"securite": Securite.STARTTLS, "autorite": autorite, "utilisateur": "ent1d"}
    async with relais_ouvert(Relais(), tls_context=contexte, authenticator=juge, auth_required=True) as relais:
        async with Mailer(reglages(relais, **identite, mot_de_passe=SecretStr("faux"))) as mailer:
            with pytest.raises(Indisponible, match="535"):
                await mailer.envoyer(A, MESSAGE)
        async with Mailer(reglages(relais, **identite, mot_de_passe=SecretStr("bon"))) as mailer:
            assert (await mailer.envoyer(A, MESSAGE)).code == 250


@pytest.mark.parametrize(
    "autres",
    [
        {"utilisateur": "ent1d", "mot_de_passe": SecretStr("clair")},
        {"utilisateur": "ent1d", "securite": Securite.TLS},
        {"retour": "rebonds@academie.exemple\r\nRCPT TO:<x@y.fr>"},
        {"securite": "peut-être"},
    ],
)
def test_settings_that_would_leak_or_fail_are_refused_at_start(autres: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as info:
        reglages(Relais(port=25), **autres)
    assert "clair" not in str(info.value)
