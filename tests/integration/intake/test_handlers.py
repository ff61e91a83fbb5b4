"""What the handlers do with events that come twice, late, early, or all at once: one transition, one event owed."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import uuid4

import pytest

from contracts.dossier import Soumission
from contracts.evenements import (
    AAFLivre,
    Effectifs,
    Livraison,
    LivraisonSuspendue,
    MotifSuspension,
    PiecesVerifiees,
    Remise,
    Suspension,
    Verdict,
)
from deploy.demo.dossiers import CONFORME
from deploy.local.mongod import NoeudMongo
from services._runtime.bus import Passager
from services._runtime.mongo import Document, Mongo
from services.intake.depot import deposer
from services.intake.domain import depose
from services.intake.handlers import on_aaf_livre, on_livraison_suspendue, on_pieces_verifiees
from services.intake.store import Store

Rapport = Callable[..., PiecesVerifiees]
FOIS = 20


@pytest.fixture
async def store(mongod: NoeudMongo, mongo: Mongo, store_de: Callable[[str, str], Store]) -> Store:
    """Give the store on a database of its own."""
    ouvert = store_de(mongod.url, mongo.database.name)
    await ouvert.prepare()
    return ouvert


@dataclass(frozen=True)
class Depot:
    """A dossier just filed, and how to read what is kept of it."""

    numero: str
    dossiers: Any

    async def lire(self) -> Document:
        """Read the whole document."""
        return cast("Document", await self.dossiers.find_one({"_id": self.numero}))


@pytest.fixture
async def depot(store: Store, mongo: Mongo) -> Depot:
    """File a dossier."""
    accuse = await deposer(store, "demo", uuid4(), _soumission())
    return Depot(accuse.numero, mongo.database["dossiers"])


@pytest.mark.parametrize(
    ("trouve", "etat", "dit"),
    [
        ((Verdict.CONFORME, True), "valide", ("DossierValidé", ["dossier.valide.v1"])),
        ((Verdict.BLOQUANT, True), "a_corriger", ("CorrectionDemandée", ["dossier.correction-demandee.v1"])),
        ((Verdict.BLOQUANT, False), "refuse", ("DossierRefusé", ["dossier.refuse.v1"])),
        ((Verdict.INDISPONIBLE, True), "depose", ("PiècesVérifiées", [])),
    ],
)
async def test_a_report_delivered_twenty_times_at_once_decides_once(
    store: Store, depot: Depot, rapport: Rapport, trouve: tuple[Verdict, bool], etat: str, dit: tuple[str, list[str]]
) -> None:
    event = rapport(depot.numero, Verdict.AVERTISSEMENT, trouve[0], corrigeable=trouve[1])
    await asyncio.gather(*(on_pieces_verifiees(event, store, valider=True) for _ in range(FOIS)))
    await on_pieces_verifiees(event, store, valider=True)

    dossier = await depot.lire()
    assert dossier["etat"] == etat
    assert [etape["fait"] for etape in dossier["chronologie"]] == ["DossierDéposé", dit[0]]
    assert [evenement["cle"] for evenement in dossier["sortie"]] == ["dossier.depose.v1", *dit[1]]


async def test_a_report_of_an_older_version_changes_nothing(store: Store, depot: Depot, rapport: Rapport) -> None:
    await on_pieces_verifiees(rapport(depot.numero, Verdict.BLOQUANT), store, valider=True)
    assert (await deposer(store, "demo", uuid4(), _soumission(depot.numero))).version == 2
    avant = await depot.lire()
    await on_pieces_verifiees(rapport(depot.numero, Verdict.CONFORME, version=1), store, valider=True)

    assert await depot.lire() == avant


async def test_a_correction_prepared_before_another_one_is_not_written_over_it(
    store: Store, depot: Depot, rapport: Rapport
) -> None:
    await on_pieces_verifiees(rapport(depot.numero, Verdict.BLOQUANT), store, valider=True)
    soumission = _soumission(depot.numero)
    preparee = depose(depot.numero, 2, soumission, (), datetime.now(UTC))
    assert (await deposer(store, "demo", uuid4(), soumission)).version == 2
    await on_pieces_verifiees(rapport(depot.numero, Verdict.BLOQUANT, version=2), store, valider=True)
    avant = await depot.lire()

    suite = {"cle": str(uuid4()), "empreinte": "", "version": 2}
    ecrite = await store.redeposer(await depot.lire(), suite, soumission, (), preparee)
    assert not ecrite
    assert await depot.lire() == avant


async def test_two_reports_of_one_version_that_disagree_decide_once(
    store: Store, depot: Depot, rapport: Rapport
) -> None:
    reports = [rapport(depot.numero, Verdict.CONFORME), rapport(depot.numero, Verdict.BLOQUANT)] * (FOIS // 2)
    await asyncio.gather(*(on_pieces_verifiees(event, store, valider=True) for event in reports))

    dossier = await depot.lire()
    assert len(dossier["chronologie"]) == len(dossier["sortie"]) == 2
    assert dossier["etat"] in {"valide", "a_corriger"}


async def test_a_delivery_is_followed_once_and_a_suspension_after_it_is_late(
    store: Store, depot: Depot, rapport: Rapport
) -> None:
    await on_pieces_verifiees(rapport(depot.numero, Verdict.CONFORME), store, valider=True)
    await asyncio.gather(*(on_aaf_livre(_livre(depot.numero), store) for _ in range(FOIS)))
    await on_livraison_suspendue(_suspendue(depot.numero), store)

    dossier = await depot.lire()
    assert dossier["etat"] == "livre"
    assert [etape["fait"] for etape in dossier["chronologie"]] == ["DossierDéposé", "DossierValidé", "AAFLivré"]
    assert len(dossier["sortie"]) == 2


async def test_a_suspension_is_shown_once_and_the_delivery_still_follows(
    store: Store, depot: Depot, rapport: Rapport
) -> None:
    await on_pieces_verifiees(rapport(depot.numero, Verdict.CONFORME), store, valider=True)
    suspendue = _suspendue(depot.numero)
    await asyncio.gather(*(on_livraison_suspendue(suspendue, store) for _ in range(FOIS)))
    assert (await depot.lire())["etat"] == "valide"
    await on_aaf_livre(_livre(depot.numero), store)
    await on_livraison_suspendue(suspendue, store)

    dossier = await depot.lire()
    faits = [etape["fait"] for etape in dossier["chronologie"]]
    assert faits == ["DossierDéposé", "DossierValidé", "LivraisonSuspendue", "AAFLivré"]
    assert dossier["etat"] == "livre"


async def test_two_suspensions_of_one_delivery_are_two_lines(store: Store, depot: Depot, rapport: Rapport) -> None:
    await on_pieces_verifiees(rapport(depot.numero, Verdict.CONFORME), store, valider=True)
    await on_livraison_suspendue(_suspendue(depot.numero), store)
    await on_livraison_suspendue(_suspendue(depot.numero, plus_tard=timedelta(hours=1)), store)

    assert len((await depot.lire())["chronologie"]) == 4


async def test_a_delivery_for_a_dossier_not_validated_changes_nothing(store: Store, depot: Depot) -> None:
    avant = await depot.lire()
    await on_aaf_livre(_livre(depot.numero), store)
    await on_livraison_suspendue(_suspendue(depot.numero), store)

    assert await depot.lire() == avant


@pytest.mark.parametrize("version", [1, 2])
async def test_an_event_ahead_of_what_is_known_waits_and_is_not_lost(
    store: Store, depot: Depot, rapport: Rapport, version: int
) -> None:
    inconnu = depot.numero if version == 2 else "ENT-00000-00000"

    with pytest.raises(Passager):
        await on_pieces_verifiees(rapport(inconnu, Verdict.CONFORME, version=version), store, valider=True)
    with pytest.raises(Passager):
        await on_aaf_livre(_livre(inconnu, version=version), store)


@pytest.mark.parametrize("graine", range(8))
async def test_redeliveries_in_any_order_end_in_the_same_dossier(
    store: Store, depot: Depot, rapport: Rapport, graine: int
) -> None:
    hasard = random.Random(graine)  # noqa: S311  # reproducible, not secret
    verifie, livre = rapport(depot.numero, Verdict.CONFORME), _livre(depot.numero)
    rejeux: list[tuple[Any, Any]] = [(partial(on_pieces_verifiees, valider=True), verifie), (on_aaf_livre, livre)] * 5
    await on_pieces_verifiees(verifie, store, valider=True)
    await on_aaf_livre(livre, store)
    une_fois = await depot.lire()
    hasard.shuffle(rejeux)
    for handler, event in rejeux:
        await handler(event, store)

    assert await depot.lire() == une_fois


def _soumission(corrige: str | None = None) -> Soumission:
    corps = CONFORME.soumission([], corrige) | {"pieces": (), "ecoles": CONFORME.ecoles}
    return Soumission.model_validate(corps)


def _livre(numero: str, version: int = 1) -> AAFLivre:
    livraison = Livraison(
        nom="ENT1D.20261123-00001",
        fichier="complet-0001.zip",
        manifeste="complet-0001.json",
        taille=1,
        sha256="0" * 64,
        effectifs=Effectifs(etablissements=2, eleves=3, responsables=4, personnels=5),
        nombre_ecoles=2,
    )
    data = Remise(version=version, ecoles=CONFORME.ecoles, titulaire="exemple", livraison=livraison)
    return AAFLivre.dire(numero, data, source="ent1d/aaf_dispatch", le=datetime.now(UTC))


def _suspendue(numero: str, plus_tard: timedelta = timedelta()) -> LivraisonSuspendue:
    data = Suspension(
        version=1,
        ecoles=CONFORME.ecoles,
        titulaire="exemple",
        motif=MotifSuspension.BAISSE_DE_VOLUME,
        constat="Le volume a baissé.",
    )
    return LivraisonSuspendue.dire(numero, data, source="ent1d/aaf_dispatch", le=datetime.now(UTC) + plus_tard)
