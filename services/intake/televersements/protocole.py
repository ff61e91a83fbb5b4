"""What the protocol tus 1.0.0 says in headers: read, checked, and written.

Source: https://tus.io/protocols/resumable-upload. Extensions: creation, termination, expiration. Its override of the
method by a header is left out: the guard lets requests in by the method they have.
"""

import binascii
import re
import unicodedata
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Final

from contracts.dossier import TAILLE_MAX_PIECE, RolePiece
from services.intake.televersements.domain import Refus, Televersement

VERSION: Final = "1.0.0"
TYPE: Final = "application/offset+octet-stream"
METADONNEES_MAX: Final = 4096  # characters; a file name takes 1,000 at most
CAPACITES: Final = {
    "Tus-Version": VERSION,
    "Tus-Extension": "creation,termination,expiration",
    "Tus-Max-Size": str(TAILLE_MAX_PIECE),
}
_NOMBRE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True)
class Annonce:
    """What a client tells of a file before its first byte."""

    role: RolePiece
    nom: str
    taille: int
    metadonnees: str


def exiger_la_version(entetes: Mapping[str, str]) -> None:
    """Raise a Refus (412) unless the client speaks our version."""
    if entetes.get("tus-resumable") != VERSION:
        raise Refus(412, f"Ce service parle tus {VERSION}.")


def annonce(entetes: Mapping[str, str]) -> Annonce:
    """Read what a creation announces. Raises a Refus: 413 beyond what a piece may weigh, 400 for what is not ours."""
    if "upload-concat" in entetes or "upload-defer-length" in entetes:
        raise Refus(400, "Un fichier s’envoie en un seul téléversement, dont la taille est connue d’avance.")
    taille = _nombre(entetes, "upload-length")
    if taille > TAILLE_MAX_PIECE:
        raise Refus(413, "Ce fichier dépasse 200 Mo : joignez une version plus légère.")
    if not taille:
        raise Refus(400, "Ce fichier est vide : choisissez la pièce elle-même.")
    metadonnees = entetes.get("upload-metadata", "")
    donnees = _donnees(metadonnees)
    if donnees.get("role") not in set(RolePiece):
        raise Refus(400, "Le rôle de la pièce est absent ou inconnu.")
    nom = unicodedata.normalize("NFC", donnees.get("filename", "piece"))
    return Annonce(RolePiece(donnees["role"]), nom, taille, metadonnees)


def offset(entetes: Mapping[str, str]) -> int:
    """Read where the bytes of a PATCH begin. Raises Refus: 415 for a body that is no part of a file, 400 without it."""
    if entetes.get("content-type") != TYPE:
        raise Refus(415, f"Envoyez les octets du fichier avec « Content-Type: {TYPE} ».")
    return _nombre(entetes, "upload-offset")


def etat(televersement: Televersement) -> dict[str, str]:
    """Write where an upload stands."""
    entetes = {"Upload-Offset": str(televersement.offset)}
    if not televersement.recu:
        entetes["Upload-Expires"] = format_datetime(televersement.expire_le, usegmt=True)
    return entetes


def description(televersement: Televersement) -> dict[str, str]:
    """Write all that a client may ask of an upload."""
    metadonnees = {"Upload-Metadata": televersement.metadonnees} if televersement.metadonnees else {}
    return {**etat(televersement), "Upload-Length": str(televersement.taille), **metadonnees}


def _nombre(entetes: Mapping[str, str], nom: str) -> int:
    valeur = entetes.get(nom, "")
    if not _NOMBRE.fullmatch(valeur):
        raise Refus(400, f"L’en-tête {nom} est absent ou n’est pas un nombre.")
    return int(valeur)


def _donnees(metadonnees: str) -> dict[str, str]:
    """Read pairs of a key and a value in base64. What they hold is data: it names no path and runs nowhere."""
    if len(metadonnees) > METADONNEES_MAX:
        raise Refus(400, "L’en-tête upload-metadata est trop long.")
    paires = (paire.strip().partition(" ") for paire in metadonnees.split(",") if paire.strip())
    try:
        return {cle: b64decode(valeur, validate=True).decode(errors="replace") for cle, _, valeur in paires}
    except (binascii.Error, ValueError):
        raise Refus(400, "L’en-tête upload-metadata n’est pas en base64.") from None
