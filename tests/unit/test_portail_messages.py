"""Every code that a page may carry after a redirect has its sentence, and no sentence is left without a code."""

import re
from pathlib import Path

import services.intake
from services.intake.portail.pages.bureau_decision import FAITS
from services.intake.portail.rendu import _gabarits

INTAKE = Path(services.intake.__file__).parent


def test_every_code_has_its_sentence_and_every_sentence_its_code() -> None:
    messages = _gabarits().get_template("messages.html.j2").module
    ecrits = " ".join(chemin.read_text(encoding="utf-8") for chemin in INTAKE.rglob("*.py"))
    codes = {*re.findall(r'fait ?= ?"([a-z_-]+)"', ecrits), *FAITS.values()}

    assert codes == messages.MESSAGES.keys() | messages.REFUS.keys()  # type: ignore[attr-defined]  # Jinja's own
