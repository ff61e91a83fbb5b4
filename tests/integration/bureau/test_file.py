"""The queue: who sees it, what each tab holds, how it is found, filtered, ordered and paged."""

import re
from datetime import timedelta

import pytest

from services._runtime.clock import now
from services._runtime.mongo import Mongo
from services.intake.bureau.store import PAR_PAGE
from tests.scene import texte

from .banc import Dossiers, Personne, numeros

SUSPENSION = {"le": now(), "fait": "LivraisonSuspendue", "version": 1, "constat": "Il manque une école."}


async def toutes(agent: Personne, adresse: str, sens: str = "next") -> list[list[str]]:
    """Read a list page after page, by its links."""
    pages = []
    while adresse:
        page = await agent.voir(adresse)
        assert page.status_code == 200
        pages.append(numeros(page))
        lien = re.search(rf'rel="{sens}" href="([^"]+)"', page.text)
        adresse = lien[1].replace("&amp;", "&") if lien else ""
    return pages


@pytest.mark.parametrize(
    "chemin", ["/agent", "/agent/export.csv", "/agent/export.xlsx", "/agent/livraisons", "/agent/dossiers/{}"]
)
async def test_the_desk_does_not_exist_for_a_deposant(deposant: Personne, dossiers: Dossiers, chemin: str) -> None:
    ident = await dossiers.deposer()

    assert (await deposant.voir(chemin.format(ident))).status_code == 404


