"""The export: one line a school, the queue's filters, no person, no formula, whatever its length."""

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from deploy.demo.dossiers import SIRET_EXEMPLE, uai
from services._runtime.clock import now
from services._runtime.mongo import Mongo
from services.intake.bureau.export import COLONNES, LOT

from .banc import Dossiers, Personne

ESPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def lire_csv(contenu: bytes) -> list[list[str]]:
    """Read as a French spreadsheet does."""
    return list(csv.reader(io.StringIO(contenu.decode("utf-8-sig"), newline=""), delimiter=";"))


def lire_xlsx(contenu: bytes) -> list[list[str]]:
    """Read the cells of the first sheet; all are inline or shared text."""
    archive = zipfile.ZipFile(io.BytesIO(contenu))
    feuille = etree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert feuille.find(".//x:f", ESPACE) is None
    assert {cellule.get("t") for cellule in feuille.iterfind(".//x:c", ESPACE)} == {"inlineStr"}
    return [
        ["".join(cellule.itertext()) for cellule in rangee.iterfind("x:c", ESPACE)]
        for rangee in feuille.iterfind(".//x:row", ESPACE)
    ]


async def test_each_school_has_its_line_in_both_formats(agent: Personne, dossiers: Dossiers) -> None:
    le = datetime(2026, 11, 23, 9, 32, tzinfo=UTC)
    livre = "L’annuaire de 2 école(s) a été remis au titulaire : livraison ENT1D.20261123-00007."
    ident = await dossiers.deposer(
        etat="livre",
        depose_le=le,
        chronologie=[
            {"le": le, "fait": "DossierDéposé", "version": 1, "constat": ""},
            {"le": le + timedelta(minutes=1), "fait": "DossierValidé", "version": 1, "constat": ""},
            {"le": le + timedelta(minutes=2), "fait": "AAFLivré", "version": 1, "constat": livre},
        ],
    )
    suite = ["Melun", "77288", "77", SIRET_EXEMPLE, ident, "1", "Annuaire livré"]
    suite += ["2026-11-23 10:32", "2026-11-23 10:33", "2026-11-23 10:34", "ENT1D.20261123-00007", "conforme"]
    attendu = [[*COLONNES], [uai(1), "École des Lilas", *suite], [uai(2), "École des Roses", *suite]]

    en_csv = await agent.voir("/agent/export.csv?onglet=valides")
    en_xlsx = await agent.voir("/agent/export.xlsx?onglet=valides")

    assert en_csv.content.startswith(b"\xef\xbb\xbfUAI;")
    assert lire_csv(en_csv.content) == attendu
    assert lire_xlsx(en_xlsx.content) == attendu
    assert en_csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert en_csv.headers["content-disposition"].startswith('attachment; filename="dossiers-')
    assert en_xlsx.headers["content-disposition"].endswith(".xlsx")


async def test_no_person_is_in_an_export(agent: Personne, dossiers: Dossiers) -> None:
    await dossiers.deposer(commentaires="Camille Fictive")

    for suffixe in ("csv", "xlsx"):
        contenu = (await agent.voir(f"/agent/export.{suffixe}")).content
        lignes = lire_csv(contenu) if suffixe == "csv" else lire_xlsx(contenu)
        assert not any("Fictive" in cellule or "@" in cellule for ligne in lignes for cellule in ligne)


async def test_a_formula_in_the_name_of_a_school_is_text(agent: Personne, dossiers: Dossiers, mongo: Mongo) -> None:
    await dossiers.deposer(ecoles=[uai(1)])
    mal = '=HYPERLINK("http://mal.exemple";"cliquez")'
    await mongo.database["ecoles"].update_many({"uai": uai(1)}, {"$set": {"nom": mal}})

    assert lire_csv((await agent.voir("/agent/export.csv")).content)[1][1] == f"'{mal}"
    assert lire_xlsx((await agent.voir("/agent/export.xlsx")).content)[1][1] == f"'{mal}"


@pytest.mark.parametrize(
    ("requete", "nombre"),
    [
        ("", 2),
        ("onglet=tous", 4),
        ("onglet=tous&commune=94028", 1),
        ("onglet=tous&departement=77", 3),
        ("onglet=tous&verdict=bloquant", 1),
        ("onglet=incidents", 1),
        ("onglet=tous&q=creteil", 1),
        ("onglet=tous&q=nulle+part", 0),
        ("onglet=tous&q=marolles", 0),
    ],
)
async def test_an_export_holds_what_the_queue_shows(
    agent: Personne, dossiers: Dossiers, requete: str, nombre: int
) -> None:
    une = {"ecoles": [uai(1)]}
    suspension = {"le": now(), "fait": "LivraisonSuspendue", "version": 1, "constat": "Elle attend."}
    await dossiers.deposer_tous(
        [
            une,
            une | {"verdict": "bloquant"},
            une | {"etat": "livre", "commune": "94028"},
            une | {"etat": "valide", "chronologie": [suspension]},
        ]
    )

    assert len(lire_csv((await agent.voir(f"/agent/export.csv?{requete}")).content)) == 1 + nombre


async def test_an_export_of_many_lots_holds_each_dossier_once_in_order(agent: Personne, dossiers: Dossiers) -> None:
    depart = now() - timedelta(days=10)
    nombre = 2 * LOT + 7
    idents = await dossiers.deposer_tous(
        {"depose_le": depart + timedelta(minutes=n), "ecoles": [uai(n % 900)], "etat": ("depose", "livre")[n % 2]}
        for n in range(nombre)
    )

    for suffixe, lire in (("csv", lire_csv), ("xlsx", lire_xlsx)):
        lignes = lire((await agent.voir(f"/agent/export.{suffixe}?onglet=tous")).content)
        assert [ligne[6] for ligne in lignes[1:]] == idents
