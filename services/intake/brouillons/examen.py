"""Examines a draft with what the référentiels know of it; where they know nothing, nothing is wrong for that."""

from collections.abc import Mapping
from typing import Any

from services.intake.brouillons.domain import Connu, Examen, juger, lire
from services.intake.referentiels.store import Referentiels


async def examiner(brouillon: Mapping[str, Any], referentiels: Referentiels) -> Examen:
    """Say all that there is to say of a draft."""
    lecture = lire(brouillon)
    code = lecture.lus.get("commune")
    commune = await referentiels.commune(code) if code else None
    ecoles = await referentiels.ecoles(lecture.ecoles) if lecture.ecoles else {}
    return juger(lecture, Connu(commune, ecoles))
