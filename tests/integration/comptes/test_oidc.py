"""Logging in by a real provider of identities, shaped as ProConnect."""

import re
from collections.abc import AsyncIterator, Callable
from html import unescape
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pyotp
import pytest

from deploy.demo.dossiers import SIRET_EXEMPLE
from services._runtime.mongo import Mongo
from services.intake.comptes.agents import Agents

from .banc import COOKIE, Essai, ProConnect, fournisseur

DEPART = "/connexion/oidc/proconnect"


class Passage:
    """Somebody at the provider: what a browser does there, from our address to the one that leads back to us."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.demande_qui = 0  # how many times it asked who somebody is

    async def __call__(self, depart: str, nom: str = "camille") -> str:
        """Log in as `nom`, agree to all; give the address that leads back to us."""
        adresse, corps = depart, None
        for _ in range(20):
            reponse = await (self._http.get(adresse) if corps is None else self._http.post(adresse, data=corps))
            if reponse.is_redirect:
                adresse, corps = urljoin(adresse, reponse.headers["location"]), None
                if urlsplit(adresse).hostname == "portail.exemple":
                    return adresse
                continue
            formulaire = re.search(r'<form[^>]*action="([^"]+)"', reponse.text)
            assert formulaire is not None, reponse.text
            self.demande_qui += 'name="login"' in reponse.text
            caches = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', reponse.text)
            adresse = urljoin(adresse, unescape(formulaire[1]))
            corps = {**dict(caches), "login": nom, "password": "x", "logout": "yes"}
        pytest.fail("le fournisseur ne rend personne")


@pytest.fixture
async def passer() -> AsyncIterator[Passage]:
    """Give a browser of its own at the provider."""
    async with httpx.AsyncClient(timeout=20) as http:
        yield Passage(http)


@pytest.fixture
def relie(ouvrir: Callable[..., Essai], proconnect: ProConnect) -> Essai:
    """Give a portal with the real provider."""
    return ouvrir(fournisseur(proconnect.emetteur))


async def venir(essai: Essai, passer: Passage, navigateur: httpx.AsyncClient | None = None) -> httpx.Response:
    """Go to the provider and come back."""
    navigateur = navigateur or await essai.navigateur()
    depart = await navigateur.get(DEPART, params={"suite": "/dossiers/x"})
    assert depart.status_code == 303, depart.text
    return await navigateur.get(await passer(depart.headers["location"]))


async def test_what_is_asked_is_what_proconnect_accepts(relie: Essai) -> None:
    navigateur = await relie.navigateur()
    demandes = [parse_qs(urlsplit((await navigateur.get(DEPART)).headers["location"]).query) for _ in range(2)]
    for demande in demandes:
        assert set(demande) == {
            *("response_type", "client_id", "redirect_uri", "scope"),
            *("state", "nonce", "code_challenge", "code_challenge_method"),
        }
        assert min(len(demande["state"][0]), len(demande["nonce"][0])) >= 32
        assert demande["code_challenge_method"] == ["S256"]
    assert demandes[0]["state"] != demandes[1]["state"]
    assert demandes[0]["nonce"] != demandes[1]["nonce"]


async def test_a_proved_address_logs_in_at_once_with_the_employer_s_siret(
    relie: Essai, proconnect: ProConnect, passer: Passage, adresse: str
) -> None:
    proconnect.personnes(camille={"email": adresse, "email_verified": True, "siret": SIRET_EXEMPLE})
    navigateur = await relie.navigateur()
    retour = await venir(relie, passer, navigateur)
    assert (retour.status_code, retour.headers["location"]) == (303, "/dossiers/x")
    qui = await relie.comptes.identite(navigateur.cookies[COOKIE])
    assert qui is not None
    assert (qui.courriel, qui.agent) == (adresse, None)
    assert await relie.comptes.siret(qui.compte) == SIRET_EXEMPLE
    assert "ProConnect" in (await navigateur.get("/compte")).text


async def test_the_first_time_an_address_is_proved_by_a_link_in_the_same_browser(
    relie: Essai, proconnect: ProConnect, passer: Passage, adresse: str, mongo: Mongo
) -> None:
    deja = await relie.comptes.de_courriel(adresse)
    proconnect.personnes(camille={"email": adresse, "siret": SIRET_EXEMPLE})
    navigateur = await relie.navigateur()
    retour = await venir(relie, passer, navigateur)
    assert retour.headers["location"] == "/connexion/confirmer"
    assert (await navigateur.get("/compte")).status_code == 303

    entree = await navigateur.post(await relie.lien(adresse))

    assert entree.headers["location"] == "/dossiers/x"
    compte = await relie.comptes.lire(deja["_id"])
    assert [i["fournisseur"] for i in compte["identites"]] == ["proconnect"]
    assert compte["siret"] == SIRET_EXEMPLE
    encore = await venir(relie, passer)
    assert encore.headers["location"] == "/dossiers/x"
    assert await mongo.database["comptes"].count_documents({}) == 1


async def test_an_address_that_somebody_claims_opens_nothing_of_its_owner(
    relie: Essai, proconnect: ProConnect, passer: Passage, adresse: str
) -> None:
    victime = await relie.connecter(adresse)
    proconnect.personnes(voleur={"email": adresse})
    chez_lui = await relie.navigateur("198.51.100.1")
    depart = await chez_lui.get(DEPART)
    await chez_lui.get(await passer(depart.headers["location"], "voleur"))

    # The owner presses the button of a mail that he did not ask for: he logs in, and the thief gets nothing of it.
    await relie.poster(victime, await relie.lien(adresse))

    assert (await victime.get("/compte")).status_code == 200
    qui = await relie.comptes.identite(victime.cookies[COOKIE])
    assert qui is not None
    assert (await relie.comptes.lire(qui.compte))["identites"] == []
    assert (await chez_lui.get("/compte")).status_code == 303
    encore = await chez_lui.get(await passer((await chez_lui.get(DEPART)).headers["location"], "voleur"))
    assert encore.headers["location"] == "/connexion/confirmer"


async def test_somebody_is_known_by_his_sub_whatever_his_address_has_become(
    relie: Essai, proconnect: ProConnect, passer: Passage, adresse: str, mongo: Mongo
) -> None:
    proconnect.personnes(camille={"email": adresse, "email_verified": True})
    navigateur = await relie.navigateur()
    await venir(relie, passer, navigateur)
    qui = await relie.comptes.identite(navigateur.cookies[COOKIE])
    pris, libre = f"prise.{adresse}", f"libre.{adresse}"
    voisin = await relie.comptes.de_courriel(pris)
    assert qui is not None
    for dite, verifiee, gardee in ((libre, False, adresse), (pris, True, adresse), (libre, True, libre)):
        proconnect.personnes(camille={"email": dite, "email_verified": verifiee})
        await venir(relie, passer, navigateur)
        revenu = await relie.comptes.identite(navigateur.cookies[COOKIE])
        assert revenu is not None
        assert (revenu.compte, revenu.courriel) == (qui.compte, gardee)
    assert (await relie.comptes.lire(voisin["_id"]))["courriel"] == pris
    assert await mongo.database["comptes"].count_documents({}) == 2


async def test_an_agent_keeps_the_address_that_he_was_named_by(
    relie: Essai, proconnect: ProConnect, passer: Passage, adresse: str, mongo: Mongo
) -> None:
    await Agents(mongo.database).nommer(adresse, "agent-7")
    for dite in (adresse, f"nouvelle.{adresse}"):
        proconnect.personnes(camille={"email": dite, "email_verified": True})
        await venir(relie, passer)
    assert await mongo.database["comptes"].distinct("courriel") == [adresse]


async def test_a_return_is_accepted_once_and_in_the_browser_that_left(
    relie: Essai, proconnect: ProConnect, passer: Passage, adresse: str
) -> None:
    proconnect.personnes(camille={"email": adresse, "email_verified": True})
    navigateur, autre = await relie.navigateur(), await relie.navigateur()
    rejoue = await passer((await navigateur.get(DEPART)).headers["location"])
    assert (await navigateur.get(rejoue)).status_code == 303
    assert (await navigateur.get(rejoue)).status_code == 400

    vole = await passer((await navigateur.get(DEPART)).headers["location"])
    assert (await autre.get(vole)).status_code == 400
    await autre.get(DEPART)  # a thief with a state of his own
    assert (await autre.get(vole)).status_code == 400
    assert (await autre.get("/compte")).status_code == 303


async def test_what_is_wrong_in_a_return_is_one_page_that_tells_nothing(
    relie: Essai, proconnect: ProConnect, passer: Passage, adresse: str
) -> None:
    proconnect.personnes(camille={"email": adresse, "email_verified": True})
    navigateur = await relie.navigateur()
    pages = []
    for changer in (
        lambda url: url.replace("state=", "state=x"),
        lambda url: re.sub(r"code=[^&]+", "code=inconnu", url),
        lambda url: re.sub(r"code=[^&]+&?", "", url),
        lambda url: re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fvoleur.exemple", url),
        lambda url: f"{urlsplit(url)._replace(query='').geturl()}?error=access_denied&error_description=<b>",
        lambda url: urlsplit(url)._replace(query="").geturl(),
    ):
        retour = await navigateur.get(changer(await passer((await navigateur.get(DEPART)).headers["location"])))
        assert retour.status_code == 400
        pages.append(retour.text)
    assert len(set(pages)) == 1
    assert (await navigateur.get("/compte")).status_code == 303
    assert (await navigateur.get("/connexion/oidc/inconnu")).status_code == 404


async def test_two_tabs_of_a_browser_may_both_come_back(
    relie: Essai, proconnect: ProConnect, passer: Passage, adresse: str
) -> None:
    proconnect.personnes(camille={"email": adresse, "email_verified": True})
    navigateur = await relie.navigateur()
    departs = [(await navigateur.get(DEPART)).headers["location"] for _ in range(2)]
    for depart in departs:
        assert (await navigateur.get(await passer(depart))).status_code == 303


async def test_logging_out_leads_to_the_provider_s_own_logout_and_back(
    relie: Essai, proconnect: ProConnect, passer: Passage, adresse: str
) -> None:
    proconnect.personnes(camille={"email": adresse, "email_verified": True})
    navigateur = await relie.navigateur()
    await venir(relie, passer, navigateur)
    sortie = await relie.poster(navigateur, "/deconnexion")
    assert (await navigateur.get("/compte")).status_code == 303
    page = await navigateur.get(sortie.headers["location"])
    la_bas = page.headers["refresh"].removeprefix("0; url=")
    dit = parse_qs(urlsplit(la_bas).query)
    assert set(dit) == {"id_token_hint", "post_logout_redirect_uri", "state"}
    assert unescape(la_bas) in unescape(page.text)
    retour = await passer(la_bas)
    assert retour.startswith("https://portail.exemple/?state=")
    assert passer.demande_qui == 1
    await venir(relie, passer, navigateur)
    assert passer.demande_qui == 2
    await venir(relie, passer, navigateur)
    assert passer.demande_qui == 2


@pytest.mark.parametrize("role", ["agent-7", None], ids=["qui garantit les agents", "ordinaire"])
async def test_an_agent_has_his_role_at_once_from_a_provider_that_vouches_for_agents(
    ouvrir: Callable[..., Essai], proconnect: ProConnect, passer: Passage, adresse: str, mongo: Mongo, role: str | None
) -> None:
    essai = ouvrir(fournisseur(proconnect.emetteur, agents=role is not None))
    await Agents(mongo.database).nommer(adresse, "agent-7")
    proconnect.personnes(camille={"email": adresse, "email_verified": True})
    navigateur = await essai.navigateur()
    await venir(essai, passer, navigateur)
    qui = await essai.comptes.identite(navigateur.cookies[COOKIE])
    assert qui is not None
    assert qui.agent == role
    await Agents(mongo.database).retirer("agent-7")
    assert await essai.comptes.identite(navigateur.cookies[COOKIE]) is None


async def test_a_provider_that_vouches_for_agents_makes_none(
    ouvrir: Callable[..., Essai], proconnect: ProConnect, passer: Passage, adresse: str
) -> None:
    essai = ouvrir(fournisseur(proconnect.emetteur, agents=True))
    proconnect.personnes(camille={"email": adresse, "email_verified": True})
    navigateur = await essai.navigateur()
    assert (await venir(essai, passer, navigateur)).headers["location"] == "/dossiers/x"
    qui = await essai.comptes.identite(navigateur.cookies[COOKIE])
    assert qui is not None
    assert qui.agent is None


async def test_a_second_factor_does_not_lose_the_provider_s_logout(
    relie: Essai, proconnect: ProConnect, passer: Passage, adresse: str, mongo: Mongo, code: Callable[..., str]
) -> None:
    activation = await Agents(mongo.database).nommer(adresse, "agent-7")
    proconnect.personnes(camille={"email": adresse, "email_verified": True})
    navigateur = await relie.navigateur()
    assert (await venir(relie, passer, navigateur)).headers["location"] == "/compte"
    await relie.poster(navigateur, "/compte/second-facteur", activation=activation)
    compte = await mongo.database["comptes"].find_one({"courriel": adresse})
    assert compte is not None
    telephone = pyotp.TOTP(compte["second_facteur"]["secret"])
    await relie.poster(navigateur, "/connexion/second-facteur", code=code(telephone))
    sortie = await relie.poster(navigateur, "/deconnexion")
    assert sortie.headers["location"].startswith("/deconnexion/")
