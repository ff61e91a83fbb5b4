"""Bringing in communes and schools: what would change is shown, what is wrong is named, and nothing is done by half."""

import csv
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deploy.demo.dossiers import uai
from deploy.demo.referentiel import annuaire_json, communes_json
from services._runtime.mongo import Mongo
from services.intake.referentiels.store import Referentiels

if TYPE_CHECKING:
    from tests.integration.cli.conftest import Ent1d

POUR_DE_BON = ("--pour-de-bon", "--par", "agent-7")
Ecrire = Callable[[Sequence[Mapping[str, Any]]], str]


@pytest.fixture
def fichier(tmp_path: Path) -> Ecrire:
    """Write a JSON file; give its path."""

    def ecrire(fiches: Sequence[Mapping[str, Any]]) -> str:
        chemin = tmp_path / "fiches.json"
        chemin.write_text(json.dumps(fiches, ensure_ascii=False), encoding="utf-8")
        return str(chemin)

    return ecrire


async def test_both_files_are_brought_in_and_the_journal_says_who_did(
    ent1d: "Ent1d", mongo: Mongo, fichier: Ecrire, journal: Callable[[], Awaitable[list[tuple[str, str, str]]]]
) -> None:
    communes = await ent1d("referentiel", "communes", fichier(communes_json()), *POUR_DE_BON)
    ecoles = await ent1d("referentiel", "ecoles", fichier(annuaire_json()), *POUR_DE_BON)
    etat = (await ent1d("referentiel", "etat", "--json")).json

    assert (communes.statut, communes.erreur) == (ecoles.statut, ecoles.erreur) == (0, "")
    assert "lues : 14, en défaut : 0" in communes.sortie
    assert "C’est fait." in communes.sortie
    assert [(ligne["referentiel"], ligne["nombre"], ligne["en_service"]) for ligne in etat] == [
        ("communes", 14, 14),
        ("ecoles", 24, 23),
    ]
    assert all("Licence Ouverte 2.0" in ligne["source"] and ligne["importe_le"] for ligne in etat)
    assert await journal() == [("agent-7", f"referentiel {ligne['referentiel']}", ligne["empreinte"]) for ligne in etat]
    assert [ecole.uai for ecole in await Referentiels(mongo).ecoles_de("93059")] == [
        uai(2, "093"),
        uai(3, "093"),
        uai(1, "093"),
    ]


async def test_without_pour_de_bon_what_would_change_is_shown_and_nothing_is(ent1d: "Ent1d", fichier: Ecrire) -> None:
    fin = await ent1d("referentiel", "communes", fichier(communes_json()))
    en_json = (await ent1d("referentiel", "communes", fichier(communes_json()), "--json")).json
    anonyme = await ent1d("referentiel", "communes", fichier(communes_json()), "--pour-de-bon")

    assert (fin.statut, fin.erreur) == (0, "")
    assert "ajoutées : 14" in fin.sortie
    assert "ajouter --pour-de-bon --par CODE" in fin.sortie
    assert [(ligne["ajoutees"], ligne["fait"], ligne["obstacle"]) for ligne in en_json] == [(14, False, "")]
    assert (anonyme.statut, "--par" in anonyme.ligne_claire) == (2, True)
    assert [ligne["nombre"] for ligne in (await ent1d("referentiel", "etat", "--json")).json] == [0, 0]
    assert (await ent1d("interventions", "--json")).json == []


async def test_the_same_import_done_again_changes_nothing(ent1d: "Ent1d", fichier: Ecrire) -> None:
    await ent1d("referentiel", "ecoles", fichier(annuaire_json()), *POUR_DE_BON)
    avant = (await ent1d("referentiel", "etat", "--json")).json

    fin = await ent1d("referentiel", "ecoles", fichier(annuaire_json()[::-1]), *POUR_DE_BON)

    assert "Rien à changer." in fin.sortie
    assert (await ent1d("referentiel", "etat", "--json")).json == avant
    assert len((await ent1d("interventions", "--json")).json) == 1


