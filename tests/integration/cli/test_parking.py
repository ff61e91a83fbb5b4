"""What was set aside: listed, looked at, sent back; never a person, never twice, never without a trace."""

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import aio_pika
import pytest
from prometheus_client import REGISTRY

from contracts.dossier import Deposant, Soumission
from contracts.evenements import DossierRefuse, SoumettreDossier
from contracts.flux import file_de
from services._runtime.bus import producteur
from services._runtime.mongo import Mongo

if TYPE_CHECKING:
    from tests.integration.cli.conftest import Ent1d, MettreDeCote
    from tests.integration.conftest import Banc

NOM = "Anarinette"  # nobody's: in the bodies, never on the screen
FILE = file_de("intake", SoumettreDossier)
REFUS = file_de("notification", DossierRefuse)
POUR_DE_BON = ("--pour-de-bon", "--par", "agent-7")
Fait = Callable[..., Any]
Intake = Callable[[], AbstractAsyncContextManager[Any]]
Journal = Callable[[], Awaitable[list[tuple[str, str, str]]]]


def soumission(cle: str, **autres: object) -> bytes:
    """Make the body of a submission of an invented person."""
    personne = Deposant(
        civilite="Mme",
        nom=NOM,
        prenom=NOM,
        fonction="secrétaire",
        courriel="anarinette@exemple.fr",
        telephone="01 00 00 00 00",
    )
    data = Soumission(siret="21770999700018", commune="77288", deposant=personne, ecoles=("0779001R",), pieces=())
    enveloppe = {
        "specversion": "1.0",
        "id": cle,
        "source": "essai",
        "type": "SoumettreDossier",
        "time": "2026-11-23T09:30:00Z",
        "datacontenttype": "application/json",
        "data": data.model_dump(mode="json") | autres,
    }
    return json.dumps(enveloppe).encode()


@pytest.fixture
async def refus_parque(banc: "Banc") -> DossierRefuse:
    """Park an event at notification."""
    evenement = banc.refuse()
    notes = {"x-file": REFUS, "x-motif": "TimeoutError", "x-mis-de-cote-le": "2026-11-23T09:30:00+00:00"}
    message = banc.message(evenement, user_id="svc_notification", headers=notes)
    await banc.publier("parking", REFUS, message, utilisateur="svc_notification")
    return evenement


async def test_parked_messages_are_listed_stay_where_they_are_and_show_nothing_of_their_body(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote", banc: "Banc", fait: Fait
) -> None:
    ids = await mettre_de_cote(2)

    liste = await operateur("parking", "lister", "--json")
    pour_une_personne = await operateur("parking", "lister", "--service", "intake")
    ailleurs = await operateur("parking", "lister", "--json", "--service", "notification")

    assert [(m["id"], m["file"], m["motif"]) for m in liste.json] == [(_id, FILE, "json_invalide") for _id in ids]
    assert all(_id in pour_une_personne.sortie for _id in ids)
    assert ailleurs.json == []
    assert NOM not in f"{liste} {pour_une_personne}"
    await fait(lambda: banc.profondeur("intake.parking"), lambda n: n == 2)


async def test_messages_are_found_by_event_dossier_and_reason(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote", refus_parque: DossierRefuse
) -> None:
    (soumis,) = await mettre_de_cote(corps=soumission(str(uuid4()), corrige="ENT-E55A1-00002"))
    refuse = str(refus_parque.id)

    trouves = {
        filtre: [m["id"] for m in (await operateur("parking", "lister", "--json", *filtre)).json]
        for filtre in (
            ("--evenement", "DossierRefusé"),
            ("--evenement", "dossierrefuse"),
            ("--evenement", "dossier.refuse.v1"),
            ("--evenement", FILE),
            ("--dossier", refus_parque.subject),
            ("--dossier", "ENT-E55A1-00002"),
            ("--motif", "TimeoutError"),
            ("--motif", "json_invalide", "--dossier", refus_parque.subject),
        )
    }

    assert list(trouves.values()) == [[refuse], [refuse], [refuse], [soumis], [refuse], [soumis], [refuse], []]


async def test_an_event_is_seen_whole_and_a_submission_by_the_names_of_its_fields(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote", refus_parque: DossierRefuse
) -> None:
    cle = str(uuid4())
    (soumis,) = await mettre_de_cote(corps=soumission(cle, **{NOM: NOM}))

    (vu,) = (await operateur("parking", "voir", soumis, "--json")).json
    (evenement,) = (await operateur("parking", "voir", str(refus_parque.id), "--json")).json
    ecrans = [await operateur("parking", "voir", _id) for _id in (soumis, str(refus_parque.id))]

    assert vu["corps"]["id"] == cle
    assert {"data.deposant.courriel", "data.siret", "data.(inconnu)"} <= {*vu["corps"]["champs"]}
    assert (vu["producteur"], vu["motif"], vu["detail"]) == ("demo", "json_invalide", "siret")
    assert evenement["corps"]["data"]["motifs"][0]["constat"] == "Le SIRET est faux."
    assert "Le SIRET est faux." in ecrans[1].sortie
    assert "exemple.fr" not in f"{vu} {ecrans}"
    assert NOM not in f"{vu} {ecrans}"


