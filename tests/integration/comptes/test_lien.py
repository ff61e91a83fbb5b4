"""Logging in by a mailed link, as people and as attackers do it."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from services._runtime.clock import now
from services._runtime.mongo import Mongo
from services.intake.comptes.limites import LIENS_EN_TOUT, LIENS_PAR_ADRESSE, LIENS_PAR_IP

from .banc import COOKIE, Essai


async def test_a_link_logs_in_who_presses_its_button(essai: Essai, adresse: str) -> None:
    navigateur = await essai.navigateur()
    promesse = await navigateur.post("/connexion", data={"courriel": f"  {adresse.upper()} ", "suite": "/dossiers/x"})
    assert (promesse.status_code, promesse.headers["location"]) == (303, "/connexion/envoyee")
    lien = await essai.lien(adresse)

    page = await navigateur.get(lien)
    assert page.status_code == 200
    assert adresse in page.text
    entree = await navigateur.post(lien)

    assert (entree.status_code, entree.headers["location"]) == (303, "/dossiers/x")
    compte = await navigateur.get("/compte")
    assert compte.status_code == 200
    assert adresse in compte.text


async def test_the_mail_says_what_to_do_in_two_forms_and_names_nobody(essai: Essai, adresse: str) -> None:
    await (await essai.navigateur()).post("/connexion", data={"courriel": adresse})
    (courriel,) = await essai.courriels(adresse)
    assert courriel["Auto-Submitted"] == "auto-generated"
    assert courriel["Subject"] == "Votre lien de connexion"
    for genre in ("plain", "html"):
        corps = courriel.get_body((genre,))
        assert corps is not None
        texte = corps.get_content()
        assert "10\N{NO-BREAK SPACE}minutes" in texte.replace("&nbsp;", "\N{NO-BREAK SPACE}")
        assert await essai.lien(adresse) in texte
        assert "camille" not in texte


async def test_a_program_that_follows_links_uses_nothing(essai: Essai, adresse: str, mongo: Mongo) -> None:
    navigateur = await essai.navigateur()
    await navigateur.post("/connexion", data={"courriel": adresse})
    lien = await essai.lien(adresse)
    avant = [doc async for doc in mongo.database["liens"].find()]

    for _ in range(3):
        suivi = await (await essai.navigateur()).get(lien)
        await (await essai.navigateur()).head(lien)
        assert "set-cookie" not in suivi.headers

    assert [doc async for doc in mongo.database["liens"].find()] == avant
    assert await mongo.database["comptes"].count_documents({}) == 0
    assert (await navigateur.post(lien)).status_code == 303


async def test_a_link_opens_in_another_browser(essai: Essai, adresse: str) -> None:
    await (await essai.navigateur()).post("/connexion", data={"courriel": adresse})
    telephone = await essai.navigateur("198.51.100.9")
    await telephone.post(await essai.lien(adresse))
    assert (await telephone.get("/compte")).status_code == 200


async def test_of_fifty_presses_at_once_one_logs_in(essai: Essai, adresse: str, mongo: Mongo) -> None:
    await (await essai.navigateur()).post("/connexion", data={"courriel": adresse})
    lien = await essai.lien(adresse)
    navigateurs = [await essai.navigateur() for _ in range(50)]

    reponses = await asyncio.gather(*(navigateur.post(lien) for navigateur in navigateurs))

    assert sorted(r.status_code for r in reponses) == [303] + [410] * 49
    assert await mongo.database["sessions"].count_documents({}) == 1
    assert await mongo.database["comptes"].count_documents({}) == 1


async def test_a_link_is_worth_nothing_once_used_nor_after_ten_minutes(
    essai: Essai, adresse: str, mongo: Mongo
) -> None:
    navigateur = await essai.connecter(adresse)
    use = await essai.lien(adresse)
    autre = await essai.navigateur()
    assert (await autre.get(use)).status_code == (await autre.post(use)).status_code == 410

    await autre.post("/connexion", data={"courriel": adresse})
    perime = await essai.lien(adresse)
    (lien,) = [doc async for doc in mongo.database["liens"].find()]
    assert timedelta(minutes=9) < lien["expire_le"] - now() <= timedelta(minutes=10)
    await mongo.database["liens"].update_one({"_id": lien["_id"]}, {"$set": {"expire_le": now()}})
    assert (await autre.get(perime)).status_code == (await autre.post(perime)).status_code == 410
    assert (await navigateur.get("/compte")).status_code == 200


async def test_the_base_holds_no_secret_that_opens_anything(essai: Essai, adresse: str, mongo: Mongo) -> None:
    navigateur = await essai.connecter(adresse)
    await navigateur.post("/connexion", data={"courriel": adresse})
    cookie = navigateur.cookies[COOKIE]
    secret = (await essai.lien(adresse)).rpartition("/")[2]
    assert min(len(cookie), len(secret)) >= 43
    for nom in await mongo.database.list_collection_names():
        tout = str([doc async for doc in mongo.database[nom].find()])
        assert cookie not in tout
        assert secret not in tout


def _vue(reponse: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    return reponse.status_code, sorted(reponse.headers.items()), reponse.content


async def test_known_unknown_and_flooded_addresses_get_the_same_answer(essai: Essai, adresse: str) -> None:
    await essai.connecter(adresse)
    inonde = f"inonde.{adresse}"
    for _ in range(LIENS_PAR_ADRESSE.nombre + 2):
        await (await essai.navigateur()).post("/connexion", data={"courriel": inonde})
    vues, pages = [], []
    for saisie in (adresse, f"inconnue.{adresse}", inonde):
        navigateur = await essai.navigateur()
        reponse = await navigateur.post("/connexion", data={"courriel": saisie})
        vues.append(_vue(reponse))
        pages.append(_vue(await navigateur.get(reponse.headers["location"])))
    assert vues[0] == vues[1] == vues[2]
    assert pages[0] == pages[1] == pages[2]
    assert len(await essai.courriels(inonde)) == LIENS_PAR_ADRESSE.nombre


async def test_the_answer_waits_neither_for_the_base_nor_for_the_relay(
    essai: Essai, adresse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    libre = asyncio.Event()

    async def lente(*_: object) -> None:
        await libre.wait()

    monkeypatch.setattr(essai.comptes, "demander_lien", lente)
    navigateur = await essai.navigateur()
    assert (await navigateur.post("/connexion", data={"courriel": adresse})).status_code == 303
    libre.set()


async def test_an_address_gets_three_links_an_hour_whoever_asks(essai: Essai, adresse: str, mongo: Mongo) -> None:
    await asyncio.gather(
        *[
            (await essai.navigateur(f"192.0.2.{rang}")).post("/connexion", data={"courriel": adresse})
            for rang in range(1, 20)
        ]
    )
    assert len(await essai.courriels(adresse)) == 3

    une_heure = now() - timedelta(hours=1, seconds=1)
    await mongo.database["tentatives"].update_many({}, {"$set": {"recentes": [une_heure] * 3}})
    await (await essai.navigateur()).post("/connexion", data={"courriel": adresse})
    assert len(await essai.courriels(adresse)) == 4


@pytest.mark.parametrize(
    "meme", [["203.0.113.4"], ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"]], ids=["ipv4", "réseau ipv6"]
)
async def test_one_place_sends_thirty_links_an_hour(essai: Essai, adresse: str, meme: list[str]) -> None:
    for rang in range(LIENS_PAR_IP.nombre):
        assert await essai.comptes.demander_lien(f"{rang}.{adresse}", meme[rang % len(meme)], {})
    assert await essai.comptes.demander_lien(adresse, meme[0], {}) is None
    assert await essai.comptes.demander_lien(adresse, "203.0.113.5", {})


async def test_all_together_are_limited_too(essai: Essai, adresse: str, mongo: Mongo) -> None:
    assert await essai.comptes.demander_lien(adresse, "203.0.113.1", {})
    (tout,) = [d async for d in mongo.database["tentatives"].find({"_id": {"$regex": f"^{LIENS_EN_TOUT.nom}:"}})]
    await mongo.database["tentatives"].update_one(
        {"_id": tout["_id"]}, {"$set": {"recentes": [now()] * LIENS_EN_TOUT.nombre}}
    )
    assert await essai.comptes.demander_lien(f"autre.{adresse}", "203.0.113.2", {}) is None


async def test_what_is_no_address_is_explained_at_its_field_and_kept(essai: Essai) -> None:
    navigateur = await essai.navigateur()
    for saisie in ("", "camille", "camille@exemple", "a@b.fr\r\nBcc: c@d.fr", "camille@exemple.fr,autre@exemple.fr"):
        reponse = await navigateur.post("/connexion", data={"courriel": saisie, "suite": "/dossiers"})
        assert reponse.status_code == 422
        assert 'href="#courriel"' in reponse.text
        assert 'value="/dossiers"' in reponse.text
    assert 'value="camille@exemple.fr,autre@exemple.fr"' in reponse.text


@pytest.mark.parametrize(
    "ailleurs",
    [
        "https://voleur.exemple", "//voleur.exemple", "/\\voleur.exemple", "\\\\voleur.exemple", "/\t/voleur.exemple",
        "/%0d%0aSet-Cookie:x=1", "javascript:alert(1)", "/x@voleur.exemple", "https:voleur.exemple", "/é",
        "///voleur.exemple",
    ],
)  # fmt: skip
async def test_a_link_leads_to_no_other_site(essai: Essai, adresse: str, ailleurs: str) -> None:
    navigateur = await essai.navigateur()
    page = await navigateur.get("/connexion", params={"suite": ailleurs})
    assert "voleur" not in page.text
    await navigateur.post("/connexion", data={"courriel": adresse, "suite": ailleurs})
    entree = await navigateur.post(await essai.lien(adresse))
    assert entree.headers["location"] == "/dossiers"
    deja = await navigateur.get("/connexion", params={"suite": ailleurs})
    assert deja.headers["location"] == "/compte"


@pytest.mark.parametrize("relais", [1])
async def test_a_relay_that_is_down_changes_no_answer_and_tells_nobody(
    essai: Essai, adresse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reponse = await (await essai.navigateur()).post("/connexion", data={"courriel": adresse})
    assert reponse.status_code == 303
    assert await essai.courriels(adresse) == []
    dit = "".join(capsys.readouterr())
    assert "RelaisAbsent" in dit
    assert adresse not in dit