async def test_the_csv_export_brings_in_the_same_schools(ent1d: "Ent1d", fichier: Ecrire, tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    with export.open("w", encoding="utf-8-sig", newline="") as flux:
        colonnes = [colonne.capitalize() for colonne in annuaire_json()[0]]
        ecrivain = csv.writer(flux, delimiter=";")
        ecrivain.writerow(colonnes)
        ecrivain.writerows(["" if v is None else v for v in fiche.values()] for fiche in annuaire_json())

    du_csv = (await ent1d("referentiel", "ecoles", str(export), "--json")).json
    du_json = (await ent1d("referentiel", "ecoles", fichier(annuaire_json()), "--json")).json

    assert du_csv == du_json
    assert du_csv[0]["lues"] == 24


async def test_a_school_that_is_no_more_in_the_file_is_closed_not_forgotten(
    ent1d: "Ent1d", mongo: Mongo, fichier: Ecrire
) -> None:
    await ent1d("referentiel", "ecoles", fichier(annuaire_json()), *POUR_DE_BON)

    fin = await ent1d("referentiel", "ecoles", fichier(annuaire_json()[1:]), *POUR_DE_BON)

    assert "retirées : 1 ; en service : 22" in fin.sortie
    assert not (await Referentiels(mongo).ecoles([uai(1)]))[uai(1)].ouverte


async def test_a_file_that_would_remove_too_much_needs_somebody_s_word(
    ent1d: "Ent1d", mongo: Mongo, fichier: Ecrire
) -> None:
    await ent1d("referentiel", "communes", fichier(communes_json()), *POUR_DE_BON)
    coupe = fichier([commune for commune in communes_json() if commune["departement"] == "77"])

    refus = await ent1d("referentiel", "communes", coupe, *POUR_DE_BON)
    en_json = await ent1d("referentiel", "communes", coupe, *POUR_DE_BON, "--json")

    assert refus.statut == 1
    assert "rien n’est changé : le fichier retirerait 50,0 %" in refus.ligne_claire
    assert en_json.statut == 1
    assert [(ligne["fait"], "est-il complet" in ligne["obstacle"]) for ligne in json.loads(en_json.sortie)] == [
        (False, True)
    ]
    assert await Referentiels(mongo).commune("94028") is not None

    force = await ent1d("referentiel", "communes", coupe, *POUR_DE_BON, "--force")

    assert force.statut == 0
    assert await Referentiels(mongo).commune("94028") is None
    assert (await ent1d("interventions", "--json")).json[0]["detail"].endswith("--force")


async def test_wrong_records_are_named_by_place_and_reason(ent1d: "Ent1d", fichier: Ecrire) -> None:
    fiches = annuaire_json()
    fiches[1] |= {"identifiant_de_l_etablissement": "0779002A"}
    fiches[3] |= {"etat": "\x1b[31mPEUT-ÊTRE"}

    refus = await ent1d("referentiel", "ecoles", fichier(fiches), *POUR_DE_BON)

    assert "8,3 % des fiches ont un défaut" in refus.ligne_claire
    lignes = [ligne.split("│") for ligne in refus.sortie.splitlines() if "fiche " in ligne]
    assert [[cellule.strip() for cellule in ligne[1:3]] for ligne in lignes] == [
        ["fiche 2", "0779002A"],
        ["fiche 4", uai(4)],
    ]
    assert "lettre de contrôle" in lignes[0][3]
    assert "\x1b" not in refus.sortie
    assert (await ent1d("referentiel", "etat", "--json")).json[1]["nombre"] == 0


@pytest.mark.parametrize(
    ("contenu", "constat"),
    [
        (None, "ce fichier n’existe pas"),
        (b"[]", "rien à prendre pour 77, 93 ou 94"),
        (b'{"total_count": 0, "results": []}', "n’est pas une liste JSON"),
        (b"\x1f\x8b\x08\x00\xff", "n’est pas en UTF-8"),
    ],
)
async def test_a_file_that_cannot_be_is_refused_in_one_line(
    ent1d: "Ent1d", tmp_path: Path, contenu: bytes | None, constat: str
) -> None:
    chemin = tmp_path / "fichier"
    if contenu is not None:
        chemin.write_bytes(contenu)

    fin = await ent1d("referentiel", "communes", str(chemin), *POUR_DE_BON, "--force")

    assert fin.statut == 1
    assert constat in fin.ligne_claire


async def test_a_directory_is_no_file(ent1d: "Ent1d", tmp_path: Path) -> None:
    assert "ne peut pas être lu" in (await ent1d("referentiel", "communes", str(tmp_path))).ligne_claire
