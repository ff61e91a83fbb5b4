"""The procedure as people live it, on the four services as four processes and on real servers."""

import asyncio
import json
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.dossier import DossierLu
from deploy.demo.dossiers import A_CORRIGER, CONFORME, REFUSE, Exemple
from deploy.demo.producteur import Producteur, publier
from deploy.local.systeme import PRODUCTEUR, TITULAIRE, Systeme
from services._runtime.mongo import Database
from services.aaf_dispatch.annuaire.constats import Gravite
from services.aaf_dispatch.annuaire.validation import valider

RACINE = Path(__file__).parents[2]
Fait = Callable[..., Any]


@pytest.fixture
async def producteur(systeme: Systeme) -> AsyncIterator[Producteur]:
    async with Producteur(systeme.url, systeme.cle_api) as ouvert:
        yield ouvert


async def deposer(producteur: Producteur, exemple: Exemple, corrige: str | None = None) -> str:
    return await producteur.deposer(exemple.soumission(await producteur.envoyer_pieces(exemple), corrige))


def courriels(systeme: Systeme, numero: str) -> list[str]:
    """Give what each mail about this dossier says in its subject, after the number."""
    sujets = [str(m["Subject"]) for m in systeme.grappe.smtp.messages()]
    return sorted(sujet.partition(":")[2].strip() for sujet in sujets if numero in sujet)


async def test_a_conforme_dossier_is_delivered_and_its_deposant_told(
    systeme: Systeme, producteur: Producteur, fait: Fait
) -> None:
    numero = await deposer(producteur, CONFORME)

    suivi = await fait(lambda: producteur.suivre(numero), lambda s: s["etat"] == "livre")

    assert [etape["fait"] for etape in suivi["chronologie"]] == ["DossierDéposé", "DossierValidé", "AAFLivré"]
    attendus = ["accusé de dépôt", "annuaire livré au titulaire du marché", "dossier validé"]
    await fait(lambda: courriels(systeme, numero), lambda vus: vus == attendus)


async def test_what_the_titulaire_receives_is_a_valid_complet_of_the_schools(
    systeme: Systeme, producteur: Producteur, fait: Fait, tmp_path: Path
) -> None:
    numero = await deposer(producteur, CONFORME)
    await fait(lambda: producteur.suivre(numero), lambda s: s["etat"] == "livre")

    manifeste = json.loads(max(systeme.grappe.sftp.racine.glob("*.json")).read_text())
    with zipfile.ZipFile(systeme.grappe.sftp.racine / manifeste["fichier"]["nom"]) as archive:
        archive.extractall(tmp_path)
    ecoles = frozenset(ecole["uai"] for ecole in manifeste["ecoles"])
    erreurs = [c for c in valider(tmp_path, uai_attendues=ecoles) if c.gravite is Gravite.ERREUR]

    assert set(CONFORME.ecoles) <= ecoles
    assert erreurs == []


async def test_a_correction_is_asked_then_filed_again_and_delivered(
    systeme: Systeme, producteur: Producteur, fait: Fait
) -> None:
    numero = await deposer(producteur, A_CORRIGER)
    suivi = await fait(lambda: producteur.suivre(numero), lambda s: s["etat"] == "a_corriger")
    assert A_CORRIGER.ecoles[1] in suivi["chronologie"][-1]["constat"]

    corrige = Exemple("corrigé", ecoles=A_CORRIGER.ecoles)
    assert await deposer(producteur, corrige, corrige=numero) == numero

    suivi = await fait(lambda: producteur.suivre(numero), lambda s: s["etat"] == "livre")
    assert suivi["version"] == 2
    await fait(lambda: courriels(systeme, numero), lambda vus: len(vus) == 5)
    assert sum(sujet.startswith("accusé de dépôt") for sujet in courriels(systeme, numero)) == 2


async def test_a_siret_that_is_no_siret_is_refused_whichever_door_it_came_by(
    systeme: Systeme, producteur: Producteur, fait: Fait
) -> None:
    corps = REFUSE.soumission(await producteur.envoyer_pieces(REFUSE))
    cle = await publier(systeme.amqp(PRODUCTEUR), PRODUCTEUR, corps)

    numero = await fait(lambda: producteur.retrouver(cle))
    suivi = await fait(lambda: producteur.suivre(numero), lambda s: s["etat"] == "refuse")

    assert "SIRET" in suivi["chronologie"][-1]["constat"]
    await fait(lambda: courriels(systeme, numero), lambda vus: vus == ["accusé de dépôt", "dossier refusé"])


async def test_the_contractors_consumer_fetches_and_checks_the_delivery(
    systeme: Systeme, producteur: Producteur, fait: Fait
) -> None:
    numero = await deposer(producteur, CONFORME)
    await fait(lambda: producteur.suivre(numero), lambda s: s["etat"] == "livre")

    consommateur = await asyncio.create_subprocess_exec(
        sys.executable,
        str(RACINE / "docs" / "titulaire" / "consommateur.py"),
        systeme.amqp(f"titulaire_{TITULAIRE}"),
        f"titulaire.{TITULAIRE}",
        str(systeme.grappe.sftp.racine),
        "--une",
        stdout=asyncio.subprocess.PIPE,
    )
    sortie, _ = await asyncio.wait_for(consommateur.communicate(), 30)

    assert consommateur.returncode == 0
    assert b"ENT1D." in sortie


async def test_no_person_is_in_a_log_a_metric_or_a_file_name(
    systeme: Systeme, producteur: Producteur, fait: Fait
) -> None:
    deposant = {**CONFORME.deposant, "nom": "Canarinette", "courriel": "canarinette@exemple.fr"}
    numero = await deposer(producteur, Exemple("canari", ecoles=CONFORME.ecoles, deposant=deposant))
    await fait(lambda: producteur.suivre(numero), lambda s: s["etat"] == "livre")

    journaux = "".join(journal.read_text(errors="replace") for journal in systeme.donnees.glob("*.log"))
    noms = " ".join(str(fichier) for fichier in systeme.donnees.rglob("*"))

    assert numero not in journaux or "anarinette" not in journaux
    assert "anarinette" not in journaux.lower()
    assert "anarinette" not in noms.lower()


async def test_what_intake_writes_is_what_others_may_read(producteur: Producteur, mongo_du_systeme: Database) -> None:
    numero = await deposer(producteur, CONFORME)

    document = await mongo_du_systeme["dossiers"].find_one({"_id": numero})

    assert DossierLu.model_validate(document, strict=False).numero == numero
