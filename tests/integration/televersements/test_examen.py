"""What is said of a file as soon as it is there, by real readers."""

import os
import tempfile
from pathlib import Path

import pytest

from deploy.demo.pieces import chiffrer, numeriser
from services._runtime.lecture.inspection import Inspecteur
from services.intake.televersements.examen import Examen

from .banc import ATTESTATION, Personne, Portail


async def test_each_good_piece_is_fit_whatever_its_format(camille: Personne, modele: dict[str, bytes]) -> None:
    pdf = modele[ATTESTATION]
    for nom, contenu in (
        ("a.pdf", pdf),
        ("A.PDF", pdf),
        ("sans extension", pdf),
        ("scan.png", numeriser(pdf, "PNG")),
        ("photo.JPG", numeriser(pdf, "JPEG")),
        ("restreint.pdf", chiffrer(pdf, "")),
    ):
        assert (await camille.envoyer(contenu, nom))["constat"] == "", nom


async def test_what_makes_a_file_unfit_is_told_at_once_and_the_draft_keeps_it(
    camille: Personne, modele: dict[str, bytes]
) -> None:
    pdf = modele[ATTESTATION]
    for nom, contenu, phrase in (
        ("secret.pdf", chiffrer(pdf, "mot de passe"), "protégé par un mot de passe"),
        ("coupe.pdf", pdf[: len(pdf) // 2], "abîmé ou incomplet"),
        ("bon.pdf", numeriser(pdf, "PNG"), "il contient une image PNG"),
        ("bon.pdf", b"PK\x03\x04" + bytes(200), "archive ZIP"),
        ("bon.pdf", b"<html><script>alert(1)</script></html>", "une page web"),
        ("bon.pdf", b"Bonjour, voici la commande", "du texte"),
    ):
        piece = await camille.envoyer(contenu, nom)
        assert phrase in piece["constat"], nom
        page = (await camille.client.get(camille.page)).text
        assert phrase in page


async def test_a_reader_that_cannot_start_says_nothing_against_a_file(
    camille: Personne, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services._runtime.lecture.inspection.sys.executable", "/introuvable")

    assert (await camille.envoyer(b"du texte"))["constat"] == ""


async def test_a_disk_without_room_says_nothing_against_a_file(
    camille: Personne, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/introuvable")

    assert (await camille.envoyer(b"du texte"))["constat"] == ""


async def test_nobody_waits_for_a_reader_longer_than_a_page_may_take(portail: Portail, camille: Personne) -> None:
    piece = await camille.envoyer(b"du texte")

    async with Inspecteur(lecteurs=0) as sans_lecteur:
        examen = Examen(portail.store.pieces, sans_lecteur, patience=0.05)
        assert await examen.examiner(piece["id"], "bon.txt", piece["sha256"]) == ""


async def test_no_copy_is_left_behind(
    portail: Portail, camille: Personne, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    await camille.envoyer(b"du texte")

    assert not any(os.scandir(tmp_path))
    assert await portail.morceaux() == 1
