"""The code that an agent is told by who named him: without it, whoever reads his mailbox could take his place.

It is asked for once, when he activates his second factor, and is worth nothing a week after it was given.
"""

import re
from datetime import timedelta
from hmac import compare_digest
from secrets import choice
from typing import Final

from services._runtime.clock import now
from services._runtime.mongo import Document
from services.intake.comptes.liens import empreinte

VALIDITE: Final = timedelta(days=7)
_SIGNES: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that is read as another
_GROUPE: Final = 4


def nouvelle() -> tuple[str, Document]:
    """Draw a code of 39 bits, as it is told (XXXX-XXXX), and what the account keeps of it."""
    signes = "".join(choice(_SIGNES) for _ in range(2 * _GROUPE))
    code = f"{signes[:_GROUPE]}-{signes[_GROUPE:]}"
    return code, {"empreinte": _empreinte(code), "expire_le": now() + VALIDITE}


def est_la_sienne(compte: Document, saisie: str) -> bool:
    """Tell whether this is the code that this agent was given, however he writes it."""
    gardee = compte.get("agent", {}).get("activation")
    if gardee is None or gardee["expire_le"] <= now():
        return False
    return compare_digest(gardee["empreinte"], _empreinte(saisie))


def _empreinte(code: str) -> str:
    return empreinte(re.sub(r"[\s-]", "", code).upper())
