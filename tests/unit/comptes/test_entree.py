"""Where somebody may be sent on to after he has logged in."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.portail.pages.entree import avec_suite, locale

SIGNES = st.text(alphabet="/\\.:@%?#&=+ \t\r\n\0aA9-_~é«", max_size=20)


@pytest.mark.parametrize("chemin", ["/", "/dossiers", "/dossiers/ENT-E55A1-00001", "/bureau?etat=a_corriger&page=2"])
def test_a_page_of_ours_is_gone_on_to(chemin: str) -> None:
    assert locale(chemin) == chemin


@given(st.one_of(SIGNES, SIGNES.map(lambda suite: f"/{suite}")))
def test_whatever_is_asked_nobody_leaves_this_site(suite: str) -> None:
    garde = locale(suite)
    assert garde in {"", suite}
    if garde:
        assert garde.isascii()
        assert garde.isprintable()
        assert not set("\\@ ") & set(garde)
        assert urlsplit(urljoin("https://portail.exemple/connexion", garde)).netloc == "portail.exemple"


def test_an_endless_path_is_not_ours() -> None:
    assert locale("/" + "a" * 501) == ""


def test_where_to_go_on_survives_a_step() -> None:
    assert avec_suite("/connexion/second-facteur", "") == "/connexion/second-facteur"
    assert avec_suite("/x", "/bureau?a=1&b=2") == "/x?suite=%2Fbureau%3Fa%3D1%26b%3D2"
