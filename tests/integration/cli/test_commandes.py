"""Looking: dossiers, deliveries, the journal; and what every command says when it cannot."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.local.ports import port_libre
from services._runtime.mongo import Mongo

if TYPE_CHECKING:
    from tests.integration.cli.conftest import Ent1d
    from tests.integration.conftest import Banc

RACINE = Path(__file__).parents[3]
NUMERO = "ENT-E55A1-00001"
NOM = "Anarinette"  # nobody's: in the documents, never on the screen
LE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
COMMANDES = (
    [],
    ["serve"],
    ["demo"],
    ["asyncapi"],
    ["outbox"],
    ["interventions"],
    ["agent", "ajouter"],
    ["agent", "lister"],
    ["agent", "retirer"],
    ["agent", "reinitialiser"],
    ["annuaire", "generer"],
    ["dossier", "lister"],
    ["dossier", "voir"],
    ["dossier", "reprendre"],
    ["livraison", "lister"],
    ["livraison", "approuver"],
    ["parking", "lister"],
    ["parking", "voir"],
    ["parking", "rejouer"],
    ["referentiel", "communes"],
    ["referentiel", "ecoles"],
    ["referentiel", "etat"],
)


async def test_each_command_says_what_it_does(ent1d: "Ent1d") -> None:
    for commande in COMMANDES:
        fin = await ent1d(*commande, "--help")
        assert (fin.statut, fin.erreur) == (0, "")
        assert "Usage" in fin.sortie
        if commande and commande[0] in {"outbox", "interventions", "dossier", "livraison", "parking"}:
            assert f"Exemple : ent1d {' '.join(commande)}" in fin.sortie


@pytest.mark.usefixtures("dossiers")
async def test_dossiers_are_listed_the_last_filed_first_for_a_person_and_for_a_machine(ent1d: "Ent1d") -> None:
    liste = (await ent1d("dossier", "lister", "--json")).json
    a_corriger = (await ent1d("dossier", "lister", "--json", "--etat", "a_corriger")).json
    pour_une_personne = await ent1d("dossier", "lister")

    assert [dossier["numero"] for dossier in liste] == ["ENT-E55A1-00002", NUMERO]
    assert liste[1]["ecoles"] == ["0779001R", "0779002S"]
    assert datetime.fromisoformat(liste[1]["depose_le"]) == LE.replace(day=1)
    assert [dossier["numero"] for dossier in a_corriger] == ["ENT-E55A1-00002"]
    assert NUMERO in pour_une_personne.sortie
    assert NOM not in f"{liste} {pour_une_personne}"


@pytest.mark.usefixtures("dossiers")
async def test_what_is_too_wide_for_the_terminal_is_shown_in_blocks_that_cut_nothing(ent1d: "Ent1d") -> None:
    fin = await ent1d("dossier", "lister", COLUMNS="40")

    assert f"numero : {NUMERO}\netat : valide\n" in fin.sortie
    assert "ecoles : 0779001R, 0779002S\n" in fin.sortie


@pytest.mark.usefixtures("dossiers")
async def test_a_dossier_is_seen_in_order_with_its_mails_and_without_anybody(ent1d: "Ent1d") -> None:
    vu = await ent1d("dossier", "voir", NUMERO, "--json")
    pour_une_personne = await ent1d("dossier", "voir", NUMERO)

    assert [etape["fait"] for etape in vu.json] == ["courriel « accuse »", "DossierDéposé"]
    assert not any(etape["attend"] for etape in vu.json)
    assert "courriel « accuse »" in pour_une_personne.sortie
    assert "Il n’attend rien de nos services." in pour_une_personne.sortie
    assert NOM not in f"{vu} {pour_une_personne}"


async def test_what_does_not_exist_is_said_in_one_line(ent1d: "Ent1d") -> None:
    for commande in (["voir"], ["reprendre"], ["reprendre", "--pour-de-bon", "--par", "agent-7"]):
        fin = await ent1d("dossier", commande[0], "ENT-E55A1-00009", *commande[1:])
        assert "ENT-E55A1-00009" in fin.ligne_claire
        assert fin.statut == 1
    fin = await ent1d("livraison", "approuver", "ENT1D.20261123-00009", "--par", "agent-7")
    assert "ENT1D.20261123-00009" in fin.ligne_claire
    assert (await ent1d("dossier", "lister", "--json")).json == []
    assert "rien" in (await ent1d("dossier", "lister")).sortie
    assert (await ent1d("interventions", "--json")).json == []


async def test_deliveries_are_listed_and_one_that_waits_is_approved_as_it_stands(
    ent1d: "Ent1d", mongo: Mongo, journal: Callable[[], Awaitable[list[tuple[str, str, str]]]]
) -> None:
    suspendue = {"titulaire": "exemple", "etat": "suspendue", "empreinte": "e" * 64, "approuvee": ""}
    noms = [f"ENT1D.20261123-0000{rang}" for rang in (1, 2, 3)]
    await mongo.database["livraisons"].insert_many(
        [
            {"_id": noms[0], "titulaire": "exemple", "etat": "livree", "nombre_ecoles": 2, "livree_le": LE},
            {"_id": noms[1], **suspendue, "motif": "baisse_de_volume", "constat": "[moins] d’élèves"},
            {"_id": noms[2], **suspendue, "motif": "annuaire_invalide", "constat": "uai"},
        ]
    )

    liste = await ent1d("livraison", "lister", "--json")
    fin = await ent1d("livraison", "approuver", noms[1], "--par", "agent-7")
    refusees = [await ent1d("livraison", "approuver", nom, "--par", "agent-7") for nom in (noms[0], noms[2])]
    anonyme = await ent1d("livraison", "approuver", noms[1], "--par", "Anarinette Dupont")

    assert [livraison["_id"] for livraison in liste.json] == noms[::-1]
    assert "[moins] d’élèves" in (await ent1d("livraison", "lister")).sortie
    assert (fin.statut, fin.erreur) == (0, "")
    assert noms[1] in fin.sortie
    assert [refusee.statut for refusee in refusees if refusee.ligne_claire] == [1, 1]
    assert (anonyme.statut, "code de compte" in anonyme.ligne_claire) == (2, True)
    approuvees = await mongo.database["livraisons"].find({"approuvee": "e" * 64}).to_list(None)
    assert [(a["_id"], a["approuvee_par"]) for a in approuvees] == [(noms[1], "agent-7")]
    assert await journal() == [("agent-7", "livraison approuver", noms[1])]


async def test_an_unknown_service_is_refused_with_those_that_exist(ent1d: "Ent1d") -> None:
    fin = await ent1d("parking", "lister", "--service", "livraison", RABBITMQ_URL="amqp://x:y@127.0.0.1:1/")

    assert "aaf_dispatch" in fin.ligne_claire
    assert fin.statut == 2


async def test_an_age_that_is_none_is_refused_with_those_that_are(ent1d: "Ent1d") -> None:
    fin = await ent1d("outbox", "--depuis", "hier")

    assert "10m" in fin.ligne_claire
    assert fin.statut == 2


async def test_a_synthetic_academie_is_written_and_never_over_another(ent1d: "Ent1d", tmp_path: Path) -> None:
    ailleurs, nouveau = tmp_path / "plein", tmp_path / "nouveau"
    ailleurs.mkdir()
    (ailleurs / "export de l'académie.xml").write_text("à garder")
    options = ("--ecoles", "3", "--eleves-par-ecole", "5", "--uai", "0779001R", "--date", "2026-11-23")

    fin = await ent1d("annuaire", "generer", str(nouveau), *options)
    refus = await ent1d("annuaire", "generer", str(ailleurs), *options)

    assert fin.statut == 0, fin.erreur
    assert "3 écoles, 15 élèves" in fin.sortie
    assert sorted(f.name for f in nouveau.glob("*.xml")) == [
        f"ENTCRETEIL_Complet_20261123_{categorie}_0000.xml"
        for categorie in ("Eleve", "EtabEducNat", "PersEducNat", "PersRelEleve")
    ]
    assert "0779001R" in (nouveau / "ENTCRETEIL_Complet_20261123_EtabEducNat_0000.xml").read_text()
    assert "vide" in refus.ligne_claire
    assert [f.name for f in ailleurs.iterdir()] == ["export de l'académie.xml"]


@pytest.mark.parametrize("uai", ["0779001A", "0759001R", "n'importe quoi"])
async def test_an_uai_that_is_none_of_the_academie_is_refused(ent1d: "Ent1d", tmp_path: Path, uai: str) -> None:
    fin = await ent1d("annuaire", "generer", str(tmp_path / "nouveau"), "--uai", uai)

    assert "UAI" in fin.ligne_claire
    assert not (tmp_path / "nouveau").exists()


async def test_the_asyncapi_document_is_the_committed_one(ent1d: "Ent1d") -> None:
    fin = await ent1d("asyncapi")

    assert fin.json["asyncapi"].startswith("3.")
    assert fin.json == json.loads((RACINE / "contracts" / "asyncapi.json").read_text())


async def test_an_absent_partner_is_said_in_one_line_within_seconds(ent1d: "Ent1d") -> None:
    personne = port_libre()
    debut = asyncio.get_running_loop().time()

    sans_base = await ent1d("dossier", "lister", MONGODB_URL=f"mongodb://127.0.0.1:{personne}/")
    sans_bus = await ent1d("parking", "lister", RABBITMQ_URL=f"amqp://x:mot-de-passe@127.0.0.1:{personne}/")

    assert "MongoDB" in sans_base.ligne_claire
    assert "RabbitMQ" in sans_bus.ligne_claire
    assert "mot-de-passe" not in sans_bus.erreur
    assert (sans_base.statut, sans_bus.statut) == (1, 1)
    assert asyncio.get_running_loop().time() - debut < 25


async def test_a_missing_setting_is_named(ent1d: "Ent1d") -> None:
    assert "MONGODB_URL" in (await ent1d("livraison", "lister", MONGODB_URL="")).ligne_claire
    assert "RABBITMQ_URL" in (await ent1d("parking", "lister")).ligne_claire


async def test_a_user_without_the_right_is_told_so_in_one_line(ent1d: "Ent1d", banc: "Banc") -> None:
    faux = banc.url("operateur").replace("operateur:", "operateur:faux-")
    for url in (banc.url("demo"), faux):
        assert (await ent1d("parking", "lister", RABBITMQ_URL=url)).ligne_claire
