"""The contrast of every pair of colours that meets on a page, computed from the tokens of our theme (WCAG 2.2)."""

import re
from itertools import product

import pytest

from services.intake.portail.rendu import STATIQUE

THEME = (STATIQUE / "theme.css").read_text(encoding="utf-8")
FONDS = ("fond", "surface", "creux")
TEXTES = (
    *product(("texte", "texte-doux", "accent", "accent-fort", "succes", "attention", "erreur"), FONDS),
    *product(("texte", "accent", "accent-fort"), ("accent-fond",)),
    *product(("texte", "accent", "accent-fort"), ("succes-fond", "attention-fond", "erreur-fond")),
    *((ton, f"{ton}-fond") for ton in ("succes", "attention", "erreur")),
    *product(("texte-doux",), ("accent-fond",)),
    *(("sur-accent", fond) for fond in ("accent", "accent-fort")),
)
# Signs of alerts and of the timeline are letters of `surface` on a tone.
SIGNES = tuple(("surface", ton) for ton in ("accent", "succes", "attention", "erreur"))
CONTOURS = (*product(("bord", "accent", "erreur", "focus"), FONDS), ("focus", "accent-fond"), ("focus", "erreur-fond"))
RACINES = re.findall(r":root \{(.*?)\}", THEME, re.DOTALL)


def jetons(bloc: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", bloc))


CLAIR = jetons(RACINES[0])
SOMBRE = CLAIR | jetons(RACINES[1])


def luminance(couleur: str) -> float:
    canaux = (int(couleur[i : i + 2], 16) / 255 for i in (1, 3, 5))
    rouge, vert, bleu = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in canaux)
    return 0.2126 * rouge + 0.7152 * vert + 0.0722 * bleu


def contraste(une: str, autre: str) -> float:
    sombre, claire = sorted((luminance(une), luminance(autre)))
    return (claire + 0.05) / (sombre + 0.05)


@pytest.mark.parametrize("palette", [CLAIR, SOMBRE], ids=["clair", "sombre"])
@pytest.mark.parametrize(("paires", "seuil"), [(TEXTES + SIGNES, 4.5), (CONTOURS, 3.0)], ids=["textes", "contours"])
def test_what_meets_on_a_page_can_be_told_apart(
    palette: dict[str, str], paires: tuple[tuple[str, str], ...], seuil: float
) -> None:
    faibles = {paire: c for paire in paires if (c := contraste(palette[paire[0]], palette[paire[1]])) < seuil}
    assert faibles == {}


def test_both_schemes_name_the_same_colours() -> None:
    assert jetons(RACINES[1]).keys() == CLAIR.keys()


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contraste("#000000", "#ffffff") == pytest.approx(21)


def test_the_theme_is_light() -> None:
    assert sum((STATIQUE / nom).stat().st_size for nom in ("theme.css", "complements.css")) < 40_000
