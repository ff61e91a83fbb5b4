"""Every hostile message ends parked, once, whichever door it came by; the four services work on."""

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from contracts.flux import SERVICES
from deploy.campagne.genres import GENRES, LOURDS
from deploy.campagne.hostiles import compter, hostiles, publier
from deploy.demo.dossiers import CONFORME
from deploy.demo.producteur import Producteur
from deploy.demo.producteur import publier as deposer_par_amqp
from deploy.local.rabbitmq import profondeurs
from deploy.local.systeme import PRODUCTEUR, Systeme
from deploy.rabbitmq.definitions import VHOST

Fait = Callable[..., Any]
NOMBRE = 300
PARKINGS = [f"{service}.parking" for service in SERVICES]


@pytest.fixture
def maitre(systeme: Systeme) -> str:
    """Give the URL of a user who may do anything on the broker; the parking queues are empty."""
    rabbitmq, secret = systeme.grappe.rabbitmq, uuid4().hex
    rabbitmq.ctl("add_user", nom := f"maitre-{secret[:8]}", secret)
    rabbitmq.ctl("set_permissions", "-p", VHOST, nom, ".*", ".*", ".*")
    for parking in PARKINGS:
        rabbitmq.ctl("-p", VHOST, "purge_queue", parking)
    return rabbitmq.url(nom, secret, VHOST)


async def gares(maitre: str) -> int:
    """Count what is parked and in nobody's hands."""
    return sum((await profondeurs(maitre, PARKINGS)).values())


async def pleines_ailleurs(systeme: Systeme) -> dict[str, int]:
    """Count what waits or is in a consumer's hands, by queue, parking left out: RabbitMQ counts anew every 5 s."""
    lues = await asyncio.to_thread(
        systeme.grappe.rabbitmq.ctl, "-p", VHOST, "list_queues", "name", "messages", "--no-table-headers"
    )
    nombres = {nom: int(nombre) for nom, nombre in (ligne.split("\t") for ligne in lues.splitlines() if ligne)}
    return {n: m for n, m in nombres.items() if m and n not in PARKINGS and "titulaire." not in n}


async def un_dossier_arrive(systeme: Systeme, fait: Fait) -> None:
    """File a dossier by AMQP and see it delivered."""
    async with Producteur(systeme.url, systeme.cle_api) as producteur:
        corps = CONFORME.soumission(await producteur.envoyer_pieces(CONFORME))
        cle = await deposer_par_amqp(systeme.amqp(PRODUCTEUR), PRODUCTEUR, corps)
        numero = await fait(lambda: producteur.retrouver(cle))
        await fait(lambda: producteur.suivre(numero), lambda suivi: suivi["etat"] == "livre", 60)


@pytest.mark.timeout(180)
async def test_hostile_messages_are_all_parked_once_and_the_services_work_on(
    systeme: Systeme, maitre: str, fait: Fait
) -> None:
    envoyes = await publier(systeme.amqp(PRODUCTEUR), maitre, NOMBRE, graine=3)
    assert len(envoyes) == NOMBRE

    await fait(lambda: gares(maitre), lambda nombre: nombre >= NOMBRE, 60)
    await un_dossier_arrive(systeme, fait)

    assert await compter(systeme.amqp("operateur"), SERVICES) == Counter(envoyes)
    await fait(lambda: pleines_ailleurs(systeme), lambda pleines: pleines == {})
    await fait(lambda: gares(maitre), lambda nombre: nombre == NOMBRE)  # counting took none away


def test_the_same_seed_makes_the_same_messages_and_no_two_have_the_same_body() -> None:
    uns, autres = ([*hostiles(Random(7), 1_000)] for _ in range(2))  # noqa: S311

    assert [(h.genre, h.empreinte) for h in uns] == [(h.genre, h.empreinte) for h in autres]
    assert len({h.empreinte for h in uns}) == 1_000
    assert {h.genre for h in uns[: len(GENRES) + len(LOURDS)]} == {*GENRES, *LOURDS}
