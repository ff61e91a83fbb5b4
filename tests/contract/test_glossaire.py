"""The glossary knows every word of the contract."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import contracts
from contracts import dossier, evenements, manifeste
from contracts.asyncapi import MESSAGES, titre

GLOSSAIRE = (Path(contracts.__file__).parent / "GLOSSARY.md").read_text(encoding="utf-8")
MOTS = {mot for ligne in re.findall(r"`([^`]+)`", GLOSSAIRE) for mot in re.findall(r"\w+", ligne)}
MODULES = (dossier, evenements, manifeste)
CLASSES = {
    classe
    for module in MODULES
    for classe in vars(module).values()
    if isinstance(classe, type) and classe.__module__ == module.__name__ and "[" not in classe.__name__
}


def mots_du_contrat() -> set[str]:
    champs = {champ for c in CLASSES if issubclass(c, BaseModel) for champ in c.model_fields}
    membres = {membre.value for c in CLASSES if issubclass(c, StrEnum) for membre in c}
    return {c.__name__ for c in CLASSES} | champs | membres


def test_every_class_field_and_enum_member_of_the_contract_is_in_the_glossary() -> None:
    assert mots_du_contrat() - MOTS == set()


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_has_its_line_with_type_class_and_routing_key(message: type[evenements.Evenement[Any]]) -> None:
    debut = rf"^\| {titre(message)}(?: \(command\))? \| `{message.__name__}` \| `{re.escape(message.cle)}` \|"
    assert re.search(debut, GLOSSAIRE, re.MULTILINE)


def test_the_glossary_names_no_event_that_does_not_exist() -> None:
    cles = set(re.findall(r"`([a-z.-]+\.v[0-9]+)`", GLOSSAIRE))
    assert cles == {message.cle for message in MESSAGES}
