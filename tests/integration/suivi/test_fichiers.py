"""The files of a dossier: pieces given back as they came, papers made of what was filed."""

import hashlib
import re

import pypdfium2

from contracts.evenements import Verdict
from deploy.demo.dossiers import uai
from services._runtime.mongo import FILE_CHUNK

from .banc import Essai, Trouver

GRANDE = bytes(range(256)) * 4096 * 3 + b"fin"  # three chunks of a megabyte, and a bit


def _lire(octets: bytes) -> str:
    document = pypdfium2.PdfDocument(octets)
    try:
        texte = " ".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return " ".join(texte.replace("\u00a0", " ").split())


async def test_a_piece_comes_back_byte_for_byte_to_be_saved_and_never_shown(essai: Essai) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille, fichiers={"bon_commande_chorus": ("engagement signé.pdf", GRANDE)})

    reponse = await camille.navigateur.get(f"/dossiers/{numero}/pieces/bon_commande_chorus")

    assert reponse.content == GRANDE
    assert reponse.headers["content-length"] == str(len(GRANDE))
    assert reponse.headers["content-type"] == "application/octet-stream"
    assert reponse.headers["x-content-type-options"] == "nosniff"
    assert reponse.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in reponse.headers["content-security-policy"]
    assert reponse.headers["content-disposition"] == (
        "attachment; filename=\"engagement signe.pdf\"; filename*=UTF-8''engagement%20sign%C3%A9.pdf"
    )


async def test_a_piece_is_never_whole_in_memory(essai: Essai) -> None:
    numero = await essai.deposer(await essai.personne(), fichiers={"bon_commande_chorus": ("a.pdf", GRANDE)})
    (piece,) = [p for p in (await essai.lu(numero))["pieces"] if p["role"] == "bon_commande_chorus"]

    ouverte = await essai.store.pieces_lues.ouvrir(piece["id"])
    morceaux = [morceau async for morceau in ouverte.morceaux]

    assert [len(morceau) for morceau in morceaux] == [FILE_CHUNK] * 3 + [3]
    assert hashlib.sha256(b"".join(morceaux)).hexdigest() == piece["sha256"]


async def test_a_name_made_to_be_harmful_stays_a_name(essai: Essai) -> None:
    camille = await essai.personne()
    fichiers = {"bon_commande_chorus": ('../../a"\r\nSet-Cookie: pris=1\u202efdp.exe', b"%PDF")}
    numero = await essai.deposer(camille, fichiers=fichiers)

    reponse = await camille.navigateur.get(f"/dossiers/{numero}/pieces/bon_commande_chorus")

    assert "set-cookie" not in reponse.headers
    assert re.fullmatch(
        r"attachment; filename=\"[\w.= -]+\"; filename\*=UTF-8''[\w.%-]+", reponse.headers["content-disposition"]
    )


async def test_the_pieces_of_an_earlier_version_are_still_there_to_be_read(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille, fichiers={"bon_commande_chorus": ("premier.pdf", b"%PDF premier")})
    await essai.verifier(numero, controle(Verdict.BLOQUANT))
    await essai.deposer(camille, corrige=numero, fichiers={"bon_commande_chorus": ("second.pdf", b"%PDF second")})
    adresse = f"/dossiers/{numero}/pieces/bon_commande_chorus"

    page = await camille.lire(f"/dossiers/{numero}")
    lues = [(await camille.navigateur.get(adresse + suite)).content for suite in ("", "?version=1", "?version=2")]

    assert f'href="{adresse}?version=1"' in page
    assert lues == [b"%PDF second", b"%PDF premier", b"%PDF second"]
    assert (await camille.navigateur.get(f"{adresse}?version=3")).status_code == 404


async def test_what_is_no_piece_of_the_dossier_is_not_found(essai: Essai) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    piece = (await essai.lu(numero))["pieces"][0]["id"]

    for role in ("inconnue", piece, "..%2F..%2Fetc%2Fpasswd"):
        assert (await camille.navigateur.get(f"/dossiers/{numero}/pieces/{role}")).status_code == 404


async def test_the_recapitulatif_holds_all_that_was_filed(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.verifier(numero, controle(Verdict.BLOQUANT))
    await essai.deposer(camille, corrige=numero, commentaires="Corrigé <b>&</b> complété.")

    reponse = await camille.navigateur.get(f"/dossiers/{numero}/recapitulatif.pdf")
    texte = _lire(reponse.content)

    assert reponse.headers["content-type"] == "application/pdf"
    assert reponse.headers["content-disposition"].startswith(f'attachment; filename="recapitulatif_{numero}.pdf"')
    for attendu in (
        *(numero, "Version 1 déposée le", "Version 2 déposée le", "217 709 997 00019", "Seine-et-Marne (77)", "Melun"),
        *(uai(1), "École maternelle des Tilleuls", "Camille", "bon_commande_chorus.pdf", "1 ko"),
        *("Corrigé <b>&</b> complété.", "Page 1 sur 2"),
    ):
        assert attendu in texte
    sha256 = (await essai.lu(numero))["pieces"][0]["sha256"]
    assert sha256 in texte.replace(" ", "")


async def test_the_attestation_proves_the_first_deposit_and_says_the_present_state(
    essai: Essai, controle: Trouver
) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.verifier(numero, controle(Verdict.BLOQUANT))

    reponse = await camille.navigateur.get(f"/dossiers/{numero}/attestation.pdf")
    texte = _lire(reponse.content)

    assert reponse.headers["content-disposition"].startswith(f'attachment; filename="attestation-depot_{numero}.pdf"')
    assert f"le dossier n° {numero}" in texte
    assert "Ce document atteste que Mme Camille Fictive a déposé le" in texte
    assert "État du dossier À corriger" in texte
    assert "Elle ne vaut pas validation" in texte


async def test_an_invited_colleague_may_print_and_download(essai: Essai) -> None:
    dominique = await essai.personne()
    numero = await essai.deposer(await essai.personne())
    await essai.store.inviter(numero, dominique.courriel)

    for chemin in ("recapitulatif.pdf", "attestation.pdf", "pieces/bon_commande_editeur"):
        assert (await dominique.navigateur.get(f"/dossiers/{numero}/{chemin}")).status_code == 200
