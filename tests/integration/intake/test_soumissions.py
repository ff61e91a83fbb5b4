"""Submissions by HTTP: one dossier for a key, whatever is tried again, and a clear word for what is wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.dossier import Suivi
from services._runtime.mongo import Mongo

Piece = Callable[..., Awaitable[dict[str, str]]]
Soumission = Callable[..., Awaitable[dict[str, Any]]]
Deposer = Callable[..., Awaitable[httpx.Response]]


async def test_a_submission_becomes_a_dossier_that_its_producer_can_follow(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer
) -> None:
    corps = await soumission(api)
    reponse = await deposer(api, corps)

    assert reponse.status_code == 201
    accepte = reponse.json()
    assert accepte == {"numero": accepte["numero"], "version": 1, "suivi": f"/api/v1/dossiers/{accepte['numero']}"}
    suivi = Suivi.model_validate_json((await api.get(accepte["suivi"])).content)
    assert (suivi.numero, suivi.etat, suivi.version) == (accepte["numero"], "depose", 1)
    assert list(suivi.ecoles) == corps["ecoles"]
    assert [(etape.fait, etape.version) for etape in suivi.chronologie] == [("DossierDéposé", 1)]


async def test_the_deposit_owes_one_event_that_names_no_person(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer, base: Mongo
) -> None:
    numero = (await deposer(api, await soumission(api))).json()["numero"]

    dossier = await base.database["dossiers"].find_one({"_id": numero})
    assert dossier is not None
    (du,) = dossier["sortie"]
    assert (du["cle"], du["publie"]) == ("dossier.depose.v1", False)
    assert b"Fictive" not in du["corps"]
    assert dossier["deposant"]["nom"] == "Fictive"


async def test_fifty_deposits_at_once_with_one_key_make_one_dossier(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer, base: Mongo
) -> None:
    corps, cle = await soumission(api), uuid4()
    reponses = await asyncio.gather(*(deposer(api, corps, cle) for _ in range(50)))

    assert {reponse.status_code for reponse in reponses} == {201}
    assert len({reponse.content for reponse in reponses}) == 1
    dossiers = await base.database["dossiers"].find({"depots.cle": str(cle)}).to_list()
    assert [(len(d["sortie"]), len(d["depots"]), len(d["chronologie"])) for d in dossiers] == [(1, 1, 1)]


async def test_a_key_used_again_for_another_submission_is_refused(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer
) -> None:
    cle = uuid4()
    premiere = await deposer(api, await soumission(api), cle)
    seconde = await deposer(api, await soumission(api, commentaires="autre chose"), cle)

    assert premiere.status_code == 201
    _est_un_probleme(seconde, 422, ("Idempotency-Key", "cle_deja_utilisee"))


async def test_the_same_key_from_another_producer_is_another_dossier(
    api: httpx.AsyncClient, autre: httpx.AsyncClient, soumission: Soumission, deposer: Deposer
) -> None:
    cle = uuid4()
    le_leur = await deposer(autre, await soumission(autre), cle)
    le_notre = await deposer(api, await soumission(api), cle)

    assert (le_leur.status_code, le_notre.status_code) == (201, 201)
    assert le_leur.json()["numero"] != le_notre.json()["numero"]


@pytest.mark.parametrize("cle", [None, "", "17", "ENT-00000-00000"])
async def test_a_submission_without_a_uuid_as_its_key_is_refused(
    api: httpx.AsyncClient, soumission: Soumission, cle: str | None
) -> None:
    entetes = {} if cle is None else {"Idempotency-Key": cle}
    reponse = await api.post("/api/v1/soumissions", json=await soumission(api), headers=entetes)

    assert reponse.status_code == 422
    assert [erreur["champ"] for erreur in reponse.json()["erreurs"]] == ["Idempotency-Key"]


async def test_a_piece_never_sent_or_not_ours_or_not_the_one_announced_is_refused_by_its_rank(
    api: httpx.AsyncClient, autre: httpx.AsyncClient, piece: Piece, soumission: Soumission, deposer: Deposer
) -> None:
    bonne = await piece(api)
    jamais = {**bonne, "role": "bon_commande_editeur", "id": uuid4().hex}
    la_leur = await piece(autre, "bon_commande_editeur")
    changee = {**await piece(api, "bon_commande_editeur"), "sha256": "0" * 64}

    for mauvaise, attendu in (
        (jamais, ("pieces.1.id", "piece_inconnue")),
        (la_leur, ("pieces.1.id", "piece_inconnue")),
        (changee, ("pieces.1.sha256", "empreinte_differente")),
        (bonne, ("pieces", "role_en_double")),
    ):
        refus = await deposer(api, await soumission(api, pieces=[bonne, mauvaise]))
        _est_un_probleme(refus, 422, attendu)


async def test_a_refused_submission_leaves_its_key_free(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer
) -> None:
    cle = uuid4()
    refus = await deposer(api, await soumission(api, ecoles=[]), cle)
    accueil = await deposer(api, await soumission(api), cle)

    assert (refus.status_code, accueil.status_code) == (422, 201)


async def test_a_deposit_and_a_dossier_are_found_by_their_producer_only(
    api: httpx.AsyncClient, autre: httpx.AsyncClient, soumission: Soumission, deposer: Deposer
) -> None:
    cle = uuid4()
    numero = (await deposer(api, await soumission(api), cle)).json()["numero"]

    for present, absent in (
        (f"/api/v1/soumissions/{cle}", f"/api/v1/soumissions/{uuid4()}"),
        (f"/api/v1/dossiers/{numero}", "/api/v1/dossiers/ENT-00000-00000"),
    ):
        assert (await api.get(present)).status_code == 200
        etranger, inconnu = await autre.get(present), await autre.get(absent)
        assert etranger.status_code == 404
        assert etranger.content == inconnu.content


def _est_un_probleme(reponse: httpx.Response, statut: int, *erreurs: tuple[str, str]) -> None:
    assert reponse.status_code == statut, reponse.text
    assert reponse.headers["content-type"] == "application/problem+json"
    probleme = reponse.json()
    assert probleme["status"] == statut
    assert [(erreur["champ"], erreur["motif"]) for erreur in probleme["erreurs"]] == list(erreurs)
