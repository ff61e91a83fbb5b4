"""Every route × everybody: who gets in is what the table of routes says, and no answer tells what exists."""

from dataclasses import replace
from typing import Final

import httpx
import pytest
from starlette.responses import Response

from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages import PAGES
from tests.scene import Personne, Scene

TOUS: Final = {"anonyme", "deposant", "collegue", "autre", "agent", "agent sans second facteur"}
ADMIS: Final = {
    Acces.PUBLIC: TOUS,
    Acces.CONNECTE: TOUS - {"anonyme"},
    Acces.BROUILLON: {"deposant", "collegue"},
    Acces.AUTEUR: {"deposant"},
    Acces.DOSSIER: {"deposant", "collegue"},
    Acces.PROPRIETAIRE: {"deposant"},
    Acces.AGENT: {"agent"},
}
ENTRE: Final = 299  # no page answers that
SANS_FORMULAIRE: Final = {"GET", "HEAD", "OPTIONS"}
ECRITURES: Final = [page for page in PAGES if page.methode not in SANS_FORMULAIRE]
ABSENT: Final = "ENT-00000-00000"


@pytest.fixture(autouse=True)
def _temoins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put, behind each door, one who only says that somebody came in."""

    async def dire(_: Demande) -> Response:
        return Response(status_code=ENTRE)

    monkeypatch.setattr("services.intake.portail.app.PAGES", tuple(replace(page, vue=dire) for page in PAGES))


async def demander(page: Page, qui: Personne, ou: str, **entetes: str) -> httpx.Response:
    """Ask as a browser would, with the token that its form carries."""
    corps = None if page.methode in SANS_FORMULAIRE else {"jeton": qui.jeton}
    return await qui.navigateur.request(page.methode, ou, data=corps, headers=entetes)


async def test_who_gets_in_is_what_the_table_says(scene: Scene) -> None:
    for page in PAGES:
        refus = 303 if page.methode in {"GET", "HEAD"} else 401
        for nom, qui in scene.personnes.items():
            reponse = await demander(page, qui, scene.chemin(page))
            attendu = ENTRE if nom in ADMIS[page.acces] else refus if nom == "anonyme" else 404
            assert reponse.status_code == attendu, f"{nom} : {page.methode} {page.chemin}"


async def test_what_is_somebody_else_s_answers_as_what_does_not_exist(scene: Scene) -> None:
    for page in PAGES:
        if "{numero}" not in page.chemin:
            continue
        qui = scene.personnes["autre" if page.acces is Acces.AGENT else "agent"]
        autre = await demander(page, qui, scene.chemin(page))
        absent = await demander(page, qui, scene.chemin(page, ABSENT))

        assert autre.status_code == absent.status_code == 404, page.chemin
        assert autre.headers == absent.headers, page.chemin
        assert autre.text.replace(scene.dossier, ABSENT).replace(scene.brouillon, ABSENT) == absent.text, page.chemin


async def test_what_does_not_exist_answers_so_to_those_who_may_see_all(scene: Scene) -> None:
    for page in PAGES:
        if "{numero}" in page.chemin:
            qui = scene.personnes["agent" if page.acces is Acces.AGENT else "deposant"]

            assert (await demander(page, qui, scene.chemin(page, ABSENT))).status_code == 404, page.chemin


@pytest.mark.parametrize(
    "entetes",
    [{"Origin": "https://ailleurs.exemple"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=str,
)
async def test_no_other_site_acts_in_the_name_of_who_visits_it(scene: Scene, entetes: dict[str, str]) -> None:
    for page in ECRITURES:
        qui = scene.personnes["agent" if page.acces is Acces.AGENT else "deposant"]

        assert (await demander(page, qui, scene.chemin(page), **entetes)).status_code == 403, page.chemin


@pytest.mark.parametrize("champs", [{}, {"jeton": ""}, {"jeton": "0" * 64}, {"jeton": "é"}], ids=str)
async def test_a_form_without_the_token_of_its_session_does_nothing(scene: Scene, champs: dict[str, str]) -> None:
    for page in ECRITURES:
        if page.acces is Acces.PUBLIC or page.en_flux:  # those read their body, and its token, themselves
            continue
        qui = scene.personnes["agent" if page.acces is Acces.AGENT else "deposant"]
        reponse = await qui.navigateur.request(page.methode, scene.chemin(page), data=champs)

        assert reponse.status_code == 403, page.chemin


@pytest.mark.parametrize("hote", ["ailleurs.exemple", "portail.exemple.ailleurs.exemple", "127.0.0.1"])
async def test_under_another_name_nothing_answers(scene: Scene, hote: str) -> None:
    reponse = await scene.personnes["deposant"].navigateur.get("/", headers={"Host": hote})

    assert reponse.status_code == 400


@pytest.mark.parametrize(
    "corps", [b"\xff", b"jeton=%FF", b"a=" + b"x" * 300_000, b"&".join(b"a%d=1" % n for n in range(3_000))]
)
async def test_what_is_no_form_is_refused_before_any_page(scene: Scene, corps: bytes) -> None:
    reponse = await scene.personnes["anonyme"].navigateur.post("/connexion", content=corps)

    assert reponse.status_code == 400
