"""Hands mails to the relay, and tells apart what it answered, what it never saw, and what nobody can know."""

import asyncio
import re
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple, Self, cast

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from services._runtime.smtp import ReglagesSmtp, Securite

_POUSSE: Final = 0.005  # seconds between two looks at a body that is leaving
_ADRESSE: Final = re.compile(r"<[^>]*>|\S*@\S*")
_DEBUT_DATA: Final = 354
_ADRESSE_IMPOSSIBLE: Final = 553
_SERVICE_ABSENT: Final = 421
_A_REGLER: Final = frozenset({_SERVICE_ABSENT, 530})  # 530: it wants TLS or a login, from all our mails


class Reponse(NamedTuple):
    """What the relay answered about one mail: 2xx, 4xx or 5xx, and its words without any address."""

    code: int
    texte: str


class Indisponible(Exception):  # noqa: N818  # a finding, not a fault of ours
    """Nothing was sent, and the reason is not this mail: to be tried again. The text names no person."""


class RelaisAbsent(Indisponible):
    """The relay does not even let us in: no mail was tried."""


class Doute(Exception):  # noqa: N818  # a finding, not a fault of ours
    """The final dot left and no answer came back: the mail may have been accepted. The text names no person."""


class Mailer:
    """One connection to the relay, opened at the first mail, kept for the next ones, opened again when it dropped."""

    def __init__(self, reglages: ReglagesSmtp) -> None:
        self._reglages = reglages
        self._un_a_la_fois = asyncio.Lock()
        self._client = _client(reglages)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, genre: type[BaseException] | None, erreur: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            async with asyncio.timeout(self._reglages.delai_connexion):
                await self._client.quit()
        except (SMTPException, OSError):
            pass  # leaving politely is all that was tried
        finally:
            self._client.close()

    async def joindre(self) -> None:
        """Make sure that the relay lets us in. Raises RelaisAbsent."""
        async with self._un_a_la_fois:
            await self._ouvrir()

    async def envoyer(self, destinataire: str, message: bytes, permis: Callable[[], None] = lambda: None) -> Reponse:
        """Hand one mail, for one recipient, to the relay.

        `message` is the whole message, CRLF, 7 bits. `permis` is called at the last moment, when only the final dot
        is left to send: what it raises forbids it. Lasts at most `reglages.duree_max` seconds.

        Raises:
            Indisponible: nothing was sent; the relay is away, refuses our connection or our sender, or lacks TLS.
            Doute: the relay may have accepted the mail.
        """
        async with self._un_a_la_fois:
            try:
                return await self._transaction(destinataire, message, permis)
            except BaseException:
                self._client.close()  # whatever the reason, cancellation included: replies could be mispaired
                raise

    async def _transaction(self, destinataire: str, message: bytes, permis: Callable[[], None]) -> Reponse:
        await self._ouvrir()
        try:
            async with asyncio.timeout(self._reglages.delai_commandes):
                await self._presenter(destinataire, message, permis)
        except (SMTPRecipientRefused, SMTPDataError) as refus:
            return _refus_du_courrier(refus, destinataire)
        except (SMTPException, OSError) as panne:  # OSError: sockets, and every TimeoutError
            raise Indisponible(_nature(panne)) from None
        except ValueError:  # aiosmtplib refuses an address it cannot write on a command line, and quotes it
            return Reponse(_ADRESSE_IMPOSSIBLE, "adresse impossible à écrire dans une commande SMTP")
        return await self._conclure(destinataire)

    async def _ouvrir(self) -> None:
        """Make sure of a live connection with an empty envelope: the relay may have closed an idle one."""
        delai = self._reglages.delai_connexion
        try:
            async with asyncio.timeout(delai):
                if not await self._vivant(delai / 4):
                    await self._client.connect()
                if self._client.is_ehlo_or_helo_needed:
                    await self._client.ehlo()
        except (SMTPException, OSError, ValueError) as panne:  # ValueError: a host name or a challenge that is none
            raise RelaisAbsent(_nature(panne)) from None

    async def _vivant(self, delai: float) -> bool:
        if self._client.is_connected:
            try:
                await self._client.rset(timeout=delai)
            except (SMTPException, OSError):
                self._client.close()
        return self._client.is_connected

    async def _presenter(self, destinataire: str, message: bytes, permis: Callable[[], None]) -> None:
        """Give the envelope and the body, all but the final dot, and see them leave: until here, nothing is sent.

        aiosmtplib writes body and dot at once, and then a cut cannot be told from a loss; a closed connection would
        even flush both later. Without its dot, a body is nothing.
        """
        await self._client.mail(self._reglages.retour, options=self._options())
        await self._client.rcpt(destinataire)
        debut = await self._client.execute_command(b"DATA")
        if debut.code != _DEBUT_DATA:
            raise SMTPDataError(debut.code, debut.message)
        self._ecrire(_corps(message))
        transport = cast("asyncio.WriteTransport", self._client.transport)
        while self._client.is_connected and transport.get_write_buffer_size():  # noqa: ASYNC110  # no event tells it
            await asyncio.sleep(_POUSSE)
        permis()
        self._ecrire(b".\r\n")

    async def _conclure(self, destinataire: str) -> Reponse:
        protocole = self._client.protocol
        if protocole is None:
            raise Doute("coupure après le point final")
        try:
            reponse = await protocole.read_response(timeout=self._reglages.delai_reponse)
        except (SMTPException, OSError) as panne:
            raise Doute(_nature(panne)) from None
        if reponse.code // 100 not in {2, 4, 5}:
            raise Doute(f"réponse {reponse.code} au point final")
        if reponse.code == _SERVICE_ABSENT:
            self._client.close()
        return Reponse(reponse.code, _sans_personne(reponse.message, destinataire))

    def _ecrire(self, octets: bytes) -> None:
        if self._client.protocol is None:
            raise SMTPServerDisconnected("Connection lost")
        self._client.protocol.write(octets)

    def _options(self) -> list[str]:
        # A bounce then returns the headers, where our Message-ID is, and not what the mail says.
        return ["RET=HDRS"] if self._client.supports_extension("dsn") else []


