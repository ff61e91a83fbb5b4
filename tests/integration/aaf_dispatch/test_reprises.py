"""Processes that die between two steps of a delivery, or work at the same time: each dossier is told once."""

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest

from contracts.evenements import Livraison
from services._runtime.lease import Lease, LeaseLost
from services.aaf_dispatch.domain import Inscription
from services.aaf_dispatch.fabrique import Commande, Produit, livraison_de
from services.aaf_dispatch.remise import Depot, ouvrir
from services.aaf_dispatch.store import Store

if TYPE_CHECKING:
    from tests.integration.aaf_dispatch.conftest import Casier, Export, NouveauPoste, Poste

Fait = Callable[..., Any]


class Mort(BaseException):
    """What a process does not survive."""


async def mourir(poste: "Poste", classe: type, methode: str, fatale: Callable[..., Any]) -> None:
    """Run the replica to its death in this method."""
    with pytest.MonkeyPatch.context() as pose:
        pose.setattr(classe, methode, fatale)
        with pytest.raises(Mort):
            await poste.livreur.livrer()


async def mourir_apres(poste: "Poste", suffixe: str) -> None:
    """Run the replica until it has put the file of this extension under its name."""
    deposer = Depot.deposer

    async def et_mourir(depot: Depot, fichier: Path) -> None:
        await deposer(depot, fichier)
        if fichier.suffix == suffixe:
            raise Mort

    await mourir(poste, Depot, "deposer", et_mourir)


async def chacun_est_dit_une_fois(poste: "Poste", casier: "Casier", numeros: Sequence[str]) -> list[dict[str, Any]]:
    """Check that what is told of each dossier is on the server as told; give the deliveries."""
    livres = await poste.dits("AAFLivré")
    assert sorted(e["subject"] for e in livres) == sorted(numeros)
    for evenement in livres:
        dite = evenement["data"]["livraison"]
        assert casier.sha256(dite["fichier"]) == dite["sha256"] == casier.manifeste(dite["nom"])["fichier"]["sha256"]
        assert set(evenement["data"]["ecoles"]) <= casier.ecoles(dite["nom"])
    livraisons = await poste.livraisons()
    assert {livraison["etat"] for livraison in livraisons} == {"livree"}
    assert casier.restes() == []
    return livraisons


@pytest.fixture
def bail_court(monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """Shorten the lease, so that a test sees it run out; not so much that a busy machine makes it run out."""
    bail = timedelta(seconds=3)
    monkeypatch.setattr("services.aaf_dispatch.store.BAIL", bail)
    return bail


@pytest.mark.parametrize(("etape", "visibles"), [(".zip", 1), (".json", 2)])
async def test_killed_after_a_rename_the_delivery_is_ended_by_the_next_under_the_same_name(
    nouveau_poste: "NouveauPoste",
    casier: "Casier",
    export: "Export",
    numeros: Sequence[str],
    etape: str,
    visibles: int,
) -> None:
    poste = await nouveau_poste()
    await poste.valider(numeros[0], export.uai[0])
    await mourir_apres(poste, etape)
    assert len(casier.visibles()) == visibles
    assert await poste.dits("AAFLivré") == []

    suivant = await nouveau_poste()
    await suivant.perimer()
    while await suivant.livreur.livrer():
        pass

    (livraison,) = await chacun_est_dit_une_fois(suivant, casier, numeros[:1])
    assert casier.visibles() == [f"{livraison['_id']}.json", f"{livraison['_id']}.zip"]


async def test_a_dossier_validated_after_the_death_is_in_the_delivery_made_again(
    poste: "Poste",
    casier: "Casier",
    export: "Export",
    numeros: Sequence[str],
) -> None:
    await poste.valider(numeros[0], export.uai[0])
    await mourir_apres(poste, ".zip")
    await poste.valider(numeros[1], export.uai[1])

    assert await poste.livreur.livrer()

    (livraison,) = await chacun_est_dit_une_fois(poste, casier, numeros[:2])
    assert casier.ecoles(livraison["_id"]) == set(export.uai[:2])


async def test_a_delivery_handed_over_by_the_dead_is_not_told_to_a_dossier_that_it_does_not_hold(
    poste: "Poste",
    casier: "Casier",
    export: "Export",
    numeros: Sequence[str],
) -> None:
    await poste.valider(numeros[0], export.uai[0])
    await mourir_apres(poste, ".json")
    await poste.valider(numeros[1], export.uai[1])

    assert await poste.livreur.livrer()
    assert [e["subject"] for e in await poste.dits("AAFLivré")] == [numeros[0]]
    assert await poste.livreur.livrer()

    adoptee, suivante = await chacun_est_dit_une_fois(poste, casier, numeros[:2])
    assert casier.ecoles(adoptee["_id"]) == {export.uai[0]}
    assert casier.ecoles(suivante["_id"]) == set(export.uai[:2])


async def test_killed_while_it_tells_the_dossiers_the_rest_are_told_of_the_same_delivery(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str]
) -> None:
    for numero, ecole in zip(numeros[:3], export.uai, strict=False):
        await poste.valider(numero, ecole)

    async def n_en_dire_qu_un(
        store: Store, livraison: Livraison, _: object, inscriptions: tuple[Inscription, ...]
    ) -> None:
        await store._livrer(inscriptions[0], livraison, datetime.now(UTC))
        raise Mort

    await mourir(poste, Store, "remise", n_en_dire_qu_un)
    assert len(await poste.dits("AAFLivré")) == 1

    while await poste.livreur.livrer():
        pass

    assert len(await chacun_est_dit_une_fois(poste, casier, numeros[:3])) == 1


