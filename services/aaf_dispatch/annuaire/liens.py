"""Check that every link of an annuaire leads somewhere, and both ways, with one pass and sets of ids."""

from collections.abc import Iterable

from services.aaf_dispatch.annuaire.constats import Releve
from services.aaf_dispatch.annuaire.fiche import EnsembleIds, Fiche, jointure
from services.aaf_dispatch.annuaire.grammaire import CODES_LIEN, NOM_JOINTURE, Categorie
from services.aaf_dispatch.annuaire.perimetre import ecoles_dirigees

_RENVOIS_ELEVE = (
    "ENTPersonStructRattach",
    "ENTPersonClasses",
    "ENTPersonGroupes",
    "ENTEleveDateEntreeClasses",
    "ENTEleveDateSortieClasses",
)
_RENVOIS_PERSONNEL = ("ENTPersonStructRattach", "ENTPersonFonctions", "ENTEnsFonctionDir")


class Liens:
    """What earlier records promised; categories must come in their order, and `conclure` once at the end.

    ENTEcoleCirconscription is not followed: consumers keep it as a label, and a package without the inspection's
    record is right.
    """

    def __init__(self, releve: Releve) -> None:
        """Findings go to `releve`."""
        self._releve = releve
        self.uai: set[str] = set()
        self._structures: dict[int, Fiche] = {}
        self._avec_eleves: set[int] = set()
        self._dirigees: set[int] = set()
        self._classes: dict[str, tuple[int, str]] = {}
        self._vus = {categorie: EnsembleIds() for categorie in Categorie}
        self._cites = EnsembleIds()
        # A pair is parent * 2^32 + pupil: an int of 32 bytes instead of a tuple of 120.
        self._paires: set[int] = set()
        self._suites = {
            Categorie.STRUCTURE: self._structure,
            Categorie.ELEVE: self._eleve,
            Categorie.RESPONSABLE: self._responsable,
            Categorie.PERSONNEL: self._personnel,
        }

    def suivre(self, fiche: Fiche) -> None:
        """Check one record against those before it."""
        if fiche.id != fiche.valeur(NOM_JOINTURE[fiche.categorie]):
            self._releve.fiche("jointure_differente", fiche)
        if not self._vus[fiche.categorie].ajouter(jointure(fiche.id)):
            self._releve.fiche("identifiant_double", fiche)
        self._suites[fiche.categorie](fiche)

    def conclure(self) -> None:
        """Note what only the end can tell: links never confirmed, schools without pupils or head."""
        for paire in self._paires:
            absent = paire >> 32 not in self._vus[Categorie.RESPONSABLE]
            code = "responsable_absent" if absent else "lien_non_reciproque"
            self._releve.fichier(code, categorie=Categorie.ELEVE, attribut="ENTEleveAutoriteParentale")
        for numero, structure in self._structures.items():
            if numero in self._avec_eleves and numero not in self._dirigees:
                self._releve.fiche("ecole_sans_direction", structure)
            est_ecole = structure.valeur("ENTStructureTypeStruct").startswith("ECOLE")
            if est_ecole and numero not in self._avec_eleves:
                self._releve.fiche("ecole_sans_eleve", structure)

    def _structure(self, fiche: Fiche) -> None:
        uai = fiche.valeur("ENTStructureUAI")
        if uai in self.uai:
            self._releve.fiche("uai_double", fiche, "ENTStructureUAI")
        self.uai.add(uai)
        self._structures[jointure(fiche.id)] = fiche

    def _eleve(self, fiche: Fiche) -> None:
        self._renvois(fiche, _RENVOIS_ELEVE)
        self._avec_eleves.add(jointure(fiche.valeur("ENTPersonStructRattach")))
        for nom in ("ENTPersonClasses", "ENTPersonGroupes"):
            self._noter_classes(fiche, nom)
        liens = fiche.valeurs("ENTEleveAutoriteParentale")
        if not liens:
            self._releve.fiche("eleve_sans_responsable", fiche, "ENTEleveAutoriteParentale")
        for lien in liens:
            if lien.partition("$")[2] not in CODES_LIEN:
                self._releve.fiche("code_lien", fiche, "ENTEleveAutoriteParentale")
            if (parent := jointure(lien)) >= 0:
                self._cites.ajouter(parent)
                self._paires.add(parent << 32 | jointure(fiche.id))

    def _responsable(self, fiche: Fiche) -> None:
        numero = jointure(fiche.id)
        if numero not in self._cites:
            self._releve.fiche("responsable_non_cite", fiche)
        for valeur in fiche.valeurs("ENTPersRelEleveEleve"):
            eleve = jointure(valeur)
            if eleve not in self._vus[Categorie.ELEVE]:
                self._releve.fiche("eleve_inconnu", fiche, "ENTPersRelEleveEleve")
            elif (paire := numero << 32 | eleve) in self._paires:
                self._paires.remove(paire)
            else:
                self._releve.fiche("lien_non_reciproque", fiche, "ENTPersRelEleveEleve")

    def _personnel(self, fiche: Fiche) -> None:
        self._renvois(fiche, _RENVOIS_PERSONNEL)
        self._dirigees |= ecoles_dirigees(fiche)
        if not fiche.valeurs("ENTPersonFonctions"):
            self._releve.fiche("valeur_requise", fiche, "ENTPersonFonctions")
        if not fiche.valeur("ENTPersonMail"):
            self._releve.fiche("personnel_sans_mail", fiche, "ENTPersonMail")
        attendues = [v.split("$", 3)[-1] for v in fiche.valeurs("ENTPersonFonctions")]
        if attendues != list(fiche.valeurs("ENTEnsSpecialites")):
            self._releve.fiche("specialites", fiche, "ENTEnsSpecialites")

    def _renvois(self, fiche: Fiche, noms: Iterable[str]) -> None:
        for nom in noms:
            for valeur in fiche.attributs.get(nom, ()):
                if valeur and jointure(valeur) not in self._structures:
                    self._releve.fiche("structure_inconnue", fiche, nom)

    def _noter_classes(self, fiche: Fiche, nom: str) -> None:
        """Class ids are unique in the academy, not in the school: a second (school, name) would merge two classes."""
        for valeur in fiche.valeurs(nom):
            ecole, *_, numero, libelle = valeur.split("$") if valeur.count("$") > 1 else ("", "", "")
            connue = self._classes.setdefault(numero, (jointure(ecole), libelle))
            if connue != (jointure(ecole), libelle):
                self._releve.fiche("classe_ambigue", fiche, nom)
