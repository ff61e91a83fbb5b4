"""Reads the records of a file, JSON list or CSV with semicolons, in bounded memory: the national files have 140 MB."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Final, TextIO, TypeAlias

MORCEAU: Final = 64 * 1024  # characters read at once
FICHE_MAX: Final = 1024 * 1024  # characters; the widest record seen has 2,200
_BLANCS: Final = re.compile(r"[ \t\r\n]*")
Progression: TypeAlias = Callable[[int], object]  # is told how many bytes of the file were read


class FichierIllisible(Exception):  # noqa: N818  # a finding about a file
    """The file is not a list of records, or is cut, or is not UTF-8. Its text is a French sentence."""


@dataclass(frozen=True, slots=True)
class Fiche:
    """A record as it is in the file. `repere` says where; `valeurs` is None when it has not the columns of the file."""

    repere: str
    valeurs: dict[str, object] | None


def fiches(chemin: Path, progression: Progression = lambda _: None) -> Iterator[Fiche]:
    """Give the records in their order. Raises FichierIllisible, or OSError."""
    with chemin.open("rb") as octets, TextIOWrapper(octets, encoding="utf-8-sig", newline="") as texte:
        lire = _json if octets.peek(MORCEAU).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"[", b"{"} else _csv
        try:
            for fiche in lire(texte):
                progression(octets.tell())
                yield fiche
        except UnicodeDecodeError:
            raise FichierIllisible("le fichier n’est pas en UTF-8") from None


def _csv(texte: TextIO) -> Iterator[Fiche]:
    lignes = csv.DictReader(texte, delimiter=";")
    try:
        # The portal that exports it names the columns « Code_commune » or « code_commune », as one asks.
        lignes.fieldnames = [nom.strip().lower() for nom in lignes.fieldnames or ()]
        for ligne in lignes:
            complete = None not in ligne and None not in ligne.values()
            yield Fiche(f"ligne {lignes.line_num}", dict(ligne) if complete else None)
    except csv.Error:
        raise FichierIllisible(f"le CSV est mal formé vers la ligne {lignes.line_num}") from None


def _json(texte: TextIO) -> Iterator[Fiche]:
    for rang, valeurs in enumerate(_ListeJson(texte), start=1):
        yield Fiche(f"fiche {rang}", valeurs)


class _ListeJson:
    """The objects of a JSON list, decoded one by one as the text comes."""

    def __init__(self, texte: TextIO) -> None:
        self._texte = texte
        self._tampon = ""
        self._place = 0
        self._decodeur = json.JSONDecoder()

    def __iter__(self) -> Iterator[dict[str, object]]:
        """Give each object. Raises FichierIllisible at the first thing that is none."""
        self._attendre("[")
        if self._signe() == "]":
            return
        suite = ","
        while suite == ",":
            yield self._objet()
            suite = self._attendre(",]")

    def _attendre(self, permis: str) -> str:
        signe = self._signe()
        if not signe:
            raise FichierIllisible("le fichier est coupé : sa liste n’a pas de fin")
        if signe not in permis:
            raise FichierIllisible("le fichier n’est pas une liste JSON de fiches")
        self._place += 1
        return signe

    def _signe(self) -> str:
        """Look at the next character that is not blank; none at the end."""
        while True:
            blancs = _BLANCS.match(self._tampon, self._place)
            self._place = blancs.end() if blancs else self._place
            if self._place < len(self._tampon):
                return self._tampon[self._place]
            if not self._remplir():
                return ""

    def _objet(self) -> dict[str, object]:
        self._attendre("{")
        self._place -= 1
        while True:
            try:
                objet, self._place = self._decodeur.raw_decode(self._tampon, self._place)
            except (ValueError, RecursionError):  # the object is cut where the text read so far ends, or wrong
                if len(self._tampon) - self._place > FICHE_MAX or not self._remplir():
                    raise FichierIllisible("le JSON est mal formé, ou coupé") from None
            else:
                return dict(objet)

    def _remplir(self) -> bool:
        suite = self._texte.read(MORCEAU)
        self._tampon, self._place = self._tampon[self._place :] + suite, 0
        return bool(suite)
