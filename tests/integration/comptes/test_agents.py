"""The agents' second factor, and who gives or takes their role."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from xml.etree import ElementTree as ET

import httpx
import pyotp
import pytest

from services._runtime.clock import now
from services._runtime.mongo import Mongo
from services.intake.comptes.agents import Agents

from .banc import COOKIE, Essai

CODE = "/connexion/second-facteur"
Agent = tuple[httpx.AsyncClient, pyotp.TOTP]


async def test_the_role_comes_with_the_code_in_a_session_of_its_own(
    essai: Essai, agent: Agent, code: Callable[..., str], mongo: Mongo
) -> None:
    navigateur, telephone = agent
    avant = navigateur.cookies[COOKIE]
    sans = await essai.comptes.identite(avant)
    assert sans is not None
    assert sans.agent is None

    entree = await essai.poster(navigateur, CODE, code=f" {code(telephone)[:3]} {code(telephone)[3:]} ")

    assert (entree.status_code, entree.headers["location"]) == (303, "/agent")
    avec = await essai.comptes.identite(navigateur.cookies[COOKIE])
    assert avec is not None
    assert (avec.compte, avec.agent) == (sans.compte, "agent-7")
    assert avec.jeton != sans.jeton
    assert await essai.comptes.identite(avant) is None
    session = await mongo.database["sessions"].find_one()
    assert session is not None
    assert session["expire_le"] - now() <= timedelta(minutes=30)
    assert session["cesse_le"] - now() <= timedelta(hours=8)


async def test_an_agent_who_logs_in_again_is_asked_for_his_code_then_goes_on(
    essai: Essai, agent: Agent, adresse: str, code: Callable[..., str]
) -> None:
    premier, telephone = agent
    await essai.poster(premier, CODE, code=code(telephone, -1))
    navigateur = await essai.navigateur()
    await navigateur.post("/connexion", data={"courriel": adresse, "suite": "/bureau?etat=depose&page=2"})
    entree = await navigateur.post(await essai.lien(adresse))
    page = await navigateur.get(entree.headers["location"])
    assert page.status_code == 200
    assert "/bureau?etat=depose&amp;page=2" in page.text
    suite = await essai.poster(navigateur, CODE, code=code(telephone), suite="/bureau?etat=depose&page=2")
    assert suite.headers["location"] == "/bureau?etat=depose&page=2"
    assert (await essai.poster(navigateur, CODE, code=code(telephone, 1), suite="//v")).headers["location"] == "/agent"


async def test_the_secret_is_shown_until_it_is_in_use_and_never_again(
    essai: Essai, agent: Agent, code: Callable[..., str]
) -> None:
    navigateur, telephone = agent
    page, image = await navigateur.get(CODE), await navigateur.get("/compte/second-facteur.svg")
    assert " ".join(telephone.secret[i : i + 4] for i in range(0, 32, 4)) in page.text
    assert image.headers["content-type"] == "image/svg+xml"
    assert ET.fromstring(image.content).tag.endswith("svg")  # noqa: S314  # our own

    await essai.poster(navigateur, CODE, code=code(telephone))

    assert telephone.secret[:4] not in (await navigateur.get(CODE)).text
    assert (await navigateur.get("/compte/second-facteur.svg")).status_code == 404
    assert (await essai.poster(navigateur, "/compte/second-facteur")).status_code == 404


async def test_a_code_is_accepted_once_and_older_ones_no_more(
    essai: Essai, agent: Agent, code: Callable[..., str]
) -> None:
    navigateur, telephone = agent
    vu = code(telephone)
    statuts = [(await essai.poster(navigateur, CODE, code=saisie)).status_code for saisie in (vu, vu)]
    assert statuts == [303, 422]
    assert (await essai.poster(navigateur, CODE, code=code(telephone, -1))).status_code == 422


async def test_of_the_same_code_sent_many_times_at_once_one_is_accepted(
    essai: Essai, agent: Agent, code: Callable[..., str], mongo: Mongo
) -> None:
    _, telephone = agent
    compte = await mongo.database["comptes"].find_one({"agent.code": "agent-7"})
    assert compte is not None
    essais = [essai.comptes.second_facteur.verifier(compte, code(telephone)) for _ in range(4)]
    assert sorted(map(bool, await asyncio.gather(*essais))) == [False, False, False, True]


@pytest.mark.parametrize(("pas", "statut"), [(-1, 303), (1, 303), (-3, 422), (3, 422)])
async def test_a_clock_may_be_a_step_away_and_no_more(
    essai: Essai, agent: Agent, code: Callable[..., str], pas: int, statut: int
) -> None:
    navigateur, telephone = agent
    assert (await essai.poster(navigateur, CODE, code=code(telephone, pas))).status_code == statut


async def test_after_five_wrong_codes_even_the_right_one_waits_a_quarter_of_an_hour(
    essai: Essai, agent: Agent, code: Callable[..., str], mongo: Mongo
) -> None:
    navigateur, telephone = agent
    faux = ["000000", "12345", "abcdef", "", code(telephone, 9)]
    assert [(await essai.poster(navigateur, CODE, code=saisie)).status_code for saisie in faux] == [422] * 5
    bloque = await essai.poster(navigateur, CODE, code=code(telephone))
    assert bloque.status_code == 429
    assert "15\u00a0minutes" in bloque.text
    ailleurs = await essai.connecter((await essai.comptes.lire(await _compte(mongo)))["courriel"])
    assert (await essai.poster(ailleurs, CODE, code=code(telephone))).status_code == 429

    presque, passe = now() - timedelta(minutes=14, seconds=50), now() - timedelta(minutes=15, seconds=1)
    codes = {"_id": {"$regex": "^code:"}}
    await mongo.database["tentatives"].update_one(codes, {"$set": {"recentes": [presque] * 5}})
    assert (await essai.poster(navigateur, CODE, code=code(telephone))).status_code == 429
    await mongo.database["tentatives"].update_one(codes, {"$set": {"recentes": [passe] * 5}})
    assert (await essai.poster(navigateur, CODE, code=code(telephone))).status_code == 303


async def test_a_thousand_guesses_at_once_are_five_tries(essai: Essai, agent: Agent, mongo: Mongo) -> None:
    assert agent
    compte = await essai.comptes.lire(await _compte(mongo))
    verifier = essai.comptes.second_facteur.verifier
    issues = await asyncio.gather(*(verifier(compte, f"{n:06}") for n in range(1000)), return_exceptions=True)
    regardes = [issue for issue in issues if not isinstance(issue, Exception)]
    assert len(regardes) <= 5
    # At most 5 of a million codes, 3 of them right: a guess that passes has one chance in seventy thousand.
    assert not any(regardes)


async def test_who_reads_an_agent_s_mailbox_does_not_take_his_place(essai: Essai, adresse: str, mongo: Mongo) -> None:
    activation = str(await Agents(mongo.database).nommer(adresse, "agent-7"))
    navigateur = await essai.connecter(adresse)

    for faux in ("", "ABCD-2345", activation[:-1], f"{activation}2"):
        reponse = await essai.poster(navigateur, "/compte/second-facteur", activation=faux)
        assert reponse.status_code == 422
        assert "Ce code d’activation n’est pas le bon" in reponse.text
        assert '<a href="#activation">' in reponse.text
    assert (await navigateur.get(CODE)).status_code == 404
    assert activation not in str(await essai.comptes.lire(await _compte(mongo)))
    juste = await essai.poster(
        navigateur, "/compte/second-facteur", activation=f" {activation.lower()} ".replace("-", " ")
    )
    assert juste.headers["location"] == CODE


async def test_an_activation_code_is_looked_at_five_times_and_lasts_a_week(
    essai: Essai, adresse: str, mongo: Mongo
) -> None:
    activation = await Agents(mongo.database).nommer(adresse, "agent-7")
    navigateur = await essai.connecter(adresse)
    perime = {"agent.activation.expire_le": now() - timedelta(seconds=1)}
    await mongo.database["comptes"].update_one({}, {"$set": perime})

    statuts = [
        (await essai.poster(navigateur, "/compte/second-facteur", activation=activation)).status_code for _ in range(6)
    ]

    assert statuts == [422] * 5 + [429]
    assert (await mongo.database["comptes"].find_one())["agent"]["activation"]["expire_le"] <= now()


async def test_an_activation_code_serves_once(
    essai: Essai, agent: Agent, code: Callable[..., str], mongo: Mongo
) -> None:
    navigateur, telephone = agent
    await essai.poster(navigateur, CODE, code=code(telephone))

    compte = await essai.comptes.lire(await _compte(mongo))
    assert "activation" not in compte["agent"]


async def test_nobody_but_an_agent_has_a_second_factor(essai: Essai, adresse: str) -> None:
    navigateur = await essai.connecter(adresse)
    assert (await essai.poster(navigateur, "/compte/second-facteur")).status_code == 404
    assert (await essai.poster(navigateur, CODE, code="000000")).status_code == 404
    assert [(await navigateur.get(c)).status_code for c in (CODE, "/compte/second-facteur.svg")] == [404, 404]


async def test_a_role_that_is_taken_away_is_gone_at_once_and_the_account_stays(
    essai: Essai, agent: Agent, adresse: str, code: Callable[..., str], mongo: Mongo
) -> None:
    navigateur, telephone = agent
    await essai.poster(navigateur, CODE, code=code(telephone))
    cookie = navigateur.cookies[COOKIE]
    assert await Agents(mongo.database).retirer("agent-7")
    assert await essai.comptes.identite(cookie) is None
    revenu = await essai.connecter(adresse)
    assert (await revenu.get(CODE)).status_code == 404
    assert not await Agents(mongo.database).retirer("agent-7")


async def test_a_session_opened_while_the_factor_was_forgotten_has_no_role(
    essai: Essai, agent: Agent, code: Callable[..., str], mongo: Mongo
) -> None:
    navigateur, telephone = agent
    await essai.poster(navigateur, CODE, code=code(telephone))
    compte = await _compte(mongo)
    ancien = (await essai.comptes.lire(compte))["second_facteur"]["id"]
    await Agents(mongo.database).reinitialiser("agent-7")
    cookie = await essai.comptes.sessions.ouvrir(compte, facteur=ancien)  # the code had been verified just before
    qui = await essai.comptes.identite(cookie)
    assert qui is not None
    assert qui.agent is None


async def test_a_lost_telephone_is_replaced_by_the_administrator_alone(
    essai: Essai, agent: Agent, adresse: str, code: Callable[..., str], mongo: Mongo
) -> None:
    navigateur, ancien = agent
    await essai.poster(navigateur, CODE, code=code(ancien))
    activation = await Agents(mongo.database).reinitialiser("agent-7")
    assert (await navigateur.get("/compte")).status_code == 303
    revenu = await essai.connecter(adresse)
    await essai.poster(revenu, "/compte/second-facteur", activation=activation)
    neuf = pyotp.TOTP((await essai.comptes.lire(await _compte(mongo)))["second_facteur"]["secret"])
    assert (await essai.poster(revenu, CODE, code=code(ancien, 1))).status_code == 422
    assert (await essai.poster(revenu, CODE, code=code(neuf))).status_code == 303


async def test_a_code_and_an_address_name_one_agent(mongo: Mongo, essai: Essai) -> None:
    assert essai
    agents = Agents(mongo.database)
    assert await agents.nommer("un@exemple.fr", "agent-1")
    assert await agents.nommer("un@exemple.fr", "agent-1")
    assert not await agents.nommer("un@exemple.fr", "agent-2")
    assert not await agents.nommer("deux@exemple.fr", "agent-1")
    assert await agents.nommer("deux@exemple.fr", "agent-2")
    assert [(agent["code"], agent["second_facteur"]) for agent in await agents.lister()] == [
        ("agent-1", False),
        ("agent-2", False),
    ]


async def _compte(mongo: Mongo) -> str:
    compte = await mongo.database["comptes"].find_one({"agent.code": "agent-7"})
    assert compte is not None
    return str(compte["_id"])
