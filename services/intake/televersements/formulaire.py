"""A file sent by a form without JavaScript: read as it comes, never whole in memory nor in a file of ours."""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.intake.televersements.domain import Refus

JETON_MAX: Final = 256  # bytes
_ILLISIBLE: Final = "Le formulaire n’est pas arrivé entier : envoyez-le à nouveau."


@dataclass(frozen=True)
class Fichier:
    """The file of a form: `nom`, data only, is empty when none was chosen; `octets` are read once."""

    nom: str
    octets: AsyncIterator[bytes]


async def ouvrir(type_contenu: str, recus: AsyncIterable[bytes], verifier: Callable[[str], None]) -> Fichier:
    """Read a form up to the first byte of its file. `verifier` has accepted its token, the first field, before that.

    Raises a Refus (400) for another form than ours; so do the file's bytes, when the form breaks off.
    """
    parties = _parties(type_contenu, recus)
    verifier(await _jeton(parties))
    disposition = await _debut(parties)
    if b"filename" not in disposition:
        raise Refus(400, _ILLISIBLE)
    return Fichier(_texte(disposition[b"filename"]), _octets(parties))


@dataclass(frozen=True, slots=True)
class _Debut:
    """A part begins; the parameters of its Content-Disposition."""

    disposition: dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class _Fin:
    """A part ends, or (`tout`) the form."""

    tout: bool


_Vu = _Debut | _Fin | bytes


class _Lecture:
    """Turns bytes into what is seen of the form, in order: the beginning of a part, bytes of it, its end."""

    def __init__(self, frontiere: bytes) -> None:
        self.vus: deque[_Vu] = deque()
        self._entete = self._valeur = b""
        self._disposition: dict[bytes, bytes] = {}
        self._parser = MultipartParser(
            frontiere,
            {
                "on_header_field": self._sur_entete,
                "on_header_value": self._sur_valeur,
                "on_header_end": self._sur_fin_d_entete,
                "on_headers_finished": self._sur_debut,
                "on_part_data": lambda donnees, debut, fin: self.vus.append(donnees[debut:fin]),
                "on_part_end": lambda: self.vus.append(_Fin(tout=False)),
                "on_end": lambda: self.vus.append(_Fin(tout=True)),
            },
        )

    def lire(self, recu: bytes) -> None:
        self._parser.write(recu)

    def _sur_entete(self, donnees: bytes, debut: int, fin: int) -> None:
        self._entete += donnees[debut:fin]

    def _sur_valeur(self, donnees: bytes, debut: int, fin: int) -> None:
        self._valeur += donnees[debut:fin]

    def _sur_fin_d_entete(self) -> None:
        if self._entete.lower() == b"content-disposition":
            self._disposition = parse_options_header(self._valeur)[1]
        self._entete = self._valeur = b""

    def _sur_debut(self) -> None:
        self.vus.append(_Debut(self._disposition))
        self._disposition = {}


async def _parties(type_contenu: str, recus: AsyncIterable[bytes]) -> AsyncGenerator[_Vu, None]:
    genre, options = parse_options_header(type_contenu)
    if genre != b"multipart/form-data" or not options.get(b"boundary"):
        raise Refus(400, _ILLISIBLE)
    try:
        lecture = _Lecture(options[b"boundary"])
        async for recu in recus:
            lecture.lire(recu)
            while lecture.vus:
                yield lecture.vus.popleft()
    except FormParserError:
        raise Refus(400, _ILLISIBLE) from None


async def _debut(parties: AsyncGenerator[_Vu, None]) -> dict[bytes, bytes]:
    vu = await anext(parties, None)
    if not isinstance(vu, _Debut):
        raise Refus(400, _ILLISIBLE)
    return vu.disposition


async def _jeton(parties: AsyncGenerator[_Vu, None]) -> str:
    disposition, valeur = await _debut(parties), b""
    async for vu in parties:
        if not isinstance(vu, bytes) or len(valeur) > JETON_MAX:
            break
        valeur += vu
    if disposition.get(b"name") != b"jeton" or b"filename" in disposition or len(valeur) > JETON_MAX:
        raise Refus(400, _ILLISIBLE)
    return _texte(valeur)


async def _octets(parties: AsyncGenerator[_Vu, None]) -> AsyncIterator[bytes]:
    """Give the bytes of the file. Raises a Refus unless the form ends right after them, as ours does."""
    async for vu in parties:
        if isinstance(vu, bytes):
            yield vu
        elif vu == _Fin(tout=False) and await anext(parties, None) == _Fin(tout=True):
            return
        else:
            break
    raise Refus(400, _ILLISIBLE)


def _texte(octets: bytes) -> str:
    return normalize("NFC", octets.decode(errors="replace"))
