"""How a mail of intake is written, and how those that are leaving end."""

import asyncio
import email
from email.policy import default

import pytest

from services._runtime.mailer import Mailer
from services._runtime.smtp import ReglagesSmtp, Securite
from services.intake.comptes import courrier as module
from services.intake.comptes.courrier import Courrier

VALEURS = {
    "lien": f"https://portail.exemple/connexion/lien/{'x' * 43}",
    "autre": "https://portail.exemple/connexion",
    "service": "Académie de Créteil & <d’essai>",
}


@pytest.fixture
def courrier() -> Courrier:
    relais = ReglagesSmtp(hote="127.0.0.1", port=1, securite=Securite.AUCUNE, retour="retours@exemple.fr")
    return Courrier(Mailer(relais), "ent@exemple.fr", "aide@exemple.fr")


@pytest.mark.parametrize("adresse", ["camille@exemple.fr", f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.fr"])
def test_a_mail_is_seven_bits_with_short_lines_and_reads_as_it_was_meant(courrier: Courrier, adresse: str) -> None:
    octets = courrier.composer(adresse, "Votre lien de connexion", "lien_connexion", VALEURS)
    assert octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    lu = email.message_from_bytes(octets, policy=default)
    assert lu["To"] == adresse
    assert str(lu["From"]) == "Finalisation de commande ENT 1er degré <ent@exemple.fr>"
    assert lu["Reply-To"] == "aide@exemple.fr"
    texte, html = (lu.get_body((genre,)) for genre in ("plain", "html"))
    assert texte is not None
    assert html is not None
    assert "Académie de Créteil & <d’essai>" in texte.get_content()
    assert "Académie de Créteil &amp; &lt;d’essai&gt;" in html.get_content()


def test_an_address_that_holds_a_line_break_makes_no_mail(courrier: Courrier) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        courrier.composer("a@b.fr\r\nBcc: c@d.fr", "Objet", "lien_connexion", VALEURS)


async def test_what_is_leaving_is_waited_for_then_given_up(courrier: Courrier) -> None:
    partis = []

    async def partir(apres: asyncio.Event) -> None:
        await apres.wait()
        partis.append(apres)

    bientot, jamais = asyncio.Event(), asyncio.Event()
    for moment in (bientot, jamais):
        courrier.plus_tard(partir(moment))
    bientot.set()
    async with asyncio.timeout(5):
        await courrier.attendre(0.2)
    assert partis == [bientot]
    await courrier.attendre(0)


async def test_more_mails_than_can_leave_in_time_are_given_up(
    courrier: Courrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EN_COURS_MAX", 3)
    partis = []

    async def partir(rang: int) -> None:
        partis.append(rang)

    for rang in range(5):
        courrier.plus_tard(partir(rang))
    await courrier.attendre(5)
    assert partis == [0, 1, 2]
    courrier.plus_tard(partir(9))
    await courrier.attendre(5)
    assert partis == [0, 1, 2, 9]
