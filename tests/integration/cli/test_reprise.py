"""What waits: shown with its reason, found by its age, taken up again by the services once it is made due."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from contracts.evenements import DossierDepose
from contracts.flux import file_de
from services._runtime.mongo import Mongo
from services._runtime.service import Base
from services.notification.store import Store as Envois

if TYPE_CHECKING:
    from tests.integration.cli.conftest import Ent1d
    from tests.integration.conftest import Banc

NUMERO = "ENT-E55A1-00001"
NOM = "Anarinette"  # nobody's: in the documents, never on the screen
POUR_DE_BON = ("--pour-de-bon", "--par", "agent-7")
HEURE = timedelta(hours=1)
PLUS_TARD = {"prochaine_tentative": datetime.now(UTC) + HEURE}
Fait = Callable[..., Any]
Document = dict[str, Any]
Intake = Callable[[], AbstractAsyncContextManager[Any]]
Journal = Callable[[], Awaitable[list[tuple[str, str, str]]]]


@pytest.fixture
async def du(mongo: Mongo, dossiers: None, depose: Callable[..., DossierDepose], due: Callable[..., Document]) -> str:  # noqa: ARG001
    """Make the first dossier owe its DossierDéposé, told an hour ago and looked at in an hour; give the event's id."""
    evenement = depose()
    await mongo.database["dossiers"].update_one({"_id": NUMERO}, {"$set": {"sortie": [due(evenement)]}})
    return str(evenement.id)


async def test_what_is_owed_is_shown_with_who_has_not_recorded_it(ent1d: "Ent1d", mongo: Mongo, du: str) -> None:
    await mongo.database["recus_verification"].insert_one({"_id": du, "issue": "recu"})
    await mongo.database["recus_notification"].insert_one({"_id": du, "issue": "parque"})

    (ligne,) = (await ent1d("outbox", "--json")).json
    pour_une_personne = await ent1d("outbox")

    assert (ligne["dossier"], ligne["evenement"], ligne["id"]) == (NUMERO, "DossierDéposé", du)
    assert (ligne["publie"], ligne["essais"], ligne["collection"]) == (True, 4, "dossiers")
    assert (ligne["attendus"], ligne["mis_de_cote"]) == ([], ["notification"])
    assert datetime.fromisoformat(ligne["prochain_regard"]) > datetime.now(UTC)
    assert NUMERO in pour_une_personne.sortie
    assert NOM not in f"{ligne} {pour_une_personne}"


async def test_what_waits_longer_than_an_age_is_found_the_oldest_first(
    ent1d: "Ent1d", mongo: Mongo, depose: Callable[..., DossierDepose], due: Callable[..., Document]
) -> None:
    ages = {"dossiers": 5, "verifications": 90, "perimetres": 30}
    for collection, minutes in ages.items():
        sortie = due(depose(), depuis=timedelta(minutes=minutes), publie=False)
        await mongo.database[collection].insert_one({"_id": NUMERO, "numero": NUMERO, "sortie": [sortie]})

    vus = {
        options: [ligne["collection"] for ligne in (await ent1d("outbox", "--json", *options)).json]
        for options in ((), ("--depuis", "10m"), ("--depuis", "1h"), ("--depuis", "2h"), ("--nombre", "1"))
    }
    pour_une_personne = await ent1d("outbox", "--nombre", "1")

    assert list(vus.values()) == [
        ["verifications", "perimetres", "dossiers"],
        ["verifications", "perimetres"],
        ["verifications"],
        [],
        ["verifications"],
    ]
    assert "et 2 autres" in pour_une_personne.sortie


