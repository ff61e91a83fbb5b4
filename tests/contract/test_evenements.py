"""Events name their facts well, hold no person, have stable ids, and refuse what the contract does not say."""

import json
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from contracts.asyncapi import MESSAGES
from contracts.documents import exemples, schema
from contracts.dossier import Deposant, PieceDeposee, RolePiece
from contracts.evenements import (
    Controle,
    CorrectionDemandee,
    Depot,
    DossierDepose,
    DossierValide,
    Evenement,
    Motifs,
    PiecesVerifiees,
    Rapport,
    Validation,
    Verdict,
)
from contracts.flux import FLUX
from contracts.valeurs import lettre_uai
from services._runtime.reading import SIZE_MAX, Illisible, read_strictly

EVENEMENTS = [flux.evenement for flux in FLUX]
NUMERO = "ENT-7K3QX-0V9HM"
ECOLE = "0779001" + lettre_uai("0779001")
LE = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
# Words that people read, each written by a rule of ours: adding one here is deciding that no person can be in it.
TEXTES_LIBRES = {
    "Controle.constat", "Controle.source", "Rapport.regles", "Remise.titulaire", "Suspension.titulaire",
    "Suspension.constat",
}  # fmt: skip


def sans_accents(texte: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", texte) if not unicodedata.combining(c))


def depot(version: int = 1) -> Depot:
    return Depot(version=version, siret="21770999700019", commune="77288", ecoles=(ECOLE,), pieces=())


def champs(modele: type[BaseModel]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each field reached from a model, as (Class.field, its JSON Schema with the array around it taken off)."""
    entier = modele.model_json_schema()
    for nom, classe in {modele.__name__: entier, **entier["$defs"]}.items():
        for champ, forme in classe.get("properties", {}).items():
            yield f"{nom}.{champ}", forme.get("items", forme)


@pytest.mark.parametrize("message", EVENEMENTS)
def test_a_class_is_named_as_its_type_without_accents(message: type[Evenement[Any]]) -> None:
    assert sans_accents(message.nom()) == message.__name__
    assert unicodedata.is_normalized("NFC", message.nom())


@pytest.mark.parametrize("message", EVENEMENTS)
def test_an_event_has_no_field_of_a_deposant(message: type[Evenement[Any]]) -> None:
    atteints = dict(champs(message))
    assert Deposant.__name__ not in message.model_json_schema()["$defs"]
    noms = {chemin.rpartition(".")[2] for chemin in atteints if chemin != "Livraison.nom"}
    assert noms.isdisjoint(Deposant.model_fields)


@pytest.mark.parametrize("message", EVENEMENTS)
def test_every_text_of_an_event_is_constrained(message: type[Evenement[Any]]) -> None:
    textes = {chemin: forme for chemin, forme in champs(message) if forme.get("type") == "string"}
    fermes = {c for c, forme in textes.items() if forme.keys() & {"pattern", "const", "enum", "format"}}
    assert set(textes) - fermes <= TEXTES_LIBRES
    assert all("maxLength" in textes[chemin] for chemin in set(textes) - fermes)


def test_a_fact_told_twice_has_one_id_and_another_version_has_another() -> None:
    premier = DossierDepose.dire(NUMERO, depot(), source="ent1d/intake", le=LE)
    plus_tard = DossierDepose.dire(NUMERO, depot(), source="ent1d/ailleurs", le=LE.replace(hour=9))
    assert plus_tard.id == premier.id
    assert DossierDepose.dire(NUMERO, depot(2), source="ent1d/intake", le=LE).id != premier.id
    assert DossierDepose.dire("ENT-7K3QX-0V9HN", depot(), source="ent1d/intake", le=LE).id != premier.id


def test_two_kinds_of_fact_of_one_version_have_two_ids() -> None:
    valide = Validation(version=1, siret="21770999700019", commune="77288", ecoles=(ECOLE,), decide_par="agent:essai")
    ids = {
        DossierDepose.dire(NUMERO, depot(), source="ent1d/intake", le=LE).id,
        DossierValide.dire(NUMERO, valide, source="ent1d/intake", le=LE).id,
    }
    assert len(ids) == 2


def test_the_rang_tells_apart_two_facts_of_one_version() -> None:
    ids = {DossierDepose.dire(NUMERO, depot(), source="ent1d/intake", le=LE, rang=rang).id for rang in ("", "a", "b")}
    assert len(ids) == 3


def refus(message: type[BaseModel], corps: dict[str, Any]) -> Illisible:
    with pytest.raises(Illisible) as refuse:
        read_strictly(json.dumps(corps, ensure_ascii=False).encode(), message)
    return refuse.value


@pytest.mark.parametrize("message", MESSAGES)
def test_an_extra_field_is_refused_in_the_envelope_and_in_the_data(message: type[Evenement[Any]]) -> None:
    for corps in exemples(message.cle).values():
        assert refus(message, corps | {"extra": 1}).detail == "(inconnu): extra_forbidden"
        dedans = corps | {"data": corps["data"] | {"extra": 1}}
        assert refus(message, dedans).detail == "data.(inconnu): extra_forbidden"


@pytest.mark.parametrize("message", MESSAGES)
def test_a_missing_field_of_the_envelope_is_refused(message: type[Evenement[Any]]) -> None:
    for corps in exemples(message.cle).values():
        for champ in corps:
            reste = {cle: valeur for cle, valeur in corps.items() if cle != champ}
            assert refus(message, reste).detail == f"{champ}: missing"


@pytest.mark.parametrize("message", EVENEMENTS)
@pytest.mark.parametrize("faux", ["5", 5.0, True, 0, None])
def test_a_version_that_is_not_a_whole_number_is_refused(message: type[Evenement[Any]], faux: object) -> None:
    for corps in exemples(message.cle).values():
        assert refus(message, corps | {"data": corps["data"] | {"version": faux}}).motif == "contrat_non_respecte"


def test_another_type_or_an_unknown_specversion_is_refused() -> None:
    corps = exemples(DossierDepose.cle)[DossierDepose.cle]
    assert refus(DossierDepose, corps | {"type": "DossierDepose"}).detail == "type: literal_error"
    assert refus(DossierDepose, corps | {"specversion": "0.3"}).detail == "specversion: literal_error"


def test_decomposed_accents_are_refused_on_the_wire_and_in_the_model() -> None:
    corps = exemples(CorrectionDemandee.cle)[CorrectionDemandee.cle]
    decompose = unicodedata.normalize("NFD", "école")
    faux = corps["data"] | {"motifs": [corps["data"]["motifs"][0] | {"constat": decompose}]}
    assert refus(CorrectionDemandee, corps | {"data": faux}).motif == "unicode_non_nfc"
    with pytest.raises(ValueError, match="NFC"):
        Motifs.model_validate_json(json.dumps(faux))  # escaped as \u0301: the body itself is pure ASCII


def test_an_error_names_the_field_and_never_the_value() -> None:
    corps = exemples("dossier.soumettre.v1")["dossier.soumettre.v1"]
    corps["data"]["deposant"]["courriel"] = "pas une adresse"
    erreur = refus(MESSAGES[0], corps)
    assert erreur.detail == "data.deposant.courriel: string_pattern_mismatch"
    assert "pas une" not in repr(erreur)
    with pytest.raises(ValidationError) as brute:
        MESSAGES[0].model_validate_json(json.dumps(corps))
    assert "pas une" not in str(brute.value)


def test_the_largest_event_is_under_the_reading_limit() -> None:
    chiffres = [f"0779{rang:03d}" for rang in range(500)]
    ecoles = tuple(c + lettre_uai(c) for c in chiffres)
    controle = Controle(
        id="uai-cle",
        verdict=Verdict.BLOQUANT,
        constat="é" * 300,
        champ="ecoles",
        valeurs=("x" * 100,) * 500,
        source="é" * 300,
    )
    rapport = Rapport(
        version=1, siret="21770999700019", commune="77288", ecoles=ecoles, regles="2026.1", controles=(controle,) * 35
    )
    motifs = Motifs(version=1, motifs=(controle,) * 35, decide_par="agent:essai")
    for evenement in (
        PiecesVerifiees.dire(NUMERO, rapport, source="ent1d/verification", le=LE),
        CorrectionDemandee.dire(NUMERO, motifs, source="ent1d/intake", le=LE),
    ):
        corps = evenement.model_dump_json().encode()
        assert len(corps) < SIZE_MAX
        assert read_strictly(corps, type(evenement)) == evenement


def test_the_published_schema_refuses_extra_fields_as_the_reader_does() -> None:
    for message in MESSAGES:
        publie = schema(message.cle)
        assert publie["additionalProperties"] is False
        assert all(s.get("additionalProperties") is False for s in publie["$defs"].values() if s["type"] == "object")


def test_a_piece_over_200_mo_is_refused() -> None:
    with pytest.raises(ValueError, match="less than or equal"):
        PieceDeposee(role=RolePiece.BON_COMMANDE_CHORUS, id="0" * 32, sha256="0" * 64, taille=200 * 1024 * 1024 + 1)
