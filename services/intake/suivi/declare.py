"""What was filed, in words: for the page and for the papers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from contracts.dossier import EtatDossier
from services._runtime.francais import siret
from services.intake.brouillons.saisie import LIBELLES
from services.intake.decisions import derniere
from services.intake.referentiels.store import Commune, Ecole
from services.intake.suivi.frise import LIVREE, SUSPENDUE, dernier
from services.intake.suivi.mots import Dossier, departement

Faits: TypeAlias = Sequence[tuple[str, str]]

NOM_INCONNU: Final = "Nom inconnu"
_DEPOSANT: Final = ("civilite", "nom", "prenom", "fonction", "courriel", "telephone")


@dataclass(frozen=True)
class Connu:
    """What is known of what dossiers name: communes and schools by code, names of files by id of piece."""

    communes: Mapping[str, Commune] = field(default_factory=dict)
    ecoles: Mapping[str, Ecole] = field(default_factory=dict)
    fichiers: Mapping[str, str] = field(default_factory=dict)

    def commune(self, code: str) -> str:
        """Name a commune, with its code when its name is unknown."""
        return self.communes[code].nom if code in self.communes else f"Commune de code Insee {code}"


@dataclass(frozen=True, slots=True)
class EcoleDeclaree:
    """A school as filed; `remise`: what has become of its annuaire, `le`: when it was delivered."""

    uai: str
    nom: str
    commune: str
    remise: str = ""
    le: datetime | None = None


@dataclass(frozen=True, slots=True)
class PieceDeclaree:
    """A piece as filed. `taille` in bytes."""

    role: str
    libelle: str
    nom: str
    taille: int
    sha256: str


@dataclass(frozen=True)
class Declare:
    """One version of a dossier. `motivation`: what an agent wrote when he decided of it."""

    version: int
    depose_le: datetime
    collectivite: Faits
    deposant: Faits
    ecoles: Sequence[EcoleDeclaree]
    pieces: Sequence[PieceDeclaree]
    commentaires: str
    motivation: str


def declare(contenu: Mapping[str, Any], connu: Connu) -> Declare:
    """Say what a version declares: the present one, or one of `versions`."""
    commune = contenu["commune"]
    return Declare(
        version=contenu["version"],
        depose_le=contenu["depose_le"],
        collectivite=(
            (LIBELLES["siret"], siret(contenu["siret"])),
            (LIBELLES["departement"], departement(commune[:2])),
            (LIBELLES["commune"], connu.commune(commune)),
        ),
        deposant=[(LIBELLES[champ], contenu["deposant"][champ]) for champ in _DEPOSANT],
        ecoles=[_ecole(uai, connu) for uai in contenu["ecoles"]],
        pieces=[_piece(piece, connu) for piece in contenu["pieces"]],
        commentaires=contenu["commentaires"],
        motivation=derniere(contenu).get("motivation", ""),
    )


def remises(dossier: Dossier, connu: Connu) -> list[EcoleDeclaree]:
    """Say of each school of a dossier whether its annuaire is delivered; nothing before the dossier is validated."""
    livree, suspension = dernier(dossier, LIVREE), dernier(dossier, SUSPENDUE)
    # A constat of aaf_dispatch names the schools that the annuaire lacks.
    manquent = suspension.constat if suspension else ""
    return [
        _ecole(uai, connu, remise=_remise(dossier, absente=uai in manquent), le=livree.le if livree else None)
        for uai in dossier["ecoles"]
    ]


def _remise(dossier: Dossier, *, absente: bool) -> str:
    match dossier["etat"]:
        case EtatDossier.LIVRE:
            return "Annuaire livré"
        case EtatDossier.VALIDE:
            return "Pas encore dans l’annuaire de l’académie" if absente else "Livraison en attente"
    return ""


def _ecole(uai: str, connu: Connu, *, remise: str = "", le: datetime | None = None) -> EcoleDeclaree:
    ecole = connu.ecoles.get(uai)
    nom, commune = (ecole.nom, ecole.nom_commune) if ecole else (NOM_INCONNU, "")
    return EcoleDeclaree(uai, nom, commune, remise, le)


def _piece(piece: Mapping[str, Any], connu: Connu) -> PieceDeclaree:
    libelle = LIBELLES[f"pieces.{piece['role']}"]
    nom = connu.fichiers.get(piece["id"]) or libelle
    return PieceDeclaree(piece["role"], libelle, nom, piece["taille"], piece["sha256"])
