"""A delivery as the titulaire finds it: made by aaf_dispatch's own code from an invented académie."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contracts.evenements import Livraison
from services.aaf_dispatch.annuaire import Academie, Nommage, empaqueter, extraire, generer, manifeste
from services.aaf_dispatch.fabrique import livraison_de


@pytest.fixture
def livree(tmp_path: Path) -> tuple[Path, Livraison]:
    """Return the directory of a zip and its manifest, and what AAFLivré says of them."""
    jour, nom = date(2026, 9, 7), "ENT1D.20260907-00012"
    nommage = Nommage("ENT1DCRETEIL", jour, seuil=25)
    source, xml, depot = tmp_path / "source", tmp_path / "xml", tmp_path / "depot"
    ecoles = generer(source, Academie(ecoles=6, graine=3, eleves_par_ecole=12), nommage).uai[:3]
    extraction = extraire(source, xml, frozenset(ecoles), nommage=nommage)
    depot.mkdir()
    paquet = empaqueter(xml, depot / f"{nom}.zip", horodatage=datetime(2026, 9, 7, 8, tzinfo=UTC))
    contenu = manifeste(extraction, paquet, titulaire="exemple", jour=jour)
    (depot / f"{nom}.json").write_text(json.dumps(contenu, ensure_ascii=False), encoding="utf-8")
    return depot, livraison_de(contenu)
