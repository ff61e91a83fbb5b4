"""Say what an AAF 1D export is made of: categories, file names, XML grammar, codes."""

import re
from enum import StrEnum
from importlib.resources import files
from typing import Final


class Categorie(StrEnum):
    """The four files of a 1D export, in the order a consumer reads them."""

    STRUCTURE = "EtabEducNat"
    ELEVE = "Eleve"
    RESPONSABLE = "PersRelEleve"
    PERSONNEL = "PersEducNat"


# What operationalAttributes/attr is called, and which attribute repeats the record's id.
NOM_CATEGORIE: Final = dict.fromkeys(Categorie, "categoriePersonne") | {Categorie.STRUCTURE: "categorieStructure"}
NOM_JOINTURE: Final = dict.fromkeys(Categorie, "ENTPersonJointure") | {Categorie.STRUCTURE: "ENTStructureJointure"}

NOM_DTD: Final = "ficAlimMENESR.dtd"
RACINE: Final = "ficAlimMENESR"
PREAMBULE: Final = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {RACINE} SYSTEM "{NOM_DTD}">\n<{RACINE}>\n'
).encode("ascii")

# ISO-8859-15 was declared until about 2014, UTF-8 since; pure ASCII content either way.
ENCODAGES_LUS: Final = frozenset({"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15"})

PROJET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)
NOM_FICHIER: Final = re.compile(
    rf"(?P<projet>{PROJET.pattern})_(?P<portee>Complet|Delta)_(?P<date>[0-9]{{8}})"
    rf"_(?P<categorie>{'|'.join(Categorie)})_(?P<numero>[0-9]{{4}})\.xml"
)

# The grammar as an automaton, so that a streamed document is checked without being loaded. A state is
# where the parser stands; "+" ends the states in which enough children were seen to close the element.
# Delta requests (modifyRequest, deleteRequest) are left out on purpose: 1D consumers import Complet only.
OUVERTURES: Final[dict[str, dict[str, str]]] = {
    "document": {RACINE: "racine"},
    "racine": {"addRequest": "fiche"},
    "fiche": {"operationalAttributes": "operation"},
    "operation": {"attr": "categorie"},
    "categorie": {"value": "categorie/value"},
    "categorie/value": {},
    "categorie+": {},
    "operation+": {},
    "fiche/operation": {"identifier": "identifiant"},
    "identifiant": {"id": "id"},
    "id": {},
    "identifiant+": {},
    "fiche/identifiant": {"attributes": "attributs"},
    "attributs": {"attr": "attr"},
    "attr": {"value": "value"},
    "value": {},
    "attr+": {"value": "value"},
    "attributs+": {"attr": "attr"},
    "fiche/attributs": {},
}
FERMETURES: Final = {
    "categorie/value": "categorie+",
    "categorie+": "operation+",
    "operation+": "fiche/operation",
    "id": "identifiant+",
    "identifiant+": "fiche/identifiant",
    "value": "attr+",
    "attr+": "attributs+",
    "attributs+": "fiche/attributs",
    "fiche/attributs": "racine",
    "racine": "fin",
}
ETATS_A_TEXTE: Final = frozenset({"categorie/value", "id", "value"})

# Source: BCN N_LIEN_ELEVE_RESPONSABLE; a consumer drops a link whose code it does not know.
CODES_LIEN: Final = frozenset({"10", "20", "37", "38", "39", "41", "42", "43", "50", "51", "90"})


def dtd() -> bytes:
    """Return the DTD a consumer expects beside the XML files."""
    return files(__package__).joinpath(NOM_DTD).read_bytes()
