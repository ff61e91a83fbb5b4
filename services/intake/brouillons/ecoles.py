"""Reads a list of UAI codes as people paste it: any separators, words around, lower case; tells what is wrong. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from contracts.valeurs import DEPARTEMENTS, est_uai, lettre_uai
from services.intake.brouillons.champs import en_une_ligne, serre
from services.intake.referentiels.domain import Ecole

ECOLES_MAX: Final = 500  # contracts.dossier.Soumission
EXEMPLE: Final = f"0949001{lettre_uai('0949001')}"
CITES: Final = 40  # characters of what was typed that a message repeats
DEPARTEMENTS_EN_MOTS: Final = {"77": "en Seine-et-Marne", "93": "en Seine-Saint-Denis", "94": "dans le Val-de-Marne"}
_CHIFFRES: Final = 7
_CONFUSIONS: Final = str.maketrans("OQDILSBZ", "00011582")
_FORME: Final = f"Un code UAI compte 7 chiffres puis une lettre, par exemple {EXEMPLE}."

# Digits and their letter; or a word in which most characters are digits, as many as in a code but for one or two.
# Other numbers that stand beside a code in a pasted table are none: postal codes, dates, telephones, SIRET.
_CODE: Final = re.compile(r"(?<![0-9])([0-9]{7})(?![0-9])")
_LETTRE_A_PART: Final = re.compile(r"[ ._-]?([A-Z])(?![A-Z0-9])", re.IGNORECASE | re.ASCII)
_LETTRE_COLLEE: Final = re.compile(r"[A-Z]", re.IGNORECASE | re.ASCII)
_ESSAI: Final = re.compile(
    r"(?<![0-9A-Z])(?![1-9][0-9]{7}(?![0-9A-Z]))(?=(?:[A-Z]*[0-9]){4})"
    r"(?:[0-9OQDILSBZ]{7}[A-Z0-9]|[0-9]{5,6}[A-Z]|[0-9]{8,9}[A-Z])(?![0-9A-Z])",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A school as somebody named it: its `uai`, or else what is wrong. `piste`: the code perhaps meant, never taken."""

    saisie: str
    uai: str = ""
    probleme: str = ""
    piste: str = ""


def lire(entrees: Iterable[str]) -> list[Mention]:
    """Find the schools that these lines name, in their order, and each one that they fail to name."""
    lignes = (en_une_ligne(ligne) for entree in entrees for ligne in entree.splitlines())
    return [mention for ligne in lignes if ligne for mention in _mentions(unicodedata.normalize("NFKC", ligne))]


def codes(mentions: Iterable[Mention]) -> tuple[str, ...]:
    """Give the codes that are understood, each once."""
    return tuple(dict.fromkeys(mention.uai for mention in mentions if mention.uai))


def remarque(uai: str, ecole: Ecole | None, commune: str) -> str:
    """Say what looks odd in a school that may be filed all the same, or nothing. `commune`: its INSEE code, or ""."""
    if commune and uai[1:3] != commune[:2]:
        return f"Cette école est {DEPARTEMENTS_EN_MOTS[uai[1:3]]}, un autre département que la commune : vérifiez-la."
    if ecole is None:
        return "Nous ne connaissons pas cette école : vérifiez son code."
    if not ecole.ouverte:
        return "Cette école est fermée, d’après l’annuaire de l’Éducation nationale : vérifiez son code."
    if commune and ecole.commune != commune:
        return f"Cette école est dans une autre commune, {ecole.nom_commune} : vérifiez-la."
    return ""


def _mentions(ligne: str) -> Iterator[Mention]:
    if est_uai(serre(ligne).upper()):  # also 077 9001 X, which holds no seven digits in a row
        yield _code(ligne, serre(ligne).upper())
        return
    trouvees = {t.start(): mention for t in _CODE.finditer(ligne) if (mention := _a_la_lettre(ligne, t))}
    for essai in _ESSAI.finditer(ligne):
        if not any(place in trouvees for place in range(*essai.span())):
            trouvees[essai.start()] = _essai(essai[0].upper())
    if not trouvees and not re.search(r"\b(uai|rne)\b", ligne, re.IGNORECASE):  # the heading of a pasted table
        yield Mention(_cite(ligne), probleme=f"Aucun code UAI n’est reconnu. {_FORME}")
    yield from (trouvees[debut] for debut in sorted(trouvees))


def _a_la_lettre(ligne: str, trouve: re.Match[str]) -> Mention | None:
    """Read seven digits with the letter that follows: by itself, or glued to a word when it is the right one.

    Without any, they are a code that lacks its letter, or none if no school here has one that begins so.
    """
    chiffres, suite = trouve[1], trouve.end()
    a_part = _LETTRE_A_PART.match(ligne, suite)
    if a_part:
        return _code(ligne[trouve.start() : a_part.end()], chiffres + a_part[1].upper())
    collee = _LETTRE_COLLEE.match(ligne, suite)
    if collee and collee[0].upper() == lettre_uai(chiffres):
        return _code(ligne[trouve.start() : collee.end()], chiffres + collee[0].upper())
    return _supposee(chiffres, chiffres, "Il manque la lettre à la fin.") if _est_d_ici(chiffres) else None


def _code(saisie: str, code: str) -> Mention:
    if not est_uai(code):
        return _supposee(saisie, code[:_CHIFFRES], "La lettre ne correspond pas aux chiffres.")
    if not _est_d_ici(code):
        return Mention(
            saisie,
            probleme="Cette école n’est pas dans l’académie de Créteil (les codes y commencent par 077, 093 ou 094) : "
            "retirez-la, ou corrigez son code.",
        )
    return Mention(saisie, code)


def _essai(saisie: str) -> Mention:
    """Explain a word that looks like a code and is none."""
    chiffres, dernier = saisie[:-1], saisie[-1]
    corriges = chiffres.translate(_CONFUSIONS)
    if len(chiffres) != _CHIFFRES:
        probleme = f"Ce code compte {len(chiffres)} chiffres au lieu de 7."
        return _supposee(saisie, f"0{chiffres}", probleme) if est_uai(f"0{saisie}") else _sans_piste(saisie, probleme)
    if chiffres != corriges and est_uai(corriges + dernier):
        return _supposee(saisie, corriges, "Une lettre est à la place d’un chiffre (O pour 0, I pour 1).")
    if chiffres == corriges:
        return _supposee(saisie, chiffres, "Le dernier caractère doit être une lettre, pas un chiffre.")
    return _sans_piste(saisie, "Les sept premiers caractères doivent être des chiffres.")


def _supposee(saisie: str, chiffres: str, probleme: str) -> Mention:
    """Offer the code that these digits have, if there may be such a school here."""
    piste = chiffres + lettre_uai(chiffres)
    if not _est_d_ici(piste):
        return _sans_piste(saisie, probleme)
    return Mention(_cite(saisie), probleme=f"{probleme} Si les chiffres sont justes, c’est {piste}.", piste=piste)


def _est_d_ici(code: str) -> bool:
    """Tell whether a code begins as those of the académie do."""
    return code[0] == "0" and code[1:3] in DEPARTEMENTS


def _sans_piste(saisie: str, probleme: str) -> Mention:
    return Mention(_cite(saisie), probleme=f"{probleme} {_FORME}")


def _cite(saisie: str) -> str:
    return saisie if len(saisie) <= CITES else f"{saisie[:CITES]}…"
