"""Several requests at once, several replicas, several files: each upload has one writer and one end."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

from contracts.dossier import RolePiece
from deploy.local.ports import port_libre
from services._runtime.mongo import FILE_CHUNK

from .banc import ATTESTATION, Personne, Portail

MIO = FILE_CHUNK


async def test_another_replica_goes_on_with_an_upload(
    portail: Portail, camille: Personne, grand: Callable[[int, int], bytes]
) -> None:
    url = await camille.ouvrir(3 * MIO + 5)
    await camille.pousser(url, 0, grand(0, 2 * MIO))
    camille.client = portail.client(camille.cookie, await portail.servir(port_libre()))
    reponse = await camille.pousser(url, 2 * MIO, grand(2 * MIO, 3 * MIO + 5))

    assert reponse.status_code == 204
    piece = (await camille.brouillon())["pieces"][ATTESTATION]
    assert piece["sha256"] == hashlib.sha256(grand(0, 3 * MIO + 5)).hexdigest()


async def test_of_two_requests_at_once_on_one_upload_one_is_told_to_wait(
    camille: Personne, fait: Callable[..., Awaitable[object]], portail: Portail, grand: Callable[[int, int], bytes]
) -> None:
    url, suite = await camille.ouvrir(4 * MIO), asyncio.Event()

    async def lentement() -> AsyncIterator[bytes]:
        yield grand(0, 2 * MIO)
        await suite.wait()
        yield grand(2 * MIO, 4 * MIO)

    premiere = asyncio.create_task(camille.pousser(url, 0, lentement()))
    await fait(portail.morceaux, lambda nombre: nombre == 1)
    offset = int((await camille.situer(url)).headers["Upload-Offset"])
    seconde = await camille.pousser(url, offset, b"x" * (4 * MIO - offset))
    suite.set()

    assert (seconde.status_code, (await premiere).status_code) == (423, 204)
    piece = (await camille.brouillon())["pieces"][ATTESTATION]
    assert piece["sha256"] == hashlib.sha256(grand(0, 4 * MIO)).hexdigest()


async def test_two_hundred_races_for_one_offset_have_one_winner_each(portail: Portail, camille: Personne) -> None:
    for tour in range(20):
        contenus = [bytes([voie]) * (MIO + tour) for voie in range(10)]
        url = await camille.ouvrir(MIO + tour)
        reponses = await asyncio.gather(*(camille.pousser(url, 0, contenu) for contenu in contenus))

        statuts = sorted(reponse.status_code for reponse in reponses)
        assert statuts.count(204) >= 1
        assert set(statuts) <= {204, 409, 423}
        piece = (await camille.brouillon())["pieces"][ATTESTATION]
        assert piece["sha256"] in {hashlib.sha256(contenu).hexdigest() for contenu in contenus}
        assert (await portail.octets(piece["id"])) == (MIO + tour, piece["sha256"])


async def test_a_writer_that_lost_its_lease_stops_and_harms_nothing(
    portail: Portail,
    camille: Personne,
    fait: Callable[..., Awaitable[object]],
    vieillir: Callable[..., Awaitable[None]],
    grand: Callable[[int, int], bytes],
) -> None:
    url, suite = await camille.ouvrir(4 * MIO), asyncio.Event()

    async def endormi() -> AsyncIterator[bytes]:
        yield grand(0, 2 * MIO)
        await suite.wait()
        yield b"z" * (2 * MIO)

    stoppe = asyncio.create_task(camille.pousser(url, 0, endormi()))
    await fait(portail.morceaux, lambda nombre: nombre == 1)
    await vieillir(url, "bail.jusqu_au")
    assert (await camille.pousser(url, MIO, grand(MIO, 3 * MIO))).status_code == 204
    suite.set()

    assert (await stoppe).status_code == 410
    assert (await camille.situer(url)).headers["Upload-Offset"] == str(3 * MIO)
    assert (await camille.pousser(url, 3 * MIO, grand(3 * MIO, 4 * MIO))).status_code == 204
    piece = (await camille.brouillon())["pieces"][ATTESTATION]
    assert await portail.octets(piece["id"]) == (4 * MIO, hashlib.sha256(grand(0, 4 * MIO)).hexdigest())


async def test_an_upload_given_up_leaves_nothing_and_stops_who_writes_to_it(
    portail: Portail, camille: Personne, fait: Callable[..., Awaitable[object]]
) -> None:
    url, suite = await camille.ouvrir(4 * MIO), asyncio.Event()

    async def lentement() -> AsyncIterator[bytes]:
        yield bytes(2 * MIO)
        await suite.wait()
        yield bytes(2 * MIO)

    envoi = asyncio.create_task(camille.pousser(url, 0, lentement()))
    await fait(portail.morceaux, lambda nombre: nombre == 1)
    assert (await camille.client.delete(url, headers=camille.entetes)).status_code == 204
    assert await portail.morceaux() == 0
    suite.set()

    assert (await envoi).status_code == 410
    assert (await camille.situer(url)).status_code == 404
    assert (await camille.client.delete(url, headers=camille.entetes)).status_code == 404


async def test_a_piece_that_is_joined_is_not_given_up_by_its_upload(portail: Portail, camille: Personne) -> None:
    url = await camille.ouvrir(MIO)
    await camille.pousser(url, 0, bytes(MIO))

    assert (await camille.client.delete(url, headers=camille.entetes)).status_code == 409
    assert await portail.morceaux() == 1


async def test_the_last_upload_begun_for_a_place_wins_over_all_earlier_ones(
    portail: Portail, camille: Personne
) -> None:
    ancien = await camille.ouvrir(2 * MIO)
    await camille.pousser(ancien, 0, bytes(MIO))
    ailleurs = await camille.ouvrir(MIO, role=RolePiece.BON_COMMANDE_CHORUS)
    nouveau = await camille.ouvrir(MIO)

    assert (await camille.situer(ancien)).status_code == 404
    assert await portail.morceaux() == 0
    assert (await camille.situer(ailleurs)).status_code == 200
    assert (await camille.pousser(nouveau, 0, bytes(MIO))).status_code == 204


async def test_an_upload_whose_piece_was_taken_off_is_gone_with_it(portail: Portail, camille: Personne) -> None:
    url = await camille.ouvrir(MIO)
    await camille.pousser(url, 0, bytes(MIO))
    assert (await camille.situer(url)).headers["Upload-Offset"] == str(MIO)
    await portail.assemble.reception.retirer(camille.numero, ATTESTATION)

    assert (await camille.situer(url)).status_code == 404


async def test_twenty_files_at_once_do_not_mix(portail: Portail, grand: Callable[[int, int], bytes]) -> None:
    taille, gens = 25 * MIO + 3, [await portail.personne() for _ in range(7)]
    places = [(qui, role) for qui in gens for role in RolePiece][:20]

    async def envoyer(rang: int, qui: Personne, role: str) -> str:
        url = await qui.ouvrir(taille, role=role)
        for debut in range(0, taille, 8 * MIO):
            fin = min(debut + 8 * MIO, taille)
            poussee = await qui.pousser(url, debut, grand(rang + debut, rang + fin))
            assert poussee.status_code == 204
        return str((await qui.brouillon())["pieces"][role]["sha256"])

    empreintes = await asyncio.gather(*(envoyer(rang, qui, role) for rang, (qui, role) in enumerate(places)))

    assert empreintes == [hashlib.sha256(grand(rang, rang + taille)).hexdigest() for rang in range(20)]
