"""The state of a dossier and its next step, in the field's words."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.dossier import EtatDossier, RolePiece
from services.intake.suivi.mots import ETATS, compte, departement, libelle, suite

Faire = Callable[..., dict[str, Any]]


def test_every_state_has_its_word_and_its_next_step(dossier: Faire) -> None:
    assert set(ETATS) == set(EtatDossier)
    for etat in EtatDossier:
        assert suite(dossier(etat=etat)).endswith(".")


@pytest.mark.parametrize(
    ("change", "dit"),
    [
        ({"etat": "depose"}, "Nous vérifions vos pièces"),
        ({"etat": "depose", "verdict": "indisponible"}, "un agent de l’académie examine"),
        ({"etat": "a_corriger"}, "Corrigez ce qui est demandé"),
        ({"etat": "valide", "verdict": "conforme"}, "vous n’avez rien à faire"),
        ({"etat": "livre"}, "Tout est fait de notre côté"),
        ({"etat": "refuse"}, "lisez-en le motif"),
        ({"etat": "classe_sans_suite"}, "Vous avez retiré ce dossier"),
        ({"etat": "classe_sans_suite", "decisions": [{"geste": "classer"}]}, "Ce dossier est clos"),
        ({"etat": "classe_sans_suite", "decisions": [{"geste": "corriger"}]}, "Vous avez retiré ce dossier"),
    ],
)
def test_the_next_step_says_who_must_do_what(dossier: Faire, change: dict[str, Any], dit: str) -> None:
    assert dit in suite(dossier(**change))


def test_a_correction_that_is_begun_is_to_be_ended(dossier: Faire) -> None:
    assert "Terminez la correction" in suite(dossier(etat="a_corriger"), correction_entamee=True)


def test_every_field_that_a_finding_may_name_has_a_name_that_people_know() -> None:
    champs = ("siret", "commune", "ecoles", "pieces", "deposant", "deposant.courriel", "commentaires")
    noms = [libelle(champ) for champ in (*champs, *(f"pieces.{role}" for role in RolePiece))]

    assert len(set(noms)) == len(noms)
    assert "Dossier" not in noms
    assert libelle("inconnu.du.formulaire") == "Dossier"


def test_numbers_and_codes_stay_on_their_line() -> None:
    assert compte(1, "école") == "1\u00a0école"
    assert compte(0, "école") == "0\u00a0école"
    assert compte(12, "école") == "12\u00a0écoles"
    assert departement("93") == "Seine-Saint-Denis (93)"
    assert departement("75") == "75"
