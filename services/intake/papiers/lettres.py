"""What a paper can print of a text: the letters its font has, and for the others the nearest, or « ? »."""

import unicodedata
from collections.abc import Container
from typing import Final

INCONNU: Final = "?"
_EQUIVALENTS: Final = {"\u202f": "\u00a0", "\u2011": "-", "\u2028": "\n", "\u2029": "\n", "\t": " "}


def imprimable(texte: str, glyphes: Container[int]) -> str:
    """Give the text with nothing that the font lacks: « ș » becomes « s », an emoji « ? », a direction mark nothing."""
    return "".join(_imprimer(signe, glyphes) for signe in texte)


def _imprimer(signe: str, glyphes: Container[int]) -> str:
    signe = _EQUIVALENTS.get(signe, signe)
    if signe == "\n" or (ord(signe) in glyphes and unicodedata.category(signe) != "Cc"):
        return signe
    proches = [proche for proche in unicodedata.normalize("NFKD", signe) if _se_voit(proche)]
    return "".join(proche if ord(proche) in glyphes else INCONNU for proche in proches)


def _se_voit(signe: str) -> bool:
    """Tell whether the sign takes room by itself: no control, no direction, no accent without its letter."""
    return unicodedata.category(signe) not in {"Cc", "Cf", "Cs", "Mn", "Me"}