async def test_recorded_again_by_a_process_that_wakes_up_late_a_delivery_is_told_once(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str]
) -> None:
    await poste.valider(numeros[0], export.uai[0])
    vues_avant = tuple(await poste.store.inscriptions())
    assert await poste.livreur.livrer()

    livraison = livraison_de(casier.manifeste((await poste.livraisons())[0]["_id"]))
    await poste.store.remise(livraison, frozenset(export.uai[:1]), vues_avant)

    await chacun_est_dit_une_fois(poste, casier, numeros[:1])


async def test_two_replicas_at_once_make_one_delivery(
    nouveau_poste: "NouveauPoste", casier: "Casier", export: "Export", numeros: Sequence[str]
) -> None:
    postes = [await nouveau_poste() for _ in range(2)]
    for numero, ecole in zip(numeros[:3], export.uai, strict=False):
        await postes[0].valider(numero, ecole)

    faites = await asyncio.gather(*(poste.livreur.livrer() for poste in postes))

    assert sorted(faites) == [False, True]
    assert len(await chacun_est_dit_une_fois(postes[0], casier, numeros[:3])) == 1


async def test_of_many_that_open_the_next_delivery_at_once_one_holds_it(
    nouveau_poste: "NouveauPoste",
) -> None:
    postes = [await nouveau_poste() for _ in range(8)]

    ouvertes = await asyncio.gather(*(poste.store.ouvrir() for poste in postes))

    assert sum(ouverte is not None for ouverte in ouvertes) == 1
    assert len(await postes[0].livraisons()) == 1


async def test_the_lease_of_the_dead_is_respected_until_it_runs_out_then_taken(
    nouveau_poste: "NouveauPoste", casier: "Casier", export: "Export", numeros: Sequence[str]
) -> None:
    mort, vivant = [await nouveau_poste() for _ in range(2)]
    await mort.valider(numeros[0], export.uai[0])
    ouverte = await mort.store.ouvrir()
    assert ouverte

    assert not await vivant.livreur.livrer()
    assert casier.visibles() == []
    await vivant.perimer()
    assert await vivant.livreur.livrer()

    (livraison,) = await chacun_est_dit_une_fois(vivant, casier, numeros[:1])
    assert livraison["_id"] == ouverte["_id"]


@dataclass
class Fabrication:
    """Tells when a replica begins to produce, and makes it wait."""

    commencee: asyncio.Event = field(default_factory=asyncio.Event)
    continuer: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def fabrication_sans_fin(poste: "Poste") -> AsyncIterator[Fabrication]:
    """Make what the replica produces wait until the test lets it go on."""
    fabrication = Fabrication()
    produire = poste.livreur._fabrique.produire

    async def attendre(commande: Commande) -> Produit:
        fabrication.commencee.set()
        await fabrication.continuer.wait()
        return await produire(commande)

    with pytest.MonkeyPatch.context() as pose:
        pose.setattr(poste.livreur._fabrique, "produire", attendre)
        yield fabrication


async def test_the_living_keep_their_lease_however_long_the_delivery_takes(
    nouveau_poste: "NouveauPoste",
    casier: "Casier",
    export: "Export",
    numeros: Sequence[str],
    bail_court: timedelta,
    fait: Fait,
) -> None:
    lent, autre = [await nouveau_poste() for _ in range(2)]
    await lent.valider(numeros[0], export.uai[0])

    async def bail() -> datetime:
        livraisons = await lent.livraisons()
        return livraisons[0]["bail"] if livraisons else datetime.max.replace(tzinfo=UTC)

    async with fabrication_sans_fin(lent) as fabrication:
        travail = asyncio.create_task(lent.livreur.livrer())
        debut = await fait(bail, lambda b: b < datetime.max.replace(tzinfo=UTC))
        await fait(bail, lambda b: b > debut + bail_court)  # past the lease it began with
        assert not await autre.livreur.livrer()
        fabrication.continuer.set()
        assert await travail

    assert len(await chacun_est_dit_une_fois(lent, casier, numeros[:1])) == 1


