"""Mails what may stand in no event and in no journal: it is tried once, and who misses it asks for another."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from functools import lru_cache
from secrets import token_hex
from types import TracebackType
from typing import Any, Final, Self

from jinja2 import Environment
from pymongo.errors import PyMongoError

from services._runtime import gabarits
from services._runtime.clock import now
from services._runtime.logs import logger
from services._runtime.mailer import Doute, Indisponible, Mailer
from services.intake.reglages import Settings

NOM: Final = "Finalisation de commande ENT 1er degré"
EN_COURS_MAX: Final = 200  # mails waiting for a relay that hangs; above, the next ones would come too late to be used
TROP_TARD: Final = 120.0  # seconds: of ten minutes, enough must be left to read
ADIEU: Final = 5.0  # seconds given, at the end, to the mails that are leaving
# No folding: an address that is cut in two, or encoded, is another one.
POLITIQUE: Final = SMTP.clone(cte_type="7bit", max_line_length=998)


class Courrier:
    """Sends mails after the answer, so that how long an answer takes says nothing of them.

    A context manager: what is leaving at its end is waited for, then given up.
    """

    def __init__(self, mailer: Mailer, expediteur: str, repondre_a: str) -> None:
        self._mailer = mailer
        self._expediteur = expediteur
        self._repondre_a = repondre_a
        self._en_cours: set[asyncio.Task[None]] = set()

    @classmethod
    def de(cls, settings: Settings) -> Self:
        """Make it from the settings."""
        return cls(Mailer(settings.relais()), settings.mail_from, settings.mail_reply_to)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, genre: type[BaseException] | None, erreur: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with AsyncExitStack() as fin:
            await fin.enter_async_context(self._mailer)
            await self.attendre(ADIEU)

    def plus_tard(self, travail: Coroutine[Any, Any, None]) -> None:
        """Run, after the answer, what ends with a mail. Its failure is logged by its type."""
        if len(self._en_cours) >= EN_COURS_MAX:
            travail.close()
            logger().warning("mail_given_up", error="TropDeCourriers")
            return
        tache = asyncio.create_task(self._tenter(travail))
        self._en_cours.add(tache)
        tache.add_done_callback(self._en_cours.discard)

    async def envoyer(self, destinataire: str, objet: str, gabarit: str, valeurs: Mapping[str, str]) -> None:
        """Hand one mail to the relay, once."""
        message = self.composer(destinataire, objet, gabarit, valeurs)
        reponse = await self._mailer.envoyer(destinataire, message)
        if reponse.code // 100 != 2:  # noqa: PLR2004  # the class of what is accepted
            logger().warning("mail_refused", gabarit=gabarit, code=reponse.code)

    def composer(self, destinataire: str, objet: str, gabarit: str, valeurs: Mapping[str, str]) -> bytes:
        """Give the whole message: the same words as text and as HTML, nobody named but by the address it goes to."""
        message = EmailMessage(policy=POLITIQUE)
        message["From"] = formataddr((NOM, self._expediteur))
        message["To"] = destinataire
        message["Reply-To"] = self._repondre_a
        message["Subject"] = objet
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{token_hex(16)}@{self._expediteur.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message["Content-Language"] = "fr"
        message.set_content(_rendre(gabarit, "txt", valeurs), cte="quoted-printable")
        message.add_alternative(_rendre(gabarit, "html", valeurs), subtype="html", cte="quoted-printable")
        return message.as_bytes()

    async def attendre(self, delai: float) -> None:
        """Wait for what is leaving; after `delai` seconds, give it up."""
        en_cours = set(self._en_cours)
        if not en_cours:
            return
        _, restent = await asyncio.wait(en_cours, timeout=delai)
        for tache in restent:
            tache.cancel()
        await asyncio.gather(*restent, return_exceptions=True)

    async def _tenter(self, travail: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(TROP_TARD):
                await travail
        except (Indisponible, Doute, PyMongoError, TimeoutError) as panne:
            # By its type alone: who waited asks for another, as the page tells him.
            logger().warning("mail_given_up", error=type(panne).__name__)


def _rendre(gabarit: str, forme: str, valeurs: Mapping[str, str]) -> str:
    return _moule(html=forme == "html").get_template(f"{gabarit}.{forme}.j2").render(valeurs)


@lru_cache
def _moule(*, html: bool) -> Environment:
    return gabarits.lire("services.intake.portail", html=html)
