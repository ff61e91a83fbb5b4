"""What a person types in one field, made into what a contract holds; or, in French, what to do about it. Pure."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final

from pydantic import TypeAdapter, ValidationError

from contracts.valeurs import DEPARTEMENTS, Courriel, est_siret

LIGNE_MAX: Final = 300  # contracts.valeurs.Ligne
COMMENTAIRES_MAX: Final = 2_000  # contracts.valeurs.Texte
SIRET: Final = 14
SIREN: Final = 9
CIVILITES: Final = ("Mme", "M.")
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{8,14}")
_FRANCAIS: Final = re.compile(r"(?:\+33|0)([1-9][0-9]{8})")
_COURRIEL: Final[TypeAdapter[str]] = TypeAdapter(Courriel)
_DOMAINES: Final = (
    *("gmail.com", "hotmail.com", "hotmail.fr", "outlook.com", "outlook.fr", "yahoo.com", "yahoo.fr", "icloud.com"),
    *("orange.fr", "wanadoo.fr", "laposte.net", "free.fr", "sfr.fr", "bbox.fr", "live.fr", "ac-creteil.fr"),
)


class Refus(Exception):  # noqa: N818  # a finding; its text is for the one who typed
    """What was typed is no value of this field. The text says what to do, without what was typed."""


def nombre(entier: int) -> str:
    """Write a number as people read it: 2 000, its groups kept together."""
    return f"{entier:,}".replace(",", "\u202f")


def lisible(texte: str) -> str:
    """Give a text in NFC, without what nobody sees: control and format characters; unusual breaks become usual ones."""
    usuel = re.sub("\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", texte).replace("\t", " ")
    vu = (c for c in usuel if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return unicodedata.normalize("NFC", "".join(vu))


def en_une_ligne(texte: str) -> str:
    """Give a text on one line, with one space between words."""
    return " ".join(lisible(texte).split())


def serre(texte: str) -> str:
    """Give a code without what people put between its characters; full-width digits and the like become plain ones."""
    return re.sub(r"[\s./_\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", lisible(texte)))


def siret(texte: str) -> str:
    """Read a SIRET."""
    code = serre(texte)
    if not code:
        raise Refus("Indiquez le numéro SIRET de l’établissement : 14 chiffres.")
    if not re.fullmatch("[0-9]+", code):
        raise Refus("Le numéro SIRET ne comporte que des chiffres : retirez les autres caractères.")
    if len(code) == SIREN:
        raise Refus("Ces 9 chiffres sont un numéro SIREN : ajoutez les 5 chiffres de l’établissement.")
    if len(code) != SIRET:
        ecart = abs(SIRET - len(code))
        quoi = f"il en manque {nombre(ecart)}" if len(code) < SIRET else f"il y en a {nombre(ecart)} de trop"
        raise Refus(f"Le numéro SIRET compte 14 chiffres : {quoi}.")
    if not est_siret(code):
        raise Refus("Ce numéro SIRET est inexact : un chiffre est faux, ou deux sont inversés. Vérifiez-le.")
    return code


def departement(texte: str) -> str:
    """Read a département: none yet is not wrong by itself, a commune tells its own."""
    if texte and texte not in DEPARTEMENTS:
        raise Refus("Choisissez l’un des trois départements.")
    return texte


def commune(texte: str) -> str:
    """Read the INSEE code of a commune of the académie."""
    code = serre(texte)
    if not code:
        raise Refus("Choisissez la commune : par son département, ou par son nom ou son code postal.")
    if not re.fullmatch("[0-9]{5}", code):
        raise Refus("Choisissez la commune dans la liste, ou donnez son code Insee : 5 chiffres.")
    if code[:2] not in DEPARTEMENTS:
        raise Refus("Cette commune n’est pas dans l’académie de Créteil (77, 93 et 94) : choisissez-en une autre.")
    return code


def civilite(texte: str) -> str:
    """Read a civilité."""
    if texte not in CIVILITES:
        raise Refus("Choisissez la civilité.")
    return texte


def ligne(demande: str) -> Callable[[str], str]:
    """Make the reader of a line of words; `demande` says what to write when there is none."""

    def lire(texte: str) -> str:
        propre = en_une_ligne(texte)
        if not any(c.isalpha() for c in propre):
            raise Refus(demande)
        if len(propre) > LIGNE_MAX:
            raise Refus(f"Ce texte compte {nombre(len(propre))} caractères : raccourcissez-le à 300 au plus.")
        return propre

    return lire


def courriel(texte: str) -> str:
    """Read an address: as written in the address book it was copied from, its domain in lower case."""
    adresse = en_une_ligne(texte)
    entre = re.search("<([^<>]*)>", adresse)
    adresse = re.sub("^mailto:", "", (entre[1] if entre else adresse).strip(), flags=re.IGNORECASE).rstrip(".,;")
    local, arobase, domaine = adresse.rpartition("@")
    if not adresse:
        raise Refus("Indiquez une adresse électronique, par exemple prenom.nom@ville.fr.")
    if not (local and arobase and domaine) or "@" in local:
        raise Refus("Une adresse électronique s’écrit avec un seul « @ », par exemple prenom.nom@ville.fr.")
    if " " in adresse or not adresse.isascii():
        raise Refus("Une adresse électronique s’écrit sans espace et sans accent, par exemple prenom.nom@ville.fr.")
    try:
        return _COURRIEL.validate_python(f"{local}@{domaine.lower()}", strict=True)
    except ValidationError:
        raise Refus("Cette adresse électronique est inexacte : vérifiez-la. Exemple : prenom.nom@ville.fr.") from None


def piste_courriel(adresse: str) -> str:
    """Give the address that was perhaps meant, when the domain looks like a well-known one; else nothing."""
    local, _, domaine = adresse.rpartition("@")
    if domaine in _DOMAINES:
        return ""
    proches = get_close_matches(domaine, _DOMAINES, n=1, cutoff=0.82)
    return f"{local}@{proches[0]}" if proches else ""


def telephone(texte: str) -> str:
    """Read a telephone number: a French one by pairs of digits, another in its international form."""
    compact = re.sub(r"[()]", "", serre(re.sub(r"\(0\)", "", texte)))
    compact = re.sub("^00", "+", compact)
    if not compact:
        raise Refus("Indiquez un numéro de téléphone à 10 chiffres, par exemple 01 99 00 12 34.")
    francais = _FRANCAIS.fullmatch(compact)
    if francais:
        chiffres = francais[1]
        paires = " ".join(chiffres[rang : rang + 2] for rang in range(1, 9, 2))
        return f"+33 {chiffres[0]} {paires}" if compact[0] == "+" else f"0{chiffres[0]} {paires}"
    if _INTERNATIONAL.fullmatch(compact) and not compact.startswith("+33"):
        return compact
    raise Refus("Un numéro de téléphone compte 10 chiffres, ou commence par + et l’indicatif du pays : vérifiez-le.")


def commentaires(texte: str) -> str:
    """Read the comments; there may be none."""
    propre = lisible(texte).strip()
    trop = len(propre) - COMMENTAIRES_MAX
    if trop > 0:
        raise Refus(f"Le commentaire compte {nombre(len(propre))} caractères : retirez-en {nombre(trop)}.")
    return propre


LECTEURS: Final[Mapping[str, Callable[[str], str]]] = {
    "siret": siret,
    "departement": departement,
    "commune": commune,
    "civilite": civilite,
    "nom": ligne("Indiquez votre nom."),
    "prenom": ligne("Indiquez votre prénom."),
    "fonction": ligne("Indiquez votre statut ou votre fonction, par exemple : responsable des affaires scolaires."),
    "courriel": courriel,
    "telephone": telephone,
    "commentaires": commentaires,
}
