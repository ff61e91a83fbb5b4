"""What a person is told of a file."""

from typing import get_args

import pytest

from services._runtime.francais import typographier
from services._runtime.lecture.resultat import Cause, Format, Inspection
from services.intake.televersements.constats import constater


@pytest.mark.parametrize(
    ("nom", "reel", "juste"),
    [
        ("bon.pdf", "pdf", True),
        ("bon.PDF", "pdf", True),
        ("bon", "png", True),
        ("commande n° 12.2027", "pdf", True),
        ("photo.jfif", "jpeg", True),
        ("bon.pdf", "png", False),
        ("bon.png", "jpeg", False),
        ("../../bon.jpg", "pdf", False),
        ("bon.pdf.png", "pdf", False),
    ],
)
def test_a_name_that_says_another_format_is_told(nom: str, reel: Format, juste: bool) -> None:  # noqa: FBT001
    constat = constater(nom, Inspection(format=reel, type_detecte="x", pages=1))

    assert (constat == "") is juste
    if not juste:
        assert f"«\u00a0.{reel}\u00a0»" in constat


@pytest.mark.parametrize("cause", get_args(Cause))
def test_each_cause_says_what_to_do_but_those_that_may_be_the_machine_s(cause: Cause) -> None:
    constat = constater("bon.pdf", Inspection(format="pdf", cause=cause))

    assert (constat == "") is (cause in {"delai", "plantage"})
    assert constat == "" or constat.count(". ") >= 1
    assert constat == typographier(constat)


def test_what_would_run_on_an_agent_s_desk_is_refused_and_the_rest_of_a_pdf_is_not() -> None:
    programme = Inspection(format="pdf", pages=1, contenu_actif=("formulaire-xfa", "javascript"))
    facture = Inspection(format="pdf", pages=1, contenu_actif=("fichier-joint",))

    assert "un programme JavaScript" in constater("bon.pdf", programme)
    assert constater("bon.pdf", facture) == ""


def test_no_line_ends_before_a_sign_that_belongs_to_a_word() -> None:
    assert typographier("Vide : « a » ; 200 Mo !") == "Vide\u00a0: «\u00a0a\u00a0»\u00a0; 200\u00a0Mo\u00a0!"
