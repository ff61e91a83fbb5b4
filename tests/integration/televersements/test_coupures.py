"""Uploads cut by the network, as a browser that comes back sees them: what HEAD tells is kept, and nothing is mixed."""

import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from contracts.dossier import TAILLE_MAX_PIECE
from deploy.local.ports import port_libre
from services._runtime.mongo import FILE_CHUNK

from .banc import ATTESTATION, Personne, Portail

MIO = FILE_CHUNK
COUPE = 109 * MIO
Grand = Callable[[int, int], bytes]


@pytest.fixture
async def au_loin(portail: Portail) -> Personne:
    """Give somebody whom the network leads to us."""
    return await portail.personne(client=portail.url)


async def test_the_largest_file_cut_at_109_mib_resumes_on_another_replica_and_arrives_byte_for_byte(
    portail: Portail, au_loin: Personne, grand: Grand, fait: Callable[..., Awaitable[object]]
) -> None:
    hachage = hashlib.sha256()

    async def morceaux(debut: int) -> AsyncIterator[bytes]:
        for rang in range(debut, TAILLE_MAX_PIECE, MIO):
            yield grand(rang, rang + MIO)

    for rang in range(0, TAILLE_MAX_PIECE, MIO):
        hachage.update(grand(rang, rang + MIO))
    url = await au_loin.ouvrir(TAILLE_MAX_PIECE)
    portail.reseau.couper_apres(COUPE)
    with pytest.raises(httpx.TransportError):
        await au_loin.pousser(url, 0, morceaux(0), **{"Content-Length": str(TAILLE_MAX_PIECE)})

    await fait(lambda: _libre(portail, url))
    offset = int((await au_loin.situer(url)).headers["Upload-Offset"])
    assert COUPE - 2 * MIO <= offset <= COUPE
    assert await portail.morceaux() == offset // MIO
    au_loin.client = portail.client(au_loin.cookie, await portail.servir(port_libre()))
    reponse = await au_loin.pousser(url, offset, morceaux(offset), **{"Content-Length": str(TAILLE_MAX_PIECE - offset)})

    assert reponse.status_code == 204
    piece = (await au_loin.brouillon())["pieces"][ATTESTATION]
    assert await portail.octets(piece["id"]) == (TAILLE_MAX_PIECE, hachage.hexdigest())
    assert piece["sha256"] == hachage.hexdigest()


async def test_sixty_cuts_anywhere_lose_and_mix_nothing(
    portail: Portail, au_loin: Personne, grand: Grand, fait: Callable[..., Awaitable[object]]
) -> None:
    hasard, taille = random.Random(4), 6 * MIO + 12_345  # noqa: S311  # not a secret: the same cuts each time
    coupures = 0
    while coupures < 60:
        url, offset = await au_loin.ouvrir(taille), 0
        while offset < taille:
            portail.reseau.couper_apres(hasard.randrange(1, 2 * MIO))
            try:
                await au_loin.pousser(url, offset, grand(offset, min(offset + 2 * MIO, taille)))
            except httpx.TransportError:
                coupures += 1
            await fait(lambda url=url: _libre(portail, url))
            portail.reseau.transmettre()
            vu = int((await au_loin.situer(url)).headers["Upload-Offset"])
            assert vu >= offset
            assert vu == taille or vu % MIO == 0
            offset = vu
        piece = (await au_loin.brouillon())["pieces"][ATTESTATION]
        attendue = (taille, hashlib.sha256(grand(0, taille)).hexdigest())
        assert await portail.octets(piece["id"]) == attendue


async def test_an_answer_that_was_lost_is_asked_for_again(portail: Portail, au_loin: Personne, grand: Grand) -> None:
    url = await au_loin.ouvrir(MIO + 5)
    portail.reseau.couper_apres(1, vers_serveur=False)
    with pytest.raises(httpx.TransportError):
        await au_loin.pousser(url, 0, grand(0, MIO + 5))

    vu = await au_loin.situer(url)
    while vu.status_code == 423:  # the request whose answer was lost is still at work
        vu = await au_loin.situer(url)
    assert vu.headers["Upload-Offset"] == str(MIO + 5)
    encore = await au_loin.pousser(url, MIO + 5, b"")
    assert (encore.status_code, encore.headers["Upload-Offset"]) == (204, str(MIO + 5))
    assert (await au_loin.brouillon())["pieces"][ATTESTATION]["taille"] == MIO + 5


async def test_a_cut_upload_is_no_failure_of_ours(
    portail: Portail,
    au_loin: Personne,
    grand: Grand,
    fait: Callable[..., Awaitable[object]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = await au_loin.ouvrir(3 * MIO)
    portail.reseau.couper_apres(2 * MIO)
    with pytest.raises(httpx.TransportError):
        await au_loin.pousser(url, 0, grand(0, 3 * MIO))
    await fait(lambda: _libre(portail, url))

    assert [ligne.message for ligne in caplog.records if "ASGI" in ligne.message] == []


async def _libre(portail: Portail, url: str) -> bool:
    """Tell whether nobody writes to an upload any more."""
    document = await portail.document(url)
    return document is None or "bail" not in document
