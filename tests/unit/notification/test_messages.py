"""What a mail is: its words against the committed ones, its headers, its bytes, and hostile names in it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address, DateHeader
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal, cast
from unicodedata import normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.dossier import Deposant, DossierLu
from contracts.evenements import Evenement
from services.notification.domain import envoi_du
from services.notification.messages import EnTetes, Expediteur, composer, identifiant
from services.notification.redaction import rediger

ATTENDUS = Path(__file__).parent / "attendus"
NOMS = ("accuse", "accuse-corrige", "correction", "validation", "livraison", "refus", "suspension")
HOSTILES = (
    "<script>alert(1)</script>",
    "{{7*7}}{% raise %}",
    "\"><img src=x onerror='alert(1)'>",
    "</h1></main><a href=http://exemple.fr>ici</a>",
    "&lt;b&gt; & ’ \" '",
    "Fictive\u202eevitciF",
    ". . . =20 --=_",
    "Bcc: autre@exemple.fr",
)


def lire(message: bytes) -> EmailMessage:
    return BytesParser(policy=default).parsebytes(message)


def partie(message: bytes, forme: str) -> str:
    corps = lire(message).get_body((forme,))
    assert corps is not None
    return str(corps.get_content())


class Balises(HTMLParser):
    """The tags and attributes of a page, and the words a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.balises: list[tuple[str, tuple[str, ...]]] = []
        self.mots = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and the names of its attributes."""
        self.balises.append((tag, tuple(nom for nom, _ in attrs)))

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.mots += data


@pytest.mark.parametrize("nom", NOMS)
def test_the_words_of_each_mail_are_the_committed_ones(
    nom: str, evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur, tmp_path: Path
) -> None:
    message = envoi_du(evenements[nom], dossier, expediteur).message
    obtenu = tmp_path / f"{nom}.txt"
    obtenu.write_text(f"{lire(message)['Subject']}\n\n{partie(message, 'plain')}", encoding="utf-8")
    attendu = (ATTENDUS / obtenu.name).read_text(encoding="utf-8")
    assert obtenu.read_text(encoding="utf-8") == attendu, f"if the change is meant, copy {obtenu} to {ATTENDUS}"


@pytest.mark.parametrize("nom", NOMS)
def test_both_parts_of_a_mail_say_the_same_words(
    nom: str, evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    message = envoi_du(evenements[nom], dossier, expediteur).message
    texte, page = partie(message, "plain"), Balises(partie(message, "html")).mots
    mots = set(re.findall(r"[^\W\d_]{2,}|[0-9]{7}[A-Z]|https\S+", texte))
    vus = set(re.findall(r"[^\W\d_]{2,}|[0-9]{7}[A-Z]|https\S+", page))
    assert mots - vus == set()


@pytest.mark.parametrize("nom", NOMS)
def test_the_typography_is_french(
    nom: str, evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    message = envoi_du(evenements[nom], dossier, expediteur).message
    for lu in (partie(message, "plain"), Balises(partie(message, "html")).mots.partition("Dossier ENT")[2]):
        assert "'" not in lu
        assert not re.search(r"[ \n][:;!?»%]|«[ \n]|1er[ \n]", lu)


@pytest.mark.parametrize("nom", NOMS)
def test_the_same_event_always_gives_the_same_bytes_fit_for_any_relay(
    nom: str, evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    message = envoi_du(evenements[nom], dossier, expediteur).message
    assert message == envoi_du(evenements[nom], dossier, expediteur).message
    assert max(message) < 128
    assert all(len(ligne) <= 78 for ligne in message.split(b"\r\n"))
    assert b"\n" not in message.replace(b"\r\n", b"")
    assert b"\r" not in message.replace(b"\r\n", b"")


def test_the_headers_are_those_of_an_automatic_message(
    evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    lu = lire(envoi_du(evenements["accuse"], dossier, expediteur).message)
    assert {nom: str(valeur) for nom, valeur in lu.items() if nom != "Content-Type"} == {
        "From": "Finalisation de commande ENT 1er degré <ent1d@academie.exemple>",
        "To": "camille.fictive@exemple.fr",
        "Reply-To": "ent1d-contact@academie.exemple",
        "Subject": "Dossier ENT-7K3QF-0A2BC\u00a0: accusé de dépôt",
        "Date": "Thu, 03 Sep 2026 12:05:00 +0000",
        "Message-ID": "<eab6dcb9186c2148fd4df4d7483fb570@academie.exemple>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
        "Content-Language": "fr",
    }
    assert [part.get_content_type() for part in lu.iter_parts()] == ["text/plain", "text/html"]
    assert [part["Content-Transfer-Encoding"] for part in lu.iter_parts()] == ["quoted-printable"] * 2
    assert not list(lu.iter_attachments())


def test_each_mail_of_a_dossier_has_its_own_message_id(
    evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    envois = [envoi_du(evenement, dossier, expediteur) for evenement in evenements.values()]
    identifiants = {str(lire(envoi.message)["Message-ID"]) for envoi in envois}
    assert identifiants == {identifiant(envoi.cle, expediteur.domaine) for envoi in envois}
    assert len(identifiants) == len(NOMS)


@pytest.mark.parametrize("nom", NOMS)
def test_no_mail_fetches_anything_nor_leads_elsewhere_than_to_the_dossier(
    nom: str, evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    page = partie(envoi_du(evenements[nom], dossier, expediteur).message, "html")
    suivi = "agent" if nom == "suspension" else "dossiers/ENT-7K3QF-0A2BC"
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {f"https://ent1d.academie.exemple/{suivi}"}
    assert {balise for balise, _ in Balises(page).balises} & {"img", "script", "link", "iframe", "form"} == set()
    assert not re.search(r"url\(|src=|@import", page)


def test_the_mail_of_a_suspended_delivery_and_every_subject_name_no_deposant(
    evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    messages = {nom: envoi_du(evenement, dossier, expediteur).message for nom, evenement in evenements.items()}
    assert "ictive" not in partie(messages["suspension"], "plain") + partie(messages["suspension"], "html")
    assert not any("ictive" in str(lire(message)["Subject"]) for message in messages.values())


@pytest.mark.parametrize("nom", HOSTILES)
def test_a_hostile_name_is_words_and_nothing_else(
    nom: str, evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    hostile = dossier.model_copy(update={"deposant": dossier.deposant.model_copy(update={"nom": nom})})
    sain = partie(envoi_du(evenements["accuse"], dossier, expediteur).message, "html")
    message = envoi_du(evenements["accuse"], hostile, expediteur).message
    page = Balises(partie(message, "html"))
    assert page.balises == Balises(sain).balises
    for mots in (page.mots, partie(message, "plain")):
        assert f"Bonjour Madame {nom}," in mots.replace("\n", " ").replace("\u00a0", " ")
    assert lire(message).keys() == lire(envoi_du(evenements["accuse"], dossier, expediteur).message).keys()


@pytest.mark.parametrize("constat", HOSTILES)
def test_a_hostile_constat_is_words_and_nothing_else(
    constat: str, evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    def avec(texte: str) -> Evenement[Any]:
        point = evenements["refus"].data.motifs[0].model_copy(update={"constat": texte, "valeurs": (texte,)})
        donnees = evenements["refus"].data.model_copy(update={"motifs": (point,)})
        return evenements["refus"].model_copy(update={"data": donnees})

    sain, hostile = (Balises(partie(envoi_du(avec(t), dossier, expediteur).message, "html")) for t in ("x", constat))
    assert hostile.balises == sain.balises
    assert hostile.mots.replace("\u00a0", " ").count(constat) == 2


@pytest.mark.parametrize(
    "saut", ["\r\nBcc: autre@exemple.fr", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
)
def test_a_line_break_never_enters_a_header(
    saut: str, evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    courrier = rediger(evenements["accuse"], dossier)
    for adresse in (f"a@exemple.fr{saut}", f"a{saut}@exemple.fr"):
        en_tetes = EnTetes("cle", dossier.numero, adresse, datetime(2026, 9, 3, tzinfo=UTC))
        with pytest.raises(ValueError, match=r"^[^@]*$"):
            composer(courrier, en_tetes, expediteur)
    message = EmailMessage(policy=default)
    with pytest.raises(ValueError, match="linefeed"):
        message["Subject"] = f"Dossier{saut}suite"


@pytest.mark.parametrize(
    "adresse", ["a@exemple.fr, b@exemple.fr", "a <b@exemple.fr>", "=?utf-8?q?a?=@exemple.fr", "groupe:;", ""]
)
def test_an_address_that_reads_otherwise_than_it_is_written_is_refused(
    adresse: str, evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    courrier = rediger(evenements["accuse"], dossier)
    en_tetes = EnTetes("cle", dossier.numero, adresse, datetime(2026, 9, 3, tzinfo=UTC))
    with pytest.raises(ValueError, match="autrement qu’elle ne s’écrit"):
        composer(courrier, en_tetes, expediteur)


LIGNES = (
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=300)
    .map(lambda texte: normalize("NFC", texte))
    .filter(lambda texte: len(texte) <= 300)
)
COURRIELS = st.from_regex(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,3}[A-Za-z]{2,63}", fullmatch=True
).filter(lambda adresse: len(adresse) <= 254 and "=?" not in adresse)


@given(nom=LIGNES, civilite=st.sampled_from(["M.", "Mme"]), courriel=COURRIELS)
@example(nom="d’Exemple-Fictif", civilite="M.", courriel=f"{'x' * 64}@{'d' * 60}.{'e' * 60}.fr")
@example(nom="é" * 300, civilite="M.", courriel="a..b.@exemple.fr")
@settings(max_examples=150, deadline=None)
def test_any_legal_deposant_gives_a_message_that_reads_as_it_was_meant(
    nom: str,
    civilite: Literal["M.", "Mme"],
    courriel: str,
    evenements: Mapping[str, Evenement[Any]],
    dossier: DossierLu,
    expediteur: Expediteur,
) -> None:
    deposant = Deposant.model_validate(
        dossier.deposant.model_dump() | {"civilite": civilite, "nom": nom, "courriel": courriel}
    )
    envoi = envoi_du(evenements["accuse"], dossier.model_copy(update={"deposant": deposant}), expediteur)
    lu = lire(envoi.message)
    assert [adresse.addr_spec for adresse in lu["To"].addresses] == [courriel]
    assert lu["From"].addresses == (Address(expediteur.nom, addr_spec=expediteur.adresse),)
    assert lu["Subject"] == "Dossier ENT-7K3QF-0A2BC\u00a0: accusé de dépôt"
    assert cast("DateHeader", lu["Date"]).datetime == evenements["accuse"].time
    assert len(list(lu.walk())) == 3
    assert all(not part.defects for part in lu.walk())
    salut = f"Bonjour{'Madame' if civilite == 'Mme' else 'Monsieur'}{nom},"
    assert re.sub(r"\s", "", salut) in re.sub(r"\s", "", partie(envoi.message, "plain"))


@pytest.mark.parametrize(
    ("champ", "conseil"),
    [
        ("siret", "Vérifiez le SIRET"),
        ("commune", "Vérifiez la commune"),
        ("ecoles", "Vérifiez la liste des écoles"),
        ("pieces", "Vérifiez les trois pièces"),
        ("pieces.attestation_adhesion", "Remplacez l’attestation d’adhésion"),
        ("pieces.bon_commande_editeur", "Remplacez le bon de commande éditeur"),
        ("pieces.bon_commande_chorus", "Remplacez le bon de commande Chorus"),
        ("deposant.courriel", "Vérifiez les coordonnées"),
        ("autre", "Corrigez ce point"),
    ],
)
def test_each_point_to_correct_says_what_to_do(
    champ: str, conseil: str, evenements: Mapping[str, Evenement[Any]], dossier: DossierLu
) -> None:
    demande = evenements["correction"]
    point = demande.data.motifs[0].model_copy(update={"champ": champ})
    demande = demande.model_copy(update={"data": demande.data.model_copy(update={"motifs": (point,)})})
    assert rediger(demande, dossier).contexte["motifs"][0]["que_faire"].startswith(conseil)


def test_dates_are_written_in_paris_time_as_french_people_say_them(
    evenements: Mapping[str, Evenement[Any]], dossier: DossierLu
) -> None:
    depose = evenements["accuse"].model_copy(update={"time": datetime(2026, 12, 31, 23, 5, tzinfo=UTC)})
    le = rediger(depose, dossier).contexte["faits"]["Déposé le"]
    assert le.replace("\u00a0", " ") == "1er janvier 2027 à 0 h 05"
