"""Verifies what a provider signs: by which key, for whom, until when."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final, Protocol

from joserfc import jwt
from joserfc.errors import InvalidClaimError, InvalidKeyIdError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from services._runtime.clock import now

# With a public key only: HS256 would make of our secret a key to forge with, and « none » needs no key.
ALGORITHMES: Final = ("RS256", "PS256", "ES256")
DERIVE: Final = 60  # seconds between a provider's clock and ours
Claims = dict[str, Any]


class Cles(Protocol):
    """Where the public keys of a provider come from; `neuves`: not from memory."""

    def __call__(self, *, neuves: bool) -> Awaitable[KeySet]:
        """Give the keys."""
        ...


async def verifier(jeton: str, cles: Cles, attendus: Mapping[str, str], presents: Sequence[str] = ()) -> Claims:
    """Give what a signed token says, if it says what is expected of it (`iss`, `aud`, `nonce`) and has not expired.

    `presents`: what it must say besides, whatever it says. Raises JoseError when it is not what it should be.
    """
    try:
        lu = _lire(jeton, await cles(neuves=False))
    except InvalidKeyIdError:  # signed by a key that is younger than our memory
        lu = _lire(jeton, await cles(neuves=True))
    exiges: dict[str, ClaimsOption] = {nom: {"essential": True} for nom in ("sub", *presents)}
    exiges |= {nom: {"essential": True, "value": valeur} for nom, valeur in attendus.items()}
    JWTClaimsRegistry(int(now().timestamp()), DERIVE, **exiges).validate(lu)
    if lu.get("azp", attendus["aud"]) != attendus["aud"]:  # made for another, who may show it to us
        raise InvalidClaimError("azp")
    return lu


def _lire(jeton: str, cles: KeySet) -> Claims:
    # Not strict: a header may say more than the standard's names; what it calls critical must still be understood.
    registre = JWSRegistry(algorithms=ALGORITHMES, strict_check_header=False)
    return jwt.decode(jeton, cles, registry=registre).claims
