"""Every page, as it is: it answers, under its policy, and holds no script and no style of its own."""

import httpx

from services.intake.portail.acces import Acces
from services.intake.portail.pages import PAGES
from tests.scene import Scene


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
