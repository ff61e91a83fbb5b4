"""Reflected: each route, by each field, parameter and piece of path that it reads, under each text."""

from collections.abc import Mapping
from itertools import product
from typing import Final
from urllib.parse import quote

import pyotp
import pytest

from deploy.local.partenaires import PuitsSMTP
from services._runtime.mongo import Mongo
from services.intake.portail.acces import Acces
from services.intake.portail.page import Page
from services.intake.portail.pages import PAGES
from tests.scene import BASE, Personne, Scene

from .espion import espionner
from .juges import juger, juger_csv, juger_xlsx
from .vecteurs import VECTEURS, marque, vecteur

TEXTES: Final = [vecteur(nom, marque(0)) for nom in VECTEURS]
# What makes a form go further, so that it reads all that it may.
FORMES: Final[Mapping[str, Mapping[str, str]]] = {
    "/connexion": {"courriel": "quelqu.un@exemple.fr"},
    "/agent/decisions": {"choix": "ENT-00000-00000.1", "confirme": "oui"},
    "/agent/dossiers/{numero}/verrou": {"geste": "reprendre"},
    "/agent/dossiers/{numero}/decision": {"geste": "corriger", "confirme": "oui", "motivation": "Parce que."},
    "/brouillons/{numero}/enregistrer": {"rubrique": "ecoles", "ecoles": "0779001R"},
    "/brouillons/{numero}/etablissement": dict.fromkeys(("siret", "departement", "commune"), "")
    | {"suite": "chercher"},
    "/brouillons/{numero}/deposant": dict.fromkeys(
        ("civilite", "nom", "prenom", "fonction", "courriel", "telephone"), ""
    ),
    "/brouillons/{numero}/ecoles": {"ecoles": "0779001R", "suite": "toutes"},
    "/brouillons/{numero}/commentaires": {"commentaires": ""},
}
EXPORTS: Final = {"/agent/export.csv": juger_csv, "/agent/export.xlsx": juger_xlsx}
LUES: Final = [page for page in PAGES if page.methode == "GET"]
# Those of the pieces read their body by themselves: `fichier.*` of the table.
ECRITES: Final = [page for page in PAGES if page.methode == "POST" and not page.en_flux]


@pytest.fixture
async def ici(scene: Scene, mongo: Mongo) -> Scene:
    """Give the scene, its second agent having a second factor of which he may still be shown the secret."""
    agent = scene.personnes["agent sans second facteur"].identite
    assert agent is not None
    facteur = {"id": "telephone", "secret": pyotp.random_base32(), "pas": 0}
    await mongo.database["comptes"].update_one({"_id": agent.compte}, {"$set": {"second_facteur": facteur}})
    return scene


def nom_de(page: Page) -> str:
    """Name a route."""
    return f"{page.methode} {page.chemin}"


def qui_va(ici: Scene, page: Page) -> Personne:
    """Give who may take a route; nobody is logged in yet where people log in."""
    if "second-facteur" in page.chemin:
        return ici.personnes["agent sans second facteur"]
    anonyme = page.acces is Acces.PUBLIC and page.chemin.startswith("/connexion")
    return ici.personnes["agent" if page.acces is Acces.AGENT else "anonyme" if anonyme else "deposant"]


@pytest.mark.parametrize("acces", Acces)
async def test_whatever_an_address_asks_is_text_or_nothing(ici: Scene, acces: Acces) -> None:
    for page in (page for page in LUES if page.acces is acces):
        chemin = ici.chemin(page)
        # Who is logged in is sent on at once.
        for qui in {id(qui): qui for qui in (qui_va(ici, page), ici.personnes["deposant"])}.values():
            with espionner() as (_, parametres):
                await qui.navigateur.get(chemin)
            for nom, texte in product(sorted(parametres), TEXTES):
                reponse = await qui.navigateur.get(chemin, params={nom: texte})

                juger(reponse)
                if reponse.status_code == 200 and chemin in EXPORTS:
                    EXPORTS[chemin](reponse.content)


@pytest.mark.parametrize("page", ECRITES, ids=nom_de)
async def test_whatever_a_form_sends_is_text_or_nothing(ici: Scene, page: Page) -> None:
    qui, chemin, forme = qui_va(ici, page), ici.chemin(page), FORMES.get(page.chemin, {})
    commun = {"jeton": qui.jeton} | forme
    with espionner() as (champs, _):
        await qui.navigateur.post(chemin, data=commun)
    assert champs >= forme.keys()
    for nom, texte in product(sorted(champs - {"jeton"}), TEXTES):
        juger(await qui.navigateur.post(chemin, data=commun | {nom: texte}))
    for nom in sorted(champs - {"jeton"}):  # names that some frameworks read as operators of MongoDB
        reste = {autre: valeur for autre, valeur in commun.items() if autre != nom}
        juger(await qui.navigateur.post(chemin, data=reste | {f"{nom}[$ne]": "x", f"{nom}.$ne": "x"}))


@pytest.mark.parametrize("acces", Acces)
async def test_whatever_a_path_names_is_text_or_nothing(ici: Scene, acces: Acces) -> None:
    for page in (page for page in PAGES if page.acces is acces):
        for place, texte in product((m for m in page.chemin.split("/") if m.startswith("{")), TEXTES):
            nomme = page.chemin.replace(place, quote(texte[:2000], safe=""))
            chemin = "/".join(ici.dossier if m == "{numero}" else m for m in nomme.split("/"))
            for qui in (ici.personnes["anonyme"], qui_va(ici, page)):
                reponse = await qui.navigateur.request(page.methode, chemin, headers={"X-Jeton": qui.jeton})

                juger(reponse)
                assert reponse.status_code in {303, 307, 400, 401, 403, 404, 405, 410, 412}, page


@pytest.mark.parametrize("entete", ["X-Forwarded-Host", "X-Forwarded-Server", "X-Original-URL", "Forwarded", "Referer"])
async def test_no_header_of_a_request_leads_a_link_elsewhere(ici: Scene, puits: PuitsSMTP, entete: str) -> None:
    adresse = f"{entete.lower()}@mairie-exemple.fr"
    entetes = {entete: "host=canari.exemple" if entete == "Forwarded" else "https://canari.exemple/"}
    navigateur = ici.personnes["anonyme"].navigateur
    for page in LUES:
        reponse = await navigateur.get(ici.chemin(page), headers=entetes)
        assert "canari" not in juger(reponse) + str(reponse.headers)
    assert (await navigateur.post("/connexion", data={"courriel": adresse}, headers=entetes)).status_code == 303
    await ici.portail.courrier.attendre(20)

    (courriel,) = (message for message in puits.messages() if message["To"] == adresse)
    assert "canari" not in courriel.as_string()
    assert f"{BASE}/connexion/lien/" in str(courriel.get_body(("plain",)))


async def test_whatever_a_cookie_holds_is_nobody(ici: Scene) -> None:
    for texte in TEXTES:
        valeur = quote(texte, safe="<>()=:/'&@* ")[:3000]
        for nom in (ici.portail.reglages.cookie, f"{ici.portail.reglages.cookie}-navigateur"):
            reponse = await ici.personnes["anonyme"].navigateur.get("/dossiers", headers={"Cookie": f"{nom}={valeur}"})

            juger(reponse)
            assert reponse.headers["location"] == "/connexion?suite=/dossiers"