def _client(reglages: ReglagesSmtp) -> SMTP:
    secret = reglages.mot_de_passe
    return SMTP(
        hostname=reglages.hote,
        port=reglages.port,
        username=reglages.utilisateur,
        password=secret.get_secret_value() if secret else None,
        local_hostname=reglages.retour.rpartition("@")[2],
        timeout=None,  # each phase has its own delay, over all its commands
        use_tls=reglages.securite is Securite.TLS,
        start_tls=reglages.securite is Securite.STARTTLS,
        cert_bundle=str(reglages.autorite) if reglages.autorite else None,
    )


def _corps(message: bytes) -> bytes:
    """Double the dots that begin a line (RFC 5321, 4.5.2) and end with a line break."""
    fini = message if message.endswith(b"\r\n") else message + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", fini)


def _refus_du_courrier(refus: SMTPRecipientRefused | SMTPDataError, destinataire: str) -> Reponse:
    """Give the refusal of this recipient or content; a code that refuses neither is the relay's or our own trouble."""
    if refus.code in _A_REGLER or refus.code // 100 not in {4, 5}:
        raise Indisponible(_nature(refus)) from None
    return Reponse(refus.code, _sans_personne(refus.message, destinataire))


def _nature(panne: Exception) -> str:
    # Types and codes only: the texts of aiosmtplib quote addresses and what the server said.
    code = f" {panne.code}" if isinstance(panne, SMTPResponseException) else ""
    return f"{type(panne).__name__}{code}"


def _sans_personne(texte: str, destinataire: str) -> str:
    """Keep what helps an operator (enhanced code, queue id) of a reply: no address, no part of the recipient's name."""
    propre = _ADRESSE.sub("…", "".join(signe if signe.isprintable() else " " for signe in texte))
    for nom in re.findall(r"[A-Za-z]{3,}", destinataire.rpartition("@")[0]):
        propre = re.sub(re.escape(nom), "…", propre, flags=re.IGNORECASE)
    return propre[:200]