async def test_a_body_that_breaks_its_contract_shows_no_value_of_it(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote"
) -> None:
    corps = (b"\xff\x00", b"[" * 100_000, json.dumps({"subject": NOM, "data": {"motifs": NOM}, NOM: 1}).encode())
    ids = [
        (await mettre_de_cote(corps=c, utilisateur="svc_notification", **{"x-file": REFUS, "x-motif": "essai"}))[0]
        for c in corps
    ]

    vus = [(await operateur("parking", "voir", _id, "--json")).json[0] for _id in ids]

    assert [vu["corps"]["champs"] for vu in vus] == [[], [], ["subject", "data", "data.motifs", "(inconnu)"]]
    assert [vu["illisible"].split()[0] for vu in vus] == ["utf8_invalide", "json_trop_profond", "contrat_non_respecte"]
    assert NOM not in f"{vus}"


async def test_an_id_that_somebody_typed_is_not_shown_and_its_message_can_be_replayed(
    operateur: "Ent1d", banc: "Banc", fait: Fait
) -> None:
    message = banc.message(banc.refuse(), user_id="svc_intake", headers={"x-file": FILE}, message_id=NOM)
    await banc.publier("parking", FILE, message, utilisateur="svc_intake")

    (ligne,) = (await operateur("parking", "lister", "--json")).json
    fin = await operateur("parking", "rejouer", "--id", ligne["id"], *POUR_DE_BON)

    assert ligne["id"].startswith("sans-id-")
    assert NOM not in f"{ligne} {fin}"
    await fait(lambda: banc.profondeur(FILE), lambda n: n == 1)


async def test_what_is_not_there_is_said_in_one_line(operateur: "Ent1d", mettre_de_cote: "MettreDeCote") -> None:
    await mettre_de_cote()
    inconnu = str(uuid4())

    assert inconnu in (await operateur("parking", "voir", inconnu)).ligne_claire
    assert (await operateur("parking", "rejouer", "--id", inconnu, "--json")).json == []


async def test_what_a_producer_wrote_gives_no_order_to_the_operators_terminal(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote"
) -> None:
    (_id,) = await mettre_de_cote(**{"x-detail": "\x1b[2J[/bold]", "x-motif": "[red]"})

    for fin in (await operateur("parking", "lister"), await operateur("parking", "voir", _id)):
        assert fin.statut == 0, fin.erreur
        assert "\x1b" not in fin.sortie
        assert "[/bold]" in fin.sortie
        assert "[red]" in fin.sortie


async def test_notes_that_a_producer_wrote_himself_are_not_believed(operateur: "Ent1d", banc: "Banc") -> None:
    notes = {"x-file": REFUS, "x-motif": "faux", "x-detail": NOM, "x-producteur": "autre"}
    message = banc.message(banc.refuse(), user_id="demo", headers=notes)
    async with banc.canal("demo") as canal:  # then refused by the consumer without a word: the broker parks it
        cible = await canal.get_exchange("soumissions", ensure=False)
        await cible.publish(message, routing_key=SoumettreDossier.cle)
    async with banc.canal() as canal:
        file = await canal.get_queue(FILE, ensure=False)
        await cast("Any", await file.get()).reject(requeue=False)

    (ligne,) = (await operateur("parking", "lister", "--json")).json

    assert (ligne["file"], ligne["motif"], ligne["detail"]) == (FILE, "mort du service pendant le traitement", "")
    assert ligne["producteur"] == "demo"


async def test_without_the_word_nothing_is_replayed(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote", banc: "Banc", fait: Fait, journal: Journal
) -> None:
    ids = await mettre_de_cote(3)

    fin = await operateur("parking", "rejouer")
    pour_une_machine = await operateur("parking", "rejouer", "--json")

    assert fin.statut == 0
    assert fin.sortie.startswith("3 message(s) à renvoyer")
    assert [(m["id"], m["rejouable"], m["fait"]) for m in pour_une_machine.json] == [(_id, True, False) for _id in ids]
    await fait(lambda: banc.profondeur("intake.parking"), lambda n: n == 3)
    assert await banc.profondeur(FILE) == 0
    assert await journal() == []


