"""What the rest of intake knows of a person who is logged in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identite:
    """Somebody logged in.

    `compte` is the id of the account (32 hexadecimal digits); `agent` the code of an agent's account, None for anybody
    else and for an agent who has not given his second factor; `jeton` what his forms carry against forgery.
    """

    compte: str
    courriel: str
    jeton: str
    agent: str | None = None