async def test_a_deposant_can_neither_decide_nor_lock_nor_approve(deposant: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()
    avant = await dossiers.lire(ident)

    for chemin in (f"/agent/dossiers/{ident}/decision", f"/agent/dossiers/{ident}/verrou", "/agent/decisions"):
        assert (await deposant.poster(chemin, geste="prendre", choix=f"{ident}.1", confirme="oui")).status_code == 404
    assert (await deposant.poster("/agent/livraisons/ENT1D.20261123-00007/approuver")).status_code == 404
    assert await dossiers.lire(ident) == avant


async def test_each_tab_holds_its_dossiers_and_their_number(agent: Personne, dossiers: Dossiers) -> None:
    etats = ("depose", "a_corriger", "valide", "livre", "refuse", "classe_sans_suite")
    par_etat = {etat: await dossiers.deposer(etat=etat) for etat in etats}
    attendus = {
        "a_traiter": ["depose"],
        "a_corriger": ["a_corriger"],
        "valides": ["valide", "livre"],
        "incidents": [],
        "tous": list(etats),
    }

    for onglet, voulus in attendus.items():
        page = await agent.voir(f"/agent?onglet={onglet}")
        assert set(numeros(page)) == {par_etat[etat] for etat in voulus}, onglet
    for onglet in ("À traiter (1)", "En attente de correction (1)", "Validés (2)", "Incidents (0)", "Tous (6)"):
        assert onglet in texte(page)


async def test_incidents_are_what_waits_what_is_suspended_and_what_could_not_be_checked(
    agent: Personne, dossiers: Dossiers, mongo: Mongo
) -> None:
    le = now() - timedelta(minutes=5)
    await dossiers.deposer(etat="valide")
    await dossiers.deposer(verdict="avertissement")
    suspendu = await dossiers.deposer(etat="valide", chronologie=[SUSPENSION])
    non_verifiable = await dossiers.deposer(verdict="indisponible")
    retenu, muet, les_deux = [await dossiers.deposer(etat="valide") for _ in range(3)]
    await dossiers.collection.update_one({"_id": les_deux}, {"$push": {"chronologie": SUSPENSION}})
    attente = {"depuis": le, "raison": "Le serveur du titulaire ne répond pas"}
    for ident in (retenu, les_deux):
        perimetre = {"_id": f"exemple:{ident}", "titulaire": "exemple", "numero": ident, "livree": False}
        await mongo.database["perimetres"].insert_one({**perimetre, "version": 1, "attente": attente})
    await mongo.database["envois"].insert_one(
        {
            "_id": "e",
            "numero": muet,
            "etat": "refus_temporaire",
            "version": 1,
            "attente": attente,
            "motif": "validation",
        }
    )

    page = await agent.voir("/agent?onglet=incidents")

    assert sorted(numeros(page)) == sorted([suspendu, non_verifiable, retenu, muet, les_deux])
    assert "Incidents (5)" in texte(page)


async def test_a_delivered_dossier_that_was_suspended_is_no_incident_any_more(
    agent: Personne, dossiers: Dossiers
) -> None:
    await dossiers.deposer(etat="livre", chronologie=[SUSPENSION])

    assert numeros(await agent.voir("/agent?onglet=incidents")) == []


@pytest.mark.parametrize("saisie", ["ENT-01A2B-3C4D5", " ent-01a2b-3c4d5 ", "ENT 01A2B 3C4D5", "ENT-OlA2B-3C4D5"])
async def test_a_number_is_found_however_it_is_typed(agent: Personne, dossiers: Dossiers, saisie: str) -> None:
    ident = await dossiers.deposer(_id="ENT-01A2B-3C4D5")

    page = await agent.voir(f"/agent?q={saisie}&onglet=tous")

    assert numeros(page) == [ident]


async def test_a_siret_an_uai_and_a_commune_are_found(agent: Personne, dossiers: Dossiers) -> None:
    await dossiers.deposer(siret="21770998900019", ecoles=["0779009A"], commune="77277")
    ident = await dossiers.deposer(etat="livre", siret="21770999700019", ecoles=["0779007Z"], commune="94028")

    for saisie in ("217 709 997 00019", "0779007z", "Créteil", "creteil", "94028", "94000"):
        page = await agent.voir(f"/agent?onglet=tous&q={saisie}")
        assert numeros(page) == [ident], saisie


async def test_a_name_that_two_communes_have_is_told_apart(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer(commune="94048")
    await dossiers.deposer(commune="77277")

    page = await agent.voir("/agent?onglet=tous&q=marolles")

    assert numeros(page) == []
    assert "Marolles-en-Brie – 94440 (Val-de-Marne)" in texte(page)
    assert numeros(await agent.voir("/agent?onglet=tous&commune=94048")) == [ident]


async def test_a_search_that_nothing_answers_says_so(agent: Personne, dossiers: Dossiers) -> None:
    await dossiers.deposer()

    page = await agent.voir("/agent?onglet=tous&q=nulle%20part")

    assert numeros(page) == []
    assert "Rien ne répond à « nulle part »" in texte(page)


async def test_filters_add_up(agent: Personne, dossiers: Dossiers) -> None:
    vieux = timedelta(days=15)
    ident = await dossiers.deposer(commune="94028", ecoles=["0949001A"], verdict="avertissement", il_y_a=vieux)
    await dossiers.deposer(commune="77288", ecoles=["0949001A"], verdict="avertissement", il_y_a=vieux)
    await dossiers.deposer(commune="94028", ecoles=["0949002B"], verdict="avertissement", il_y_a=vieux)
    await dossiers.deposer(commune="94028", ecoles=["0949001A"], verdict="conforme", il_y_a=vieux)
    await dossiers.deposer(commune="94028", ecoles=["0949001A"], verdict="avertissement")
    filtre = "departement=94&commune=94028&uai=0949001a&verdict=avertissement&age=14"

    for tri in ("", "depose_le", "-depose_le", "commune", "-commune", "verdict", "-verdict"):
        assert numeros(await agent.voir(f"/agent?{filtre}&tri={tri}")) == [ident], tri
    assert numeros(await agent.voir(f"/agent?{filtre.replace('age=14', 'age=30')}")) == []


async def test_what_is_not_examined_yet_can_be_asked_for(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer(verdict=None, rapport=None)
    await dossiers.deposer()

    page = await agent.voir("/agent?verdict=non_verifie")

    assert numeros(page) == [ident]
    assert "Pas encore vérifié" in texte(page)


async def test_a_filter_that_is_mistyped_is_explained_at_its_field(agent: Personne, dossiers: Dossiers) -> None:
    await dossiers.deposer()

    page = await agent.voir("/agent?uai=77&commune=Melun")

    assert "2 réponses sont à corriger" in texte(page)
    assert "Écrivez le code UAI de l’école : 7 chiffres et une lettre" in texte(page)
    assert 'value="MELUN"' not in page.text
    assert 'value="Melun"' in page.text


@pytest.mark.parametrize(
    "requete",
    [
        "onglet=rien&tri=inconnu&age=6&verdict=bof&departement=75",
        "apres=x&avant=y",
        "apres=99999999999999.ENT-00000-00000.&tri=verdict",
        "onglet[$ne]=1&uai[$gt]=",
        "q=%00%0d%0a&commune=%F0%9F%92%A9",
    ],
)
async def test_an_address_made_by_hand_breaks_nothing(agent: Personne, dossiers: Dossiers, requete: str) -> None:
    await dossiers.deposer()

    assert (await agent.voir(f"/agent?{requete}")).status_code == 200


@pytest.mark.parametrize("tri", ["depose_le", "-depose_le", "commune", "-commune", "verdict", "-verdict"])
@pytest.mark.parametrize("onglet", ["a_traiter", "incidents", "tous"])
async def test_pages_hold_each_dossier_once_both_ways(
    agent: Personne, dossiers: Dossiers, onglet: str, tri: str
) -> None:
    memes = now() - timedelta(days=3)  # many of one instant: only their numbers tell them apart
    await dossiers.deposer_tous(
        {
            "depose_le": memes if rang % 3 else memes + timedelta(seconds=rang),
            "commune": ("77288", "94028", "94048")[rang % 7 % 3],
            "verdict": ("indisponible", "conforme", "bloquant", None)[rang % 4 if onglet == "tous" else 0],
        }
        for rang in range(2 * PAR_PAGE + 20)
    )

    pages = await toutes(agent, f"/agent?onglet={onglet}&tri={tri}")
    adresse = f"/agent?onglet={onglet}&tri={'' if tri.startswith('-') else '-'}{tri.removeprefix('-')}"
    inverses = await toutes(agent, adresse)

    assert [len(page) for page in pages] == [PAR_PAGE, PAR_PAGE, 20]
    a_plat = [ident for page in pages for ident in page]
    assert len(set(a_plat)) == 2 * PAR_PAGE + 20
    assert a_plat == [ident for page in inverses for ident in page][::-1]


async def test_the_way_back_shows_the_pages_of_the_way_there(agent: Personne, dossiers: Dossiers) -> None:
    await dossiers.deposer_tous({"verdict": "avertissement"} for _ in range(2 * PAR_PAGE + 20))
    premiere = await agent.voir("/agent?tri=verdict")
    suite = re.search(r'rel="next" href="([^"]+)"', premiere.text)
    assert suite is not None
    deuxieme = await agent.voir(suite[1].replace("&amp;", "&"))
    suite = re.search(r'rel="next" href="([^"]+)"', deuxieme.text)
    assert suite is not None

    retour = await toutes(agent, suite[1].replace("&amp;", "&"), "prev")

    assert retour[1:] == [numeros(deuxieme), numeros(premiere)]


async def test_the_gravest_verdict_comes_first_and_what_is_not_examined_last(
    agent: Personne, dossiers: Dossiers
) -> None:
    verdicts = ("conforme", None, "avertissement", "bloquant", "indisponible")
    par_verdict = {verdict: await dossiers.deposer(verdict=verdict) for verdict in verdicts}

    ordre = ("bloquant", "indisponible", "avertissement", "conforme", None)
    assert numeros(await agent.voir("/agent?tri=verdict")) == [par_verdict[verdict] for verdict in ordre]


async def test_the_oldest_waits_first_and_the_last_validated_is_seen_first(agent: Personne, dossiers: Dossiers) -> None:
    recent, ancien = [await dossiers.deposer(il_y_a=timedelta(days=jours)) for jours in (1, 9)]

    assert numeros(await agent.voir("/agent")) == [ancien, recent]
    assert numeros(await agent.voir("/agent?onglet=tous")) == [recent, ancien]
    assert "il y a 9 j" in texte(await agent.voir("/agent"))


async def test_a_count_stops_at_a_thousand(agent: Personne, dossiers: Dossiers) -> None:
    await dossiers.deposer_tous({"etat": "refuse"} for _ in range(1_001))

    assert "Tous (1 000+)" in texte(await agent.voir("/agent"))


async def test_the_queue_says_who_is_on_a_dossier(agent: Personne, autre: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()
    await autre.prendre(ident)

    assert "agent-7 est dessus" in texte(await agent.voir("/agent"))
