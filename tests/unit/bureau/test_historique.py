"""The life of a dossier as an agent reads it, on values alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.dossier import Etape
from services.intake.bureau.historique import auteur, historique

LE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def etape(fait: str, constat: str = "", minute: int = 0) -> dict[str, Any]:
    """Make a line of a timeline."""
    return {"le": LE.replace(minute=minute), "fait": fait, "version": 1, "constat": constat}


@pytest.mark.parametrize(
    ("decide_par", "mots"),
    [
        ("agent:agent-3", "par agent-3"),
        ("regle:validation-automatique.1", "par la règle « validation-automatique », version 1"),
    ],
)
def test_an_author_is_an_agent_or_a_rule_and_its_version(decide_par: str, mots: str) -> None:
    assert auteur(decide_par) == mots


def test_a_decision_is_told_with_its_author_and_his_words() -> None:
    prise = {"le": LE.replace(minute=5), "par": "agent:agent-3", "motivation": "Commande annulée.", "geste": "refuser"}
    dossier = {"chronologie": [etape("DossierDéposé"), etape("DossierRefusé", "Refusé.", 5)], "decisions": [prise]}

    depose, refuse = historique(dossier)

    assert "Décidé" not in depose.texte
    assert refuse.texte == "Refusé. Décidé par agent-3. Commande annulée."
    assert refuse.etat == "erreur"


def test_of_two_decisions_on_one_version_each_keeps_its_author_and_its_words() -> None:
    demande = {"le": LE.replace(minute=5), "par": "agent:agent-3", "motivation": "Il manque une page."}
    classement = {"le": LE.replace(minute=9), "par": "agent:agent-7", "motivation": "Sans nouvelles."}
    etapes = [etape("CorrectionDemandée", "", 5), etape("DossierClassé", "", 9)]

    lignes = historique({"chronologie": etapes, "decisions": [demande, classement]})

    assert [ligne.texte for ligne in lignes] == [
        "Décidé par agent-3. Il manque une page.",
        "Décidé par agent-7. Sans nouvelles.",
    ]


def test_what_no_agent_decided_a_rule_did() -> None:
    (ligne,) = historique({"chronologie": [etape("DossierValidé", "Tout est conforme.")]})

    assert ligne.texte == "Tout est conforme. Décidé par la règle « validation-automatique », version 1."


def test_a_withdrawal_is_nobody_elses_decision() -> None:
    (ligne,) = historique({"chronologie": [etape("DossierClassé", "Retiré par le déposant.")]})

    assert ligne.texte == "Retiré par le déposant."


def test_what_is_waited_for_comes_last() -> None:
    attente = Etape(le=LE, fait="EnAttente", version=1, constat="La livraison attend.")

    assert [ligne.titre for ligne in historique({"chronologie": [etape("DossierDéposé")]}, [attente])] == [
        "Dossier déposé – version 1",
        "En attente – version 1",
    ]


def test_a_fact_that_is_not_known_here_keeps_its_own_name() -> None:
    (ligne,) = historique({"chronologie": [etape("FaitNouveau")]})

    assert ligne.titre == "FaitNouveau – version 1"
