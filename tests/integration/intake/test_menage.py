"""What nobody names is erased, in two passes; what a draft or a dossier names is not, whenever it comes to name it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.dossier import PieceJointe, RolePiece, Soumission
from contracts.evenements import PiecesVerifiees, Verdict
from deploy.demo.dossiers import CONFORME
from services._runtime.clock import now
from services._runtime.mongo import Mongo
from services.intake.brouillons.domain import PieceDuBrouillon
from services.intake.comptes.identite import Identite
from services.intake.depot import deposer
from services.intake.domain import SoumissionRefusee
from services.intake.handlers import on_pieces_verifiees
from services.intake.menage import PASSAGE, SURSIS
from services.intake.pieces import CONDAMNEE, PieceGardee
from services.intake.reglages import PORTAIL
from services.intake.store import Store

ELLE = Identite("c" * 32, "camille.fictive@mairie-exemple.fr", "jeton")
ROLE = RolePiece.BON_COMMANDE_EDITEUR
Garder = Callable[[], Awaitable[PieceGardee]]


@pytest.fixture
def garder(store: Store, mongo: Mongo) -> Garder:
    """Keep a piece that came just before the respite of what nobody names yet."""

    async def recus() -> AsyncIterator[bytes]:
        yield uuid4().bytes

    async def faire() -> PieceGardee:
        gardee = await store.pieces.garder(PORTAIL, "bon.pdf", recus())
        await mongo.database["pieces.files"].update_one(
            {"_id": gardee.id}, {"$set": {"uploadDate": now() - SURSIS - timedelta(minutes=1)}}
        )
        return gardee

    return faire


@pytest.fixture
def restent(mongo: Mongo) -> Callable[[], Awaitable[set[str]]]:
    """Give the ids of the pieces whose bytes are there."""

    async def lire() -> set[str]:
        base = mongo.database
        fiches, octets = await base["pieces.files"].distinct("_id"), await base["pieces.chunks"].distinct("files_id")
        assert set(fiches) == set(octets)
        return set(fiches)

    return lire


async def passer(store: Store, mongo: Mongo) -> None:
    """Make a pass; the next one is made an hour later."""
    await store.menage.passer()
    await mongo.database["pieces.files"].update_many(
        {CONDAMNEE: {"$exists": True}}, {"$set": {CONDAMNEE: now() - PASSAGE - timedelta(seconds=1)}}
    )


def soumission(*pieces: PieceGardee, corrige: str | None = None) -> Soumission:
    jointes = [PieceJointe(role=ROLE, id=p.id, sha256=p.sha256).model_dump(mode="json") for p in pieces]
    return Soumission.model_validate(CONFORME.soumission(jointes) | {"corrige": corrige}, strict=False)


def jointe(gardee: PieceGardee) -> PieceDuBrouillon:
    return PieceDuBrouillon(gardee.id, gardee.sha256, gardee.taille, "bon.pdf")


async def test_a_piece_replaced_in_a_draft_is_erased_and_the_one_that_stands_is_not(
    store: Store, mongo: Mongo, garder: Garder, restent: Callable[[], Awaitable[set[str]]]
) -> None:
    numero = await store.brouillons.creer(ELLE)
    ancienne, actuelle = await garder(), await garder()
    await store.brouillons.joindre(numero, ROLE, jointe(ancienne))
    await passer(store, mongo)
    await store.brouillons.joindre(numero, ROLE, jointe(actuelle))

    await passer(store, mongo)
    assert await restent() == {ancienne.id, actuelle.id}  # condemned is not erased yet
    await passer(store, mongo)

    assert await restent() == {actuelle.id}
    await store.brouillons.supprimer(numero)
    await passer(store, mongo)
    await passer(store, mongo)
    assert await restent() == set()


async def test_what_was_filed_stays_in_every_version(
    store: Store,
    mongo: Mongo,
    garder: Garder,
    restent: Callable[[], Awaitable[set[str]]],
    rapport: Callable[..., PiecesVerifiees],
) -> None:
    premiere, seconde = await garder(), await garder()
    numero = (await deposer(store, PORTAIL, uuid4(), soumission(premiere))).numero
    await on_pieces_verifiees(rapport(numero, Verdict.BLOQUANT), store, valider=True)
    await deposer(store, PORTAIL, uuid4(), soumission(seconde, corrige=numero))

    for _ in range(3):
        await passer(store, mongo)

    assert await restent() == {premiere.id, seconde.id}
    a_verifier: list[Any] = await mongo.database["pieces.files"].find({"metadata.emploi": {"$exists": True}}).to_list()
    assert a_verifier == []  # known once for all: no later pass looks for them again


async def test_a_young_piece_is_left_alone(
    store: Store, mongo: Mongo, garder: Garder, restent: Callable[[], Awaitable[set[str]]]
) -> None:
    jeune = await garder()
    le: datetime = now() - SURSIS + timedelta(minutes=1)
    await mongo.database["pieces.files"].update_one({"_id": jeune.id}, {"$set": {"uploadDate": le}})

    await passer(store, mongo)
    await passer(store, mongo)

    assert await restent() == {jeune.id}


async def test_a_condemned_piece_is_filed_no_more_and_one_filed_just_before_is_saved(
    store: Store, mongo: Mongo, garder: Garder, restent: Callable[[], Awaitable[set[str]]]
) -> None:
    tardive, a_temps = await garder(), await garder()
    await store.menage.passer()
    with pytest.raises(SoumissionRefusee) as refus:
        await deposer(store, PORTAIL, uuid4(), soumission(tardive))
    assert refus.value.motif == "piece_inconnue"
    # A deposit that had looked at the piece before it was condemned, and wrote after.
    await mongo.database["pieces.files"].update_one({"_id": a_temps.id}, {"$unset": {CONDAMNEE: ""}})
    await deposer(store, PORTAIL, uuid4(), soumission(a_temps))
    await mongo.database["pieces.files"].update_many({}, {"$set": {CONDAMNEE: now() - PASSAGE * 2}})

    await passer(store, mongo)

    assert await restent() == {a_temps.id}
    assert await store.pieces.connues(PORTAIL, [a_temps.id])
