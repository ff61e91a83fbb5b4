"""What names an account, and what an attempt is counted against."""

import pytest

from services.intake.comptes.adresses import normaliser, reseau


@pytest.mark.parametrize(
    ("saisie", "attendue"),
    [
        (" Camille.Fictive@Ville-Exemple.FR\n", "camille.fictive@ville-exemple.fr"),
        ("o'neil+ent@exemple.fr", "o'neil+ent@exemple.fr"),
        ("", None),
        ("camille", None),
        ("camille@exemple", None),
        ("Camille Fictive <camille@exemple.fr>", None),
        ("camille@exemple.fr, autre@exemple.fr", None),
        ("camille@exemple.fr\r\nBcc: autre@exemple.fr", None),
        ("=?utf-8?q?camille?=@exemple.fr", None),
        ("camille@exemple.fr\0", None),
        ("\N{KELVIN SIGN}amel@exemple.fr", None),  # in lower case, it would be the k of somebody else
        (f"{'a' * 65}@exemple.fr", None),
    ],
)
def test_an_address_has_one_form_and_what_is_none_has_none(saisie: str, attendue: str | None) -> None:
    assert normaliser(saisie) == attendue


def test_an_attempt_is_counted_against_an_ipv4_address_or_an_ipv6_network() -> None:
    assert reseau("192.0.2.1") == reseau("::ffff:192.0.2.1") == "192.0.2.1"
    assert reseau("192.0.2.1") != reseau("192.0.2.2")
    assert reseau("2001:db8:1:2::1") == reseau("2001:db8:1:2:ffff::2")
    assert reseau("2001:db8:1:2::1") != reseau("2001:db8:1:3::1")
    assert reseau("") == reseau("testclient") == ""
