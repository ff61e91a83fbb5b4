"""What is kept of reports, versions and decisions, and what an agent's hand makes the dossier owe."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from contracts.dossier import Soumission
from contracts.evenements import PiecesVerifiees, Verdict
from deploy.demo.dossiers import CONFORME
from deploy.local.mongod import NoeudMongo
from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from services.intake.bureau.verrous import INACTIF
from services.intake.comptes.identite import Identite
from services.intake.decisions import Decision, Geste, decision
from services.intake.depot import deposer
from services.intake.domain import INVITES_MAX, Proprietaire, SoumissionRefusee
from services.intake.handlers import on_pieces_verifiees
from services.intake.reglages import PORTAIL
from services.intake.store import Store

Rapport = Callable[..., PiecesVerifiees]
COMPTE, COLLEGUE = "c" * 32, "collegue@mairie-exemple.fr"
ELLE = Identite(COMPTE, "camille.fictive@mairie-exemple.fr", "jeton")
INVITE = Identite("d" * 32, COLLEGUE, "jeton")
AUTRE = Identite("e" * 32, "autre@mairie-exemple.fr", "jeton")


@pytest.fixture
async def store(mongod: NoeudMongo, mongo: Mongo, store_de: Callable[[str, str], Store]) -> Store:
    """Give the store on a database of its own."""
    ouvert = store_de(mongod.url, mongo.database.name)
    await ouvert.prepare()
    return ouvert


async def deposer_a_elle(store: Store, corrige: str | None = None, compte: str = COMPTE) -> str:
    soumission = Soumission.model_validate(CONFORME.soumission([]) | {"corrige": corrige}, strict=False)
    accuse = await deposer(store, PORTAIL, uuid4(), soumission, proprietaire=Proprietaire(compte, (COLLEGUE,)))
    return accuse.numero


async def lire(store: Store, numero: str) -> Document:
    dossier = await store.dossier_d_agent(numero)
    assert dossier is not None
    return dossier


def dus(dossier: Document) -> list[str]:
    return [evenement["cle"] for evenement in dossier["sortie"]]


async def test_a_dossier_belongs_to_its_account_and_opens_to_those_it_invited(store: Store) -> None:
    numero = await deposer_a_elle(store)

    for qui, proprietaire, invite in ((ELLE, True, True), (INVITE, False, True), (AUTRE, False, False)):
        assert (await store.dossier_de(numero, qui, invites=False) is not None) is proprietaire
        assert (await store.dossier_de(numero, qui, invites=True) is not None) is invite
        assert [d["numero"] for d in await store.dossiers_de(qui)] == [numero] * invite


async def test_nobody_corrects_the_dossier_of_another_account(store: Store, rapport: Rapport) -> None:
    numero = await deposer_a_elle(store)
    await on_pieces_verifiees(rapport(numero, Verdict.BLOQUANT), store, valider=True)

    with pytest.raises(SoumissionRefusee) as refus:
        await deposer_a_elle(store, numero, AUTRE.compte)

    assert refus.value.motif == "dossier_inconnu"
    assert (await lire(store, numero))["version"] == 1


async def test_the_report_stays_with_its_version_and_the_earlier_one_is_kept(store: Store, rapport: Rapport) -> None:
    numero = await deposer_a_elle(store)
    await on_pieces_verifiees(rapport(numero, Verdict.CONFORME, Verdict.BLOQUANT), store, valider=True)
    avant = await lire(store, numero)
    assert (avant["verdict"], len(avant["rapport"]["controles"])) == ("bloquant", 2)

    await deposer_a_elle(store, numero)

    apres = await lire(store, numero)
    assert (apres["version"], apres["etat"]) == (2, "depose")
    assert {"rapport", "verdict", "decisions"}.isdisjoint(apres)
    (ancienne,) = apres["versions"]
    assert ancienne == {nom: avant[nom] for nom in ancienne}
    assert ancienne["rapport"] == avant["rapport"]


@pytest.mark.parametrize(("valider", "etat"), [(True, "valide"), (False, "depose")])
async def test_what_is_conforme_is_validated_alone_or_by_an_agent_as_set(
    store: Store, rapport: Rapport, *, valider: bool, etat: str
) -> None:
    numero = await deposer_a_elle(store)

    await on_pieces_verifiees(rapport(numero, Verdict.AVERTISSEMENT), store, valider=valider)

    dossier = await lire(store, numero)
    assert (dossier["etat"], dossier["verdict"]) == (etat, "avertissement")
    assert ("dossier.valide.v1" in dus(dossier)) is valider


async def test_a_decision_is_written_with_its_words_and_frees_the_dossier(store: Store, mongo: Mongo) -> None:
    numero = await deposer_a_elle(store)
    await mongo.database["dossiers"].update_one({"_id": numero}, {"$set": {"verrou": {"agent": "agent-7"}}})
    prise = Decision(Geste.REFUSER, "agent-7", "Hors du marché.")
    transition = decision(await lire(store, numero), prise, datetime.now(UTC))

    faite = {"geste": prise.geste, "motivation": prise.motivation}
    ecrites = [await store.decider(transition, faite, prise.agent) for _ in "12"]

    dossier = await lire(store, numero)
    assert ecrites == [True, False]  # the second finds it decided
    assert (dossier["etat"], dossier["decisions"][-1]["motivation"]) == ("refuse", "Hors du marché.")
    assert "verrou" not in dossier
    assert dus(dossier).count("dossier.refuse.v1") == 1


async def test_who_lost_his_place_between_reading_and_writing_decides_nothing(store: Store, mongo: Mongo) -> None:
    numero = await deposer_a_elle(store)
    assert await store.bureau.verrous.prendre(numero, "agent-7")
    transition = decision(await lire(store, numero), Decision(Geste.VALIDER, "agent-7"), datetime.now(UTC))
    assert await store.bureau.verrous.reprendre(numero, "agent-3", "agent-7")

    assert not await store.decider(transition, {"geste": "valider"}, "agent-7")

    dossier = await lire(store, numero)
    assert (dossier["etat"], dossier["verrou"]["agent"]) == ("depose", "agent-3")
    assert dus(dossier) == ["dossier.depose.v1"]
    # One who went to lunch stops nobody.
    await mongo.database["dossiers"].update_one({"_id": numero}, {"$set": {"verrou.actif_le": now() - INACTIF}})
    assert await store.decider(transition, {"geste": "valider"}, "agent-7")


async def test_ten_colleagues_are_invited_at_most_and_each_once(store: Store) -> None:
    numero = await deposer_a_elle(store)  # with one already

    faites = [await store.inviter(numero, f"collegue-{rang}@mairie-exemple.fr") for rang in range(INVITES_MAX)]
    await store.desinviter(numero, COLLEGUE)

    assert faites == [True] * (INVITES_MAX - 1) + [False]
    assert COLLEGUE not in (await lire(store, numero))["invites"]


async def test_an_agent_lets_a_suspended_delivery_leave_once(store: Store, mongo: Mongo) -> None:
    numero = await deposer_a_elle(store)
    suspendue: dict[str, Any] = {"titulaire": "exemple", "etat": "suspendue", "empreinte": "a" * 64, "constat": "-"}
    await mongo.database["livraisons"].insert_many(
        [
            {"_id": "ENT1D.20270301-00001", "motif": "baisse_de_volume", **suspendue},
            {"_id": "ENT1D.20270301-00002", "motif": "annuaire_invalide", **suspendue},
        ]
    )
    assert not await store.approuver_livraison("ENT1D.20270301-00001", "agent-7")  # nobody waits for it
    await mongo.database["perimetres"].insert_one(
        {"_id": f"exemple:{numero}", "titulaire": "exemple", "numero": numero, "version": 1, "livree": False}
    )

    noms = ("ENT1D.20270301-00001", "ENT1D.20270301-00001", "ENT1D.20270301-00002", "ENT1D.20270301-00009")
    assert [await store.approuver_livraison(nom, "agent-7") for nom in noms] == [True, True, False, False]

    dossier = await lire(store, numero)
    assert dus(dossier).count("aaf.livraison-approuvee.v1") == 1
    assert [etape["fait"] for etape in dossier["chronologie"]].count("LivraisonApprouvée") == 1
