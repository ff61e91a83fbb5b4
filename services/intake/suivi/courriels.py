"""The mails of a dossier in words: which one, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.dossier import CourrielLu
from services._runtime.francais import typographier
from services.intake.domain import COURRIELS

AUX_AGENTS: Final = "suspension"  # written to the académie, about what the déposant can do nothing about
_ISSUES: Final = {
    "prevu": "En cours d’envoi",
    "tentative": "En cours d’envoi",
    "accepte": "Accepté par le serveur de messagerie",
    "refus_temporaire": "Retardé : un nouvel essai sera fait",
    "refus_definitif": "Refusé par le serveur de messagerie : vérifiez l’adresse du déposant",
    "douteux": "Envoyé, sans confirmation de réception",
}


@dataclass(frozen=True, slots=True)
class Courriel:
    """A mail: what it tells, since when it is owed, what became of it and when."""

    titre: str
    prevu_le: datetime
    issue: str
    le: datetime
    accepte: bool


def courriels(lus: Iterable[CourrielLu]) -> list[Courriel]:
    """Say what became of the mails to the déposant."""
    return [_courriel(lu) for lu in lus if lu.motif != AUX_AGENTS]


def _courriel(lu: CourrielLu) -> Courriel:
    titre = COURRIELS.get(lu.motif, lu.motif).capitalize()
    version = f" (version {lu.version})" if lu.version > 1 else ""
    return Courriel(
        titre + version, lu.journal[0].le, typographier(_ISSUES[lu.etat]), lu.journal[-1].le, lu.etat == "accepte"
    )
