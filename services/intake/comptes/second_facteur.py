"""The second factor of the agents: codes that change every thirty seconds (RFC 6238), each accepted once."""

import io
import re
from typing import Final
from uuid import uuid4

import pyotp
import segno

from services._runtime.clock import now
from services._runtime.logs import logger
from services._runtime.mongo import Database, Document
from services.intake.comptes.activation import est_la_sienne
from services.intake.comptes.limites import CODES_PAR_COMPTE, Limites

NOM: Final = "ENT 1er degré"  # what the telephone shows
DERIVE: Final = 1  # steps of 30 s, on each side: clocks of telephones, and slow fingers


class TropDEssais(Exception):  # noqa: N818  # a finding about a person
    """Too many wrong codes were given for this account: none is looked at for a while."""


class SecondFacteur:
    """What an agent's account keeps of it: {id, secret, pas, actif_le}; `pas` is the step of the last code accepted."""

    def __init__(self, base: Database, limites: Limites) -> None:
        self._comptes = base["comptes"]
        self._limites = limites

    async def proposer(self, compte: Document, activation: str) -> bool:
        """Draw a secret for an agent who has none in use, and the code to activate one; False for anybody else.

        Raises:
            TropDEssais: the code was not looked at.
        """
        await self._compter(compte["_id"])
        if not est_la_sienne(compte, activation):
            return False
        await self._limites.oublier(CODES_PAR_COMPTE, compte["_id"])
        facteur = {"id": uuid4().hex, "secret": pyotp.random_base32(), "pas": 0}
        propose = await self._comptes.update_one(
            # One in use is never replaced.
            {"_id": compte["_id"], "agent": {"$exists": True}, "second_facteur.actif_le": {"$exists": False}},
            {"$set": {"second_facteur": facteur}},
        )
        return bool(propose.matched_count)

    async def verifier(self, compte: Document, saisie: str) -> str | None:
        """Accept a code; give the id of its factor, in use from the first one on. None when it is wrong, or was used.

        An attempt is counted before it is looked at: many at once are no more tries than one by one.

        Raises:
            TropDEssais: the code was not looked at.
        """
        facteur = compte.get("second_facteur")
        if facteur is None:
            return None
        await self._compter(compte["_id"])
        pas = _pas(facteur["secret"], saisie)
        if pas is None or not await self._prendre(compte["_id"], facteur["id"], pas):
            return None
        await self._limites.oublier(CODES_PAR_COMPTE, compte["_id"])
        return str(facteur["id"])

    async def _compter(self, compte: str) -> None:
        if not await self._limites.admettre(CODES_PAR_COMPTE, compte):
            logger().warning("second_factor_locked", compte=compte)
            raise TropDEssais

    async def _prendre(self, compte: str, facteur: str, pas: int) -> bool:
        pris = await self._comptes.update_one(
            {"_id": compte, "second_facteur.id": facteur, "second_facteur.pas": {"$lt": pas}},
            # $min: the first time stays.
            {
                "$set": {"second_facteur.pas": pas},
                "$min": {"second_facteur.actif_le": now()},
                "$unset": {"agent.activation": ""},
            },
        )
        return bool(pris.matched_count)


def a_montrer(compte: Document) -> Document | None:
    """Give the factor whose secret may still be shown: proposed, and never used."""
    facteur: Document | None = compte.get("second_facteur")
    return facteur if facteur and "actif_le" not in facteur else None


def code_qr(facteur: Document, agent: str) -> bytes:
    """Draw what a telephone reads to take the secret, as SVG. It names the agent by his code."""
    adresse = pyotp.TOTP(facteur["secret"]).provisioning_uri(name=agent, issuer_name=NOM)
    image = io.BytesIO()
    # White whatever the theme: a camera wants dark on light.
    segno.make(adresse, error="m", micro=False).save(image, kind="svg", scale=5, border=4, light="white")
    return image.getvalue()


def _pas(secret: str, saisie: str) -> int | None:
    """Give the step of a code; None when it is none of those of this moment."""
    code = re.sub(r"\s", "", saisie)
    if not re.fullmatch(r"[0-9]{6}", code):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=now(), valid_window=DERIVE)
    except pyotp.OTPVerificationError:
        return None
