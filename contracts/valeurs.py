"""The values every message is made of: each type refuses what is not one of its kind.

Two strengths exist for SIRET and UAI. What a commune *declares* has only its shape (`SiretDeclare`, `UaiDeclaree`): a
mistyped key is a finding of `verification`, told in plain French, not a parsing error. What the workflow *validated*
(`Siret`, `Uai`) carries a right key, so a titulaire never has to check again.
"""

import re
import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from stdnum.fr import siret as stdnum_siret

DEPARTEMENTS: Final = ("77", "93", "94")
_LETTRES_UAI: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"  # 23 letters: no I, O, Q. Checked on 40,086 real UAI.


class Modele(BaseModel):
    """What every contract shares: nothing extra, nothing coerced, nothing changed, no input value in an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def lettre_uai(chiffres: str) -> str:
    """Give the check letter of the seven digits of an UAI."""
    return _LETTRES_UAI[int(chiffres) % 23]


def est_uai(code: str) -> bool:
    """Tell whether `code` is seven digits and their check letter."""
    return re.fullmatch(r"[0-9]{7}[A-Z]", code) is not None and code[7] == lettre_uai(code[:7])


def est_siret(code: str) -> bool:
    """Tell whether `code` is a SIRET: Luhn over 14 digits and over the SIREN, with La Poste's own rule."""
    return re.fullmatch(r"[0-9]{14}", code) is not None and bool(stdnum_siret.is_valid(code))


def _uai(code: str) -> str:
    if not est_uai(code):
        raise ValueError("la lettre de contrôle de l’UAI ne correspond pas à ses chiffres")
    return code


def _siret(code: str) -> str:
    if not est_siret(code):
        raise ValueError("la clé de contrôle du SIRET est fausse")
    return code


def _texte(valeur: str) -> str:
    if not unicodedata.is_normalized("NFC", valeur):
        raise ValueError("le texte doit être en Unicode NFC")
    # Cc: control characters (CR and LF reach mail headers); Cs: lone surrogates; Zl, Zp: line breaks in disguise.
    if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in valeur if c != "\n"):
        raise ValueError("le texte contient des caractères de contrôle")
    return valeur


def _une_ligne(valeur: str) -> str:
    if "\n" in valeur:
        raise ValueError("le texte doit tenir sur une ligne")
    return valeur


def _sans_mot_code(adresse: str) -> str:
    if "=?" in adresse:  # an encoded word (RFC 2047): a header parser would read another address
        raise ValueError("l’adresse contient « =? »")
    return adresse


SiretDeclare = Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$")]
Siret = Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$"), AfterValidator(_siret)]
UaiDeclaree = Annotated[str, StringConstraints(pattern=r"^[0-9]{7}[A-Z]$")]
Uai = Annotated[str, StringConstraints(pattern=r"^[0-9]{7}[A-Z]$"), AfterValidator(_uai)]
CodeCommune = Annotated[str, StringConstraints(pattern=r"^(?:[0-9]{5}|2[AB][0-9]{3})$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# Crockford base 32: no I, L, O, U, so that it can be read out on the telephone. 50 bits.
NumeroDossier = Annotated[str, StringConstraints(pattern=r"^ENT-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$")]
IdPiece = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Version = Annotated[int, Field(ge=1, le=1_000_000)]
Courriel = Annotated[
    str,
    StringConstraints(
        max_length=254, pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}$"
    ),
    AfterValidator(_sans_mot_code),
]
Telephone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 .]{8,19}$")]
Ligne = Annotated[
    str, StringConstraints(min_length=1, max_length=300), AfterValidator(_texte), AfterValidator(_une_ligne)
]
Texte = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_texte)]
