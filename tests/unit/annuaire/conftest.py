"""An invented academy on disk, and an independent reader: lxml's trees, not the code under test."""

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from services.aaf_dispatch.annuaire import Academie, Extraction, Generation, Nommage, extraire, generer

Fiches = dict[str, dict[str, list[str]]]


@pytest.fixture(scope="session")
def nommage() -> Nommage:
    return Nommage("ENTCRETEIL", date(2025, 11, 3), seuil=25)


@pytest.fixture(scope="session")
def generation(tmp_path_factory: pytest.TempPathFactory, nommage: Nommage) -> tuple[Path, Generation]:
    dossier = tmp_path_factory.mktemp("academie") / "complet"
    return dossier, generer(dossier, Academie(ecoles=9, graine=3, eleves_par_ecole=8), nommage)


@pytest.fixture(scope="session")
def academie(generation: tuple[Path, Generation]) -> Path:
    return generation[0]


@pytest.fixture(scope="session")
def uai(generation: tuple[Path, Generation]) -> tuple[str, ...]:
    return generation[1].uai


@pytest.fixture(scope="session")
def paquet_de_deux_ecoles(
    tmp_path_factory: pytest.TempPathFactory, academie: Path, uai: tuple[str, ...], nommage: Nommage
) -> tuple[Path, Extraction]:
    dossier = tmp_path_factory.mktemp("paquet") / "complet"
    return dossier, extraire(academie, dossier, frozenset(uai[:2]), nommage=nommage)


@pytest.fixture(scope="session")
def relire() -> Callable[[Path, str], Fiches]:
    """Return the records of a category by id, read by lxml; those of a session's academy are read once."""

    @cache
    def _relire(dossier: Path, categorie: str) -> Fiches:
        fiches: Fiches = {}
        for chemin in sorted(dossier.glob(f"*_{categorie}_*.xml")):
            for requete in etree.parse(chemin, etree.XMLParser(load_dtd=False)).getroot().iter("addRequest"):
                fiches[requete.findtext("identifier/id")] = {
                    a.get("name"): [v.text or "" for v in a] for a in requete.find("attributes")
                }
        return fiches

    return _relire


@pytest.fixture(scope="session")
def est_valide_dtd() -> Callable[[Path], bool]:
    """Tell whether every file of a directory is valid against the DTD beside it, judged by libxml2."""

    def _est_valide(dossier: Path) -> bool:
        dtd = etree.DTD(str(dossier / "ficAlimMENESR.dtd"))
        return all(dtd.validate(etree.parse(chemin)) for chemin in dossier.glob("*.xml"))

    return _est_valide


@pytest.fixture(scope="session")
def ecrire_source() -> Callable[..., Path]:
    """Write a Complet by hand: one file for each category, from {category: {id: {attribute: value(s)}}}."""
    entete = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">\n'
        '<ficAlimMENESR>\n<!-- versionAF="AAF-VE2003" -->\n'
    )

    def _fiche(categorie: str, numero: str, attributs: dict[str, str | list[str]]) -> str:
        operation = "categorieStructure" if categorie == "EtabEducNat" else "categoriePersonne"
        jointure = "ENTStructureJointure" if categorie == "EtabEducNat" else "ENTPersonJointure"
        lignes = ""
        for nom, valeur in ({jointure: numero} | attributs).items():
            valeurs = "".join(f"<value>{v}</value>" for v in ([valeur] if isinstance(valeur, str) else valeur))
            lignes += f'<attr name="{nom}">\n{valeurs}\n</attr>\n'
        return (
            f'<addRequest>\n<operationalAttributes>\n<attr name="{operation}"><value>{categorie}</value></attr>\n'
            f"</operationalAttributes>\n<identifier><id>{numero}</id></identifier>\n"
            f"<attributes>\n{lignes}</attributes>\n</addRequest>\n"
        )

    def _ecrire(dossier: Path, fiches: dict[str, dict[str, dict[str, str | list[str]]]]) -> Path:
        dossier.mkdir(parents=True)
        for categorie in ("EtabEducNat", "Eleve", "PersRelEleve", "PersEducNat"):
            corps = "".join(_fiche(categorie, n, a) for n, a in fiches.get(categorie, {}).items())
            chemin = dossier / f"ENTTEST_Complet_20251103_{categorie}_0000.xml"
            chemin.write_text(f"{entete}{corps}</ficAlimMENESR>\n", encoding="utf-8")
        return dossier

    return _ecrire
