"""What a provider of identities says of somebody, and what comes back with him: believed of nobody, shown as text."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from services._runtime.mongo import Mongo
from services.intake.comptes.oidc import Connexions
from services.intake.portail.app import build_portail
from services.intake.portail.page import Portail
from services.intake.reglages import ReglagesFournisseur
from tests.integration.comptes.banc import CLIENT, SECRET
from tests.integration.comptes.faussaire import Faussaire, servi
from tests.scene import BASE

from .juges import juger
from .vecteurs import VECTEURS, debut, en_adresse, essence, marque, vecteur

DEPART: Final = "/connexion/oidc/proconnect"
RETOURS: Final = ("error", "error_description", "error_uri", "state", "code", "iss", "session_state")


@pytest.fixture
def faussaire() -> Iterator[Faussaire]:
    """Give a provider that says what a test wants."""
    with servi() as faux:
        yield faux


@pytest.fixture
def venir(portail: Portail, faussaire: Faussaire) -> Callable[[], Any]:
    """Open a browser on a portal that trusts this provider, on its way back from there."""
    fournisseur = ReglagesFournisseur(
        nom="proconnect", libelle="ProConnect", emetteur=faussaire.emetteur, client=CLIENT, secret=SECRET
    )
    reglages = replace(portail.reglages, fournisseurs=(fournisseur,))
    app = build_portail(replace(portail, reglages=reglages, connexions=Connexions(reglages)))

    @asynccontextmanager
    async def ouvrir() -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as navigateur:
            demande = parse_qs(urlsplit((await navigateur.get(DEPART)).headers["location"]).query)
            faussaire.dit["nonce"] = demande["nonce"][0]
            yield navigateur, demande["state"][0]

    return ouvrir


async def test_whatever_a_provider_says_of_somebody_is_refused_or_text(
    venir: Callable[[], Any], faussaire: Faussaire, mongo: Mongo
) -> None:
    for rang, nom in enumerate(VECTEURS):
        texte = vecteur(nom, marque(rang))
        faussaire.dit |= {"sub": texte, "name": texte, "acr": texte}
        noms = dict.fromkeys(("sub", "name", "given_name", "usual_name", "siret", "organizational_unit"), texte)
        for courriel in (texte, en_adresse(texte)):
            faussaire.userinfo = noms | {"email": courriel, "email_verified": True}
            async with venir() as (navigateur, etat):
                retour = await navigateur.get(f"{DEPART}/retour", params={"code": "c", "state": etat})
                if retour.status_code != 303:
                    assert marque(rang) not in juger(retour), nom
                    continue
                assert debut(courriel) in essence(juger(await navigateur.get("/compte"))), nom
                assert await mongo.database["comptes"].find_one({"courriel": courriel.strip().lower()}), nom
                juger(await navigateur.get("/dossiers"))


@pytest.mark.parametrize("parametre", RETOURS)
async def test_whatever_comes_back_with_somebody_is_not_repeated(venir: Callable[[], Any], parametre: str) -> None:
    for nom in VECTEURS:
        texte = vecteur(nom, marque(0))
        async with venir() as (navigateur, etat):
            retour = await navigateur.get(f"{DEPART}/retour", params={"state": etat, parametre: texte})

            assert retour.headers.get("location") in {None, "/dossiers"}  # this provider takes any code
            assert marque(0) not in juger(retour).lower() + str(retour.headers).lower()
