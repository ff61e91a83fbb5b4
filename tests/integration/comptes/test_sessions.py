"""A session from its cookie to its end, and what others try with it."""

from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest

from services._runtime.clock import now
from services._runtime.mongo import Mongo

from .banc import COOKIE, Essai

CONNECTE = ["/compte", "/connexion/second-facteur", "/compte/second-facteur.svg"]


async def test_the_cookie_is_read_by_no_script_and_travels_by_https_to_this_host_only(
    essai: Essai, adresse: str
) -> None:
    navigateur = await essai.navigateur()
    await navigateur.post("/connexion", data={"courriel": adresse})
    entree = await navigateur.post(await essai.lien(adresse))
    (pose,) = SimpleCookie(entree.headers["set-cookie"]).values()
    assert pose.key == COOKIE
    assert pose["secure"]
    assert pose["httponly"]
    assert (pose["samesite"], pose["path"], pose["domain"], pose["max-age"]) == ("lax", "/", "", "")


async def test_without_https_the_cookie_says_so_by_its_name(ouvrir: Callable[..., Essai], adresse: str) -> None:
    essai = ouvrir(base="http://portail.exemple")
    navigateur = await essai.navigateur()
    await navigateur.post("/connexion", data={"courriel": adresse})
    await essai.courriels(adresse)
    secret = await essai.comptes.demander_lien(adresse, "192.0.2.1", {"suite": ""})
    await navigateur.post(f"/connexion/lien/{secret}")
    assert list(navigateur.cookies) == ["ent1d"]
    assert (await navigateur.get("/compte")).status_code == 200


async def test_a_cookie_planted_before_the_login_is_worth_nothing_after_it(essai: Essai, adresse: str) -> None:
    victime, voleur = await essai.navigateur(), await essai.navigateur()
    for navigateur in (victime, voleur):
        navigateur.cookies.set(COOKIE, "choisi-par-le-voleur", domain="portail.exemple", path="/")
    await victime.post("/connexion", data={"courriel": adresse})
    await victime.post(await essai.lien(adresse))
    assert (await victime.get("/compte")).status_code == 200
    assert (await voleur.get("/compte")).status_code == 303


async def test_logging_in_again_ends_the_session_that_the_browser_had(essai: Essai, adresse: str, mongo: Mongo) -> None:
    navigateur = await essai.connecter(adresse)
    avant = navigateur.cookies[COOKIE]
    autre = f"autre.{adresse}"
    await (await essai.navigateur()).post("/connexion", data={"courriel": autre})
    await essai.poster(navigateur, await essai.lien(autre))
    assert navigateur.cookies[COOKIE] != avant
    assert await essai.comptes.identite(avant) is None
    assert await mongo.database["sessions"].count_documents({}) == 1


async def test_logging_out_ends_the_session_here_and_on_the_server(essai: Essai, adresse: str) -> None:
    ailleurs = await essai.connecter(adresse)
    navigateur = await essai.connecter(adresse)
    cookie = navigateur.cookies[COOKIE]
    sortie = await essai.poster(navigateur, "/deconnexion")
    assert (sortie.status_code, sortie.headers["location"]) == (303, "/connexion?fait=deconnecte")
    assert COOKIE not in navigateur.cookies
    assert await essai.comptes.identite(cookie) is None
    assert (await ailleurs.get("/compte")).status_code == 200


async def test_logging_out_everywhere_ends_them_all_and_nobody_else_s(essai: Essai, adresse: str) -> None:
    siens = [await essai.connecter(adresse) for _ in range(3)]
    autre = await essai.connecter(f"autre.{adresse}")
    await essai.poster(siens[0], "/compte/deconnexion-partout")
    assert [(await n.get("/compte")).status_code for n in (*siens, autre)] == [303, 303, 303, 200]


@pytest.mark.parametrize("chemin", ["/deconnexion", "/compte/deconnexion-partout", "/compte/second-facteur"])
async def test_a_form_that_is_not_of_this_session_is_refused(essai: Essai, adresse: str, chemin: str) -> None:
    navigateur, autre = await essai.connecter(adresse), await essai.connecter(f"autre.{adresse}")
    d_un_autre = await essai.comptes.identite(autre.cookies[COOKIE])
    assert d_un_autre is not None
    for jeton in ("", "faux", d_un_autre.jeton):
        assert (await navigateur.post(chemin, data={"jeton": jeton})).status_code == 403
    sienne = await essai.comptes.identite(navigateur.cookies[COOKIE])
    assert sienne is not None
    for entetes in ({"Origin": "https://voleur.exemple"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        forge = await navigateur.post(chemin, data={"jeton": sienne.jeton}, headers=entetes)
        assert forge.status_code == 403
    assert (await navigateur.get("/compte")).status_code == 200


async def test_nobody_is_led_to_log_in_and_told_where_to_go_on(essai: Essai) -> None:
    navigateur = await essai.navigateur()
    for chemin in CONNECTE:
        reponse = await navigateur.get(chemin)
        assert (reponse.status_code, reponse.headers["location"]) == (303, f"/connexion?suite={chemin}")
    assert (await navigateur.post("/deconnexion")).status_code == 401


async def test_a_session_ends_after_two_idle_hours_and_lives_on_while_it_is_used(
    essai: Essai, adresse: str, mongo: Mongo
) -> None:
    navigateur = await essai.connecter(adresse)
    sessions, cookie = mongo.database["sessions"], navigateur.cookies[COOKIE]
    neuve = await sessions.find_one()
    assert neuve is not None
    assert timedelta(hours=1, minutes=59) < neuve["expire_le"] - now() <= timedelta(hours=2)

    await sessions.update_one({}, {"$set": {"vue_le": now() - timedelta(hours=1), "expire_le": now() + timedelta(1)}})
    await essai.comptes.identite(cookie)
    vue = await sessions.find_one()
    assert vue is not None
    assert timedelta(hours=1, minutes=59) < vue["expire_le"] - now() <= timedelta(hours=2)

    await sessions.update_one({}, {"$set": {"expire_le": now()}})
    assert (await navigateur.get("/compte")).status_code == 303


async def test_a_session_ends_after_twelve_hours_even_while_it_is_used(
    essai: Essai, adresse: str, mongo: Mongo
) -> None:
    cookie = (await essai.connecter(adresse)).cookies[COOKIE]
    sessions = mongo.database["sessions"]
    neuve = await sessions.find_one()
    assert neuve is not None
    assert timedelta(hours=11, minutes=59) < neuve["cesse_le"] - now() <= timedelta(hours=12)
    bientot = now() + timedelta(minutes=5)
    await sessions.update_one({}, {"$set": {"vue_le": now() - timedelta(hours=1), "cesse_le": bientot}})
    assert await essai.comptes.identite(cookie) is not None
    vue = await sessions.find_one()
    assert vue is not None
    assert vue["expire_le"] - bientot < timedelta(milliseconds=1)


async def test_pages_seen_within_a_minute_write_nothing(essai: Essai, adresse: str, mongo: Mongo) -> None:
    cookie = (await essai.connecter(adresse)).cookies[COOKIE]
    avant = await mongo.database["sessions"].find_one()
    for _ in range(5):
        await essai.comptes.identite(cookie)
    assert await mongo.database["sessions"].find_one() == avant


async def test_what_is_no_cookie_of_ours_is_nobody(essai: Essai, adresse: str) -> None:
    cookie = (await essai.connecter(adresse)).cookies[COOKIE]
    for faux in ("", "x", cookie[:-1], f"{cookie}x", '{"$gt": ""}', "é" * 5000):
        assert await essai.comptes.identite(faux) is None
