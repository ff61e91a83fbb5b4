"""Many decided at once, each for itself; and suspended deliveries approved."""

import pytest

from contracts.evenements import MotifSuspension
from services._runtime.clock import now
from services._runtime.mongo import Mongo
from tests.scene import texte

from .banc import Dossiers, Personne

LIVRAISON = "ENT1D.20261123-00007"


async def test_only_conforme_dossiers_can_be_ticked(agent: Personne, dossiers: Dossiers) -> None:
    conforme = await dossiers.deposer()
    autre = await dossiers.deposer(verdict="avertissement")

    page = (await agent.voir("/agent")).text

    assert f'name="choix" value="{conforme}.1"' in page
    assert f'value="{autre}.' not in page


async def test_many_are_validated_each_for_itself_and_the_page_says_which(
    agent: Personne, autre: Personne, dossiers: Dossiers
) -> None:
    bons = await dossiers.deposer_tous({} for _ in range(30))
    tenu, decide, redepose = await dossiers.deposer_tous([{}, {"etat": "valide"}, {"version": 2}])
    averti, mal_ecrit = await dossiers.deposer_tous([{"verdict": "avertissement"}, {"ecoles": ["0779001A"]}])
    await autre.prendre(tenu)
    mauvais = {
        tenu: "agent-7 est sur ce dossier.",
        decide: "Il n’est plus à traiter.",
        redepose: "Il a été déposé de nouveau depuis : ouvrez-le.",
        averti: "Ses vérifications ne sont pas toutes conformes : ouvrez-le.",
        mal_ecrit: "Le SIRET ou un code UAI est inexact",
        "ENT-ZZZZZ-ZZZZZ": "Ce dossier n’existe pas.",
    }

    choix = [f"{ident}.1" for ident in (*bons, *mauvais, bons[0])]
    page = await agent.poster("/agent/decisions", choix=choix, confirme="oui")

    vu = texte(page)
    assert "Validés (30)" in vu
    assert "Non validés (6)" in vu
    for ident, pourquoi in mauvais.items():
        assert f"{ident} : {pourquoi}" in vu
    for ident in bons:
        dossier = await dossiers.lire(ident)
        assert (dossier["etat"], dossier["decisions"][-1]["par"]) == ("valide", "agent:agent-3")
        assert len(dossier["sortie"]) == 1
    assert (await dossiers.lire(tenu))["etat"] == "depose"


async def test_the_same_form_sent_again_changes_nothing(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()

    for _ in range(2):
        page = await agent.poster("/agent/decisions", choix=[f"{ident}.1"], confirme="oui")

    assert f"{ident} : Il n’est plus à traiter." in texte(page)
    assert len((await dossiers.lire(ident))["sortie"]) == 1


@pytest.mark.parametrize(
    ("nombre", "confirme", "message"),
    [(0, "oui", "Aucun dossier n’est coché"), (2, "", "cochez aussi la case"), (201, "oui", "200 au plus à la fois")],
)
async def test_an_incomplete_validation_does_nothing(
    agent: Personne, dossiers: Dossiers, nombre: int, confirme: str, message: str
) -> None:
    choix = [f"{ident}.1" for ident in await dossiers.deposer_tous({} for _ in range(nombre))] if nombre else []

    page = await agent.poster("/agent/decisions", choix=choix, confirme=confirme)

    assert page.status_code == 422
    assert message in texte(page)
    assert await dossiers.collection.count_documents({"etat": {"$ne": "depose"}}) == 0


@pytest.mark.parametrize("choisi", ["", ".", "ENT-ZZZZZ-ZZZZZ", "<script>.1", "x" * 300, "../../etc"])
async def test_a_choice_made_by_hand_is_only_not_found(agent: Personne, choisi: str) -> None:
    page = await agent.poster("/agent/decisions", choix=[choisi], confirme="oui")

    assert page.status_code == 200
    assert "Ce dossier n’existe pas." in texte(page)
    assert "<script>." not in page.text


@pytest.fixture
async def suspendue(mongo: Mongo, dossiers: Dossiers) -> str:
    """Give the number of a dossier that waits for a suspended delivery."""
    ident = await dossiers.deposer(etat="valide")
    await _suspendre(mongo, MotifSuspension.BAISSE_DE_VOLUME)
    perimetre = {"_id": f"exemple:{ident}", "titulaire": "exemple", "numero": ident, "version": 1, "livree": False}
    attente = {"depuis": now(), "raison": "la livraison est suspendue"}
    await mongo.database["perimetres"].insert_one({**perimetre, "attente": attente})
    return ident


async def _suspendre(mongo: Mongo, motif: str) -> None:
    livraison = {"titulaire": "exemple", "etat": "suspendue", "empreinte": "a" * 64, "motif": motif}
    await mongo.database["livraisons"].insert_one(
        {"_id": LIVRAISON, "ordre": 7, "ouverte_le": now(), "constat": "10 % d’élèves en moins <b>.", **livraison}
    )


async def test_a_suspended_delivery_says_why_and_is_approved_by_an_agent(
    agent: Personne, dossiers: Dossiers, suspendue: str
) -> None:
    page = await agent.voir("/agent/livraisons")
    assert "10 % d’élèves en moins <b>." in texte(page)

    reponse = await agent.poster(f"/agent/livraisons/{LIVRAISON}/approuver", confirme="oui")

    assert reponse.headers["location"] == "/agent/livraisons?fait=livraison_approuvee"
    (due,) = (await dossiers.lire(suspendue))["sortie"]
    assert b"agent:agent-3" in due["corps"]
    assert LIVRAISON.encode() in due["corps"]


async def test_a_delivery_is_approved_on_purpose_only(agent: Personne, dossiers: Dossiers, suspendue: str) -> None:
    page = await agent.poster(f"/agent/livraisons/{LIVRAISON}/approuver")

    assert page.status_code == 422
    assert "cochez la case pour confirmer" in texte(page)
    assert (await dossiers.lire(suspendue))["sortie"] == []


async def test_an_invalid_annuaire_cannot_be_approved(agent: Personne, mongo: Mongo) -> None:
    await _suspendre(mongo, MotifSuspension.ANNUAIRE_INVALIDE)

    page = await agent.voir("/agent/livraisons")
    assert "/approuver" not in page.text
    assert "Un annuaire invalide ne part jamais" in texte(page)
    refus = await agent.poster(f"/agent/livraisons/{LIVRAISON}/approuver", confirme="oui")
    assert refus.status_code == 409
    assert "elle n’attend plus d’approbation" in texte(refus)


async def test_a_name_that_is_no_delivery_is_absent(agent: Personne) -> None:
    assert (await agent.poster("/agent/livraisons/rien/approuver", confirme="oui")).status_code == 404


async def test_deliveries_are_listed_the_last_first(agent: Personne, mongo: Mongo) -> None:
    livraison = {"titulaire": "exemple", "etat": "livree", "ouverte_le": now(), "nombre_ecoles": 12}
    for rang in (1, 2):
        await mongo.database["livraisons"].insert_one({"_id": f"ENT1D.20261123-0000{rang}", "ordre": rang, **livraison})

    vu = texte(await agent.voir("/agent/livraisons"))

    assert "Aucune livraison n’attend d’approbation." in vu
    assert vu.index("ENT1D.20261123-00002") < vu.index("ENT1D.20261123-00001")
