"""Say what the values of each attribute look like, per category: the allow-list of what a consumer accepts.

An attribute outside the list aborts the whole import at the titulaire's. Sources: the format facts, section 3, and
the additions of 2021-11 and 2025-07 that the most widespread consumer accepts (marked below).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.valeurs import est_siret, est_uai
from services.aaf_dispatch.annuaire.fiche import jointure
from services.aaf_dispatch.annuaire.grammaire import Categorie


@dataclass(frozen=True, slots=True)
class Forme:
    """What is expected of one attribute; a non-empty value `admet` refuses is reported under `code`."""

    multiple: bool = False
    requis: bool = False
    admet: Callable[[str], object] | None = None
    code: str = "forme"


def est_date(valeur: str) -> bool:
    """Tell whether a value is a real day, JJ/MM/AAAA, of 1900 to 2099."""
    if not re.fullmatch(r"[0-9]{2}/[0-9]{2}/(?:19|20)[0-9]{2}", valeur):
        return False
    try:
        date(int(valeur[6:]), int(valeur[3:5]), int(valeur[:2]))
    except ValueError:
        return False
    return True


def _est_jointure(valeur: str) -> bool:
    return "$" not in valeur and jointure(valeur) >= 0


def _motif(expression: str) -> Callable[[str], object]:
    return re.compile(expression).fullmatch


_LIBRE: Final = Forme()
_LIBRES: Final = Forme(multiple=True)
_REQUIS: Final = Forme(requis=True)
_JOINTURE: Final = Forme(admet=_est_jointure, code="jointure")
_BOOLEEN: Final = Forme(admet=_motif("[ON]"), code="booleen")
_DATE: Final = Forme(admet=est_date, code="date")
_CODE_LIBELLE: Final = Forme(admet=_motif(r"[^$]+\$[^$]+"), code="parties")
_COURRIEL: Final = Forme(admet=_motif(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"), code="courriel")
_TELEPHONE: Final = Forme(admet=_motif(r"(?:00|\+)?(?:[ ./-]?[0-9]){6,15}"), code="telephone")
_CODE_POSTAL: Final = Forme(admet=_motif(r"[A-Za-z0-9 -]{4,9}"), code="code_postal")
_TROIS_PARTIES: Final = Forme(admet=_motif(r"[^$]*(?:\$[^$]*){2}"), code="parties")
# The consumer splits as Java does, dropping trailing empty parts: the fifth part must not be empty.
_CINQ_PARTIES: Final = Forme(multiple=True, admet=_motif(r"[0-9]{1,9}(?:\$[^$]*){3}\$[^$]+"), code="parties_lien")
_DATE_DE_CLASSE: Final = Forme(multiple=True, admet=_motif(r"[0-9]{1,9}\$[0-9/]{10}\$[^$]+"), code="parties")

_STRUCTURE: Final = {
    "ENTStructureJointure": _JOINTURE,
    "ENTStructureUAI": Forme(requis=True, admet=est_uai, code="uai"),
    "ENTStructureSIREN": Forme(admet=est_siret, code="siret"),  # a SIRET, despite its name
    "ENTStructureNomCourant": Forme(requis=True, admet=_TROIS_PARTIES.admet, code="parties"),
    "ENTStructureTypeStruct": _LIBRE,
    "ENTEcoleMinistereTutelle": _LIBRE,
    "ENTEcoleSecteur": Forme(admet=_motif("PU|PR"), code="forme"),
    "ENTEcoleCirconscription": _JOINTURE,
    "ENTEcoleCommune": _TROIS_PARTIES,
    "ENTEcoleRPI": _TROIS_PARTIES,
    "ENTServAcAcademie": _LIBRE,
    "ENTStructureAdresse": _LIBRE,
    "ENTStructureBoitePostale": _LIBRE,
    "ENTStructureCodePostal": _CODE_POSTAL,
    "ENTStructureVille": _LIBRE,
    "ENTStructureTelephone": _TELEPHONE,
    "ENTStructureFax": _TELEPHONE,
    "ENTStructureMailSI": _COURRIEL,
    # 2021-11
    "ENTStructureCodeTypeStruct": _LIBRE,
    "ENTEcoleCodeMinistereTutelle": _LIBRE,
    "ENTServAcCodeAcademie": _LIBRE,
    "ENTEtablissementContrat": _LIBRE,
    "ENTStructureEmail": _COURRIEL,
}

_PERSONNE: Final = {
    "ENTPersonJointure": _JOINTURE,
    "ENTPersonCivilite": Forme(admet=_motif(r"M\.|Mme|Mlle"), code="forme"),
    "ENTPersonNomPatro": _LIBRE,
    "ENTPersonNom": _REQUIS,
    "ENTPersonPrenom": _REQUIS,
    "ENTPersonAutresPrenoms": _LIBRES,
    "ENTPersonMail": _COURRIEL,  # for pupils: 2021-11
}

_ELEVE: Final = _PERSONNE | {
    "ENTEleveINE": Forme(admet=_motif(r"[0-9]{9}[A-Z]{2}|[0-9]{10}[A-Z]"), code="forme"),
    "ENTPersonDateNaissance": Forme(requis=True, admet=est_date, code="date_naissance"),
    "ENTPersonStructRattach": Forme(requis=True, admet=_est_jointure, code="jointure"),
    "ENTEleveAutoriteParentale": Forme(multiple=True, admet=_motif(r"[0-9]{1,9}\$[0-9]{1,3}"), code="parties_lien"),
    "ENTEleveRestaurantScolaire": _BOOLEEN,
    "ENTEleveTransport": _BOOLEEN,
    "ENTEleveGarderieMatin": _BOOLEEN,
    "ENTEleveGarderieSoir": _BOOLEEN,
    "ENTEleveEtudesSurveillees": _BOOLEEN,
    "ENTEleveNiveau": _CODE_LIBELLE,
    "ENTEleveCycle": _CODE_LIBELLE,
    "ENTEleveTypeClasse": _CODE_LIBELLE,
    "ENTEleveDateEntreeClasses": _DATE_DE_CLASSE,
    "ENTEleveDateSortieClasses": _DATE_DE_CLASSE,
    "ENTPersonClasses": _CINQ_PARTIES,
    "ENTPersonGroupes": _CINQ_PARTIES,
    # 2021-11, formats unverified
    "ENTEleveDateEntreeStructRattach": _LIBRE,
    "ENTEleveDateSortieStructRattach": _LIBRE,
}

_RESPONSABLE: Final = _PERSONNE | {
    "ENTPersRelEleveEleve": Forme(multiple=True, admet=_est_jointure, code="jointure"),
    "ENTPersonAdresse": Forme(admet=_motif(r"[^$]*(?:\$[^$]*){3}"), code="parties"),
    "ENTPersonCodePostal": _CODE_POSTAL,
    "ENTPersonVille": _LIBRE,
    "ENTPersonPays": _LIBRE,
    "ENTPersonAdresseDiffusion": _BOOLEEN,
    "ENTPersonTelPerso": _TELEPHONE,
    "ENTPersRelEleveTelMobile": _TELEPHONE,
    "ENTPersRelEleveTelPro": _TELEPHONE,
    "ENTPersonDateNaissance": _DATE,
}

_PERSONNEL: Final = _PERSONNE | {
    "ENTPersonDateNaissance": _DATE,
    "ENTPersonStructRattach": _JOINTURE,
    "ENTPersonFonctions": _CINQ_PARTIES,
    "ENTEnsSpecialites": Forme(multiple=True, admet=_CODE_LIBELLE.admet, code="parties"),
    "ENTPersonCategorieEnseignant": _BOOLEEN,
    "ENTEnsFonctionDir": _JOINTURE,
    # 2025-07, formats unverified
    "ENTPersonStructRattachDate": _LIBRES,
    "ENTPersonFonctionsDate": _LIBRES,
    "ENTEnsFonctionDirDate": _LIBRES,
    "ENTPersonCategorieEnseignantDate": _LIBRE,
}

FORMES: Final[dict[Categorie, dict[str, Forme]]] = {
    Categorie.STRUCTURE: _STRUCTURE,
    Categorie.ELEVE: _ELEVE,
    Categorie.RESPONSABLE: _RESPONSABLE,
    Categorie.PERSONNEL: _PERSONNEL,
}
