"""What names the file to save: whatever its name holds, a header stays one header and a file stays in its directory."""

import re
from urllib.parse import unquote

import pytest

from services.intake.portail.telechargement import disposition

FORME = re.compile(r"attachment; filename=\"([ !#-\[\]-~]+)\"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)")


def _noms(nom: str) -> tuple[str, str]:
    trouve = FORME.fullmatch(disposition(nom))
    assert trouve is not None
    return trouve[1], unquote(trouve[2])


@pytest.mark.parametrize(
    ("nom", "simple", "propre"),
    [
        ("bon de commande.pdf", "bon de commande.pdf", "bon de commande.pdf"),
        ("adhésion à signer.pdf", "adhesion a signer.pdf", "adhésion à signer.pdf"),
        ("../../etc/passwd", "_.._etc_passwd", "_.._etc_passwd"),
        ('a"; filename="b.exe', "a__ filename=_b.exe", "a__ filename=_b.exe"),
        ("a\r\nSet-Cookie: x=1", "aSet-Cookie_ x=1", "aSet-Cookie_ x=1"),
        ("facture\u202efdp.exe", "facturefdp.exe", "facturefdp.exe"),
        ("😀.pdf", "pdf", "😀.pdf"),
        ("", "fichier", "fichier"),
        ("...", "fichier", "fichier"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_harmless(nom: str, simple: str, propre: str) -> None:
    assert _noms(nom) == (simple, propre)


@pytest.mark.parametrize("nom", ["x" * 10_000, "é" * 10_000 + ".pdf", "x." + "y" * 10_000])
def test_a_long_name_is_cut(nom: str) -> None:
    assert len(_noms(nom)[1]) <= 170


def test_every_single_character_makes_a_header_that_reads_back() -> None:
    for code in (*range(0x300), 0x2028, 0x202E, 0xD800, 0xFEFF, 0x1F600):
        simple, propre = _noms(f"a{chr(code)}b.pdf")
        assert not set("/\\\r\n\0") & set(simple + propre)
