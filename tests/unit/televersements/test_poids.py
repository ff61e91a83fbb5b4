"""What the page of the pieces costs to load."""

from services.intake.portail.rendu import STATIQUE


def test_the_script_of_the_uploads_is_small_and_brings_nobody_else() -> None:
    script = (STATIQUE / "televersement.js").read_text(encoding="utf-8")

    assert len(script.encode()) < 12_000
    assert "import " not in script
    assert "http" not in script
