"""The one table of flows, and what is made from it: queues, bindings, rights, the cards and routers of the services."""

import importlib
import re
from itertools import product

import pytest

from contracts.asyncapi import TAGS
from contracts.asyncapi import VHOST as VHOST_PUBLIE
from contracts.evenements import Evenement, SoumettreDossier
from contracts.flux import EXCHANGE_EVENEMENTS, EXCHANGE_SOUMISSIONS, FLUX, SERVICES, auditeurs, file_de
from deploy.rabbitmq.definitions import VHOST, WAITS, definitions
from services._runtime.bus import SOUMISSIONS
from services._runtime.bus import WAITS as ATTENTES

UTILISATEURS = (*(f"svc_{s}" for s in SERVICES), "operateur", "portail", "titulaire_exemple")
DEFINITIONS = definitions(dict.fromkeys(UTILISATEURS, "mot-de-passe"), producteurs=["portail"], titulaires=["exemple"])
FILES = {file["name"]: file["arguments"] for file in DEFINITIONS["queues"]}
LIENS = {(lien["source"], lien["destination"], lien["routing_key"]) for lien in DEFINITIONS["bindings"]}
DROITS = {droit["user"]: droit for droit in DEFINITIONS["permissions"]}
SUJETS = {(droit["user"], droit["exchange"]): droit["write"] for droit in DEFINITIONS["topic_permissions"]}
TRAVAIL = {file_de(s, flux.evenement) for flux in FLUX for s in flux.auditeurs} | {SOUMISSIONS}
CLES = [flux.evenement.cle for flux in FLUX] + [SoumettreDossier.cle]


def peut(utilisateur: str, droit: str, ressource: str) -> bool:
    return re.search(DROITS[utilisateur][droit], ressource) is not None


def test_every_event_is_in_the_table_once_and_is_heard_by_somebody() -> None:
    dits = [flux.evenement for flux in FLUX]
    classes = {c for c in Evenement.__subclasses__() for c in (c.__subclasses__() or [c]) if "cle" in vars(c)}
    assert len(dits) == len(set(dits))
    assert set(dits) == classes
    assert all(flux.auditeurs and auditeurs(flux.evenement.cle) == flux.auditeurs for flux in FLUX)


def test_only_services_tell_and_hear_and_none_hears_itself() -> None:
    for flux in FLUX:
        assert {flux.emetteur, *flux.auditeurs} <= set(SERVICES)
        assert flux.emetteur not in flux.auditeurs


@pytest.mark.parametrize("cle", CLES)
def test_a_routing_key_is_ascii_ends_with_a_version_and_holds_no_id(cle: str) -> None:
    assert re.fullmatch(r"[a-z]+(?:\.[a-z]+(?:-[a-z]+)*)+\.v[1-9][0-9]*", cle)
    assert CLES.count(cle) == 1


def test_the_queues_declared_are_those_of_the_table_and_no_other() -> None:
    autres = {f"{s}.parking" for s in SERVICES} | set(WAITS) | {"titulaire.exemple"}
    assert set(FILES) == TRAVAIL | autres
    assert all(re.fullmatch(r"[a-z_]+\.[a-z0-9-]+", nom) for nom in FILES)


