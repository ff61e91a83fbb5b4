"""A file sent by a form without JavaScript: kept whole with its token, or not at all, and told at its field."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from contracts.dossier import TAILLE_MAX_PIECE, RolePiece
from services._runtime.mongo import FILE_CHUNK

from .banc import ATTESTATION, Personne, Portail

MIO = FILE_CHUNK
FRONTIERE = "----essai"


def corps(jeton: str, contenu: bytes, nom: str = "bon.pdf") -> bytes:
    """Write a form as browsers do."""
    return (
        (
            f'--{FRONTIERE}\r\nContent-Disposition: form-data; name="jeton"\r\n\r\n{jeton}\r\n'
            f'--{FRONTIERE}\r\nContent-Disposition: form-data; name="pieces.{ATTESTATION}"; filename="{nom}"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        ).encode()
        + contenu
        + f"\r\n--{FRONTIERE}--\r\n".encode()
    )


async def poster(qui: Personne, envoye: object, role: str = ATTESTATION, **entetes: str) -> httpx.Response:
    """Send a form."""
    tous = {"Content-Type": f"multipart/form-data; boundary={FRONTIERE}"} | entetes
    return await qui.client.post(f"{qui.page}/{role}", content=envoye, headers=tous)  # type: ignore[arg-type]


async def en_morceaux(octets: bytes, taille: int) -> AsyncIterator[bytes]:
    """Send bytes a few at a time."""
    for debut in range(0, len(octets), taille):
        yield octets[debut : debut + taille]


@pytest.mark.parametrize("taille", [1, MIO, 3 * MIO + 11])
async def test_a_file_of_a_form_becomes_the_piece_of_the_draft(
    portail: Portail, camille: Personne, taille: int
) -> None:
    contenu = os.urandom(taille)
    reponse = await poster(camille, corps(camille.identite.jeton, contenu, "Délibération n° 4.pdf"))

    assert reponse.status_code == 303
    assert reponse.headers["Location"].startswith(camille.page)
    piece = (await camille.brouillon())["pieces"][ATTESTATION]
    assert await portail.octets(piece["id"]) == (taille, hashlib.sha256(contenu).hexdigest())
    assert (piece["nom"], piece["taille"]) == ("Délibération n° 4.pdf", taille)


async def test_a_good_piece_is_told_in_a_sentence(camille: Personne, modele: dict[str, bytes]) -> None:
    reponse = await poster(camille, corps(camille.identite.jeton, modele[ATTESTATION]))

    assert reponse.headers["Location"] == f"{camille.page}?fait=piece_jointe"
    assert (await camille.brouillon())["pieces"][ATTESTATION]["constat"] == ""


async def test_what_looks_like_a_boundary_inside_a_file_is_part_of_it(portail: Portail, camille: Personne) -> None:
    contenu = f"\r\n--{FRONTIERE[:-1]}\r\n--{FRONTIERE}x\r\n\r\n--".encode() * 1000
    await poster(camille, en_morceaux(corps(camille.identite.jeton, contenu), 7_001))

    piece = (await camille.brouillon())["pieces"][ATTESTATION]
    assert await portail.octets(piece["id"]) == (len(contenu), hashlib.sha256(contenu).hexdigest())


@pytest.mark.parametrize(
    ("contenu", "nom", "phrase"),
    [(b"", "vide.pdf", "Ce fichier est vide"), (b"", "", "Choisissez un fichier, puis envoyez-le.")],
    ids=["empty", "none chosen"],
)
async def test_what_is_wrong_is_told_at_the_field_and_in_the_summary(
    portail: Portail, camille: Personne, contenu: bytes, nom: str, phrase: str
) -> None:
    reponse = await poster(camille, corps(camille.identite.jeton, contenu, nom))
    page = (await camille.client.get(reponse.headers["Location"])).text

    assert reponse.status_code == 303
    assert page.count(phrase) == 2
    assert f'href="#pieces.{ATTESTATION}"' in page
    assert 'aria-invalid="true"' in page
    assert await portail.morceaux() == 0


async def test_a_file_above_200_mo_is_refused_before_its_first_byte(portail: Portail, camille: Personne) -> None:
    lecture, ecriture = await asyncio.open_connection("127.0.0.1", portail.port)
    ecriture.write(
        f"POST {camille.page}/{ATTESTATION} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ent1d={camille.cookie}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {TAILLE_MAX_PIECE + MIO}\r\n\r\n".encode()
    )
    tete = (await lecture.readuntil(b"\r\n\r\n")).decode()
    ecriture.transport.abort()

    assert " 303 " in tete
    assert "erreur=lourd" in tete
    assert await portail.mongo.database["televersements"].count_documents({}) == 0


async def test_a_file_above_200_mo_of_untold_length_is_refused_as_it_passes_the_limit(
    portail: Portail, camille: Personne, fait: Callable[..., Awaitable[object]]
) -> None:
    async def trop() -> AsyncIterator[bytes]:
        debut, _, fin = corps(camille.identite.jeton, b"@").partition(b"@")
        yield debut
        for _ in range(TAILLE_MAX_PIECE // MIO + 1):
            yield bytes(MIO)
        yield fin

    reponse = await poster(camille, trop())
    page = (await camille.client.get(reponse.headers["Location"])).text

    assert reponse.status_code == 303
    assert "Ce fichier dépasse 200\u00a0Mo." in page
    await fait(portail.morceaux, lambda nombre: nombre == 0)
    assert (await camille.brouillon())["pieces"] == {}


@pytest.mark.parametrize("jeton", ["", "x" * 64, "x" * 100_000])
async def test_a_form_with_another_token_keeps_nothing(portail: Portail, camille: Personne, jeton: str) -> None:
    reponse = await poster(camille, corps(jeton, bytes(2 * MIO)))

    assert reponse.status_code in {303, 403}
    assert await portail.mongo.database["pieces.chunks"].count_documents({}) == 0
    assert await portail.mongo.database["televersements"].count_documents({}) == 0
    assert (await camille.brouillon())["pieces"] == {}


async def test_a_file_that_comes_before_its_token_is_not_read(portail: Portail, camille: Personne) -> None:
    jeton = f'--{FRONTIERE}\r\nContent-Disposition: form-data; name="jeton"\r\n\r\n{camille.identite.jeton}\r\n'
    a_l_envers = corps("", bytes(MIO)).partition(f"\r\n--{FRONTIERE}\r\n".encode())[2]
    reponse = await poster(camille, f"--{FRONTIERE}\r\n".encode() + a_l_envers + jeton.encode())

    assert "erreur=incomplet" in reponse.headers["Location"]
    assert await portail.morceaux() == 0


@pytest.mark.parametrize("reste", [1, 20, MIO, 2 * MIO + 50])
async def test_a_form_that_breaks_off_keeps_nothing(
    portail: Portail, camille: Personne, reste: int, fait: Callable[..., Awaitable[object]]
) -> None:
    entier = corps(camille.identite.jeton, bytes(2 * MIO))
    reponse = await poster(camille, entier[: -reste - 6])

    assert reponse.headers["Location"].endswith("erreur=incomplet")
    await fait(portail.morceaux, lambda nombre: nombre == 0)
    assert (await camille.brouillon())["pieces"] == {}


async def test_a_body_that_is_no_form_keeps_nothing(portail: Portail, camille: Personne) -> None:
    for genre in ("application/pdf", "multipart/form-data", "multipart/mixed; boundary=x", ""):
        reponse = await poster(camille, bytes(MIO), **{"Content-Type": genre})
        assert reponse.headers["Location"].endswith("erreur=incomplet")
    assert await portail.morceaux() == 0


async def test_a_form_takes_the_place_of_what_an_upload_had_begun(portail: Portail, camille: Personne) -> None:
    url = await camille.ouvrir(3 * MIO)
    await camille.pousser(url, 0, bytes(MIO))
    await poster(camille, corps(camille.identite.jeton, b"%PDF"))

    assert (await camille.situer(url)).status_code == 404
    assert await portail.morceaux() == 1


async def test_a_piece_is_taken_off_by_its_button(camille: Personne) -> None:
    await camille.envoyer(b"%PDF")
    adresse = f"{camille.page}/{ATTESTATION}/retirer"
    assert (await camille.client.post(adresse, data={"jeton": "faux"})).status_code == 403
    reponse = await camille.client.post(adresse, data={"jeton": camille.identite.jeton})

    assert reponse.headers["Location"] == f"{camille.page}?fait=piece_retiree"
    assert (await camille.brouillon())["pieces"] == {}


async def test_a_piece_that_is_not_to_be_corrected_is_shown_and_cannot_change(
    portail: Portail, camille: Personne
) -> None:
    await camille.envoyer(b"%PDF", "adhesion.pdf")
    editeur = f"pieces.{RolePiece.BON_COMMANDE_EDITEUR}"
    motifs = [{"champ": editeur, "phrases": ["Il manque l’école 0779004U."]}]
    rouvert = {"corrige": True, "a_corriger": [editeur], "motifs": motifs}
    await portail.mongo.database["brouillons"].update_one({"_id": camille.numero}, {"$set": rouvert})
    page = (await camille.client.get(camille.page)).text

    assert "adhesion.pdf" in page
    assert page.count('type="file"') == 1
    assert page.count("Il manque l’école 0779004U.") == 1
    assert (await poster(camille, corps(camille.identite.jeton, b"%PDF"))).status_code == 403
    retrait = await camille.client.post(f"{camille.page}/{ATTESTATION}/retirer", data={"jeton": camille.identite.jeton})
    assert retrait.status_code == 403


async def test_who_comes_from_the_recapitulatif_is_told_what_is_missing_and_goes_back_there(camille: Personne) -> None:
    page = (await camille.client.get(f"{camille.page}?verifier=oui&retour=oui")).text
    assert page.count("Joignez cette pièce.") == 6  # each at its field and in the summary
    assert f'href="/brouillons/{camille.numero}/recapitulatif"' in page

    camille.client.params = {"retour": "oui"}
    reponse = await poster(camille, corps(camille.identite.jeton, b"", ""))
    assert "retour=oui" in reponse.headers["Location"]


async def test_no_other_place_than_the_three_exists(camille: Personne) -> None:
    for role in ("titre_identite", "ATTESTATION_ADHESION", "attestation_adhesion%00"):
        assert (await poster(camille, corps(camille.identite.jeton, b"%PDF"), role)).status_code == 404


async def test_a_hostile_name_is_shown_and_does_nothing(camille: Personne) -> None:
    await camille.envoyer(b"%PDF", '"><script>alert(1)</script>.pdf')
    reponse = await camille.client.get(camille.page)

    assert "<script>alert" not in reponse.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.pdf</bdi>" in reponse.text
