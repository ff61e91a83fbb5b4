"""A death between any two steps of an upload: asked again, any replica finishes it; left alone, it is forgotten."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from services._runtime.mongo import FILE_CHUNK
from services.intake.brouillons.store import Brouillons
from services.intake.pieces import Pieces
from services.intake.televersements.examen import Examen
from services.intake.televersements.store import Televersements

from .banc import ATTESTATION, Personne, Portail

MIO = FILE_CHUNK
ETAPES = (
    (Pieces, "garder_un_morceau"),
    (Televersements, "avancer"),
    (Pieces, "inscrire"),
    (Examen, "examiner"),
    (Televersements, "garder"),
    (Brouillons, "joindre"),
    (Televersements, "clore"),
)
Vieillir = Callable[..., Awaitable[None]]


def partout(test: Callable[..., Any]) -> Callable[..., Any]:
    """Have a test die right before each step, then right after it."""
    etapes = pytest.mark.parametrize("etape", ETAPES, ids=[etape for _, etape in ETAPES])
    return pytest.mark.parametrize("apres", [False, True], ids=["before", "after"])(etapes(test))


@pytest.fixture
def tomber(monkeypatch: pytest.MonkeyPatch) -> Callable[[tuple[type, str], bool], None]:
    """Make a step fail once, before or after it is done; a replica that dies there holds its lease on."""

    def armer(ou: tuple[type, str], apres: bool) -> None:  # noqa: FBT001  # a parameter of the tests
        classe, etape = ou
        vraie = getattr(classe, etape)

        async def panne(*arguments: Any, **nommes: Any) -> Any:  # noqa: ANN401  # any step
            monkeypatch.setattr(classe, etape, vraie)
            if apres:
                await vraie(*arguments, **nommes)
            raise AutoReconnect

        async def morte(*_: object) -> None:
            """Give no lease back."""

        monkeypatch.setattr(classe, etape, panne)
        monkeypatch.setattr(Televersements, "rendre", morte)

    return armer


@partout
async def test_a_death_at_any_step_is_repaired_by_asking_again(
    portail: Portail,
    camille: Personne,
    tomber: Callable[..., None],
    vieillir: Vieillir,
    etape: tuple[type, str],
    apres: bool,  # noqa: FBT001  # a parameter
) -> None:
    contenu, url = b"%PDF-" + bytes(MIO), await camille.ouvrir(MIO + 5)
    tomber(etape, apres)
    assert (await camille.pousser(url, 0, contenu)).status_code == 503
    await vieillir(url, "bail.jusqu_au")

    offset = int((await camille.situer(url)).headers["Upload-Offset"])
    if offset < len(contenu):
        assert (await camille.pousser(url, offset, contenu[offset:])).status_code == 204

    piece = (await camille.brouillon())["pieces"][ATTESTATION]
    assert await portail.octets(piece["id"]) == (len(contenu), hashlib.sha256(contenu).hexdigest())
    assert await portail.mongo.database["pieces.files"].count_documents({}) == 1
    assert await portail.morceaux() == 2


async def test_while_its_lease_lasts_an_upload_left_by_a_dead_replica_waits(
    camille: Personne, tomber: Callable[..., None], vieillir: Vieillir
) -> None:
    url = await camille.ouvrir(MIO + 5)
    tomber((Examen, "examiner"), False)
    await camille.pousser(url, 0, bytes(MIO + 5))

    assert (await camille.situer(url)).status_code == 423
    await vieillir(url, "bail.jusqu_au")
    assert (await camille.situer(url)).headers["Upload-Offset"] == str(MIO + 5)


@partout
async def test_a_day_later_what_a_death_left_is_forgotten_and_what_a_draft_holds_is_not(
    portail: Portail,
    camille: Personne,
    tomber: Callable[..., None],
    vieillir: Vieillir,
    etape: tuple[type, str],
    apres: bool,  # noqa: FBT001  # a parameter
) -> None:
    url = await camille.ouvrir(MIO + 5)
    tomber(etape, apres)
    await camille.pousser(url, 0, bytes(MIO + 5))
    document = await portail.document(url)
    assert document is not None
    if "le" in document:
        await vieillir(url, "le")
    await portail.store.pieces.oublier_les_abandons()

    jointe = (await camille.brouillon())["pieces"].get(ATTESTATION)
    garde = document["etat"] in {"garde", "clos"}
    assert (jointe is None) or garde
    assert await portail.morceaux() == (2 if garde else 0)
    assert (await camille.situer(url)).status_code == (200 if garde else 404)


async def test_an_upload_that_goes_on_is_not_forgotten(portail: Portail, camille: Personne, vieillir: Vieillir) -> None:
    url = await camille.ouvrir(3 * MIO)
    await camille.pousser(url, 0, bytes(MIO))
    await vieillir(url, "le")
    assert (await camille.pousser(url, MIO, bytes(MIO))).status_code == 204
    await portail.store.pieces.oublier_les_abandons()

    assert (await camille.situer(url)).headers["Upload-Offset"] == str(2 * MIO)


async def test_what_a_writer_kept_too_late_is_swept_with_its_upload(
    portail: Portail, camille: Personne, vieillir: Vieillir
) -> None:
    url = await camille.ouvrir(3 * MIO)
    await camille.client.delete(url, headers=camille.entetes)
    await portail.store.pieces.garder_un_morceau(url.rpartition("/")[2], 0, bytes(MIO))  # it was stopped right before
    await vieillir(url, "le")
    await portail.store.pieces.oublier_les_abandons()

    assert await portail.morceaux() == 0
    assert await portail.document(url) is None