async def test_a_dossier_shows_what_it_waits_for_and_why(
    ent1d: "Ent1d", mongo: Mongo, du: str, envoi: Callable[..., Document]
) -> None:
    await mongo.database["recus_verification"].insert_one({"_id": du, "issue": "recu"})
    attente = {"depuis": datetime.now(UTC), "raison": "relais de messagerie indisponible"}
    message = f"To: {NOM}@exemple.fr\r\nMessage-ID: <abc@exemple.fr>\r\n\r\n{NOM}".encode()
    await mongo.database["envois"].insert_one(
        envoi("validation", "refus_temporaire", attente=attente, message=message, **PLUS_TARD)
    )
    await mongo.database["perimetres"].insert_one(
        {"_id": f"x:{NUMERO}", "numero": NUMERO, "titulaire": "x", "version": 1, "livree": False, "suspensions": []}
    )
    await mongo.database["livraisons"].insert_one(
        {"_id": "ENT1D.20261123-00002", "titulaire": "x", "etat": "suspendue", "constat": "Il manque 900 élèves."}
    )

    vu = await ent1d("dossier", "voir", NUMERO, "--json")
    pour_une_personne = await ent1d("dossier", "voir", NUMERO)

    attendus = {e["fait"]: e["constat"] for e in vu.json if e["attend"]}
    assert attendus == {
        "DossierDéposé": "publié, attend l’accusé de notification",
        "courriel « validation »": "refus_temporaire : relais de messagerie indisponible : <abc@exemple.fr>",
        "livraison à x": "ENT1D.20261123-00002 suspendue : Il manque 900 élèves.",
    }
    assert "Ce qu’il attend :" in pour_une_personne.sortie
    assert "Il manque 900 élèves." in pour_une_personne.sortie
    assert NOM not in f"{vu} {pour_une_personne}"


@pytest.mark.usefixtures("dossiers")
async def test_a_dossier_shows_what_kept_the_last_try_of_its_delivery(ent1d: "Ent1d", mongo: Mongo) -> None:
    le = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    attente = {"depuis": le, "raison": "le serveur du titulaire ne répond pas", "empechement": "titulaire_injoignable"}
    perimetre = {"_id": f"x:{NUMERO}", "numero": NUMERO, "titulaire": "x", "version": 1, "livree": False}
    await mongo.database["perimetres"].insert_one(
        {**perimetre, "suspensions": ["ecoles_absentes"], "inscrit_le": le, "attente": attente}
    )

    (etape,) = [e for e in (await ent1d("dossier", "voir", NUMERO, "--json")).json if e["attend"]]

    assert (etape["fait"], etape["constat"]) == ("livraison à x", "le serveur du titulaire ne répond pas")
    assert datetime.fromisoformat(etape["le"]) == le


@pytest.mark.usefixtures("dossiers")
async def test_a_dossier_that_owes_nothing_says_so(ent1d: "Ent1d", journal: Journal) -> None:
    fin = await ent1d("dossier", "reprendre", NUMERO, *POUR_DE_BON)

    assert (fin.statut, fin.sortie.strip()) == (0, f"{NUMERO} n’attend rien : rien à reprendre.")
    assert (await ent1d("dossier", "reprendre", NUMERO, "--json")).json == []
    assert await journal() == []


async def test_without_the_word_nothing_is_taken_up(
    ent1d: "Ent1d", mongo: Mongo, du: str, envoi: Callable[..., Document], journal: Journal
) -> None:
    await mongo.database["envois"].insert_one(envoi("validation", "refus_definitif"))
    avant = [await mongo.database[c].find().to_list(None) for c in ("dossiers", "envois")]

    fin = await ent1d("dossier", "reprendre", NUMERO)
    lignes = (await ent1d("dossier", "reprendre", NUMERO, "--json")).json

    assert fin.sortie.startswith("2 reprise(s) à faire")
    assert [(ligne["quoi"], bool(ligne["geste"]), ligne["fait"]) for ligne in lignes] == [
        ("DossierDéposé", True, False),
        ("courriel « validation »", True, False),
    ]
    assert [await mongo.database[c].find().to_list(None) for c in ("dossiers", "envois")] == avant
    assert await journal() == []
    assert du


async def test_an_event_that_all_have_recorded_is_settled_at_once(
    ent1d: "Ent1d", mongo: Mongo, banc: "Banc", intake: Intake, du: str, fait: Fait
) -> None:
    for service in ("verification", "notification"):
        await mongo.database[f"recus_{service}"].insert_one({"_id": du, "issue": "recu"})

    async with intake():
        fin = await ent1d("dossier", "reprendre", NUMERO, *POUR_DE_BON)
        await fait(lambda: mongo.database["dossiers"].find_one({"_id": NUMERO, "sortie": []}))

    assert fin.sortie.startswith("1 reprise(s) faite(s)")
    assert await banc.profondeur(file_de("verification", DossierDepose)) == 0, "told again for nothing"


async def test_an_event_that_somebody_lacks_is_told_again_with_the_same_id(
    ent1d: "Ent1d", mongo: Mongo, banc: "Banc", intake: Intake, du: str, fait: Fait
) -> None:
    file = file_de("verification", DossierDepose)
    async with intake():
        await ent1d("dossier", "reprendre", NUMERO, *POUR_DE_BON)
        await fait(lambda: banc.profondeur(file), lambda n: n == 1)

    (message,) = await banc.relever(file)
    (sortie,) = (await mongo.database["dossiers"].find_one({"_id": NUMERO}) or {})["sortie"]
    assert (message.message_id, sortie["publie"], sortie["essais"]) == (du, True, 1)


