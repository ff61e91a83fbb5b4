"""What changed from one version of a dossier to the next: fields, schools, pieces. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from contracts.dossier import RolePiece

Contenu: TypeAlias = Mapping[str, Any]

CHAMPS: Final = {
    "siret": "SIRET",
    "commune": "Commune",
    "deposant.civilite": "Civilité du déposant",
    "deposant.nom": "Nom du déposant",
    "deposant.prenom": "Prénom du déposant",
    "deposant.fonction": "Fonction du déposant",
    "deposant.courriel": "Adresse électronique du déposant",
    "deposant.telephone": "Téléphone du déposant",
    "commentaires": "Commentaires",
}


@dataclass(frozen=True, slots=True)
class Changement:
    """A field whose value is another. `champ`: its path in the dossier."""

    champ: str
    avant: str
    apres: str


@dataclass(frozen=True, slots=True)
class Differences:
    """What a version changed. A piece is by its role; it is the same as long as its bytes are."""

    champs: tuple[Changement, ...] = ()
    ecoles_ajoutees: tuple[str, ...] = ()
    ecoles_retirees: tuple[str, ...] = ()
    pieces_ajoutees: tuple[RolePiece, ...] = ()
    pieces_retirees: tuple[RolePiece, ...] = ()
    pieces_remplacees: tuple[RolePiece, ...] = ()

    def __bool__(self) -> bool:
        return self != Differences()


def differences(avant: Contenu, apres: Contenu) -> Differences:
    """Compare two versions. The order of schools and of pieces says nothing."""
    anciennes, nouvelles = set(avant["ecoles"]), set(apres["ecoles"])
    de, vers = _empreintes(avant), _empreintes(apres)
    return Differences(
        champs=tuple(_changements(avant, apres)),
        ecoles_ajoutees=tuple(sorted(nouvelles - anciennes)),
        ecoles_retirees=tuple(sorted(anciennes - nouvelles)),
        pieces_ajoutees=tuple(role for role in RolePiece if role in vers and role not in de),
        pieces_retirees=tuple(role for role in RolePiece if role in de and role not in vers),
        pieces_remplacees=tuple(role for role in RolePiece if role in de and role in vers and de[role] != vers[role]),
    )


def _changements(avant: Contenu, apres: Contenu) -> Iterator[Changement]:
    for champ in CHAMPS:
        ancienne, nouvelle = _valeur(avant, champ), _valeur(apres, champ)
        if ancienne != nouvelle:
            yield Changement(champ, ancienne, nouvelle)


def _valeur(contenu: Contenu, champ: str) -> str:
    valeur: Any = contenu
    for cle in champ.split("."):
        valeur = valeur.get(cle, "")
    return str(valeur)


def _empreintes(contenu: Contenu) -> dict[str, str]:
    return {piece["role"]: piece["sha256"] for piece in contenu["pieces"]}
