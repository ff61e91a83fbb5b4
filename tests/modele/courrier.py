"""A mail relay in memory: accepts, refuses, is away, or leaves whoever sends in doubt; keeps all it accepted."""

import re
from collections import deque
from collections.abc import Callable
from email.utils import format_datetime
from enum import StrEnum
from typing import Final

from services._runtime.mailer import Doute, Indisponible, RelaisAbsent, Reponse
from services._runtime.smtp import ReglagesSmtp
from services.notification.messages import EnTetes, Expediteur, identifiant
from services.notification.redaction import Courrier

from .portes import Moment, Porte, franchir


class Humeur(StrEnum):
    """What the relay does with a mail."""

    ACCEPTE = "accepte"
    PLUS_TARD = "plus_tard"
    JAMAIS = "jamais"
    MUET_ACCEPTE = "muet_accepte"
    MUET_PERDU = "muet_perdu"


CODES: Final = {Humeur.ACCEPTE: 250, Humeur.PLUS_TARD: 451, Humeur.JAMAIS: 550}


def composer_vite(courrier: Courrier, en_tetes: EnTetes, expediteur: Expediteur) -> bytes:
    """Stand for `composer`, whose rendering is tested elsewhere and took a sixth of the time: same in, same out."""
    return (
        f"Message-ID: {identifiant(en_tetes.cle, expediteur.domaine)}\r\nTo: {en_tetes.destinataire}\r\n"
        f"Date: {format_datetime(en_tetes.le)}\r\n\r\n{courrier.objet}\r\n{courrier.contexte}\r\n"
    ).encode()


def message_id(message: bytes) -> str:
    """Read the identity of a mail."""
    trouve = re.search(rb"^Message-ID: (\S+)", message, re.MULTILINE | re.IGNORECASE)
    return trouve[1].decode() if trouve else ""


class RelaisSMTP:
    """The relay: `humeurs` are for the next mails, in order; then it accepts."""

    def __init__(self) -> None:
        self.vider()

    def vider(self) -> None:
        """Begin anew."""
        self.present = True
        self.humeurs: deque[Humeur] = deque()
        self.acceptes: dict[str, list[tuple[str, bytes]]] = {}
        self.refuses: set[str] = set()

    def recevoir(self, destinataire: str, message: bytes) -> Humeur:
        """Take a mail, or not."""
        humeur = self.humeurs.popleft() if self.humeurs else Humeur.ACCEPTE
        cle = message_id(message)
        if humeur in {Humeur.ACCEPTE, Humeur.MUET_ACCEPTE}:
            self.acceptes.setdefault(cle, []).append((destinataire, message))
        if humeur is Humeur.JAMAIS:
            self.refuses.add(cle)
        return humeur


class Postier:
    """Stands for `services._runtime.mailer.Mailer`; `relais` is set for all by the world."""

    relais: RelaisSMTP

    def __init__(self, _: ReglagesSmtp) -> None:
        pass

    async def joindre(self) -> None:
        """Make sure that the relay is there."""
        if not self.relais.present:
            raise RelaisAbsent("absent")

    async def envoyer(self, destinataire: str, message: bytes, permis: Callable[[], None] = lambda: None) -> Reponse:
        """Hand a mail over, if `permis` lets it go at the last moment."""

        def remettre() -> Humeur:
            permis()
            return self.relais.recevoir(destinataire, message)

        await self.joindre()
        humeur = await franchir(Porte.SMTP, f"envoyer {message_id(message)}", remettre, _coupure)
        if humeur not in CODES:
            raise Doute("coupure après le point final")
        return Reponse(CODES[humeur], "")


def _coupure(moment: Moment) -> BaseException:
    """Make what the mailer says of a cut: before the final dot, or after it."""
    return Indisponible("coupure") if moment is Moment.AVANT else Doute("coupure après le point final")
