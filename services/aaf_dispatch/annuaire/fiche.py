"""Define a record of the annuaire, the numbers that link records, and the one error of reading."""

from typing import NamedTuple

from services.aaf_dispatch.annuaire.grammaire import Categorie

_CHIFFRES_MAX = 9  # below 2^31, what the narrowest consumer accepts


class AnnuaireIllisible(Exception):  # noqa: N818 - a French adjective, as everywhere in the domain
    """The export cannot be read: `code` says why, `fichier` and `ligne` where; never a value of a record."""

    def __init__(self, code: str, fichier: str = "", ligne: int | None = None) -> None:
        """Keep the place of the fault; `ligne` counts from 1."""
        super().__init__(code, fichier, ligne)
        self.code, self.fichier, self.ligne = code, fichier, ligne

    def __str__(self) -> str:
        """Return one clear line for an operator."""
        lieu = f" ({self.fichier or 'export'}{f', ligne {self.ligne}' if self.ligne else ''})"
        return f"annuaire illisible : {self.code}{lieu}"


class Fiche(NamedTuple):
    """One record; an attribute without value holds one empty string. `ligne` is where it opens in `fichier`."""

    categorie: Categorie
    id: str
    attributs: dict[str, tuple[str, ...]]
    fichier: str = ""
    ligne: int = 0

    def valeurs(self, nom: str) -> tuple[str, ...]:
        """Return the non-empty values of an attribute, in order."""
        return tuple(filter(None, self.attributs.get(nom, ())))

    def valeur(self, nom: str) -> str:
        """Return the first value of an attribute, or an empty string."""
        return self.attributs.get(nom, ("",))[0]


def jointure(valeur: str) -> int:
    """Return the number before the first `$` of a value, or -1 when there is none usable."""
    tete = valeur.partition("$")[0]
    return int(tete) if tete.isascii() and tete.isdigit() and len(tete) <= _CHIFFRES_MAX else -1


class EnsembleIds:
    """A set of jointures at one bit each: they are dense seven-digit numbers, and an academy has a million."""

    __slots__ = ("_pages",)

    def __init__(self) -> None:
        """Start empty; a page of 512 bytes is allocated for each 4096 consecutive numbers in use."""
        self._pages: dict[int, bytearray] = {}

    def ajouter(self, numero: int) -> bool:
        """Add a number, zero or more, and say whether it is new."""
        page = self._pages.get(numero >> 12)
        if page is None:
            page = self._pages[numero >> 12] = bytearray(512)
        octet, bit = (numero >> 3) & 511, 1 << (numero & 7)
        nouveau = not page[octet] & bit
        page[octet] |= bit
        return nouveau

    def __contains__(self, numero: int) -> bool:
        """Say whether the number was added; -1 never is."""
        page = self._pages.get(numero >> 12)
        return page is not None and bool(page[(numero >> 3) & 511] & (1 << (numero & 7)))
