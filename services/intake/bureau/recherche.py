"""Makes out what an agent typed in the search field: a number, a SIRET, an UAI, or a commune by its name or code."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.intake.bureau.file import Cible, Index
from services.intake.referentiels.domain import Commune
from services.intake.referentiels.recherche import mots
from services.intake.referentiels.store import Referentiels

SAISIE_MAX: Final = 100
_SEPARATEURS: Final = re.compile(r"[\s.–—-]+")
_LUS: Final = str.maketrans("OIL", "011")  # as Crockford's base 32 is read


@dataclass(frozen=True, slots=True)
class Trouvaille:
    """What a search found: one thing to look for, or the communes it may mean; neither when nothing answers."""

    cible: Cible | None = None
    communes: Sequence[Commune] = ()


def reconnaitre(saisie: str) -> Cible | None:
    """Recognise what has a form of its own, however it is spaced or cut; None for the rest."""
    code = _SEPARATEURS.sub("", saisie).upper()
    if lu := re.fullmatch(r"ENT([0-9A-Z]{5})([0-9A-Z]{5})", code):
        return Cible(Index.NUMERO, "_id", "-".join(("ENT", *(part.translate(_LUS) for part in lu.groups()))))
    if re.fullmatch(r"[0-9]{14}", code):
        return Cible(Index.SIRET, "siret", code)
    if re.fullmatch(r"[0-9]{7}[A-Z]", code):
        return Cible(Index.ECOLES, "ecoles", code)
    return None


async def chercher(saisie: str, referentiels: Referentiels) -> Trouvaille:
    """Find what is meant. A commune's whole name means that commune, even if it begins others; so does its code."""
    if not saisie:
        return Trouvaille()
    if (reconnue := reconnaitre(saisie[:SAISIE_MAX])) is not None:
        return Trouvaille(reconnue)
    if (par_code := await referentiels.commune(saisie.strip())) is not None:
        return Trouvaille(_commune(par_code))
    trouvees = await referentiels.chercher_communes(saisie[:SAISIE_MAX])
    exactes = [commune for commune in trouvees if mots(commune.nom) == mots(saisie)]
    retenues = exactes or trouvees
    return Trouvaille(_commune(retenues[0])) if len(retenues) == 1 else Trouvaille(communes=retenues)


def _commune(commune: Commune) -> Cible:
    return Cible(Index.COMMUNE, "commune", commune.code)
