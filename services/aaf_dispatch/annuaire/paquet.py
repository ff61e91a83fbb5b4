"""Seal a directory as the zip a titulaire receives, the same bytes each time, and describe it in a manifest."""

import hashlib
import shutil
import zipfile
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from services.aaf_dispatch.annuaire.filtrage import Extraction
from services.aaf_dispatch.annuaire.perimetre import EffectifsEcole

_DROITS: Final = 0o100640 << 16
_BLOC: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Paquet:
    """A sealed zip: its size in bytes and the SHA-256 of its bytes, in hexadecimal."""

    nom: str
    taille: int
    sha256: str


def empaqueter(dossier: Path, destination: Path, *, horodatage: datetime) -> Paquet:
    """Zip every file of `dossier`, flat, in name order, each dated `horodatage` (from 1980, to two seconds).

    The zip takes its name only once complete. The same files and date give the same bytes with the same zlib.
    """
    provisoire = destination.with_name(destination.name + ".part")
    with zipfile.ZipFile(provisoire, "w") as archive:
        for chemin in sorted(dossier.iterdir()):
            _ajouter(archive, chemin, horodatage)
    with provisoire.open("rb") as flux:
        somme = hashlib.file_digest(flux, "sha256").hexdigest()
    taille = provisoire.stat().st_size
    provisoire.replace(destination)
    return Paquet(destination.name, taille, somme)


def manifeste(extraction: Extraction, paquet: Paquet, *, titulaire: str, jour: date) -> dict[str, object]:
    """Return the manifest laid beside the zip: numbers per school and readiness, no person."""
    return {
        "manifeste": 1,
        "nom": paquet.nom,
        "date": jour.isoformat(),
        "portee": "Complet",
        "version_af": extraction.metadonnees.get("versionAF", ""),
        "titulaire": titulaire,
        "fichier": asdict(paquet),
        "contenu": list(extraction.fichiers),
        "effectifs": asdict(extraction.effectifs),
        "uai_absentes": list(extraction.uai_absents),
        "ecoles": [_ecole(e) for e in extraction.par_ecole],
    }


def _ecole(ecole: EffectifsEcole) -> dict[str, object]:
    return {
        "uai": ecole.uai,
        "effectifs": {
            "eleves": ecole.eleves,
            "responsables": ecole.responsables,
            "personnels": ecole.personnels,
            "classes": ecole.classes,
        },
        "guichets": {
            # EduConnect matches on jointures, passed unchanged: it needs pupils and their responsables.
            "pret_educonnect": ecole.eleves > 0 and ecole.responsables > 0,
            # The guichet agents matches on the academic mail of each member of staff.
            "pret_guichet_agents": ecole.personnels > 0 and ecole.personnels_sans_mail == 0,
            "personnels_sans_mail": ecole.personnels_sans_mail,
        },
        "gar": {
            "mefstat4_complet": ecole.eleves > 0 and ecole.eleves_sans_niveau == 0,
            "eleves_sans_mefstat4": ecole.eleves_sans_niveau,
            "direction_connue": ecole.direction_connue,
            "responsable_affectation": "à désigner dans l’ENT",
        },
    }


def _ajouter(archive: zipfile.ZipFile, chemin: Path, horodatage: datetime) -> None:
    membre = zipfile.ZipInfo(chemin.name, horodatage.timetuple()[:6])
    membre.compress_type = zipfile.ZIP_DEFLATED
    membre.create_system, membre.external_attr = 3, _DROITS
    membre.file_size = chemin.stat().st_size
    with chemin.open("rb") as source, archive.open(membre, "w") as cible:
        shutil.copyfileobj(source, cible, _BLOC)
