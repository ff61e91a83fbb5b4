"""The committed schemas and AsyncAPI document are fresh, hold together, and judge as the models do."""

import copy
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from contracts.asyncapi import MESSAGES, VHOST
from contracts.documents import ASYNCAPI, DECRITS, SCHEMAS, documents, exemples, schema
from contracts.evenements import SoumettreDossier
from contracts.flux import FLUX

DOCUMENT = json.loads(ASYNCAPI.read_bytes())
EXEMPLES = [(nom, corps) for nom in DECRITS for corps in exemples(nom).values()]
NOMS = [corps.get("type", nom) for nom, corps in EXEMPLES]


FORMATS = FormatChecker(formats=["uuid", "date"])


def est_une_date_avec_fuseau(valeur: object) -> bool:
    return not isinstance(valeur, str) or datetime.fromisoformat(valeur).tzinfo is not None


# The package that jsonschema asks for this format is one we need for nothing else.
FORMATS.checks("date-time", raises=ValueError)(est_une_date_avec_fuseau)


def juge(nom: str) -> Draft202012Validator:
    return Draft202012Validator(schema(nom), format_checker=FORMATS)


def references(noeud: object) -> Iterator[str]:
    enfants: Iterable[object]
    enfants = noeud.values() if isinstance(noeud, dict) else noeud if isinstance(noeud, list) else ()
    if isinstance(noeud, dict) and "$ref" in noeud:
        yield noeud["$ref"]
    for enfant in enfants:
        yield from references(enfant)


def suivre(document: dict[str, Any], reference: str) -> object:
    assert reference.startswith("#/")
    for pas in reference[2:].split("/"):
        document = document[pas]
    return document


def test_the_committed_files_are_fresh() -> None:
    attendus = documents()
    presents = {chemin: chemin.read_text(encoding="utf-8") for chemin in (ASYNCAPI, *SCHEMAS.glob("*.json"))}
    perimes = sorted(c.name for c in attendus.keys() | presents.keys() if attendus.get(c) != presents.get(c))
    assert not perimes, f"run `make contrats`: {', '.join(perimes)}"


@pytest.mark.parametrize("nom", DECRITS)
def test_a_schema_is_valid_identified_described_and_whole(nom: str) -> None:
    publie = schema(nom)
    Draft202012Validator.check_schema(publie)
    assert publie["$id"] == f"urn:ent1d:schema:{nom}"
    assert publie["title"]
    assert publie["description"]
    assert all(suivre(publie, reference) for reference in references(publie))


@pytest.mark.parametrize(("nom", "corps"), EXEMPLES, ids=NOMS)
def test_an_example_is_valid_against_its_schema(nom: str, corps: dict[str, Any]) -> None:
    juge(nom).validate(corps)


def alterations(noeud: object) -> Iterator[object]:
    """Yield copies of a JSON value, each with one thing wrong or odd in it."""
    if isinstance(noeud, dict):
        yield noeud | {"inconnu": 1}
        yield from ({c: v for c, v in noeud.items() if c != cle} for cle in noeud)
        yield from (noeud | {cle: autre} for cle, valeur in noeud.items() for autre in alterations(valeur))
    elif isinstance(noeud, list):
        yield []
        yield from ([*noeud[:n], autre, *noeud[n + 1 :]] for n, v in enumerate(noeud) for autre in alterations(v))
    else:
        yield from (None, "", "x" * 3000, "Ñ", 0, -1, 1.5, True, [], {})


@pytest.mark.parametrize(("nom", "corps"), EXEMPLES, ids=NOMS)
def test_a_schema_judges_as_its_model_does(nom: str, corps: dict[str, Any]) -> None:
    schema_du_message, vus = juge(nom), {True: 0, False: 0}
    for altere in alterations(copy.deepcopy(corps)):
        try:
            DECRITS[nom].model_validate_json(json.dumps(altere))
            admis = True
        except ValidationError:
            admis = False
        assert schema_du_message.is_valid(altere) == admis, altere
        vus[admis] += 1
    assert vus[False] > 20


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    trouvees = list(references(DOCUMENT))
    assert len(trouvees) > 50
    assert all(suivre(DOCUMENT, reference) for reference in trouvees)


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_has_its_channel_its_operation_and_its_exchange(message: type[SoumettreDossier]) -> None:
    nom = message.__name__
    canal = DOCUMENT["channels"][nom]
    exchange = "soumissions" if message is SoumettreDossier else "dossiers"
    action = "receive" if message is SoumettreDossier else "send"
    assert canal["address"] == message.cle
    assert canal["bindings"]["amqp"]["is"] == "routingKey"
    assert canal["bindings"]["amqp"]["exchange"] == {
        "name": exchange, "type": "topic", "durable": True, "autoDelete": False, "vhost": VHOST,
    }  # fmt: skip
    assert DOCUMENT["operations"][f"{action}{nom}"]["action"] == action


@pytest.mark.parametrize("message", MESSAGES)
def test_the_examples_of_a_message_fit_its_properties_and_its_payload(message: type[SoumettreDossier]) -> None:
    decrit = DOCUMENT["components"]["messages"][message.__name__]
    assert decrit["examples"]
    for exemple in decrit["examples"]:
        assert exemple["headers"]["message_id"] == exemple["payload"]["id"]
        for partie in ("headers", "payload"):
            racine = {"components": DOCUMENT["components"], **decrit[partie]}
            Draft202012Validator(racine, format_checker=FORMATS).validate(exemple[partie])


def test_only_the_submission_and_the_feed_of_the_titulaire_are_public() -> None:
    publiques = {
        nom
        for nom, operation in DOCUMENT["operations"].items()
        if {"$ref": "#/components/tags/public"} in operation["tags"]
    }
    assert publiques == {"receiveSoumettreDossier", "sendAAFLivreAuTitulaire"}


def test_an_operation_says_who_tells_and_who_hears() -> None:
    for flux in FLUX:
        operation = DOCUMENT["operations"][f"send{flux.evenement.__name__}"]
        assert operation["tags"] == [{"$ref": f"#/components/tags/{flux.emetteur}"}]
        assert all(auditeur in operation["summary"] for auditeur in flux.auditeurs)
