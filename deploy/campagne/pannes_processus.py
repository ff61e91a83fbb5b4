"""The faults of processes, servers, disks, clocks, network and messages."""

import asyncio
import random
import signal
import time
from collections.abc import Callable
from typing import Final

from contracts.flux import SERVICES
from deploy.campagne.catalogue import Geste, attendre, panne
from deploy.campagne.terrain import Terrain
from deploy.local.mandataire import Mandataire


def _tuer_service(service: str) -> Geste:
    async def tuer(terrain: Terrain, _: random.Random) -> float:
        processus = terrain.systeme.services[service]
        await asyncio.to_thread(processus.tuer)
        debut = time.monotonic()
        await asyncio.to_thread(processus.demarrer)
        return debut

    return tuer


def _figer_service(service: str) -> Geste:
    async def figer(terrain: Terrain, alea: random.Random) -> float:
        """Stop a process, sometimes for longer than its leases."""
        processus = terrain.systeme.services[service]
        processus.signaler(signal.SIGSTOP)
        try:
            await asyncio.sleep(alea.choice((0.5, 2, 5, 18)))
        finally:
            processus.signaler(signal.SIGCONT)
        return time.monotonic()

    return figer


for _service in SERVICES:
    panne(f"service.tuer:{_service}", _service)(_tuer_service(_service))
    panne(f"service.figer:{_service}", _service)(_figer_service(_service))


@panne("mongod.tuer", "intake")
async def _tuer_mongod(terrain: Terrain, _: random.Random) -> float:
    await asyncio.to_thread(terrain.systeme.grappe.mongo.kill)
    debut = time.monotonic()
    await asyncio.to_thread(terrain.systeme.grappe.mongo.start)
    return debut


@panne("mongod.figer", "intake")
async def _figer_mongod(terrain: Terrain, alea: random.Random) -> float:
    return await _figer(terrain.systeme.grappe.mongo.signaler, alea.uniform(1, 12))


@panne("disque.mongod", "intake")
async def _remplir_mongod(terrain: Terrain, _: random.Random) -> float:
    """Leave mongod no byte: it dies of it, and starts again once there is room."""
    mongo, disque = terrain.systeme.grappe.mongo, terrain.disques["mongod"]
    await asyncio.to_thread(disque.remplir)
    await attendre(lambda: not mongo.vivant)
    await asyncio.to_thread(disque.liberer)
    debut = time.monotonic()
    await asyncio.to_thread(mongo.start)
    return debut


@panne("disque.annuaire", "sftp")
async def _remplir_atelier(terrain: Terrain, alea: random.Random) -> float:
    """Leave the annuaire's workshop no byte for a few deliveries."""
    disque = terrain.disques["aaf_dispatch"]
    await asyncio.to_thread(disque.remplir)
    await asyncio.sleep(alea.uniform(3, 6))
    await asyncio.to_thread(disque.liberer)
    return time.monotonic()


@panne("rabbitmq.tuer", "verification")
async def _tuer_rabbitmq(terrain: Terrain, _: random.Random) -> float:
    await asyncio.to_thread(terrain.systeme.grappe.rabbitmq.kill)
    debut = time.monotonic()
    await asyncio.to_thread(terrain.systeme.grappe.rabbitmq.start)
    return debut


@panne("rabbitmq.perdre", "verification")
async def _perdre_rabbitmq(terrain: Terrain, _: random.Random) -> float:
    """Lose the broker's whole data directory: what it had confirmed is gone."""
    await asyncio.to_thread(terrain.systeme.grappe.rabbitmq.perdre)
    debut = time.monotonic()
    await asyncio.to_thread(terrain.systeme.grappe.rabbitmq.start)
    return debut


@panne("rabbitmq.figer", "verification")
async def _figer_rabbitmq(terrain: Terrain, alea: random.Random) -> float:
    return await _figer(terrain.systeme.grappe.rabbitmq.signaler, alea.uniform(1, 12))


async def _figer(signaler: Callable[[signal.Signals], None], secondes: float) -> float:
    signaler(signal.SIGSTOP)
    try:
        await asyncio.sleep(secondes)
    finally:
        signaler(signal.SIGCONT)
    return time.monotonic()


_RESEAUX: Final[tuple[Callable[[Mandataire, random.Random], None], ...]] = (
    lambda m, _: m.couper(),
    lambda m, _: m.geler(),
    lambda m, _: m.avaler(),
    lambda m, _: m.refuser(),
    lambda m, alea: m.retarder(alea.uniform(0.05, 1)),
    lambda m, alea: m.brider(alea.choice((1_000, 20_000, 200_000))),
    lambda m, alea: m.sens_unique(alea.choice((True, False))),
    lambda m, alea: m.couper_apres(alea.randint(1, 20_000), alea.choice((True, False))),
)


def _reseau(partie: str) -> Geste:
    async def brouiller(terrain: Terrain, alea: random.Random) -> float:
        """Cut, freeze, swallow, refuse, delay, narrow or make one-way the network before a server."""
        mandataire = terrain.mandataires[partie]
        geste = alea.choice(_RESEAUX)
        await asyncio.to_thread(geste, mandataire, alea)
        await asyncio.sleep(alea.uniform(0.5, 6))
        await asyncio.to_thread(mandataire.transmettre)
        return time.monotonic()

    return brouiller


for _partie, _temoin in (("rabbitmq", "verification"), ("mongod", "intake"), ("smtp", "smtp"), ("sftp", "sftp")):
    panne(f"reseau.{_partie}", _temoin)(_reseau(_partie))


@panne("horloge.sauter", "notification")
async def _sauter(terrain: Terrain, alea: random.Random) -> float:
    """Shift the wall clock of one service, by a minute to two days, either way."""
    service = alea.choice(SERVICES)
    terrain.regler_horloge(service, alea.choice((-1, 1)) * alea.choice((60, 3600, 86_400, 172_800)))
    await asyncio.sleep(alea.uniform(2, 6))
    terrain.regler_horloge(service, 0)
    return time.monotonic()


@panne("messages.rejouer", "verification")
async def _rejouer(terrain: Terrain, alea: random.Random) -> float:
    await terrain.echo.rejouer(alea, 100)
    return time.monotonic()


@panne("messages.hostiles", "verification")
async def _hostiles(terrain: Terrain, _: random.Random) -> float:
    await terrain.envoyer_hostiles(100)
    return time.monotonic()
