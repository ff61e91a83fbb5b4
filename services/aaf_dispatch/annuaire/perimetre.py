"""Decide record after record what belongs to a set of schools, and count it school by school."""

from array import array
from dataclasses import dataclass, field

from services.aaf_dispatch.annuaire.crible import CLE_ID, CLE_RATTACHEMENT, Crible
from services.aaf_dispatch.annuaire.elagage import elaguer_eleve, elaguer_personnel, elaguer_responsable
from services.aaf_dispatch.annuaire.fiche import EnsembleIds, Fiche, jointure
from services.aaf_dispatch.annuaire.grammaire import Categorie


@dataclass(frozen=True, slots=True)
class EffectifsEcole:
    """Numbers for one school; a person counted in each school he belongs to, a person never named."""

    uai: str
    eleves: int
    responsables: int
    personnels: int
    classes: int
    personnels_sans_mail: int
    eleves_sans_niveau: int
    direction_connue: bool


@dataclass(slots=True)
class _Ecole:
    """What is counted of a school while the files go by."""

    uai: str
    eleves: int = 0
    responsables: "array[int]" = field(default_factory=lambda: array("I"))
    classes: set[int] = field(default_factory=set)
    personnels: int = 0
    sans_mail: int = 0
    sans_niveau: int = 0
    direction: bool = False

    def effectifs(self) -> EffectifsEcole:
        return EffectifsEcole(
            uai=self.uai,
            eleves=self.eleves,
            responsables=len(set(self.responsables)),
            personnels=self.personnels,
            classes=len(self.classes),
            personnels_sans_mail=self.sans_mail,
            eleves_sans_niveau=self.sans_niveau,
            direction_connue=self.direction,
        )


class Perimetre:
    """The ids kept so far: each category is decided by the ids the categories before it left here."""

    def __init__(self, uai: frozenset[str]) -> None:
        self.uai = uai
        self.ecoles: dict[int, _Ecole] = {}
        self.eleves, self.responsables = EnsembleIds(), EnsembleIds()

    def effectifs(self) -> tuple[EffectifsEcole, ...]:
        """Return the numbers of every school found, in the order of the UAI."""
        return tuple(sorted((e.effectifs() for e in self.ecoles.values()), key=lambda e: e.uai))

    def retenir(self, fiche: Fiche) -> Fiche | None:
        """Return what the perimeter may know of a record, or None; categories must come in their order."""
        match fiche.categorie:
            case Categorie.STRUCTURE:
                return self._structure(fiche)
            case Categorie.ELEVE:
                return self._eleve(fiche)
            case Categorie.RESPONSABLE:
                return self._responsable(fiche)
            case Categorie.PERSONNEL:
                return self._personnel(fiche)

    def _structure(self, fiche: Fiche) -> Fiche | None:
        uai = fiche.valeur("ENTStructureUAI")
        if uai not in self.uai:
            return None
        self.ecoles[jointure(fiche.id)] = _Ecole(uai)
        return fiche

    def _eleve(self, fiche: Fiche) -> Fiche | None:
        garde = elaguer_eleve(fiche, self.ecoles)
        if garde is None:
            return None
        self.eleves.ajouter(jointure(garde.id))
        ecole = self.ecoles[jointure(garde.valeur("ENTPersonStructRattach"))]
        ecole.eleves += 1
        ecole.sans_niveau += not garde.valeur("ENTEleveNiveau")
        for classe in garde.valeurs("ENTPersonClasses"):
            self._compter_classe(classe)
        for lien in garde.valeurs("ENTEleveAutoriteParentale"):
            if (parent := jointure(lien)) >= 0:
                self.responsables.ajouter(parent)
                ecole.responsables.append(parent)
        return garde

    def _responsable(self, fiche: Fiche) -> Fiche | None:
        return elaguer_responsable(fiche, self.eleves) if jointure(fiche.id) in self.responsables else None

    def _personnel(self, fiche: Fiche) -> Fiche | None:
        garde = elaguer_personnel(fiche, self.ecoles)
        if garde is None:
            return None
        dirigees = ecoles_dirigees(garde)
        for j in {jointure(v) for v in garde.valeurs("ENTPersonFonctions")}:
            ecole = self.ecoles[j]
            ecole.personnels += 1
            ecole.sans_mail += not garde.valeur("ENTPersonMail")
            ecole.direction |= j in dirigees
        return garde

    def _compter_classe(self, classe: str) -> None:
        parties = classe.split("$")
        ecole = self.ecoles.get(jointure(parties[0]))
        if ecole is not None and len(parties) == 5:  # noqa: PLR2004 - school, type, label, id, name
            ecole.classes.add(jointure(parties[3]))

    def crible(self, categorie: Categorie) -> Crible | None:
        """Only pupils and parents are numerous enough to be worth sieving."""
        if categorie is Categorie.ELEVE:
            return Crible(CLE_RATTACHEMENT, self.ecoles.__contains__)
        if categorie is Categorie.RESPONSABLE:
            return Crible(CLE_ID, self.responsables.__contains__)
        return None


def ecoles_dirigees(fiche: Fiche) -> set[int]:
    """Return the schools a member of staff heads: named in ENTEnsFonctionDir, or held as the function DIRECTION."""
    par_fonction = (v for v in fiche.valeurs("ENTPersonFonctions") if v.endswith("$DIRECTION"))
    return {jointure(v) for v in (*fiche.valeurs("ENTEnsFonctionDir"), *par_fonction)}
