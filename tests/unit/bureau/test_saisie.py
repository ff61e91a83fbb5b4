"""A decision as it was typed, on values alone."""

from typing import Any

import pytest

from services.intake.bureau.saisie import Saisie, vu
from services.intake.decisions import CHAMPS, Decision, Demande, Geste, Raison


def saisie(**champs: Any) -> Saisie:  # noqa: ANN401  # strings
    """Read a form with these fields."""
    tout = {"geste": "valider", "confirme": "oui", **{nom.replace("__", "."): v for nom, v in champs.items()}}
    return Saisie.lire(lambda nom: tout.get(nom, ""))


def test_a_right_form_becomes_a_decision() -> None:
    lue = saisie(geste="corriger", motivation="Motif.", demande__ecoles="incomplet", demande__inconnu="incorrect")

    assert lue.erreurs() == []
    demandes = [Demande("ecoles", Raison.INCOMPLET)]
    assert lue.decision("agent-3") == Decision(Geste.CORRIGER, "agent-3", "Motif.", demandes)


def test_what_is_to_be_corrected_goes_with_a_correction_only() -> None:
    lue = saisie(geste="refuser", motivation="Motif.", demande__ecoles="incomplet")

    assert lue.erreurs() == []
    assert lue.decision("agent-3").demandes == []


def test_to_validate_nothing_else_is_asked() -> None:
    assert saisie().erreurs() == []
    assert saisie().decision("agent-3") == Decision(Geste.VALIDER, "agent-3", "", [])


@pytest.mark.parametrize("nombre", [0, 1, 2_000])
def test_a_motivation_of_two_thousand_characters_holds(nombre: int) -> None:
    champs = {champ for champ, _ in saisie(geste="refuser", motivation="é" * nombre).erreurs()}

    assert champs == ({"motivation"} if nombre == 0 else set())


def test_a_field_in_error_exists_on_the_page() -> None:
    fautes = saisie(geste="corriger", confirme="", motivation="").erreurs()

    assert {champ for champ, _ in fautes} == {f"demande.{next(iter(CHAMPS))}", "motivation", "confirme"}


def test_whatever_happens_to_a_dossier_changes_what_was_seen() -> None:
    dossier = {"version": 1, "chronologie": [{}]}

    assert vu(dossier) != vu(dossier | {"version": 2})
    assert vu(dossier) != vu(dossier | {"chronologie": [{}, {}]})
