"""`ent1d agent`, as an administrator runs it."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable

import pytest
from typer.testing import CliRunner, Result

from deploy.local.mongod import NoeudMongo
from services._runtime.mongo import Mongo
from services.cli.agents import app
from services.intake.comptes.store import Comptes

ADRESSE = "Dominique.Inventee@ac-exemple.fr"
Commande = Callable[..., Awaitable[Result]]


@pytest.fixture
async def agent(mongod: NoeudMongo, mongo: Mongo) -> Commande:
    """Run the command on the test's own database."""
    await Comptes(mongo).prepare()
    env = {"MONGODB_URL": mongod.url, "MONGODB_DATABASE": mongo.database.name, "ENT1D_PAR": "chef-1"}

    async def lancer(*mots: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, list(mots), env=env)

    return lancer


async def test_an_agent_is_named_listed_reset_and_removed(agent: Commande, mongo: Mongo) -> None:
    comptes = mongo.database["comptes"]
    ajout = await agent("ajouter", ADRESSE, "--code", "agent-7")
    assert ajout.exit_code == 0
    assert re.search(r"Code d’activation : [A-Z2-9]{4}-[A-Z2-9]{4}\n", ajout.stdout)
    assert await comptes.count_documents({"courriel": ADRESSE.lower(), "agent.code": "agent-7"}) == 1
    await comptes.update_one({}, {"$set": {"second_facteur": {"id": "x", "secret": "y", "pas": 1}}})

    assert "Code d’activation : " in (await agent("reinitialiser", "agent-7")).stdout
    assert await comptes.count_documents({"second_facteur": {"$exists": True}}) == 0
    (liste,) = json.loads((await agent("lister", "--json")).stdout)
    assert (liste["code"], liste["second_facteur"]) == ("agent-7", False)

    assert (await agent("retirer", "agent-7")).exit_code == 0
    assert await comptes.count_documents({"agent": {"$exists": True}}) == 0
    assert await comptes.count_documents({"courriel": ADRESSE.lower()}) == 1


async def test_what_is_done_is_written_down_and_names_nobody(agent: Commande, mongo: Mongo) -> None:
    sorties = [
        await agent("ajouter", ADRESSE, "--code", "agent-7"),
        await agent("reinitialiser", "agent-7"),
        await agent("lister"),
        await agent("retirer", "agent-7", "--par", "chef-2"),
    ]
    journal = [ligne async for ligne in mongo.database["interventions"].find().sort("_id")]
    assert [(ligne["par"], ligne["geste"], ligne["cible"]) for ligne in journal] == [
        ("chef-1", "agent ajouter", "agent-7"),
        ("chef-1", "agent reinitialiser", "agent-7"),
        ("chef-2", "agent retirer", "agent-7"),
    ]
    assert "dominique" not in str([journal, *[sortie.output for sortie in sorties]]).lower()


async def test_what_cannot_be_done_says_why(agent: Commande) -> None:
    await agent("ajouter", ADRESSE, "--code", "agent-7")
    for mots, pourquoi in (
        (("ajouter", "autre@exemple.fr", "--code", "agent-7"), "agent-7"),
        (("ajouter", ADRESSE, "--code", "agent-8"), "a déjà un autre code"),
        (("retirer", "agent-9"), "aucun agent de code agent-9"),
        (("reinitialiser", "agent-9"), "aucun agent de code agent-9"),
    ):
        fin = await agent(*mots)
        assert isinstance(fin.exception, LookupError)
        assert pourquoi in str(fin.exception)
    assert (await agent("ajouter", "pas une adresse", "--code", "agent-8")).exit_code == 2
    assert (await agent("ajouter", ADRESSE, "--code", "Dominique Inventée")).exit_code == 2
