"""Gives a courrier its form: one set of words, two renderings (text and HTML), and always the same bytes."""

import hashlib
import re
import textwrap
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from services.notification.redaction import INSECABLE, Courrier

SIGNATURE: Final = "La région académique – procédure Finalisation de commande ENT 1er degré"
LARGEUR: Final = 72  # columns of the text part
# 7bit: a relay that does not speak 8BITMIME would re-encode the body, and break the DKIM signature put before it.
POLITIQUE: Final = SMTP.clone(cte_type="7bit")


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
    message = EmailMessage(policy=POLITIQUE)
    _poser_en_tetes(message, courrier, en_tetes, expediteur)
    message.set_content(rendre(courrier, en_tetes.numero, expediteur, "txt"), cte="quoted-printable")
    html = rendre(courrier, en_tetes.numero, expediteur, "html")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    # `=_` never occurs in quoted-printable, so no text can look like the boundary.
    message.set_boundary(f"=_{_empreinte(en_tetes.cle + ':parties')}")
    message["Content-Language"] = "fr"  # last: setting a body drops the Content-* headers set before it
    return message.as_bytes()


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


def _poser_en_tetes(message: EmailMessage, courrier: Courrier, en_tetes: EnTetes, expediteur: Expediteur) -> None:
    message["From"] = Address(expediteur.nom, addr_spec=expediteur.adresse)
    # No display name: a name in a header is a person in the logs of relays, and tells its owner nothing.
    message["To"] = en_tetes.destinataire
    if [adresse.addr_spec for adresse in message["To"].addresses] != [en_tetes.destinataire]:
        raise ValueError("l’adresse du destinataire se lit autrement qu’elle ne s’écrit")
    message["Reply-To"] = expediteur.repondre_a
    message["Subject"] = phrase(courrier.objet)
    message["Date"] = en_tetes.le
    message["Message-ID"] = identifiant(en_tetes.cle, expediteur.domaine)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"


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
    moule = Environment(
        loader=PackageLoader("services.notification", "gabarits"),
        undefined=StrictUndefined,
        autoescape=html,  # noqa: S701  # the text part must not be escaped
        trim_blocks=True,
        lstrip_blocks=True,
    )
    moule.filters |= {"phrase": phrase, "etroit": _etroit}
    return moule


_MOULES: Final = {"txt": _moule(html=False), "html": _moule(html=True)}
