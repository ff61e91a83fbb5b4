"""The table: every field that somebody outside types or sends, and where what it says is read again."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, get_args

from pydantic import BaseModel


class Sortie(StrEnum):
    """Where a field is read again. TABLEUR is both exports."""

    PAGE = "page"
    PAPIER = "papier"
    TABLEUR = "tableur"
    COURRIEL = "courriel"


REFUSE: Final[frozenset[Sortie]] = frozenset()  # its form is so strict that it takes none of our texts
_PAGE: Final = frozenset({Sortie.PAGE})
_PAPIER: Final = _PAGE | {Sortie.PAPIER}
_COURRIEL: Final = _PAGE | {Sortie.COURRIEL}

FORMULAIRE: Final[Mapping[str, frozenset[Sortie]]] = {
    "siret": REFUSE,
    "departement": REFUSE,
    "commune": REFUSE,
    "civilite": REFUSE,
    "nom": _PAPIER | {Sortie.COURRIEL},
    "prenom": _PAPIER,
    "fonction": _PAPIER,
    "courriel": _PAPIER,
    "telephone": REFUSE,
    "ecoles": REFUSE,
    "commentaires": _PAPIER,
}
API: Final[Mapping[str, frozenset[Sortie]]] = {
    "siret": REFUSE,
    "commune": REFUSE,
    "deposant.civilite": REFUSE,
    "deposant.nom": _COURRIEL,
    "deposant.prenom": _PAGE,
    "deposant.fonction": _PAGE,
    "deposant.courriel": _PAGE,
    "deposant.telephone": REFUSE,
    "ecoles": REFUSE,
    "pieces.role": REFUSE,
    "pieces.id": REFUSE,
    "pieces.sha256": REFUSE,
    "commentaires": _PAGE,
    "corrige": REFUSE,
}
FICHIERS: Final = {"tus": _PAPIER, "multipart": _PAPIER, "api": _PAGE}
REFERENTIELS: Final = {
    "communes.nom": _PAPIER | {Sortie.TABLEUR},
    "ecoles.nom": _PAPIER | {Sortie.TABLEUR},
    "ecoles.nom_commune": _PAPIER,
    "ecoles.adresse_1": _PAGE,
}
FAITS: Final = {  # what other services tell: of files and of partners, of whom none is ours
    "controle.constat": _COURRIEL,
    "controle.valeurs": _COURRIEL,
    "controle.source": _PAGE,
    "rapport.regles": _PAGE,
    "suspension.constat": _COURRIEL,
    "suspension.titulaire": _COURRIEL,
    "remise.titulaire": frozenset({Sortie.COURRIEL}),
    "attente.raison": _PAGE,
}
PERSONNES: Final = {
    "agent.motivation": _PAGE,
    "invite.courriel": _COURRIEL,
    "compte.courriel": frozenset({Sortie.COURRIEL}),
}

TABLE: Final[Mapping[str, frozenset[Sortie]]] = {
    f"{porte}.{nom}": sorties
    for porte, champs in {
        "formulaire": FORMULAIRE,
        "api": API,
        "fichier": FICHIERS,
        "referentiel": REFERENTIELS,
        "fait": FAITS,
        "personne": PERSONNES,
    }.items()
    for nom, sorties in champs.items()
}
RANGS: Final = {champ: rang for rang, champ in enumerate(TABLE)}


def feuilles(modele: type[BaseModel], prefixe: str = "") -> Iterator[str]:
    """Name each field of a model, and those of the models within."""
    for nom, champ in modele.model_fields.items():
        dedans = next(_modeles(champ.annotation), None)
        if dedans is None:
            yield f"{prefixe}{nom}"
        else:
            yield from feuilles(dedans, f"{prefixe}{nom}.")


def _modeles(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _modeles(argument)
