"""What a record of each file known means: a commune, a school, something that is not ours, or a defect."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from contracts.valeurs import Ligne
from services.intake.referentiels.domain import NOMS_DES_DEPARTEMENTS, CodeInsee, Commune, Ecole
from services.intake.referentiels.recherche import mots

Valeurs: TypeAlias = Mapping[str, object]

COMMUNE: Final = TypeAdapter(Commune)
ECOLE: Final = TypeAdapter(Ecole)
# The names of a field in the annuaire's own export, then in lists made of it.
UAI: Final = ("identifiant_de_l_etablissement", "uai")
_NOM: Final = ("nom_etablissement", "nom")
_DEPARTEMENT: Final = ("code_departement", "departement")
_STATUT: Final = ("statut_public_prive", "statut")
_HORS_CONTRAT: Final = "10"
# « A FERMER » still takes pupils, « A OUVRIR » will; lists without this column hold open schools.
_ETATS: Final = {"ouvert": True, "a fermer": True, "a ouvrir": True, "ferme": False}
_STATUTS: Final[Mapping[str, Literal["public", "prive"]]] = {"public": "public", "prive": "prive"}
_ECARTS: Final = {
    "missing": "absent",
    "too_short": "absent",
    "string_too_short": "absent",
    "string_too_long": "trop long",
    "too_long": "trop long",
}


@dataclass(frozen=True, slots=True)
class Ancienne:
    """A commune that is now part of another, `chef_lieu`."""

    code: CodeInsee
    nom: Ligne
    chef_lieu: CodeInsee


ANCIENNE: Final = TypeAdapter(Ancienne)


def lire_commune(valeurs: Valeurs) -> Commune | Ancienne | None:
    """Read a record of `communes.json`; None for what is not ours. Raises ValueError for a defect."""
    code, genre = texte(valeurs.get("code")), texte(valeurs.get("type")) or "commune-actuelle"
    departement = _departement(valeurs, code)
    if departement not in NOMS_DES_DEPARTEMENTS:
        return None
    nom = texte(valeurs.get("nom"))
    if genre in {"commune-deleguee", "commune-associee"}:
        chef_lieu = texte(valeurs.get("chefLieu"))
        return ANCIENNE.validate_python({"code": code, "nom": nom, "chef_lieu": chef_lieu})
    if genre != "commune-actuelle":
        return None
    if code[:2] != departement:
        raise ValueError("le code INSEE n’est pas de ce département")
    # Former codes in other départements date from before 1968: no list of schools holds them.
    anciens = [ancien for ancien in textes(valeurs.get("anciensCodes")) if ancien[:2] in NOMS_DES_DEPARTEMENTS]
    return COMMUNE.validate_python(
        {
            "code": code,
            "nom": nom,
            "departement": departement,
            "siren": texte(valeurs.get("siren")),
            "codes_postaux": textes(valeurs.get("codesPostaux")),
            "anciens_codes": anciens,
        }
    )


def lire_ecole(valeurs: Valeurs) -> Ecole | None:
    """Read a record of the annuaire de l’éducation; None for what is not ours. Raises ValueError for a defect."""
    commune = texte(valeurs.get("code_commune"))
    if _departement(valeurs, commune) not in NOMS_DES_DEPARTEMENTS or not _du_premier_degre(valeurs):
        return None
    return ECOLE.validate_python(
        {
            "uai": _premier(valeurs, UAI).upper(),
            "nom": _premier(valeurs, _NOM),
            "commune": commune,
            "nom_commune": texte(valeurs.get("nom_commune")),
            "statut": _statut(_premier(valeurs, _STATUT)),
            "ouverte": _ouverte(texte(valeurs.get("etat"))),
            "adresse": _adresse(valeurs),
        }
    )


def raison(defaut: ValueError) -> str:
    """Say in French what is wrong with a record, without its values."""
    if not isinstance(defaut, ValidationError):
        return str(defaut)
    premier = defaut.errors(include_url=False, include_context=False, include_input=False)[0]
    champ = str(premier["loc"][0]) if premier["loc"] else ""
    if premier["type"] == "value_error":
        return f"{champ} : {premier['msg'].removeprefix('Value error, ')}"
    return f"{champ} : {_ECARTS.get(premier['type'], 'n’a pas la forme attendue')}"


def texte(valeur: object) -> str:
    """Give a value as text, in NFC and on one line: what is a number in one export is a text in the next."""
    if valeur is None:
        return ""
    if not isinstance(valeur, str | int):
        raise ValueError("une valeur n’est ni un texte ni un nombre")  # noqa: TRY004  # a defect, like the others
    return " ".join(unicodedata.normalize("NFC", str(valeur)).split())


def textes(valeur: object) -> list[str]:
    """Give a list of values as texts; an absent one is empty."""
    if valeur is None:
        return []
    if not isinstance(valeur, list):
        raise ValueError("une liste était attendue")  # noqa: TRY004  # idem
    return [texte(element) for element in valeur]


def cle(valeurs: Valeurs, noms: tuple[str, ...]) -> str:
    """Give what names a record, wrong as it may be, to tell which one it is."""
    valeur = next((valeurs[nom] for nom in noms if valeurs.get(nom)), "")
    return str(valeur)[:20].strip().upper() if isinstance(valeur, str | int) else ""


def _premier(valeurs: Valeurs, noms: tuple[str, ...]) -> str:
    return next((lu for nom in noms if (lu := texte(valeurs.get(nom)))), "")


def _departement(valeurs: Valeurs, commune: str) -> str:
    """Give the département: « 094 », « 94 » or 94, else that of its commune."""
    return _premier(valeurs, _DEPARTEMENT).removeprefix("0") or commune[:2]


def _du_premier_degre(valeurs: Valeurs) -> bool:
    """Tell whether it is a school of the first degree that the State runs or pays for."""
    genre = mots(texte(valeurs.get("type_etablissement")))
    hors_contrat = texte(valeurs.get("code_type_contrat_prive")) == _HORS_CONTRAT
    return genre in {(), ("ecole",)} and not hors_contrat


def _statut(lu: str) -> str:
    premier = (*mots(lu), "")[0]
    if premier not in _STATUTS:
        raise ValueError("statut : ni public ni privé")
    return _STATUTS[premier]


def _ouverte(etat: str) -> bool:
    connu = _ETATS.get(" ".join(mots(etat))) if etat else True
    if connu is None:
        raise ValueError("etat : inconnu")
    return connu


def _adresse(valeurs: Valeurs) -> str:
    rue = texte(valeurs.get("adresse_1")) or texte(valeurs.get("adresse"))
    localite = texte(valeurs.get("adresse_3"))
    if not localite and (code_postal := texte(valeurs.get("code_postal"))):
        localite = f"{code_postal} {texte(valeurs.get('nom_commune'))}".strip()
    return ", ".join(filter(None, (rue, texte(valeurs.get("adresse_2")), localite)))
