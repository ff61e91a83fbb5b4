"""Every page, as it is: it answers, under its policy, and holds no script and no style of its own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from services.intake.portail.acces import Acces
from services.intake.portail.app import build_portail
from services.intake.portail.page import Portail
from services.intake.portail.pages import PAGES
from services.intake.reglages import ReglagesPortail, Settings
from tests.scene import BASE, Scene


async def test_every_page_carries_its_policy_and_none_fails(scene: Scene) -> None:
    for page in PAGES:
        if page.methode != "GET":
            continue
        qui = scene.personnes["agent" if page.acces is Acces.AGENT else "deposant"]
        reponse = await qui.navigateur.get(scene.chemin(page))

        assert reponse.status_code < 500, page.chemin
        politique = reponse.headers["Content-Security-Policy"]
        assert "default-src 'none'" in politique, page.chemin
        assert "unsafe" not in politique, page.chemin
        assert reponse.headers["X-Content-Type-Options"] == "nosniff", page.chemin
        assert {"no-store", "private"} & {*reponse.headers["Cache-Control"].split(", ")}, page.chemin
        _sans_script_ni_style_dans_la_page(reponse)


def _sans_script_ni_style_dans_la_page(reponse: httpx.Response) -> None:
    if "html" in reponse.headers.get("Content-Type", ""):
        assert "<style" not in reponse.text
        assert " style=" not in reponse.text
        assert " onclick=" not in reponse.text
        assert all("src=" in balise.partition(">")[0] for balise in reponse.text.split("<script")[1:])


REGLAGES: dict[str, Any] = {
    "rabbitmq_url": "amqp://personne:rien@127.0.0.1:1/",
    "mongodb_url": "mongodb://127.0.0.1:1/",
    "mongodb_database": "essai",
    "port": 8000,
    "smtp_host": "127.0.0.1",
    "smtp_port": 25,
    "smtp_securite": "aucune",
    "mail_from": "ent@ac-exemple.fr",
    "mail_reply_to": "aide@ac-exemple.fr",
    "producteurs": {"demo": "0" * 64},
    "public_url": BASE,
}
LEGAUX = {
    "dpo": "dpo@ac-exemple.fr",
    "publication": "la rectrice de l’académie d’essai",
    "hebergement": "Hébergeur <d’essai>, 1 rue des Inventions",
}


@pytest.fixture
def lire(portail: Portail) -> Callable[..., Any]:
    """Read a public page of a portal with these settings."""

    async def faire(chemin: str, **reglages: str) -> str:
        portail_regle = replace(portail, reglages=ReglagesPortail.de(Settings(**(REGLAGES | reglages))))
        transport = httpx.ASGITransport(app=build_portail(portail_regle))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as navigateur:
            return (await navigateur.get(chemin)).text

    return faire


async def test_the_legal_page_names_whom_the_law_wants_named_as_set(lire: Callable[..., Any]) -> None:
    nommes, tus = await lire("/mentions-legales", **LEGAUX), await lire("/mentions-legales")

    assert '<a href="mailto:dpo@ac-exemple.fr">' in nommes
    assert "Directeur de la publication\xa0: la rectrice" in nommes.replace("&nbsp;", "\xa0")
    assert "Hébergeur &lt;d’essai&gt;, 1 rue des Inventions." in nommes
    assert "mailto:" not in tus
    assert "Directeur de la publication" not in tus
    assert "Hébergement" not in tus


async def test_who_cannot_read_a_page_is_told_whom_to_write_to(lire: Callable[..., Any]) -> None:
    assert '<a href="mailto:aide@ac-exemple.fr">' in await lire("/accessibilite")


@pytest.mark.parametrize("faute", [{"dpo": "pas une adresse"}, {"publication": "x" * 301}])
def test_a_setting_that_makes_no_sense_stops_the_start(faute: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=next(iter(faute))):
        Settings(**(REGLAGES | faute))
