"""Sealing: the same bytes each time, what the titulaire unpacks, and a manifest that counts without naming."""

import hashlib
import json
import re
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.aaf_dispatch.annuaire import Extraction, Nommage, empaqueter, extraire, manifeste, ouvrir_export
from services.aaf_dispatch.annuaire.grammaire import Categorie

QUAND = datetime(2025, 11, 3, 4, 5, 6, tzinfo=UTC)


def test_the_zip_is_the_same_whatever_the_dates_of_the_files(
    tmp_path: Path, academie: Path, uai: tuple[str, ...], nommage: Nommage
) -> None:
    for nom in ("a", "b"):
        extraire(academie, tmp_path / nom, frozenset(uai[:2]), nommage=nommage)
    un, deux = (empaqueter(tmp_path / n, tmp_path / f"{n}.zip", horodatage=QUAND) for n in ("a", "b"))
    assert un.sha256 == deux.sha256 == hashlib.sha256((tmp_path / "b.zip").read_bytes()).hexdigest()
    assert un.taille == (tmp_path / "a.zip").stat().st_size
    assert sorted(c.name for c in tmp_path.iterdir()) == ["a", "a.zip", "b", "b.zip"]


def test_the_zip_is_flat_sorted_compressed_and_carries_the_dtd(
    tmp_path: Path, paquet_de_deux_ecoles: tuple[Path, Extraction]
) -> None:
    dossier, extraction = paquet_de_deux_ecoles
    empaqueter(dossier, tmp_path / "p.zip", horodatage=QUAND)
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        assert archive.namelist() == sorted([*extraction.fichiers, "ficAlimMENESR.dtd"])
        assert archive.testzip() is None
        assert {m.date_time for m in archive.infolist()} == {(2025, 11, 3, 4, 5, 6)}
        assert all(m.compress_size < m.file_size for m in archive.infolist())


def test_the_zip_reads_as_the_export_it_seals(tmp_path: Path, paquet_de_deux_ecoles: tuple[Path, Extraction]) -> None:
    dossier = paquet_de_deux_ecoles[0]
    empaqueter(dossier, tmp_path / "p.zip", horodatage=QUAND)
    for categorie in Categorie:
        assert list(ouvrir_export(tmp_path / "p.zip").fiches(categorie)) == list(
            ouvrir_export(dossier).fiches(categorie)
        )


@pytest.fixture
def contenu(tmp_path: Path, paquet_de_deux_ecoles: tuple[Path, Extraction]) -> dict[str, object]:
    dossier, extraction = paquet_de_deux_ecoles
    sceau = empaqueter(dossier, tmp_path / "p.zip", horodatage=QUAND)
    return manifeste(extraction, sceau, titulaire="editeur-exemple", jour=date(2025, 11, 3))


def test_the_manifest_counts_by_school_and_names_nobody(
    contenu: dict[str, object], paquet_de_deux_ecoles: tuple[Path, Extraction]
) -> None:
    extraction = paquet_de_deux_ecoles[1]
    texte = json.dumps(contenu, ensure_ascii=False)
    relu = json.loads(texte)
    assert [e["uai"] for e in relu["ecoles"]] == list(extraction.uai_trouves)
    assert sum(e["effectifs"]["eleves"] for e in relu["ecoles"]) == relu["effectifs"]["eleves"]
    assert relu["version_af"] == "AAF-VE2407"
    assert relu["fichier"]["nom"] == relu["nom"] == "p.zip"
    sans_somme = texte.replace(relu["fichier"]["sha256"], "")
    assert not re.findall(r"(?<![0-9])[0-9]{7}(?![0-9A-Z])", sans_somme)


def test_the_manifest_tells_who_can_enter_by_the_guichets(tmp_path: Path, academie: Path, nommage: Nommage) -> None:
    etabs = ouvrir_export(academie).fiches(Categorie.STRUCTURE)
    toutes = frozenset(f.valeur("ENTStructureUAI") for f in etabs)
    extraction = extraire(academie, tmp_path / "p", toutes, nommage=nommage)
    sceau = empaqueter(tmp_path / "p", tmp_path / "p.zip", horodatage=QUAND)
    ecoles = json.loads(json.dumps(manifeste(extraction, sceau, titulaire="t", jour=date(2025, 11, 3))))["ecoles"]
    for ecole in ecoles:
        guichets, effectifs = ecole["guichets"], ecole["effectifs"]
        assert guichets["pret_educonnect"] == (effectifs["eleves"] > 0)
        assert guichets["pret_guichet_agents"] == (effectifs["personnels"] > 0 and not guichets["personnels_sans_mail"])
        assert ecole["gar"]["mefstat4_complet"] == (effectifs["eleves"] > 0)
    assert {e["guichets"]["pret_guichet_agents"] for e in ecoles if e["effectifs"]["eleves"]} == {True, False}
