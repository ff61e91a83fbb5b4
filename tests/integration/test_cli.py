"""The `ent1d` command as an operator runs it: a process of its own, its two outputs and its status."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import aio_pika
import pytest

from contracts.evenements import SoumettreDossier
from contracts.flux import file_de
from deploy.local.mongod import NoeudMongo
from deploy.local.ports import port_libre
from services._runtime.bus import producteur
from services._runtime.mongo import Mongo

if TYPE_CHECKING:
    from tests.integration.conftest import Banc

RACINE = Path(__file__).parents[2]
NUMERO = "ENT-E55A1-00001"
NOM = "Anarinette"  # nobody's: in the documents, never on the screen
LE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
Fait = Callable[..., Any]


@dataclass(frozen=True)
class Fin:
    """How a command ended."""

    statut: int
    sortie: str
    erreur: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever a machine reads
        """Read the output as a machine does."""
        return json.loads(self.sortie)


Ent1d = Callable[..., Awaitable[Fin]]


@pytest.fixture
def ent1d(mongod: NoeudMongo, mongo: Mongo) -> Ent1d:
    """Run the command on the test's own database; environment variables by name."""

    async def lancer(*arguments: str, **variables: str) -> Fin:
        env = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "COLUMNS": "250",
            "PYTHONPATH": str(RACINE),
            "MONGODB_URL": mongod.url,
            "MONGODB_DATABASE": mongo.database.name,
            **variables,
        }
        processus = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", "from services.cli import main; main()", *arguments),
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            sortie, erreur = await asyncio.wait_for(processus.communicate(), 60)
        except TimeoutError:
            processus.kill()
            raise
        return Fin(int(processus.returncode or 0), sortie.decode(), erreur.decode())

    return lancer


def une_ligne_claire(fin: Fin) -> str:
    """Check that a command failed as it should; give what it said."""
    assert fin.statut != 0
    assert "Traceback" not in fin.erreur
    (ligne,) = fin.erreur.splitlines()
    assert ligne.startswith("ent1d : ")
    return ligne


@pytest.fixture
async def dossiers(mongo: Mongo) -> None:
    """Give two dossiers, a mail of the first, and a person everywhere a document may hold one."""
    personne = {"nom": NOM, "prenom": NOM, "courriel": f"{NOM}@exemple.fr"}
    for rang, etat in enumerate(("valide", "a_corriger"), start=1):
        numero = f"ENT-E55A1-0000{rang}"
        await mongo.database["dossiers"].insert_one(
            {
                "_id": numero,
                "numero": numero,
                "etat": etat,
                "version": rang,
                "commune": "77288",
                "ecoles": ["0779001R", "0779002S"],
                "depose_le": LE.replace(day=rang),
                "deposant": personne,
                "commentaires": NOM,
                "chronologie": [{"le": LE, "fait": "DossierDéposé", "version": 1, "constat": ""}],
            }
        )
    await mongo.database["envois"].insert_one(
        {
            "_id": f"{NUMERO}:1:accuse",
            "numero": NUMERO,
            "version": 1,
            "motif": "accuse",
            "destinataire": f"{NOM}@exemple.fr",
            "message": NOM.encode(),
            "journal": [{"le": LE.replace(hour=8), "etat": "accepte", "raison": ""}],
        }
    )


async def test_each_command_says_what_it_does(ent1d: Ent1d) -> None:
    commandes = (
        [],
        ["serve"],
        ["demo"],
        ["asyncapi"],
        ["annuaire", "generer"],
        ["dossier", "lister"],
        ["dossier", "voir"],
        ["livraison", "lister"],
        ["livraison", "approuver"],
        ["parking", "lister"],
        ["parking", "rejouer"],
    )
    for fin in await asyncio.gather(*(ent1d(*commande, "--help") for commande in commandes)):
        assert (fin.statut, fin.erreur) == (0, "")
        assert "Usage" in fin.sortie


@pytest.mark.usefixtures("dossiers")
async def test_dossiers_are_listed_the_last_filed_first_for_a_person_and_for_a_machine(ent1d: Ent1d) -> None:
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
async def test_a_dossier_is_seen_in_order_with_its_mails_and_without_anybody(ent1d: Ent1d) -> None:
    vu = await ent1d("dossier", "voir", NUMERO, "--json")
    pour_une_personne = await ent1d("dossier", "voir", NUMERO)

    assert [etape["fait"] for etape in vu.json] == ["courriel « accuse »", "DossierDéposé"]
    assert "courriel « accuse »" in pour_une_personne.sortie
    assert NOM not in f"{vu} {pour_une_personne}"