async def test_an_event_that_a_listener_has_parked_is_left_to_a_replay(
    ent1d: "Ent1d", mongo: Mongo, du: str, journal: Journal
) -> None:
    await mongo.database["recus_notification"].insert_one({"_id": du, "issue": "parque"})

    (ligne,) = (await ent1d("dossier", "reprendre", NUMERO, "--json", *POUR_DE_BON)).json

    assert f"ent1d parking rejouer --dossier {NUMERO}" in ligne["pourquoi"]
    assert (ligne["geste"], ligne["fait"]) == ("", False)
    assert await journal() == []


async def test_a_parked_event_that_rabbitmq_has_lost_is_told_again_on_demand(
    ent1d: "Ent1d", mongo: Mongo, banc: "Banc", intake: Intake, du: str, fait: Fait
) -> None:
    file = file_de("notification", DossierDepose)
    await mongo.database["recus_verification"].insert_one({"_id": du, "issue": "recu"})
    await mongo.database["recus_notification"].insert_one({"_id": du, "issue": "parque"})

    async with intake():
        await ent1d("dossier", "reprendre", NUMERO, "--redire", *POUR_DE_BON)
        await fait(lambda: banc.profondeur(file), lambda n: n == 1)

    assert [message.message_id for message in await banc.relever(file)] == [du]
    assert await mongo.database["recus_verification"].count_documents({"_id": du, "issue": "recu"}) == 1


@pytest.mark.usefixtures("dossiers")
async def test_mails_that_wait_are_due_again_and_those_on_their_way_are_left(
    ent1d: "Ent1d",
    mongo: Mongo,
    banc: "Banc",
    reglages: Callable[..., Any],
    envoi: Callable[..., Document],
    journal: Journal,
) -> None:
    prise = {"bail": datetime.now(UTC) + HEURE, "jeton": "autre"}
    await mongo.database["envois"].insert_many(
        [
            envoi("prevu", "prevu", **PLUS_TARD),
            envoi("temporaire", "refus_temporaire", **PLUS_TARD),
            envoi("douteux", "douteux", renvois=2),
            envoi("definitif", "refus_definitif", refus=130),
            envoi("en-cours", "tentative", **prise),
        ]
    )

    fin = await ent1d("dossier", "reprendre", NUMERO, "--json", *POUR_DE_BON)
    base = Base("notification", reglages(banc, "notification"))
    dus = await Envois(base).dus(10)
    base.mongo.close()

    repris = ["definitif", "douteux", "prevu", "temporaire"]
    assert sorted(ligne["quoi"].split()[2] for ligne in fin.json if ligne["fait"]) == repris
    assert sorted(p.cle.rpartition(":")[2] for p in dus) == repris
    assert {p.destinataire for p in dus} == {f"{NOM}@exemple.fr"}, "kept until a relay accepts the mail"
    assert next(p.refus for p in dus if p.cle.endswith(":definitif")) == 0, "the next « later » is not the last"
    assert NOM not in str(fin)
    assert await journal() == [("agent-7", "dossier reprendre", NUMERO)] * 4


@pytest.mark.usefixtures("dossiers")
async def test_what_was_done_by_hand_is_found_by_its_target_its_author_and_its_age(
    ent1d: "Ent1d", mongo: Mongo, envoi: Callable[..., Document]
) -> None:
    await mongo.database["envois"].insert_one(envoi("validation", "refus_temporaire", **PLUS_TARD))
    for par in ("agent-7", "agent-8"):
        await ent1d("dossier", "reprendre", NUMERO, "--pour-de-bon", "--par", par)
    await mongo.database["interventions"].update_one(
        {"par": "agent-7"}, {"$set": {"le": datetime.now(UTC) - timedelta(days=2)}}
    )

    trouves = {
        options: [i["par"] for i in (await ent1d("interventions", "--json", *options)).json]
        for options in (
            (),
            ("--cible", NUMERO),
            ("--cible", "ENT-E55A1-00002"),
            ("--par", "agent-7"),
            ("--depuis", "1j"),
        )
    }

    assert list(trouves.values()) == [["agent-8", "agent-7"], ["agent-8", "agent-7"], [], ["agent-7"], ["agent-8"]]
