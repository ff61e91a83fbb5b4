"""Finds the UAI and the SIRET written in a text, and nothing else of it."""

import re
import unicodedata
from typing import Final

from contracts.valeurs import DEPARTEMENTS, est_siret, est_uai

# The letter touches the digits, in either case, or follows one space as a capital: « 0779001 a été » is no UAI.
_UAI: Final = re.compile(
    rf"(?<![0-9A-Za-z])(0(?:{'|'.join(DEPARTEMENTS)})[0-9]{{4}})(?:([A-Za-z])| ([A-Z]))(?![0-9A-Za-z])"
)
_SIRET: Final = re.compile(r"(?<![0-9])[0-9]{3}[ .]?[0-9]{3}[ .]?[0-9]{3}[ .]?[0-9]{5}(?![0-9])")
_BLANCS: Final = re.compile(r"\s+")


def normaliser(texte: str) -> str:
    """Give the text in NFKC, where no-break spaces are spaces, without invisible characters, on one line."""
    visible = "".join(c for c in unicodedata.normalize("NFKC", texte) if unicodedata.category(c) not in {"Cf", "Cn"})
    return _BLANCS.sub(" ", visible)


def uai_du_texte(texte: str) -> set[str]:
    """Give the UAI of the académie, with the right letter, of a normalised text."""
    lus = {chiffres + (collee or separee).upper() for chiffres, collee, separee in _UAI.findall(texte)}
    return {code for code in lus if est_uai(code)}


def siret_du_texte(texte: str) -> set[str]:
    """Give the SIRET with the right key of a normalised text."""
    lus = {re.sub(r"[ .]", "", trouve) for trouve in _SIRET.findall(texte)}
    return {code for code in lus if est_siret(code)}
