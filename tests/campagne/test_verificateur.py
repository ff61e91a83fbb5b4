"""The checker itself: sound books pass, and each thing that must not be is found in the books where it is."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.campagne.temoin.comptes import Comptes, Parking
from deploy.campagne.temoin.files import Parque
from deploy.campagne.temoin.verificateur import verifier

NUMERO = "ENT-AAAAA-BBBBB"
LIVRAISON = "ENT1D.20260901-00001"
ZIP = b"PK de livraison"
EMPREINTE = hashlib.sha256(ZIP).hexdigest()
ECOLE = "0779001B"


def etape(fait: str, version: int = 1) -> dict[str, Any]:
    return {"fait": fait, "version": version, "le": datetime(2026, 9, 1, tzinfo=UTC)}


def envoi(motif: str, **autres: object) -> dict[str, Any]:
    cle = f"{NUMERO}:1:{motif}"
    return {"_id": cle, "numero": NUMERO, "version": 1, "motif": motif, "etat": "accepte", "journal": [], **autres}


def reception(motif: str, **autres: object) -> tuple[str, dict[str, Any]]:
    gauche = hashlib.sha256(f"{NUMERO}:1:{motif}".encode()).hexdigest()[:32]
    return gauche, {"code": 250, "accepte": True, "sha256": motif, **autres}


def renommage(nom: str, sha256: str) -> dict[str, Any]:
    return {"acte": "renommage", "de": f".{nom}.part", "vers": nom, "visible": True, "sha256": sha256}


@pytest.fixture
def racine(tmp_path: Path) -> Path:
    """Give the titulaire's directory after one delivery."""
    (tmp_path / f"{LIVRAISON}.zip").write_bytes(ZIP)
    fichier = {"nom": f"{LIVRAISON}.zip", "sha256": EMPREINTE}
    contenu = json.dumps({"fichier": fichier, "ecoles": [{"uai": ECOLE}]})
    (tmp_path / f"{LIVRAISON}.json").write_text(contenu, encoding="utf-8")
    return tmp_path


@pytest.fixture
def justes(racine: Path) -> Comptes:
    """Give sound books: one dossier delivered, three mails, one delivery."""
    motifs = ("accuse", "validation", "livraison")
    return Comptes(
        tentees=frozenset({"cle-1"}),
        reconnues={"cle-1": NUMERO},
        pieces_recues={"piece-1": ("empreinte", 12)},
        pieces_gardees={"piece-1": ("empreinte", 12)},
        dossiers={
            NUMERO: {
                "_id": NUMERO,
                "etat": "livre",
                "version": 1,
                "ecoles": [ECOLE],
                "depots": [{"cle": "cle-1"}],
                "chronologie": [etape("DossierDéposé"), etape("DossierValidé"), etape("AAFLivré")],
            }
        },
        verifications=({"_id": f"{NUMERO}:1", "numero": NUMERO, "version": 1},),
        envois=tuple(envoi(motif) for motif in motifs),
        perimetres=({"_id": f"exemple:{NUMERO}", "numero": NUMERO, "version": 1, "livraison": LIVRAISON},),
        livraisons=(),
        recus_parques=frozenset(),
        sorties=(),
        courriels={gauche: (ligne,) for gauche, ligne in map(reception, motifs)},
        actes_sftp=(
            renommage(f"{LIVRAISON}.zip", EMPREINTE),
            renommage(f"{LIVRAISON}.json", hashlib.sha256((racine / f"{LIVRAISON}.json").read_bytes()).hexdigest()),
        ),
        racine_sftp=racine,
        parking=Parking(profondeurs={"intake.aaf-livre-v1": 0}),
    )


def avec_dossier(comptes: Comptes, **champs: object) -> Comptes:
    return replace(comptes, dossiers={NUMERO: {**comptes.dossiers[NUMERO], **champs}})


def avec_receptions(comptes: Comptes, motif: str, *lignes: dict[str, Any]) -> Comptes:
    return replace(comptes, courriels={**comptes.courriels, reception(motif)[0]: lignes})


def test_sound_books_pass(justes: Comptes) -> None:
    assert verifier(justes) == []


