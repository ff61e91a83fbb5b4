"""Answers with a file: a browser saves it, shows nothing of it, and guesses nothing from it."""

import unicodedata
from collections.abc import AsyncIterable
from typing import Final
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

OCTETS: Final = "application/octet-stream"
PDF: Final = "application/pdf"
NOM_MAX: Final = 150  # characters: names longer than 255 bytes fit no file system, and an accent takes two
SUFFIXE_MAX: Final = 10  # what is longer is no suffix, but a name with a dot in it
_INTERDITS: Final = frozenset('/\\:;*?"<>|%')


def telecharger(contenu: bytes, nom: str, genre: str = OCTETS) -> Response:
    """Answer with a file that is at hand."""
    return Response(contenu, media_type=genre, headers={"Content-Disposition": disposition(nom)})


def telecharger_en_flux(morceaux: AsyncIterable[bytes], taille: int, nom: str) -> Response:
    """Answer with a file as it is read. One that breaks off is cut short of its announced size: the browser tells."""
    en_tetes = {"Content-Disposition": disposition(nom), "Content-Length": str(taille)}
    return StreamingResponse(morceaux, media_type=OCTETS, headers=en_tetes)


def disposition(nom: str) -> str:
    """Give the header that names the file to save (RFC 6266), whatever its name holds."""
    propre = _nom_de_fichier(nom)
    simple = unicodedata.normalize("NFKD", propre).encode("ascii", "ignore").decode().strip(" .") or "fichier"
    return f"attachment; filename=\"{simple}\"; filename*=UTF-8''{quote(propre, safe='')}"


def _nom_de_fichier(nom: str) -> str:
    """Keep of a name what a file may be called everywhere: no path, no control or direction mark, no leading dot."""
    vus = (signe for signe in unicodedata.normalize("NFC", nom) if unicodedata.category(signe)[0] != "C")
    propre = "".join("_" if signe in _INTERDITS else signe for signe in vus)
    debut, point, suffixe = propre.strip(" .").rpartition(".")
    if len(suffixe) > SUFFIXE_MAX:
        debut, point, suffixe = debut + point + suffixe, "", ""
    return f"{debut[:NOM_MAX]}{point}{suffixe}" or "fichier"
