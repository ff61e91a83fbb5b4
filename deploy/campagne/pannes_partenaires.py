"""The faults of the two partners: the mail relay and the titulaire's server."""

import asyncio
import random
import time
from typing import Any, Final

from deploy.campagne.catalogue import Geste, attendre, panne
from deploy.campagne.terrain import Terrain
from deploy.local.partenaires import PuitsSMTP, TitulaireSFTP

JOUR: Final = 86_400  # seconds


def _relais(*actes: int | str) -> Geste:
    async def programmer(terrain: Terrain, alea: random.Random) -> float:
        """Have the relay answer badly to the next few messages, then well."""
        nombre = alea.randint(1, 6)
        vues = terrain.regard.nombre_de_receptions()
        terrain.systeme.grappe.smtp.programmer(*(alea.choice(actes) for _ in range(nombre)), 250)
        await attendre(lambda: terrain.regard.nombre_de_receptions() >= vues + nombre)

        return time.monotonic()

    return programmer


panne("smtp.differer", "smtp")(_relais(451))
panne("smtp.refuser", "smtp")(_relais(550))
panne("smtp.douter", "smtp")(_relais("accepter-puis-couper", "couper-apres-250", "couper"))


@panne("smtp.arreter", "smtp")
async def _arreter_smtp(terrain: Terrain, alea: random.Random) -> float:
    await asyncio.to_thread(terrain.systeme.grappe.smtp.kill)
    await asyncio.sleep(alea.uniform(1, 10))
    debut = time.monotonic()
    await asyncio.to_thread(terrain.systeme.grappe.smtp.start)
    return debut


@panne("sftp.arreter", "sftp")
async def _arreter_sftp(terrain: Terrain, alea: random.Random) -> float:
    await asyncio.to_thread(terrain.systeme.grappe.sftp.kill)
    await asyncio.sleep(alea.uniform(1, 10))
    debut = time.monotonic()
    await asyncio.to_thread(terrain.systeme.grappe.sftp.start)
    return debut


async def _journee(terrain: Terrain, serveur: PuitsSMTP | TitulaireSFTP, service: str, raison: str) -> float:
    """Keep a partner away for a day, as short as the waits of the campaign; at its end, what waits must say so."""
    await asyncio.to_thread(serveur.kill)
    await asyncio.sleep(JOUR * terrain.options.echelle)
    await attendre(lambda: terrain.regard.dit_ce_qui_attend(service, raison), dit=f"{service} ne dit pas qui l’attend")
    debut = time.monotonic()
    await asyncio.to_thread(serveur.start)
    return debut


@panne("smtp.journee", "smtp")
async def _journee_sans_relais(terrain: Terrain, _: random.Random) -> float:
    return await _journee(terrain, terrain.systeme.grappe.smtp, "notification", "relais de messagerie indisponible")


@panne("sftp.journee", "sftp")
async def _journee_sans_titulaire(terrain: Terrain, _: random.Random) -> float:
    return await _journee(terrain, terrain.systeme.grappe.sftp, "aaf_dispatch", "le serveur du titulaire ne répond pas")


@panne("sftp.cle", "sftp")
async def _changer_cle(terrain: Terrain, alea: random.Random) -> float:
    await asyncio.to_thread(terrain.systeme.grappe.sftp.changer_cle)
    await asyncio.sleep(alea.uniform(1, 5))
    debut = time.monotonic()
    await asyncio.to_thread(terrain.systeme.grappe.sftp.remettre_cle)
    return debut


@panne("sftp.couper", "sftp")
async def _couper_sftp(terrain: Terrain, alea: random.Random) -> float:
    """Cut the link at any byte of a delivery."""
    taille = terrain.regard.taille_derniere_livraison()
    return await _titulaire(terrain, "coupure", couper_apres=[alea.randint(1, taille)])


@panne("sftp.alterer", "sftp")
async def _alterer_sftp(terrain: Terrain, alea: random.Random) -> float:
    return await _titulaire(terrain, "fermeture", alterer=alea.randint(1, 2))


@panne("sftp.perdre_reponse", "sftp")
async def _perdre_reponse_sftp(terrain: Terrain, _: random.Random) -> float:
    return await _titulaire(terrain, "coupure", perdre_reponse=1)


@panne("sftp.refuser", "sftp")
async def _refuser_sftp(terrain: Terrain, _: random.Random) -> float:
    return await _titulaire(terrain, "refus", refuser=True)


@panne("sftp.remplir", "sftp")
async def _remplir_sftp(terrain: Terrain, alea: random.Random) -> float:
    taille = terrain.regard.taille_derniere_livraison()
    return await _titulaire(terrain, "refus", plein_apres=alea.randint(1, taille))


async def _titulaire(terrain: Terrain, acte: str, **actes: Any) -> float:  # noqa: ANN401  # acts of deploy.local.sftp
    """Have the titulaire's server misbehave until its book says that it did; then all is well again."""
    sftp = terrain.systeme.grappe.sftp
    vus = terrain.regard.actes_sftp(acte)
    sftp.programmer(**actes)
    await attendre(lambda: terrain.regard.actes_sftp(acte) > vus)
    sftp.programmer()
    return time.monotonic()