async def test_nobody_replays_without_saying_who(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote", banc: "Banc", fait: Fait
) -> None:
    await mettre_de_cote()

    for par in ([], ["--par", f"{NOM} {NOM}"], ["--par", "anarinette@exemple.fr"]):
        fin = await operateur("parking", "rejouer", "--pour-de-bon", *par)
        assert (fin.statut, "--par" in fin.ligne_claire) == (2, True)
    await fait(lambda: banc.profondeur("intake.parking"), lambda n: n == 1)


async def test_a_replayed_submission_comes_back_whole_and_still_belongs_to_its_producteur(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote", banc: "Banc", fait: Fait, journal: Journal
) -> None:
    ids = await mettre_de_cote(3)

    fin = await operateur("parking", "rejouer", "--id", ids[1], *POUR_DE_BON)

    assert fin.sortie.startswith("1 message(s) renvoyé(s)")
    await fait(lambda: banc.profondeur(FILE), lambda n: n == 1)
    await fait(lambda: banc.profondeur("intake.parking"), lambda n: n == 2)
    (rejoue,) = await banc.relever(FILE)
    assert (rejoue.message_id, rejoue.user_id) == (ids[1], "operateur")
    assert json.loads(rejoue.body) == {"deposant": NOM}
    assert "x-tentative" not in rejoue.headers, "tried as if for the first time"
    assert producteur(cast("Any", SimpleNamespace(raw_message=rejoue))) == "demo"
    assert await journal() == [("agent-7", "parking rejouer", ids[1])]


async def test_everything_parked_at_a_service_is_replayed_and_no_other(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote", refus_parque: DossierRefuse, banc: "Banc", fait: Fait
) -> None:
    await mettre_de_cote(3)

    fin = await operateur("parking", "rejouer", "--service", "intake", *POUR_DE_BON)

    assert fin.sortie.startswith("3 message(s) renvoyé(s)")
    await fait(lambda: banc.profondeur(FILE), lambda n: n == 3)
    assert await banc.profondeur("intake.parking") == 0
    assert [m["id"] for m in (await operateur("parking", "lister", "--json")).json] == [str(refus_parque.id)]


async def test_what_fails_again_while_it_is_replayed_is_left_for_the_next_time(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote", banc: "Banc", fait: Fait, intake: Intake, mongo: Mongo
) -> None:
    nombre = 200  # longer to replay than the wait before the first ones are parked again
    await mettre_de_cote(nombre, **{"x-mis-de-cote-le": "2026-11-23T09:30:00+00:00"})

    async with intake():
        fin = await operateur("parking", "rejouer", *POUR_DE_BON)
        await fait(lambda: banc.profondeur("intake.parking"), lambda n: n == nombre)

    assert fin.statut == 0
    assert nombre <= await mongo.database["interventions"].count_documents({}) < 2 * nombre


async def test_a_message_of_a_contract_that_is_no_more_stays_in_parking(
    operateur: "Ent1d", mettre_de_cote: "MettreDeCote", banc: "Banc", fait: Fait
) -> None:
    await mettre_de_cote(**{"x-file": "intake.dossier-soumettre-v0"})

    fin = await operateur("parking", "rejouer", "--json", *POUR_DE_BON)

    assert [(m["rejouable"], m["fait"]) for m in fin.json] == [(False, False)]
    await fait(lambda: banc.profondeur("intake.parking"), lambda n: n == 1)


async def test_a_submission_replayed_twice_files_one_dossier(
    operateur: "Ent1d", banc: "Banc", fait: Fait, mongo: Mongo, intake: Intake, journal: Journal
) -> None:
    """The same message twice is also what a replay cut between its publish and its acknowledgement leaves."""
    cle, avant = str(uuid4()), _traites()

    async with intake():
        for rang in (1, 2):
            await _parquer(banc, cle)
            await operateur("parking", "rejouer", *POUR_DE_BON)
            await fait(_traites, lambda n, attendus=avant + rang: n == attendus)

    (dossier,) = await mongo.database["dossiers"].find().to_list(10)
    assert [etape["fait"] for etape in dossier["chronologie"]] == ["DossierDéposé"]
    assert len(dossier["depots"]) == 1
    assert await banc.profondeur("intake.parking") == 0
    assert await journal() == [("agent-7", "parking rejouer", cle)] * 2


def _traites() -> float:
    return REGISTRY.get_sample_value("messages_total", {"queue": FILE, "issue": "traite"}) or 0.0


async def _parquer(banc: "Banc", cle: str) -> None:
    notes: Any = {"x-file": FILE, "x-producteur": "demo"}
    message = aio_pika.Message(
        soumission(cle), message_id=cle, content_type="application/json", user_id="svc_intake", headers=notes
    )
    await banc.publier("parking", FILE, message, utilisateur="svc_intake")
