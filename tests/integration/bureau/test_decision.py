"""Who is on a dossier, and what he decides: one agent wins, nothing typed is lost, nothing is decided unseen."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from services._runtime.clock import now
from services.intake.bureau.verrous import INACTIF
from services.intake.store import Store
from tests.scene import texte

from .banc import Dossiers, Personne

MOTIVATION = "Il manque l’école des Roses & <b>autres</b>."


async def test_of_twenty_agents_one_is_on_the_dossier(store: Store, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()

    pris = await asyncio.gather(*(store.bureau.verrous.prendre(ident, f"agent-{n}") for n in range(20)))

    assert sum(pris) == 1
    assert (await dossiers.lire(ident))["verrou"]["agent"] == f"agent-{pris.index(True)}"


async def test_of_twenty_who_take_the_same_place_one_has_it(store: Store, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()
    await store.bureau.verrous.prendre(ident, "parti")

    pris = await asyncio.gather(*(store.bureau.verrous.reprendre(ident, f"agent-{n}", "parti") for n in range(20)))

    assert sum(pris) == 1
    assert (await dossiers.lire(ident))["verrou"]["agent"] == f"agent-{pris.index(True)}"


async def test_others_see_who_is_on_a_dossier_and_since_when(
    agent: Personne, autre: Personne, dossiers: Dossiers
) -> None:
    ident = await dossiers.deposer()
    await autre.prendre(ident)

    vu = texte(await agent.voir(f"/agent/dossiers/{ident}"))

    assert "agent-7 est sur ce dossier depuis " in vu
    assert "Prendre la place de agent-7" in vu
    assert "Je confirme cette décision" not in vu
    assert "Vous êtes sur ce dossier depuis" in texte(await autre.voir(f"/agent/dossiers/{ident}"))


async def test_taking_again_keeps_the_hour_and_leaving_frees(
    agent: Personne, autre: Personne, dossiers: Dossiers
) -> None:
    ident = await dossiers.deposer()
    await agent.prendre(ident)
    depuis = (await dossiers.lire(ident))["verrou"]["depuis"]
    await agent.prendre(ident)
    assert (await dossiers.lire(ident))["verrou"]["depuis"] == depuis

    await autre.poster(f"/agent/dossiers/{ident}/verrou", geste="rendre")
    assert (await dossiers.lire(ident))["verrou"]["agent"] == "agent-3"
    await agent.poster(f"/agent/dossiers/{ident}/verrou", geste="rendre")
    assert "verrou" not in await dossiers.lire(ident)


async def test_an_agent_who_does_nothing_for_a_while_stops_nobody(autre: Personne, dossiers: Dossiers) -> None:
    parti = {"agent": "agent-3", "depuis": now() - timedelta(hours=2), "actif_le": now() - INACTIF}
    present = parti | {"actif_le": now() - INACTIF + timedelta(seconds=30)}
    libre, tenu = await dossiers.deposer(verrou=parti), await dossiers.deposer(verrou=present)

    for ident in (libre, tenu):
        await autre.prendre(ident)

    assert (await dossiers.lire(libre))["verrou"]["agent"] == "agent-7"
    assert (await dossiers.lire(tenu))["verrou"]["agent"] == "agent-3"


async def test_looking_at_his_own_dossier_is_a_sign_of_life(
    agent: Personne, autre: Personne, dossiers: Dossiers
) -> None:
    vieux = now() - timedelta(minutes=14)
    ident = await dossiers.deposer(verrou={"agent": "agent-3", "depuis": vieux, "actif_le": vieux})

    await autre.voir(f"/agent/dossiers/{ident}")
    assert now() - (await dossiers.lire(ident))["verrou"]["actif_le"] >= timedelta(minutes=14)
    await agent.voir(f"/agent/dossiers/{ident}")
    assert now() - (await dossiers.lire(ident))["verrou"]["actif_le"] < timedelta(minutes=1)


async def test_a_place_is_taken_only_from_the_one_who_was_seen_there(
    agent: Personne, autre: Personne, dossiers: Dossiers
) -> None:
    ident = await dossiers.deposer()
    await autre.prendre(ident)

    await agent.poster(f"/agent/dossiers/{ident}/verrou", geste="reprendre", a="agent-1")
    assert (await dossiers.lire(ident))["verrou"]["agent"] == "agent-7"
    await agent.poster(f"/agent/dossiers/{ident}/verrou", geste="reprendre", a="agent-7")
    assert (await dossiers.lire(ident))["verrou"]["agent"] == "agent-3"


async def test_nobody_is_on_a_decided_dossier(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer(etat="valide")

    await agent.prendre(ident)

    assert "verrou" not in await dossiers.lire(ident)


@pytest.mark.parametrize(
    ("geste", "etat", "fait"),
    [
        ("valider", "valide", "DossierValidé"),
        ("corriger", "a_corriger", "CorrectionDemandée"),
        ("refuser", "refuse", "DossierRefusé"),
        ("classer", "classe_sans_suite", "DossierClassé"),
    ],
)
async def test_a_decision_changes_the_dossier_tells_it_and_frees_it(
    agent: Personne, dossiers: Dossiers, geste: str, etat: str, fait: str
) -> None:
    ident = await dossiers.deposer()
    await agent.prendre(ident)

    reponse = await agent.decider(ident, geste, motivation=MOTIVATION, demande__ecoles="incomplet")

    assert reponse.status_code == 303
    assert reponse.headers["location"].startswith(f"/agent/dossiers/{ident}?fait=")
    dossier = await dossiers.lire(ident)
    assert dossier["etat"] == etat
    assert dossier["chronologie"][-1]["fait"] == fait
    assert len(dossier["sortie"]) == 1
    assert "verrou" not in dossier
    demandes = [{"champ": "ecoles", "raison": "incomplet"}] if geste == "corriger" else []
    prise = {"geste": geste, "motivation": MOTIVATION, "demandes": demandes, "par": "agent:agent-3"}
    assert dossier["decisions"] == [{**prise, "le": dossier["chronologie"][-1]["le"]}]
    vu = texte(await agent.voir(f"/agent/dossiers/{ident}"))
    assert f"Décidé par agent-3. {MOTIVATION}" in vu


async def test_what_an_agent_writes_is_in_no_event(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()
    await agent.prendre(ident)
    await agent.decider(ident, "refuser", motivation="Un nom : Mme Fictive")

    (due,) = (await dossiers.lire(ident))["sortie"]

    assert b"Fictive" not in due["corps"]


@pytest.mark.parametrize(
    ("champs", "message"),
    [
        ({"geste": ""}, "Choisissez une décision."),
        ({"geste": "detruire"}, "Choisissez une décision."),
        ({"geste": "refuser", "motivation": ""}, "Écrivez une motivation : le déposant la lira."),
        ({"geste": "classer", "motivation": " \n "}, "Écrivez une motivation : le déposant la lira."),
        ({"geste": "corriger"}, "Indiquez au moins une chose à corriger, et pourquoi."),
        ({"geste": "corriger", "demande__siret": "bof"}, "Choisissez une raison de la liste."),
        ({"geste": "refuser", "motivation": "x" * 2001}, "Raccourcissez la motivation : 2001 caractères"),
        ({"geste": "refuser", "motivation": "a\x07b"}, "Retirez de la motivation les caractères invisibles"),
        ({"geste": "valider", "confirme": ""}, "Cochez la case pour confirmer votre décision."),
    ],
)
async def test_an_incomplete_decision_is_explained_and_nothing_typed_is_lost(
    agent: Personne, dossiers: Dossiers, champs: dict[str, str], message: str
) -> None:
    ident = await dossiers.deposer()
    await agent.prendre(ident)
    tout = {"motivation": MOTIVATION, "demande__commentaires": "", **champs}

    reponse = await agent.decider(ident, tout.pop("geste"), **tout)

    assert reponse.status_code == 422
    assert texte(reponse).count(message) == 2  # in the summary, and at the field
    assert texte(reponse).count(tout["motivation"].strip()) or not tout["motivation"].strip()
    assert "<b>autres" not in reponse.text
    assert (await dossiers.lire(ident))["etat"] == "depose"


async def test_what_was_asked_stays_chosen_after_an_error(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()
    await agent.prendre(ident)
    champs = {"demande__pieces__bon_commande_chorus": "a_mettre_a_jour", "motivation": ""}

    page = (await agent.decider(ident, "corriger", **champs)).text

    assert '<option value="a_mettre_a_jour" selected>' in page
    assert 'value="corriger" checked' in page
    assert 'value="oui" checked' not in page


async def test_a_dossier_that_changed_meanwhile_is_not_decided_and_the_motivation_is_still_there(
    agent: Personne, dossiers: Dossiers
) -> None:
    ident = await dossiers.deposer()
    await agent.prendre(ident)
    vu = {"version": "1", "etapes": "1", "geste": "refuser", "motivation": MOTIVATION, "confirme": "oui"}
    etape = {"le": now(), "fait": "PiècesVérifiées", "version": 1, "constat": "Un contrôle n’a pas pu être fait."}
    await dossiers.collection.update_one({"_id": ident}, {"$push": {"chronologie": etape}})

    reponse = await agent.poster(f"/agent/dossiers/{ident}/decision", **vu)

    assert reponse.status_code == 409
    assert "Ce dossier a changé depuis que vous l’avez ouvert" in texte(reponse)
    assert MOTIVATION in texte(reponse)
    assert (await dossiers.lire(ident))["etat"] == "depose"
    assert (await agent.poster(f"/agent/dossiers/{ident}/decision", **(vu | {"etapes": "2"}))).status_code == 303


async def test_who_is_not_on_the_dossier_does_not_decide_and_keeps_his_words(
    agent: Personne, autre: Personne, dossiers: Dossiers
) -> None:
    ident = await dossiers.deposer()
    await agent.prendre(ident)
    await autre.poster(f"/agent/dossiers/{ident}/verrou", geste="reprendre", a="agent-3")
    champs = {"version": "1", "etapes": "1", "motivation": MOTIVATION, "demande__siret": "incorrect"}

    reponse = await agent.poster(f"/agent/dossiers/{ident}/decision", geste="corriger", confirme="oui", **champs)

    assert reponse.status_code == 409
    vu = texte(reponse)
    assert "Un autre agent est sur ce dossier" in vu
    assert "Ce que vous aviez écrit" in vu
    assert MOTIVATION in vu
    assert "Le SIRET : À corriger (incorrect)" in vu
    assert (await dossiers.lire(ident))["etat"] == "depose"


async def test_a_dossier_that_was_decided_meanwhile_shows_what_was_typed(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()
    await agent.prendre(ident)
    etape = {"le": now(), "fait": "DossierClassé", "version": 1, "constat": "Retiré par le déposant."}
    retrait = {"$set": {"etat": "classe_sans_suite"}, "$push": {"chronologie": etape}}
    await dossiers.collection.update_one({"_id": ident}, retrait)
    champs = {"version": "1", "etapes": "1", "geste": "valider", "confirme": "oui", "motivation": MOTIVATION}

    reponse = await agent.poster(f"/agent/dossiers/{ident}/decision", **champs)

    assert reponse.status_code == 409
    assert MOTIVATION in texte(reponse)
    assert (await dossiers.lire(ident))["etat"] == "classe_sans_suite"


async def test_of_twenty_decisions_at_once_one_is_taken(
    connecter: Callable[..., Awaitable[Personne]], dossiers: Dossiers
) -> None:
    ident = await dossiers.deposer()
    agents = [await connecter(f"agent-{n}") for n in range(20)]
    champs = {"version": "1", "etapes": "1", "motivation": "Motif.", "confirme": "oui"}

    reponses = await asyncio.gather(
        *(
            un.poster(f"/agent/dossiers/{ident}/decision", geste=("refuser", "classer", "valider")[n % 3], **champs)
            for n, un in enumerate(agents)
        )
    )

    assert sorted(reponse.status_code for reponse in reponses) == [303, *[409] * 19]
    dossier = await dossiers.lire(ident)
    assert len(dossier["chronologie"]) == 2
    assert len(dossier["sortie"]) == 1


async def test_the_same_decision_sent_twice_is_taken_once(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()
    await agent.prendre(ident)
    champs = {"version": "1", "etapes": "1", "geste": "valider", "confirme": "oui"}

    statuts = [(await agent.poster(f"/agent/dossiers/{ident}/decision", **champs)).status_code for _ in range(2)]

    assert statuts == [303, 409]
    assert len((await dossiers.lire(ident))["sortie"]) == 1


async def test_a_mistyped_uai_cannot_be_validated(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer(ecoles=["0779001A"])
    await agent.prendre(ident)

    reponse = await agent.decider(ident, "valider")

    assert reponse.status_code == 409
    assert "Demandez une correction" in texte(reponse)


async def test_a_form_without_its_token_decides_nothing(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()
    champs = {"version": "1", "etapes": "1", "geste": "valider", "confirme": "oui", "jeton": "faux"}

    assert (await agent.navigateur.post(f"/agent/dossiers/{ident}/decision", data=champs)).status_code == 403
    assert (
        await agent.navigateur.post("/agent/decisions", data={"choix": f"{ident}.1", "jeton": "faux"})
    ).status_code == 403
    assert (await dossiers.lire(ident))["etat"] == "depose"
