"""One dossier, from its deposit to the delivery, as its déposant follows it."""

import re
from html import escape

import pytest

from contracts.dossier import EtatDossier
from contracts.evenements import Verdict
from deploy.demo.dossiers import CONFORME, uai
from services._runtime.clock import now
from services.intake.decisions import Decision, Demande, Geste, Raison, decision

from .banc import Essai, Trouver

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def _texte(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page.partition("<main")[2]).split())


async def _decider(essai: Essai, numero: str, geste: Geste, motivation: str, *demandes: Demande) -> None:
    prise = Decision(geste, "agent-7", motivation, demandes)
    garde = {
        "geste": geste,
        "motivation": motivation,
        "demandes": [{"champ": demande.champ, "raison": demande.raison} for demande in demandes],
        "par": prise.par,
        "le": now(),
    }
    assert await essai.store.decider(decision(await essai.lu(numero), prise, now()), garde, prise.agent)


async def test_a_dossier_just_filed_shows_where_it_stands_and_all_that_was_filed(essai: Essai) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille, commentaires="Merci d’avance.")

    texte = _texte(await camille.lire(f"/dossiers/{numero}"))

    for attendu in (
        *(f"Dossier n° {numero}", "Déposé", "Dossier déposé", "Vérification des pièces", "Annuaire livré au titulaire"),
        *("217 709 997 00019", "Seine-et-Marne (77)", "Melun", "Camille", "Responsable des affaires scolaires"),
        *("École maternelle des Tilleuls", uai(1), "École élémentaire des Tilleuls", uai(2), "Merci d’avance."),
        *("Bon de commande Chorus", "bon_commande_chorus.pdf", "La vérification n’est pas encore faite"),
        *("Aucun courriel n’est encore parti", "Récapitulatif du dossier (PDF)", "Attestation de dépôt (PDF)"),
    ):
        assert attendu in texte
    assert "Livraison en attente" not in texte


async def test_what_is_to_be_corrected_is_said_point_by_point_with_the_button_that_opens_it(
    essai: Essai, controle: Trouver
) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    constat = "Il manque une école : vérifiez la liste."
    await essai.verifier(numero, controle(Verdict.BLOQUANT, constat=constat), controle(Verdict.CONFORME, "siret"))

    page = await camille.lire(f"/dossiers/{numero}")
    reponse = await camille.poster(f"/dossiers/{numero}/corriger")

    assert f"Écoles – {constat}" in _texte(page)
    assert "Pièces vérifiées" in page
    assert "Conforme (1)" in page
    assert (reponse.status_code, reponse.headers["location"]) == (303, f"/brouillons/{numero}/recapitulatif")
    assert (await essai.store.brouillons.lire(numero, camille.identite))["corrige"]
    assert "Reprendre la correction" in await camille.lire(f"/dossiers/{numero}")


async def test_what_an_agent_asks_for_is_shown_in_his_words(essai: Essai) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    demande = Demande("pieces.bon_commande_editeur", Raison.INCOMPLET)
    await _decider(essai, numero, Geste.CORRIGER, "La page 2 manque.", demande)

    texte = _texte(await camille.lire(f"/dossiers/{numero}"))

    assert "Bon de commande éditeur – À compléter." in texte
    assert "L’académie précise : « La page 2 manque. »" in texte


@pytest.mark.parametrize("geste", [Geste.REFUSER, Geste.CLASSER])
async def test_the_motivation_of_a_decision_is_read_in_the_dossier(essai: Essai, geste: Geste) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await _decider(essai, numero, geste, "Cette commune n’adhère pas au groupement.")

    page = await camille.lire(f"/dossiers/{numero}")

    assert "Cette commune n’adhère pas au groupement." in page
    assert "/corriger" not in page
    assert "/retirer" not in page


