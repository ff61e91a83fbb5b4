"""Gives a courrier its form: one set of words, two renderings (text and HTML), and always the same bytes."""

import hashlib
import re
import textwrap
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import Final

from jinja2 import Environment

from services._runtime import gabarits
from services._runtime.francais import INSECABLE
from services.notification.redaction import Courrier

SIGNATURE: Final = "La région académique – procédure Finalisation de commande ENT 1er degré"
LARGEUR: Final = 72  # columns of the text part
# The standard library's older classes: EmailMessage parses each header it is given, which took 4 of the 5 ms of a mail.
POLITIQUE: Final = compat32.clone(linesep="\r\n")
# Seven bits: a relay without 8BITMIME would re-encode the body, and break the DKIM signature put before it.
UTF8: Final = Charset("utf-8")
ADRESSE: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")  # as `contracts` allows them
UTF8.body_encoding = UTF8.header_encoding = QP


@dataclass(frozen=True)
class Expediteur:
    """Who writes: settings, no secret. `domaine` ends the Message-IDs; `url_suivi` is the public base URL of intake."""

    adresse: str
    repondre_a: str
    domaine: str
    url_suivi: str
    boite_agents: str
    nom: str = "Finalisation de commande ENT 1er degré"


@dataclass(frozen=True)
class EnTetes:
    """What the headers of one mail are made from. `le` is the time of the event, never of the sending."""

    cle: str
    numero: str
    destinataire: str
    le: datetime


def composer(courrier: Courrier, en_tetes: EnTetes, expediteur: Expediteur) -> bytes:
    """Give the whole message, ready for DATA (CRLF, 7 bits). Same arguments, same bytes.

    Raises:
        ValueError: a header would not read back as it was meant (a line break, an address that hides another).
    """
    # `=_` never occurs in quoted-printable, so no text can look like the boundary.
    message = MIMEMultipart("alternative", boundary=f"=_{_empreinte(en_tetes.cle + ':parties')}")
    for nom, valeur in _en_tetes(courrier, en_tetes, expediteur).items():
        message[nom] = valeur
    for forme, genre in (("txt", "plain"), ("html", "html")):
        texte = rendre(courrier, en_tetes.numero, expediteur, forme)
        message.attach(MIMEText(texte, genre, UTF8))  # type: ignore[arg-type]  # a Charset is documented, not in the stub
    return message.as_bytes(policy=POLITIQUE)


def rendre(courrier: Courrier, numero: str, expediteur: Expediteur, forme: str) -> str:
    """Render the words of a courrier as `txt` or `html`."""
    chemin = "/agent" if courrier.aux_agents else f"/dossiers/{numero}"
    gabarit = _MOULES[forme].get_template(f"{courrier.motif}.j2")
    rendu = gabarit.render(
        courrier.contexte,
        cadre=f"cadre.{forme}.j2",
        formes=f"formes.{forme}.j2",
        titre=courrier.titre,
        numero=numero,
        lien=expediteur.url_suivi.rstrip("/") + chemin,
        aux_agents=courrier.aux_agents,
        signature=SIGNATURE,
    )
    return re.sub(r"\n{3,}", "\n\n", rendu).strip() + "\n"


def identifiant(cle: str, domaine: str) -> str:
    """Give the Message-ID of an envoi: the same for each try, so that a receiver may know a repeat."""
    return f"<{_empreinte(cle)}@{domaine}>"


def _en_tetes(courrier: Courrier, en_tetes: EnTetes, expediteur: Expediteur) -> dict[str, str]:
    objet = Header(phrase(courrier.objet), UTF8, header_name="Subject").encode(linesep="\r\n")
    return {
        "From": formataddr((expediteur.nom, _une_adresse(expediteur.adresse)), UTF8),
        # No display name: a name in a header is a person in the logs of relays, and tells its owner nothing.
        "To": _une_adresse(en_tetes.destinataire),
        "Reply-To": _une_adresse(expediteur.repondre_a),
        "Subject": objet,
        "Date": format_datetime(en_tetes.le),
        "Message-ID": identifiant(en_tetes.cle, expediteur.domaine),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": "fr",
    }


def _une_adresse(adresse: str) -> str:
    """Give back an address that reads as it is written: one, plain, with nothing that a header parser takes apart."""
    if not ADRESSE.fullmatch(adresse) or "=?" in adresse:
        raise ValueError("l’adresse du destinataire se lit autrement qu’elle ne s’écrit")
    return adresse


def phrase(texte: str) -> str:
    """Join the lines of a template into one sentence, with the no-break spaces of French; markup stays markup."""
    une_ligne = re.sub(r"[ \t\n]+", " ", texte).strip(" ")
    insecable = re.sub(r" (?=[:;!?»%])|(?<=«) |(?<=n°) |(?<=1er) ", INSECABLE, une_ligne)
    return type(texte)(insecable)


def _etroit(texte: str, retrait: str = "") -> str:
    """Wrap a sentence for the text part; later lines begin with `retrait`. Codes and addresses stay whole."""
    lignes = textwrap.wrap(
        phrase(texte), LARGEUR, subsequent_indent=retrait, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lignes)


def _empreinte(cle: str) -> str:
    return hashlib.sha256(cle.encode()).hexdigest()[:32]


def _moule(*, html: bool) -> Environment:
    moule = gabarits.lire("services.notification", html=html)
    moule.filters |= {"phrase": phrase, "etroit": _etroit}
    return moule


_MOULES: Final = {"txt": _moule(html=False), "html": _moule(html=True)}
