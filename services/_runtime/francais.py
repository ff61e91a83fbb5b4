"""Writes sentences, moments and numbers as French readers do: in Paris time, and no line ends inside them."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

PARIS: Final = ZoneInfo("Europe/Paris")
INSECABLE: Final = "\N{NO-BREAK SPACE}"
_SANS_COUPURE: Final = re.compile(r" (?=[:;!?»])|(?<=«) |(?<=\d) (?=Mo\b)")
_MOIS: Final = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def jour(instant: datetime) -> str:
    """Write a date: 3 mars 2027."""
    la = instant.astimezone(PARIS)
    return INSECABLE.join(("1er" if la.day == 1 else str(la.day), _MOIS[la.month - 1], str(la.year)))


def heure(instant: datetime) -> str:
    """Write a time of the day: 9 h 05."""
    la = instant.astimezone(PARIS)
    return INSECABLE.join((str(la.hour), "h", f"{la.minute:02}"))


def moment(instant: datetime) -> str:
    """Write a date and a time: 3 mars 2027 à 9 h 05."""
    return f"{jour(instant)} à {heure(instant)}"


def siret(code: str) -> str:
    """Write a SIRET in its groups: 217 709 997 00019."""
    return INSECABLE.join((code[:3], code[3:6], code[6:9], code[9:]))


def typographier(phrase: str) -> str:
    """Write a French sentence as a printer does: no line ends before « : » nor inside guillemets."""
    return _SANS_COUPURE.sub(INSECABLE, phrase)
