"""What version 1 published is still read and said the same: it may wait in a queue or in a titulaire's stream."""

import json
from typing import Any

import pytest

from contracts.asyncapi import MESSAGES
from contracts.documents import DECRITS, EXEMPLES, exemples
from contracts.evenements import Evenement, LivraisonApprouvee, LivraisonSuspendue
from services._runtime.reading import read_strictly

FICHIERS = [(nom, fichier) for nom in DECRITS for fichier in exemples(nom)]


def contenu(fichier: str) -> bytes:
    return (EXEMPLES / f"{fichier}.json").read_bytes()


@pytest.mark.parametrize(("nom", "fichier"), FICHIERS)
def test_a_message_of_yesterday_is_read_strictly_and_said_again_the_same(nom: str, fichier: str) -> None:
    lu = read_strictly(contenu(fichier), DECRITS[nom])
    assert json.loads(lu.model_dump_json()) == json.loads(contenu(fichier))


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_has_an_example(message: type[Evenement[Any]]) -> None:
    assert exemples(message.cle)


def test_every_file_is_the_example_of_something() -> None:
    assert {f"{fichier}.json" for _, fichier in FICHIERS} == {chemin.name for chemin in EXEMPLES.glob("*.json")}


@pytest.mark.parametrize(("nom", "fichier"), [(n, f) for n, f in FICHIERS if issubclass(DECRITS[n], Evenement)])
def test_told_again_today_the_same_fact_has_the_id_of_yesterday(nom: str, fichier: str) -> None:
    modele = DECRITS[nom]
    assert issubclass(modele, Evenement)
    hier = read_strictly(contenu(fichier), modele)
    match hier:
        case LivraisonSuspendue():
            rang = hier.data.motif
        case LivraisonApprouvee():
            rang = hier.data.essai
        case _:
            rang = ""
    assert modele.dire(hier.subject, hier.data, source=hier.source, le=hier.time, rang=rang) == hier