async def test_what_does_not_exist_is_said_in_one_line(ent1d: Ent1d) -> None:
    assert "ENT-E55A1-00009" in une_ligne_claire(await ent1d("dossier", "voir", "ENT-E55A1-00009"))
    assert "ENT1D.20261123-00009" in une_ligne_claire(
        await ent1d("livraison", "approuver", "ENT1D.20261123-00009", "--par", "agent-7")
    )
    assert (await ent1d("dossier", "lister", "--json")).json == []
    assert "rien" in (await ent1d("dossier", "lister")).sortie


async def test_deliveries_are_listed_and_one_that_waits_is_approved_as_it_stands(ent1d: Ent1d, mongo: Mongo) -> None:
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

    assert [livraison["_id"] for livraison in liste.json] == noms[::-1]
    assert "[moins] d’élèves" in (await ent1d("livraison", "lister")).sortie
    assert (fin.statut, fin.erreur) == (0, "")
    assert noms[1] in fin.sortie
    for refusee in refusees:
        une_ligne_claire(refusee)
    approuvees = await mongo.database["livraisons"].find({"approuvee": "e" * 64}).to_list(None)
    assert [(a["_id"], a["approuvee_par"]) for a in approuvees] == [(noms[1], "agent-7")]


FILE = file_de("intake", SoumettreDossier)


async def mettre_de_cote(banc: "Banc", nombre: int = 1, **entetes: str) -> list[str]:
    """Park submissions of the producer `demo`, as intake does; give their ids."""
    ids = [str(uuid4()) for _ in range(nombre)]
    for _id in ids:
        headers: Any = {
            "x-producteur": "demo",
            "x-file": FILE,
            "x-motif": "json_invalide",
            "x-detail": "siret",
            "x-tentative": 1,
            **entetes,
        }
        message = aio_pika.Message(
            json.dumps({"deposant": NOM}).encode(),
            message_id=_id,
            headers=headers,
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            user_id="svc_intake",
        )
        await banc.publier("parking", FILE, message, utilisateur="svc_intake")
    return ids


async def test_parked_messages_are_listed_stay_where_they_are_and_show_nothing_of_their_body(
    ent1d: Ent1d, banc: "Banc", fait: Fait
) -> None:
    ids = await mettre_de_cote(banc, 2)
    operateur = {"RABBITMQ_URL": banc.url("operateur")}

    liste = await ent1d("parking", "lister", "--json", **operateur)
    pour_une_personne = await ent1d("parking", "lister", "--service", "intake", **operateur)
    ailleurs = await ent1d("parking", "lister", "--json", "--service", "notification", **operateur)

    assert [(m["id"], m["file"], m["motif"]) for m in liste.json] == [(_id, FILE, "json_invalide") for _id in ids]
    assert all(_id in pour_une_personne.sortie for _id in ids)
    assert ailleurs.json == []
    assert NOM not in f"{liste} {pour_une_personne}"
    await fait(lambda: banc.profondeur("intake.parking"), lambda n: n == 2)


async def test_what_a_producer_wrote_gives_no_order_to_the_operators_terminal(ent1d: Ent1d, banc: "Banc") -> None:
    await mettre_de_cote(banc, **{"x-detail": "\x1b[2J[/bold]", "x-motif": "[red]"})

    fin = await ent1d("parking", "lister", RABBITMQ_URL=banc.url("operateur"))

    assert fin.statut == 0, fin.erreur
    assert "\x1b" not in fin.sortie
    assert "[/bold]" in fin.sortie
    assert "[red]" in fin.sortie


async def test_without_the_word_nothing_is_replayed(ent1d: Ent1d, banc: "Banc", fait: Fait) -> None:
    await mettre_de_cote(banc, 3)

    fin = await ent1d("parking", "rejouer", RABBITMQ_URL=banc.url("operateur"))

    assert fin.statut == 0
    assert fin.sortie.startswith("3 message(s) à renvoyer")
    await fait(lambda: banc.profondeur("intake.parking"), lambda n: n == 3)
    assert await banc.profondeur(FILE) == 0


