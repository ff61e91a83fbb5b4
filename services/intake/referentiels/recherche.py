"""Finds communes by what somebody types: pure, on what is in memory. 600 communes take about a millisecond."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from services.intake.referentiels.domain import Commune

REPONSES_MAX: Final = 25  # the postal code 77320 is that of 22 communes: its last ones must be within reach
SAISIE_MAX: Final = 100  # characters; the longest name of the three départements has 30
_ARTICLES: Final = frozenset({"l", "le", "la", "les"})
_ABREGES: Final = MappingProxyType({"st": "saint", "ste": "sainte"})
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae"})  # Unicode decomposes accents, not these
_MOT: Final = re.compile(r"[a-z0-9]+")


def mots(texte: str) -> tuple[str, ...]:
    """Cut into words without accents, case, punctuation or abbreviation: « St-Maur » gives saint, maur."""
    lettres = unicodedata.normalize("NFKD", texte.casefold().translate(_LIGATURES))
    nus = "".join(lettre for lettre in lettres if not unicodedata.combining(lettre)).casefold()
    return tuple(_ABREGES.get(mot, mot) for mot in _MOT.findall(nus))


class Rang(IntEnum):
    """How well a name answers, the best first."""

    EXACT = 0
    DEBUT = 1
    DEBUT_SANS_ARTICLE = 2
    MOTS = 3
    ANCIEN_NOM = 4


@dataclass(frozen=True, slots=True)
class _Nom:
    """A name, ready to be compared, whole and without its articles."""

    entiers: tuple[str, ...]
    utiles: tuple[str, ...]

    @classmethod
    def de(cls, entiers: tuple[str, ...]) -> "_Nom":
        """Prepare a name, or what was typed of one."""
        return cls(entiers, tuple(mot for mot in entiers if mot not in _ARTICLES))

    def rang(self, saisi: "_Nom") -> Rang | None:
        """Tell how well this name answers; None when it does not."""
        if saisi.entiers == self.entiers or (saisi.utiles and saisi.utiles == self.utiles):
            return Rang.EXACT
        if _commence(self.entiers, saisi.entiers):
            return Rang.DEBUT
        if saisi.utiles and _commence(self.utiles, saisi.utiles):
            return Rang.DEBUT_SANS_ARTICLE
        # An article alone is the beginning of a word: « le » finds Lésigny.
        cherches = saisi.utiles or saisi.entiers
        return Rang.MOTS if all(any(mot.startswith(c) for mot in self.entiers) for c in cherches) else None


def _commence(nom: Sequence[str], saisi: Sequence[str]) -> bool:
    """Compare without blanks: « saintdenis », « lhay les roses »."""
    return "".join(nom).startswith("".join(saisi))


@dataclass(frozen=True, slots=True)
class _Entree:
    commune: Commune
    nom: _Nom
    anciens: tuple[_Nom, ...]

    def rang(self, saisi: _Nom) -> Rang | None:
        rang = self.nom.rang(saisi)
        if rang is None and any(ancien.rang(saisi) is not None for ancien in self.anciens):
            return Rang.ANCIEN_NOM
        return rang

    def a_le_code(self, debuts: Iterable[str]) -> bool:
        """Tell whether, for each of these, some postal code of the commune begins so."""
        return all(any(code.startswith(debut) for code in self.commune.codes_postaux) for debut in debuts)


class Communes:
    """All the communes in force, by name; prepared once, searched many times."""

    def __init__(self, communes: Iterable[Commune] = ()) -> None:
        self.toutes: Sequence[Commune] = sorted(communes, key=lambda commune: (mots(commune.nom), commune.code))
        self._entrees = [_entree(commune) for commune in self.toutes]
        anciens = {ancien: commune for commune in self.toutes for ancien in commune.anciens_codes}
        # In force before former: a commune may have been re-established under its old code.
        self._par_code: Mapping[str, Commune] = anciens | {commune.code: commune for commune in self.toutes}

    def de_code(self, code: str) -> Commune | None:
        """Give the commune of this INSEE code, its own or a former one."""
        return self._par_code.get(code)

    def chercher(self, saisie: str, *, departement: str = "") -> Sequence[Commune]:
        """Find those whose name has words that begin as those typed, or whose postal code does; the best first."""
        saisis = mots(saisie[:SAISIE_MAX])
        codes = [mot for mot in saisis if mot.isdecimal()]
        nom = _Nom.de(tuple(mot for mot in saisis if not mot.isdecimal()))
        if not saisis:
            return ()
        trouvees = [
            (rang, place, entree.commune)
            for place, entree in enumerate(self._entrees)
            if (not departement or entree.commune.departement == departement)
            and entree.a_le_code(codes)
            and (rang := entree.rang(nom) if nom.entiers else Rang.EXACT) is not None
        ]
        return tuple(commune for _, _, commune in sorted(trouvees, key=lambda t: t[:2])[:REPONSES_MAX])


def _entree(commune: Commune) -> _Entree:
    return _Entree(commune, _Nom.de(mots(commune.nom)), tuple(_Nom.de(mots(ancien)) for ancien in commune.anciens_noms))