@pytest.mark.parametrize("file", sorted(TRAVAIL))
def test_a_work_queue_is_replicated_and_parks_what_it_cannot_deliver(file: str) -> None:
    service = file.partition(".")[0]
    assert FILES[file] == {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "parking",
        "x-dead-letter-routing-key": file,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    assert ("parking", f"{service}.parking", f"{service}.#") in LIENS
    assert FILES[f"{service}.parking"] == {"x-queue-type": "quorum"}


def test_each_event_reaches_the_queue_of_each_listener_and_nothing_more() -> None:
    attendus = {(EXCHANGE_EVENEMENTS, file_de(s, f.evenement), f.evenement.cle) for f in FLUX for s in f.auditeurs}
    attendus |= {(EXCHANGE_EVENEMENTS, "titulaire.exemple", f.evenement.cle) for f in FLUX if f.public}
    attendus.add((EXCHANGE_SOUMISSIONS, SOUMISSIONS, SoumettreDossier.cle))
    assert {lien for lien in LIENS if lien[0] in {EXCHANGE_EVENEMENTS, EXCHANGE_SOUMISSIONS}} == attendus


def test_a_wait_gives_the_message_back_to_the_queue_it_failed_in() -> None:
    assert set(ATTENTES) == set(WAITS)
    for nom in WAITS:
        assert FILES[nom]["x-dead-letter-exchange"] == ""
        assert "x-dead-letter-routing-key" not in FILES[nom]
        assert (nom, nom, "") in LIENS


def test_the_titulaire_reads_a_stream_of_90_days() -> None:
    assert FILES["titulaire.exemple"] == {"x-queue-type": "stream", "x-max-age": "90D"}
    assert [flux.evenement.__name__ for flux in FLUX if flux.public] == ["AAFLivre"]


def test_nobody_may_configure_and_everybody_is_limited() -> None:
    assert set(DROITS) == set(UTILISATEURS) == {utilisateur["name"] for utilisateur in DEFINITIONS["users"]}
    assert {droit["configure"] for droit in DROITS.values()} == {"^$"}
    assert not any(peut(u, "configure", nom) for u in UTILISATEURS for nom in (*FILES, EXCHANGE_EVENEMENTS))


@pytest.mark.parametrize(("service", "cle"), list(product(SERVICES, CLES)))
def test_a_service_may_publish_exactly_the_events_it_tells(service: str, cle: str) -> None:
    dits = {flux.evenement.cle for flux in FLUX if flux.emetteur == service}
    assert (re.search(SUJETS[f"svc_{service}", EXCHANGE_EVENEMENTS], cle) is not None) == (cle in dits)
    # A dot of the pattern must not stand for any character.
    assert re.search(SUJETS[f"svc_{service}", EXCHANGE_EVENEMENTS], cle.replace(".", "-")) is None


@pytest.mark.parametrize(("service", "file"), list(product(SERVICES, sorted(FILES))))
def test_a_service_reads_and_parks_its_own_queues_only(service: str, file: str) -> None:
    sienne = file in TRAVAIL and file.startswith(f"{service}.")
    assert peut(f"svc_{service}", "read", file) == sienne
    if file in TRAVAIL:
        assert (re.search(SUJETS[f"svc_{service}", "parking"], file) is not None) == sienne


def test_services_write_events_waits_and_parking_and_nothing_else() -> None:
    exchanges = {exchange["name"] for exchange in DEFINITIONS["exchanges"]}
    for service in SERVICES:
        ecrits = {nom for nom in exchanges if peut(f"svc_{service}", "write", nom)}
        assert ecrits == {EXCHANGE_EVENEMENTS, "parking", *WAITS}
        assert not peut(f"svc_{service}", "write", "")  # the default exchange reaches any queue


def test_those_outside_do_one_thing() -> None:
    ressources = [*FILES, *(exchange["name"] for exchange in DEFINITIONS["exchanges"]), ""]
    assert [r for r in ressources if r and peut("titulaire_exemple", "read", r)] == ["titulaire.exemple"]
    assert not any(peut("titulaire_exemple", "write", r) for r in ressources if r)
    assert [r for r in ressources if r and peut("portail", "write", r)] == [EXCHANGE_SOUMISSIONS]
    assert not any(peut("portail", "read", r) for r in ressources if r)
    assert [c for c in CLES if re.search(SUJETS["portail", EXCHANGE_SOUMISSIONS], c)] == [SoumettreDossier.cle]


def test_the_operator_reads_parking_queues_only() -> None:
    assert {f for f in FILES if peut("operateur", "read", f)} == {f"{s}.parking" for s in SERVICES}


def test_whoever_writes_to_a_topic_exchange_has_its_keys_restricted() -> None:
    for utilisateur, exchange in product(UTILISATEURS, (EXCHANGE_EVENEMENTS, EXCHANGE_SOUMISSIONS)):
        assert not peut(utilisateur, "write", exchange) or (utilisateur, exchange) in SUJETS


def test_no_password_is_written_clear_and_equal_ones_do_not_show() -> None:
    assert "mot-de-passe" not in str(DEFINITIONS)
    empreintes = [utilisateur["password_hash"] for utilisateur in DEFINITIONS["users"]]
    assert len(set(empreintes)) == len(empreintes)
    assert not any("password" in utilisateur for utilisateur in DEFINITIONS["users"])


def test_no_user_is_made_without_a_password() -> None:
    with pytest.raises(KeyError):
        definitions({}, producteurs=[], titulaires=[])


def carte(service: str) -> dict[str, set[str]]:
    doc = importlib.import_module(f"services.{service}").__doc__ or ""
    dit: dict[str, set[str]] = {}
    for titre, suite in re.findall(r"^(Écoute|Publie|Possède) +(.+)$", doc, re.MULTILINE):
        dit.setdefault(titre, set()).update(set() if suite == "rien" else suite.split(", "))
    return dit


@pytest.mark.parametrize("service", SERVICES)
def test_the_card_of_a_service_says_what_the_table_says(service: str) -> None:
    ecoute = {flux.evenement.nom() for flux in FLUX if service in flux.auditeurs}
    ecoute |= {SoumettreDossier.__name__} if service == "intake" else set()
    assert carte(service)["Écoute"] == ecoute
    assert carte(service)["Publie"] == {flux.evenement.nom() for flux in FLUX if flux.emetteur == service}


def test_a_collection_has_one_owner() -> None:
    toutes = [collection for service in SERVICES for collection in sorted(carte(service)["Possède"])]
    assert len(toutes) == len(set(toutes))


@pytest.mark.parametrize("service", SERVICES)
def test_the_router_of_a_service_listens_to_its_queues_and_to_all_of_them(service: str) -> None:
    router = importlib.import_module(f"services.{service}.handlers").router
    ecoutees = [abonne.queue.name for abonne in router.subscribers]
    assert sorted(ecoutees) == sorted(file for file in TRAVAIL if file.startswith(f"{service}."))


def test_what_is_published_about_the_broker_is_what_is_installed() -> None:
    assert VHOST_PUBLIE == VHOST
    assert set(TAGS) == {*SERVICES, "public"}


@pytest.mark.parametrize("nom", ["svc_pirate", "operateur", "titulaire_exemple", "a.b", "x" * 41, ""])
def test_a_name_that_could_pass_for_another_user_is_refused(nom: str) -> None:
    for options in ({"producteurs": [nom], "titulaires": []}, {"producteurs": [], "titulaires": [nom]}):
        with pytest.raises(ValueError, match="impossible"):
            definitions(dict.fromkeys([*UTILISATEURS, nom], "mot-de-passe"), **options)
