"""Name every fault an annuaire may have, how grave it is, and gather the faults found without naming anybody."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.aaf_dispatch.annuaire.fiche import AnnuaireIllisible, Fiche


class Gravite(StrEnum):
    """An `erreur` aborts, corrupts or falsifies the import; an `avertissement` loses one value or one comfort."""

    ERREUR = "erreur"
    AVERTISSEMENT = "avertissement"


_ERREURS: Final = {
    # The whole import would abort, or the export cannot be trusted.
    "support": "fichier ou archive illisible",
    "export_absent": "aucun fichier d’annuaire",
    "plusieurs_exports": "plusieurs exports mêlés",
    "delta": "un Delta, là où seul un Complet est importable",
    "categorie_absente": "une des quatre catégories manque",
    "numero_manquant": "la suite des numéros de fichier a un trou",
    "fichier_inattendu": "un fichier qui n’est pas de l’annuaire",
    "dtd": "la DTD manque ou n’est pas la bonne",
    "entete": "les premières lignes ne sont pas celles d’un export",
    "encodage": "encodage déclaré inconnu",
    "doctype": "DOCTYPE inattendu",
    "entite": "entité déclarée ou inconnue",
    "octets": "octets hors ASCII",
    "echappement": "esperluette ou chevron en référence numérique",
    "mal_forme": "XML mal formé",
    "grammaire": "XML non conforme à la DTD",
    "fiche_demesuree": "fiche démesurée",
    "categorie": "fiche d’une autre catégorie que son fichier",
    "identifiant": "identifiant qui n’est pas un nombre",
    "attribut_double": "attribut répété dans une fiche",
    "attribut_inconnu": "attribut que les consommateurs ignorent et refusent",
    "degre": "export d’un autre degré que le premier",
    # A record would be rejected or linked wrongly.
    "jointure_differente": "identifiant différent de la jointure",
    "identifiant_double": "identifiant déjà vu dans la catégorie",
    "valeur_requise": "valeur obligatoire absente",
    "valeur_multiple": "plusieurs valeurs là où une seule est admise",
    "date_naissance": "date de naissance d’élève inexploitable",
    "jointure": "jointure qui n’est pas un nombre",
    "parties_lien": "lien mal découpé",
    "uai": "UAI invalide",
    "uai_double": "UAI portée par deux structures",
    "uai_inattendue": "structure hors du périmètre",
    "uai_manquante": "structure du périmètre absente",
    "structure_inconnue": "renvoi vers une structure absente",
    "eleve_inconnu": "renvoi vers un élève absent",
    "responsable_absent": "responsable cité mais absent",
    "responsable_non_cite": "responsable qu’aucun élève ne cite",
    "lien_non_reciproque": "lien entre élève et responsable dans un seul sens",
    "classe_ambigue": "identifiant de classe porté par deux classes",
    "annuaire_vide": "aucune structure",
}
_AVERTISSEMENTS: Final = {
    "metadonnee_absente": "version de l’annuaire non indiquée",
    "forme": "valeur d’une forme inattendue",
    "booleen": "valeur autre que O ou N",
    "date": "date inexploitable",
    "parties": "valeur mal découpée",
    "siret": "SIRET dont la clé est fausse",
    "code_postal": "code postal inexploitable",
    "telephone": "téléphone inexploitable",
    "courriel": "adresse électronique inexploitable",
    "code_lien": "code de lien inconnu",
    "specialites": "spécialités différentes de celles des fonctions",
    "eleve_sans_responsable": "élève sans responsable",
    "ecole_sans_direction": "école sans direction connue",
    "ecole_sans_eleve": "école sans élève",
    "personnel_sans_mail": "agent sans adresse : guichet agents impossible",
}
MESSAGES: Final = _ERREURS | _AVERTISSEMENTS


@dataclass(frozen=True, slots=True)
class Constat:
    """A fault found `nombre` times at one place: `ligne` is that of the first, counted from 1, 0 when unknown.

    Never a value nor an identifier: a finding may be logged and shown.
    """

    code: str
    gravite: Gravite
    fichier: str = ""
    ligne: int = 0
    categorie: str = ""
    attribut: str = ""
    nombre: int = 1

    @property
    def message(self) -> str:
        """Return what an agent reads."""
        return MESSAGES[self.code]


class Releve:
    """Gather findings, one for each (code, file, attribute), so that 400,000 alike stay one line."""

    def __init__(self) -> None:
        """Start with nothing found."""
        self._nombres: dict[tuple[str, str, str, str], int] = {}
        self._lignes: dict[tuple[str, str, str, str], int] = {}

    def fiche(self, code: str, fiche: Fiche, attribut: str = "") -> None:
        """Note a fault of one record."""
        self.fichier(code, fiche.fichier, fiche.ligne, categorie=fiche.categorie, attribut=attribut)

    def fichier(self, code: str, fichier: str = "", ligne: int = 0, *, categorie: str = "", attribut: str = "") -> None:
        """Note a fault of a file, or of the whole export."""
        cle = (code, fichier, categorie, attribut)
        self._lignes.setdefault(cle, ligne)
        self._nombres[cle] = self._nombres.get(cle, 0) + 1

    def illisible(self, erreur: AnnuaireIllisible) -> None:
        """Note what stopped the reading of a file."""
        self.fichier(erreur.code, erreur.fichier, erreur.ligne or 0)

    def constats(self) -> list[Constat]:
        """Return the findings: errors first, then by code and place."""
        trouves = [
            Constat(code, _gravite(code), fichier, self._lignes[cle], categorie, attribut, nombre)
            for cle, nombre in self._nombres.items()
            for code, fichier, categorie, attribut in [cle]
        ]
        return sorted(trouves, key=lambda c: (c.gravite is not Gravite.ERREUR, c.code, c.fichier, c.attribut))


def _gravite(code: str) -> Gravite:
    return Gravite.ERREUR if code in _ERREURS else Gravite.AVERTISSEMENT
