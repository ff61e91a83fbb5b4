"""What a commune and a school are: typed, so that a record of a file is one of them or is refused."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints
from stdnum.fr import siren as stdnum_siren

from contracts.valeurs import Ligne, Texte, Uai

NOMS_DES_DEPARTEMENTS: Final = {"77": "Seine-et-Marne", "93": "Seine-Saint-Denis", "94": "Val-de-Marne"}


def _siren(code: str) -> str:
    if not stdnum_siren.is_valid(code):
        raise ValueError("la clé de contrôle du SIREN est fausse")
    return code


def _de_l_academie(uai: str) -> str:
    if uai[:3] not in {f"0{departement}" for departement in NOMS_DES_DEPARTEMENTS}:
        raise ValueError("l’UAI n’est pas de l’un des trois départements")
    return uai


CodeInsee = Annotated[str, StringConstraints(pattern=r"^(?:77|93|94)[0-9]{3}$")]
CodePostal = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
Siren = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$"), AfterValidator(_siren)]


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune in force. `code` is INSEE's; a postal code may be that of many communes.

    `anciens_codes` and `anciens_noms` are those of the communes it absorbed: people, and lists of schools, go on
    using them for years.
    """

    code: CodeInsee
    nom: Ligne
    departement: str
    siren: Siren
    codes_postaux: Annotated[tuple[CodePostal, ...], Field(min_length=1, max_length=20)]
    anciens_codes: tuple[CodeInsee, ...] = ()
    anciens_noms: tuple[Ligne, ...] = ()

    @property
    def libelle(self) -> str:
        """Name it as no other commune is: Marolles-en-Brie – 77120 (Seine-et-Marne)."""
        departement = NOMS_DES_DEPARTEMENTS.get(self.departement, self.departement)
        return f"{self.nom} – {', '.join(self.codes_postaux)} ({departement})"


@dataclass(frozen=True, slots=True)
class Ecole:
    """A school. `ouverte`: it takes pupils now, or will; `commune` is the code of one in force, where it is known."""

    uai: Annotated[Uai, AfterValidator(_de_l_academie)]
    nom: Ligne
    commune: CodeInsee
    nom_commune: Texte
    statut: Literal["public", "prive"]
    ouverte: bool
    adresse: Texte = ""