async def test_a_corrected_dossier_keeps_its_earlier_version_with_its_report(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille, commentaires="Premier dépôt.")
    await essai.verifier(numero, controle(Verdict.BLOQUANT, constat="Il manque une école."))
    await essai.deposer(camille, corrige=numero, ecoles=[uai(1), uai(2), uai(3)], commentaires="Corrigé.")

    page = await camille.lire(f"/dossiers/{numero}")
    presente, _, ancienne = page.partition("Versions précédentes")

    assert "Dossier corrigé et déposé à nouveau (version 2)" in presente
    assert "Corrigé." in presente
    assert "3 écoles dans ce dossier" in presente
    assert "Version 1, déposée le" in ancienne
    assert "Premier dépôt." in ancienne
    assert "2 écoles dans ce dossier" in ancienne
    assert "Il manque une école." in ancienne


async def test_each_school_says_whether_its_annuaire_is_delivered(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.verifier(numero, controle(Verdict.CONFORME))
    avant = await camille.lire(f"/dossiers/{numero}")
    await essai.raconter(numero, "AAFLivré", EtatDossier.LIVRE)
    apres = await camille.lire(f"/dossiers/{numero}")

    assert avant.count("Livraison en attente") == len(CONFORME.ecoles)
    assert len(re.findall(r"Annuaire livré le \d", apres)) == len(CONFORME.ecoles)
    assert "L’annuaire de 2 écoles est chez le titulaire du marché." in apres


async def test_what_a_dossier_waits_for_is_said_with_its_reason(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.verifier(numero, controle(Verdict.CONFORME))
    attente = {"depuis": (await essai.lu(numero))["depose_le"].replace(year=2020), "raison": "le serveur ne répond pas"}
    perimetre = {"_id": f"exemple:{numero}", "numero": numero, "version": 1, "livree": False, "attente": attente}
    await essai.mongo.database["perimetres"].insert_one(perimetre)

    page = await camille.lire(f"/dossiers/{numero}")

    assert "La livraison de l’annuaire attend : le serveur ne répond pas." in page


async def test_mails_say_whether_the_relay_took_them_and_nothing_of_what_they_hold(essai: Essai) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.envoi(numero, "accuse", "accepte")
    await essai.envoi(numero, "correction", "refus_definitif", destinataire="ailleurs@exemple.fr")
    await essai.envoi(numero, "suspension", "accepte")

    texte = _texte(await camille.lire(f"/dossiers/{numero}"))

    assert "Accusé de dépôt" in texte
    assert "Accepté par le serveur de messagerie, le" in texte
    assert "Refusé par le serveur de messagerie : vérifiez l’adresse du déposant" in texte
    for tu in ("Livraison suspendue", "secret", "250 OK", "ailleurs@exemple.fr"):
        assert tu not in texte


@pytest.mark.parametrize(
    "suite", ["", "/recapitulatif.pdf", "/attestation.pdf", "/pieces/bon_commande_chorus", "/retirer"]
)
async def test_a_foreign_dossier_answers_as_one_that_does_not_exist(essai: Essai, suite: str) -> None:
    numero = await essai.deposer(await essai.personne())
    autre = await essai.personne()

    etranger = await autre.navigateur.get(f"/dossiers/{numero}{suite}")
    absent = await autre.navigateur.get(f"/dossiers/ENT-00000-00000{suite}")

    assert (etranger.status_code, absent.status_code) == (404, 404)
    assert etranger.text == absent.text
    assert etranger.headers == absent.headers


async def test_no_value_of_a_dossier_becomes_markup(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    qui = CONFORME.deposant | dict.fromkeys(("nom", "prenom", "fonction"), HOSTILE)
    fichiers = {"bon_commande_chorus": (HOSTILE, b"%PDF")}
    numero = await essai.deposer(camille, deposant=qui, commentaires=HOSTILE, fichiers=fichiers)
    await essai.verifier(numero, controle(Verdict.BLOQUANT, constat=HOSTILE))
    await essai.raconter(numero, HOSTILE, EtatDossier.A_CORRIGER, HOSTILE)
    await essai.changer(numero, decisions=[{"geste": "corriger", "motivation": HOSTILE, "demandes": []}])

    page = await camille.lire(f"/dossiers/{numero}")

    assert HOSTILE not in page
    assert "<script>alert" not in page
    assert page.count(escape(HOSTILE).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")) >= 8