HOSTILE = Parque("intake.parking", "m-1", "", "abc")
CAS: dict[str, tuple[str, Callable[[Comptes], Comptes]]] = {
    "an acknowledged deposit that MongoDB does not know": (
        "perdu",
        lambda c: replace(c, reconnues={**c.reconnues, "cle-2": None}),
    ),
    "a deposit answered with another number": ("double", lambda c: replace(c, reconnues={"cle-1": "ENT-CCCCC-DDDDD"})),
    "an acknowledged piece that is gone": ("perdu", lambda c: replace(c, pieces_gardees={})),
    "an acknowledged piece with other bytes": (
        "perdu",
        lambda c: replace(c, pieces_gardees={"piece-1": ("autre", 12)}),
    ),
    "a dossier that waits for nobody": ("bloque", lambda c: avec_dossier(c, etat="valide")),
    "a key that filed two dossiers": (
        "double",
        lambda c: replace(c, dossiers={**c.dossiers, "ENT-2": {**c.dossiers[NUMERO], "_id": "ENT-2"}}),
    ),
    "a deposit that nobody tried": ("fantome", lambda c: replace(c, tentees=frozenset())),
    "a fact that stands twice in a timeline": (
        "double",
        lambda c: avec_dossier(c, chronologie=[*c.dossiers[NUMERO]["chronologie"], etape("AAFLivré")]),
    ),
    "versions out of order": (
        "desordre",
        lambda c: avec_dossier(c, version=2, chronologie=[etape("DossierDéposé", 2), etape("DossierDéposé", 1)]),
    ),
    "a report on a dossier that does not exist": (
        "fantome",
        lambda c: replace(c, verifications=({"_id": "x:1", "numero": "x", "version": 1},)),
    ),
    "a report on a version never filed": (
        "fantome",
        lambda c: replace(c, verifications=({"_id": f"{NUMERO}:2", "numero": NUMERO, "version": 2},)),
    ),
    "an event of an unknown dossier in a parking queue": (
        "fantome",
        lambda c: replace(c, parking=Parking(mis_de_cote=(Parque("notification.parking", "e-1", "ENT-X", "e"),))),
    ),
    "a fact without its mail": ("perdu", lambda c: replace(c, envois=c.envois[:2])),
    "two mails for one fact": ("double", lambda c: replace(c, envois=(*c.envois, {**envoi("accuse"), "_id": "autre"}))),
    "a mail without its fact": ("fantome", lambda c: replace(c, envois=(*c.envois, envoi("refus")))),
    "a mail noted accepted that the relay never had": ("perdu", lambda c: avec_receptions(c, "accuse")),
    "a mail that waits for ever": (
        "bloque",
        lambda c: replace(c, envois=(envoi("accuse", etat="tentative"), *c.envois[1:])),
    ),
    "a mail received twice without a doubt in its journal": (
        "double",
        lambda c: avec_receptions(c, "accuse", *[reception("accuse")[1]] * 2),
    ),
    "a mail received with two contents": (
        "double",
        lambda c: avec_receptions(
            replace(c, envois=(envoi("accuse", journal=[{"etat": "douteux"}]), *c.envois[1:])),
            "accuse",
            reception("accuse")[1],
            reception("accuse", sha256="autre")[1],
        ),
    ),
    "a mail presented again after a definitive refusal": (
        "double",
        lambda c: avec_receptions(c, "accuse", reception("accuse", code=550, accepte=False)[1], reception("accuse")[1]),
    ),
    "a mail that nobody owed": (
        "fantome",
        lambda c: replace(c, courriels={**c.courriels, "f" * 32: (reception("accuse")[1],)}),
    ),
    "a file written under its final name": (
        "dechire",
        lambda c: replace(c, actes_sftp=({"acte": "ouverture", "nom": "x.zip", "visible": True}, *c.actes_sftp)),
    ),
    "a manifest ahead of its file": ("dechire", lambda c: replace(c, actes_sftp=c.actes_sftp[::-1])),
    "a file changed after its manifest": (
        "dechire",
        lambda c: replace(c, actes_sftp=(*c.actes_sftp, renommage(f"{LIVRAISON}.zip", "autre"))),
    ),
    "a manifest replaced": (
        "double",
        lambda c: replace(c, actes_sftp=(*c.actes_sftp, renommage(f"{LIVRAISON}.json", "autre"))),
    ),
    "a dossier said delivered that no delivery holds": ("perdu", lambda c: avec_dossier(c, ecoles=["0779002C"])),
    "an event still owed": ("traine", lambda c: replace(c, sorties=(("dossiers", NUMERO),))),
    "a message left in a queue": ("traine", lambda c: replace(c, parking=Parking(profondeurs={"retry.long": 1}))),
    "a message parked for no reason": ("traine", lambda c: replace(c, parking=Parking(mis_de_cote=(HOSTILE,)))),
    "a hostile message that vanished": (
        "perdu",
        lambda c: replace(c, parking=Parking(attendus=frozenset({HOSTILE.empreinte}))),
    ),
    "a receipt that says parked of a message that is not": (
        "perdu",
        lambda c: replace(c, recus_parques=frozenset({"m-9"})),
    ),
}


@pytest.mark.parametrize("cas", CAS)
def test_it_finds(cas: str, justes: Comptes) -> None:
    genre, casser = CAS[cas]

    assert genre in {anomalie.genre for anomalie in verifier(casser(justes))}


def test_a_part_file_left_behind_is_found(justes: Comptes, racine: Path) -> None:
    (racine / f".{LIVRAISON}.zip.part").touch()

    assert [anomalie.genre for anomalie in verifier(justes)] == ["traine"]


@pytest.mark.parametrize("reste", [None, b"{", b"[]", b'{"fichier": {}}'])
def test_a_manifest_that_is_none_is_found(justes: Comptes, racine: Path, reste: bytes | None) -> None:
    manifeste = racine / f"{LIVRAISON}.json"
    manifeste.unlink() if reste is None else manifeste.write_bytes(reste)

    assert "dechire" in {anomalie.genre for anomalie in verifier(justes)}


def test_a_manifest_without_its_file_is_found(justes: Comptes, racine: Path) -> None:
    (racine / f"{LIVRAISON}.zip").unlink()

    assert "dechire" in {anomalie.genre for anomalie in verifier(justes)}


def test_a_hostile_message_that_was_parked_is_as_it_should_be(justes: Comptes) -> None:
    parking = Parking(mis_de_cote=(HOSTILE,), attendus=frozenset({HOSTILE.empreinte}))

    assert verifier(replace(justes, parking=parking)) == []


def test_a_mail_received_twice_after_a_doubt_is_as_it_should_be(justes: Comptes) -> None:
    doute = envoi("accuse", journal=[{"etat": "douteux"}])
    comptes = replace(justes, envois=(doute, *justes.envois[1:]))

    assert verifier(avec_receptions(comptes, "accuse", *[reception("accuse")[1]] * 2)) == []
