"""Invent, from a number alone, people and places nobody can mistake for real ones.

Names are made of syllables, telephones lie in the ranges the regulator (ARCEP) keeps for fiction, mails in reserved
example domains, SIREN begin with 000, which is never given out.
"""

from random import Random
from typing import Final
from unicodedata import normalize

from stdnum import luhn

_SYLLABES: Final = (
    "zor", "bal", "mi", "lu", "pé", "na", "tiv", "vou", "ka", "dré", "goum", "si", "fal", "quo", "ri", "bé",
    "xan", "thu", "lo", "né", "wé", "plo", "ga", "dîn", "mou", "cla", "ja", "sœur", "ver", "ço", "haï", "ro",
)  # fmt: skip
_VOIES: Final = ("rue", "avenue", "impasse", "allée", "chemin")
DOMAINE_ACADEMIQUE: Final = "ac-exemple.fr"
_QUALITES: Final = ("DES ÉTOILES", "DE L'AUBE", "LUNE & SOLEIL", "DU GRAND ESSAI", "", "ŒIL <OUVERT>")


def nom(alea: Random) -> str:
    """Return a family name in capitals; one in eight has an apostrophe, one in eight is double."""
    mot = "".join(alea.choices(_SYLLABES, k=3)).upper()
    tirage = alea.random()
    if tirage < 0.125:  # noqa: PLR2004 - one in eight
        return f"D'{mot}"
    return f"{mot}-{alea.choice(_SYLLABES).upper()}" if tirage > 0.875 else mot  # noqa: PLR2004 - one in eight


def prenom(alea: Random) -> str:
    """Return a first name."""
    return "".join(alea.choices(_SYLLABES, k=2)).capitalize()


def mobile(numero: int) -> str:
    """Return a mobile telephone kept for fiction: 06 39 98 and four digits."""
    return f"+33 6 39 98 {numero // 100 % 100:02d} {numero % 100:02d}"


def fixe(numero: int) -> str:
    """Return a telephone of the Paris region kept for fiction: 01 99 00 and four digits."""
    return f"+33 1 99 00 {numero // 100 % 100:02d} {numero % 100:02d}"


def adresse(alea: Random) -> str:
    """Return a street and its number."""
    return f"{alea.randint(1, 98)} {alea.choice(_VOIES)} {alea.choice(_SYLLABES)}{alea.choice(_SYLLABES)}"


def ecole(numero: int) -> str:
    """Return the name of a school; one in six has none."""
    qualite = _QUALITES[numero % len(_QUALITES)]
    return f"{qualite} {numero}" if qualite else ""


def courriel(prenom_: str, nom_: str, numero: int, domaine: str) -> str:
    """Return an address, ASCII, `numero` keeping namesakes apart."""
    decompose = normalize("NFKD", f"{prenom_}.{nom_}".lower().replace("œ", "oe").replace("'", ""))
    return f"{decompose.encode('ascii', 'ignore').decode()}{numero}@{domaine}"


def siret(numero: int, *, juste: bool = True) -> str:
    """Return a SIRET of 14 digits; `juste=False` gives one whose key is wrong, as a real export has."""
    siren = f"000{numero:05d}"
    siren += luhn.calc_check_digit(siren)
    base = f"{siren}0001"
    cle = luhn.calc_check_digit(base)
    return base + (cle if juste else str((int(cle) + 1) % 10))