async def test_a_replayed_submission_comes_back_whole_and_still_belongs_to_its_producteur(
    ent1d: Ent1d, banc: "Banc", fait: Fait
) -> None:
    ids = await mettre_de_cote(banc, 3)

    fin = await ent1d(*("parking", "rejouer", "--id", ids[1], "--pour-de-bon"), RABBITMQ_URL=banc.url("operateur"))

    assert fin.sortie.startswith("1 message(s) renvoyé(s)")
    await fait(lambda: banc.profondeur(FILE), lambda n: n == 1)
    await fait(lambda: banc.profondeur("intake.parking"), lambda n: n == 2)
    (rejoue,) = await banc.relever(FILE)
    assert (rejoue.message_id, rejoue.user_id) == (ids[1], "operateur")
    assert json.loads(rejoue.body) == {"deposant": NOM}
    assert "x-tentative" not in rejoue.headers, "tried as if for the first time"
    assert producteur(cast("Any", SimpleNamespace(raw_message=rejoue))) == "demo"


async def test_everything_parked_at_a_service_is_replayed_and_no_other(ent1d: Ent1d, banc: "Banc", fait: Fait) -> None:
    await mettre_de_cote(banc, 3)
    await banc.publier(
        "parking", "notification.dossier-refuse-v1", banc.message(banc.refuse()), utilisateur="svc_notification"
    )

    fin = await ent1d(
        *("parking", "rejouer", "--service", "intake", "--pour-de-bon"), RABBITMQ_URL=banc.url("operateur")
    )

    assert fin.sortie.startswith("3 message(s) renvoyé(s)")
    await fait(lambda: banc.profondeur(FILE), lambda n: n == 3)
    assert await banc.profondeur("intake.parking") == 0
    assert await banc.profondeur("notification.parking") == 1


async def test_an_unknown_service_is_refused_with_those_that_exist(ent1d: Ent1d) -> None:
    fin = await ent1d("parking", "lister", "--service", "livraison", RABBITMQ_URL="amqp://x:y@127.0.0.1:1/")

    assert fin.statut != 0
    assert "aaf_dispatch" in fin.erreur
    assert "Traceback" not in fin.erreur


async def test_a_synthetic_academie_is_written_and_never_over_another(ent1d: Ent1d, tmp_path: Path) -> None:
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
    assert refus.statut != 0
    assert "vide" in refus.erreur
    assert "Traceback" not in refus.erreur
    assert [f.name for f in ailleurs.iterdir()] == ["export de l'académie.xml"]


@pytest.mark.parametrize("uai", ["0779001A", "0759001R", "n'importe quoi"])
async def test_an_uai_that_is_none_of_the_academie_is_refused(ent1d: Ent1d, tmp_path: Path, uai: str) -> None:
    fin = await ent1d("annuaire", "generer", str(tmp_path / "nouveau"), "--uai", uai)

    assert fin.statut != 0
    assert "UAI" in fin.erreur
    assert "Traceback" not in fin.erreur
    assert not (tmp_path / "nouveau").exists()


async def test_the_asyncapi_document_is_the_committed_one(ent1d: Ent1d) -> None:
    fin = await ent1d("asyncapi")

    assert fin.json["asyncapi"].startswith("3.")
    assert fin.json == json.loads((RACINE / "contracts" / "asyncapi.json").read_text())


async def test_an_absent_partner_is_said_in_one_line_within_seconds(ent1d: Ent1d) -> None:
    personne = port_libre()
    debut = asyncio.get_running_loop().time()

    sans_base = await ent1d("dossier", "lister", MONGODB_URL=f"mongodb://127.0.0.1:{personne}/")
    sans_bus = await ent1d("parking", "lister", RABBITMQ_URL=f"amqp://x:mot-de-passe@127.0.0.1:{personne}/")

    assert "MongoDB" in une_ligne_claire(sans_base)
    assert "RabbitMQ" in une_ligne_claire(sans_bus)
    assert "mot-de-passe" not in sans_bus.erreur
    assert asyncio.get_running_loop().time() - debut < 25


async def test_a_missing_setting_is_named(ent1d: Ent1d) -> None:
    assert "MONGODB_URL" in une_ligne_claire(await ent1d("livraison", "lister", MONGODB_URL=""))
    assert "RABBITMQ_URL" in une_ligne_claire(await ent1d("parking", "lister"))


async def test_a_user_without_the_right_is_told_so_in_one_line(ent1d: Ent1d, banc: "Banc") -> None:
    une_ligne_claire(await ent1d("parking", "lister", RABBITMQ_URL=banc.url("demo")))
    une_ligne_claire(
        await ent1d("parking", "lister", RABBITMQ_URL=banc.url("operateur").replace("operateur:", "operateur:faux-"))
    )