@pytest.mark.usefixtures("bail_court")
async def test_who_lost_its_lease_stops_before_it_touches_the_server_again(
    nouveau_poste: "NouveauPoste",
    casier: "Casier",
    export: "Export",
    numeros: Sequence[str],
    fait: Fait,
) -> None:
    poste = await nouveau_poste()
    await poste.valider(numeros[0], export.uai[0])

    async with fabrication_sans_fin(poste) as fabrication:
        travail = asyncio.create_task(poste.livreur.livrer())
        await fait(fabrication.commencee.is_set)  # earlier, it would take its delivery back
        await poste.base["livraisons"].update_one({}, {"$set": {"jeton": "un autre processus"}})
        with pytest.raises(TimeoutError):
            await travail

    assert casier.visibles() == []
    assert (await poste.livraisons())[0]["jeton"] == "un autre processus"


@pytest.mark.parametrize("arret", [".zip", ".json"])
async def test_stopped_beyond_its_lease_before_a_rename_it_renames_nothing_when_it_goes_on(
    nouveau_poste: "NouveauPoste",
    casier: "Casier",
    export: "Export",
    numeros: Sequence[str],
    arret: str,
) -> None:
    """Stopped by SIGSTOP it would see its lease as here: past, by a clock that went on."""
    arrete, vivant = [await nouveau_poste() for _ in range(2)]
    await arrete.valider(numeros[0], export.uai[0])
    verifier = Depot._verifier

    async def et_s_arreter(depot: Depot, chemin: str, sha256: str) -> None:
        await verifier(depot, chemin, sha256)
        if f"{arret}." in chemin:
            assert depot._bail is not None
            depot._bail.asked_at -= timedelta(hours=1)
            await vivant.perimer()
            await vivant.valider(numeros[1], export.uai[1])
            pose.undo()
            assert await vivant.livreur.livrer()

    async def ne_pas_renouveler(_nom: str, limite: asyncio.Timeout, _bail: Lease) -> None:
        limite.reschedule(None)

    with pytest.MonkeyPatch.context() as pose:
        pose.setattr(Depot, "_verifier", et_s_arreter)
        pose.setattr(arrete.store, "_renouveler", ne_pas_renouveler)
        with pytest.raises(LeaseLost):
            await arrete.livreur.livrer()

    (livraison,) = await chacun_est_dit_une_fois(vivant, casier, numeros[:2])
    assert casier.ecoles(livraison["_id"]) == set(export.uai[:2])


async def test_a_rename_already_on_its_way_finds_nothing_once_another_has_taken_over(
    casier: "Casier", tmp_path: Path
) -> None:
    fichier = tmp_path / "ENT1D.20261123-00001.zip"
    fichier.write_bytes(b"zip")
    async with ouvrir(casier.serveur) as ancien, ouvrir(casier.serveur) as nouveau:
        ancien.sous(Lease(timedelta(hours=1), "a" * 32))
        nouveau.sous(Lease(timedelta(hours=1), "b" * 32))
        provisoire = ancien._chemin(f".{fichier.name}.{'a' * 8}.part")
        await ancien._ecrire(fichier, provisoire)
        assert casier.restes()
        await nouveau.balayer()
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            await ancien._renommer(provisoire, ancien._chemin(fichier.name))
    assert casier.visibles() == casier.restes() == []


async def test_stopped_while_it_makes_a_delivery_it_stops_at_once_and_leaves_no_process_and_no_pupil(
    poste: "Poste", export: "Export", numeros: Sequence[str], fait: Fait
) -> None:
    dossier = export.montrer(export.modifier("PersEducNat", str))
    await poste.valider(numeros[0], export.uai[0])
    await poste.livreur._fabrique.source()
    fichier = sans_fin(dossier, "PersEducNat")
    travail = asyncio.create_task(poste.livreur.livrer())
    bout = await fait(lambda: ouvrir_pour_ecrire(fichier), lambda fd: fd is not None, 60)
    try:
        assert list(poste.atelier.rglob("*_Eleve_*.xml")), "no pupil was there yet: this test would see nothing"
        travail.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(20):
                await travail
        assert list(poste.atelier.iterdir()) == []
        await fait(multiprocessing.active_children, lambda enfants: enfants == [])
    finally:
        os.close(bout)


def sans_fin(dossier: Path, categorie: str) -> Path:
    """Make a file of an export one whose reading never ends, all dates unchanged."""
    fichier = next(dossier.glob(f"*_{categorie}_0000.xml"))
    dates = {chemin: chemin.stat().st_mtime_ns for chemin in (fichier, dossier)}
    fichier.unlink()
    os.mkfifo(fichier)
    for chemin, date in dates.items():
        os.utime(chemin, ns=(date, date))
    return fichier


def ouvrir_pour_ecrire(fifo: Path) -> int | None:
    """Open the other end, once somebody reads."""
    with suppress(OSError):
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    return None
