"""Corrections by HTTP: the next version of the same dossier, once, and only when it was asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx

from services._runtime.mongo import Mongo

Soumission = Callable[..., Awaitable[dict[str, Any]]]
Deposer = Callable[..., Awaitable[httpx.Response]]
Correction = Callable[..., Awaitable[None]]


async def test_a_correction_becomes_the_next_version_of_the_same_dossier(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer, demander_correction: Correction, base: Mongo
) -> None:
    numero = (await deposer(api, await soumission(api))).json()["numero"]
    await demander_correction(numero)
    corrigee = await soumission(api, corrige=numero, commentaires="pièce remplacée")
    reponse = await deposer(api, corrigee)

    assert (reponse.status_code, reponse.json()["numero"], reponse.json()["version"]) == (201, numero, 2)
    suivi = (await api.get(f"/api/v1/dossiers/{numero}")).json()
    assert (suivi["etat"], suivi["version"]) == ("depose", 2)
    faits = [(etape["fait"], etape["version"]) for etape in suivi["chronologie"]]
    assert faits == [("DossierDéposé", 1), ("CorrectionDemandée", 1), ("DossierDéposé", 2)]
    dossier = await base.database["dossiers"].find_one({"_id": numero})
    assert dossier is not None
    assert dossier["commentaires"] == "pièce remplacée"
    assert [piece["id"] for piece in dossier["pieces"]] == [piece["id"] for piece in corrigee["pieces"]]


async def test_a_dossier_not_to_be_corrected_keeps_its_version(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer
) -> None:
    numero = (await deposer(api, await soumission(api))).json()["numero"]
    reponse = await deposer(api, await soumission(api, corrige=numero))

    _est_un_probleme(reponse, 409, ("corrige", "correction_non_demandee"))
    assert (await api.get(f"/api/v1/dossiers/{numero}")).json()["version"] == 1


async def test_a_correction_of_an_absent_dossier_and_of_a_stranger_s_dossier_answer_alike(
    api: httpx.AsyncClient,
    autre: httpx.AsyncClient,
    soumission: Soumission,
    deposer: Deposer,
    demander_correction: Correction,
) -> None:
    le_leur = (await deposer(autre, await soumission(autre))).json()["numero"]
    await demander_correction(le_leur)
    etranger = await deposer(api, await soumission(api, corrige=le_leur))
    absent = await deposer(api, await soumission(api, corrige="ENT-00000-00000"))

    _est_un_probleme(absent, 422, ("corrige", "dossier_inconnu"))
    assert etranger.content == absent.content


async def test_two_corrections_at_once_make_one_version(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer, demander_correction: Correction, base: Mongo
) -> None:
    numero = (await deposer(api, await soumission(api))).json()["numero"]
    await demander_correction(numero)
    corps = await soumission(api, corrige=numero)
    reponses = await asyncio.gather(*(deposer(api, corps) for _ in range(10)))

    assert sorted(reponse.status_code for reponse in reponses) == [201] + [409] * 9
    dossier = await base.database["dossiers"].find_one({"_id": numero})
    assert dossier is not None
    assert (dossier["version"], len(dossier["depots"])) == (2, 2)
    assert [owed["cle"] for owed in dossier["sortie"]].count("dossier.depose.v1") == 2


async def test_one_correction_tried_ten_times_at_once_gives_ten_times_its_answer(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer, demander_correction: Correction
) -> None:
    numero = (await deposer(api, await soumission(api))).json()["numero"]
    await demander_correction(numero)
    corps, cle = await soumission(api, corrige=numero), uuid4()
    reponses = await asyncio.gather(*(deposer(api, corps, cle) for _ in range(10)))

    assert {(r.status_code, r.json()["numero"], r.json()["version"]) for r in reponses} == {(201, numero, 2)}


async def test_a_deposit_tried_again_gets_its_first_answer_whatever_its_dossier_became(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer, demander_correction: Correction
) -> None:
    premier, correction = uuid4(), uuid4()
    corps = await soumission(api)
    numero = (await deposer(api, corps, premier)).json()["numero"]
    await demander_correction(numero)
    corrigee = await soumission(api, corrige=numero)
    assert (await deposer(api, corrigee, correction)).status_code == 201
    await demander_correction(numero, version=2)

    for cle, contenu, version in ((premier, corps, 1), (correction, corrigee, 2)):
        rejeu = await deposer(api, contenu, cle)
        retrouve = await api.get(f"/api/v1/soumissions/{cle}")
        attendu = {"numero": numero, "version": version, "suivi": f"/api/v1/dossiers/{numero}"}
        assert (rejeu.status_code, rejeu.json()) == (201, attendu)
        assert (retrouve.status_code, retrouve.json()) == (200, attendu)


async def test_a_key_files_a_dossier_or_a_correction_but_not_both(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer, demander_correction: Correction
) -> None:
    ouverture, correction = uuid4(), uuid4()
    numero = (await deposer(api, await soumission(api), ouverture)).json()["numero"]
    await demander_correction(numero)

    refus = await deposer(api, await soumission(api, corrige=numero), ouverture)
    _est_un_probleme(refus, 422, ("Idempotency-Key", "cle_deja_utilisee"))
    assert (await deposer(api, await soumission(api, corrige=numero), correction)).status_code == 201
    refus = await deposer(api, await soumission(api), correction)
    _est_un_probleme(refus, 422, ("Idempotency-Key", "cle_deja_utilisee"))


async def test_one_key_used_at_once_for_two_dossiers_to_correct_serves_one(
    api: httpx.AsyncClient, soumission: Soumission, deposer: Deposer, demander_correction: Correction
) -> None:
    numeros = [(await deposer(api, await soumission(api))).json()["numero"] for _ in range(4)]
    for numero in numeros:
        await demander_correction(numero)
    corps, cle = [await soumission(api, corrige=numero) for numero in numeros], uuid4()
    reponses = await asyncio.gather(*(deposer(api, corrigee, cle) for corrigee in corps))

    assert sorted(reponse.status_code for reponse in reponses) == [201, 422, 422, 422]
    versions = [(await api.get(f"/api/v1/dossiers/{numero}")).json()["version"] for numero in numeros]
    assert sorted(versions) == [1, 1, 1, 2]


def _est_un_probleme(reponse: httpx.Response, statut: int, *erreurs: tuple[str, str]) -> None:
    assert reponse.status_code == statut, reponse.text
    assert reponse.headers["content-type"] == "application/problem+json"
    probleme = reponse.json()
    assert probleme["status"] == statut
    assert [(erreur["champ"], erreur["motif"]) for erreur in probleme["erreurs"]] == list(erreurs)
