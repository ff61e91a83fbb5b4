"""What a file would change in a référentiel, and whether that may be: pure, before anything is written."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter

from services._runtime.mongo import Document
from services.intake.referentiels import fiches
from services.intake.referentiels.domain import Commune, Ecole
from services.intake.referentiels.fiches import Ancienne, Valeurs
from services.intake.referentiels.lecture import Fiche
from services.intake.referentiels.recherche import mots

T = TypeVar("T")
DEFAUTS_MAX: Final = 0.01  # of the records that are ours; the files of 2026 have none
RETRAITS_MAX: Final = 0.20  # of what is there: a school year closes 1 % of the schools, a file cut in two half of them
# Source: Insee, COG 2025, merger of 1 January 2025. An extract of the communes may not tell it, and lists of schools
# made before still name the former one.
PIERREFITTE: Final = Ancienne(code="93059", nom="Pierrefitte-sur-Seine", chef_lieu="93066")
MONTRES: Final = 20  # defects and duplicates kept for a person to read; all are counted


@dataclass(frozen=True, slots=True)
class Remarque:
    """What is wrong with one record, and where it is."""

    repere: str
    cle: str
    raison: str


@dataclass
class Lecture(Generic[T]):
    """What a file holds for us, by code or by UAI; and what it holds that is wrong, twice there, or not ours."""

    retenues: dict[str, T] = field(default_factory=dict)
    reperes: dict[str, str] = field(default_factory=dict)
    en_defaut: set[str] = field(default_factory=set)
    remarques: list[Remarque] = field(default_factory=list)
    defauts: int = 0
    doublons: int = 0
    hors_champ: int = 0

    def retenir(self, repere: str, cle: str, retenue: T) -> None:
        """Keep a record; the first one of its key wins."""
        if cle in self.retenues:
            self.doublons += 1
            self._remarquer(Remarque(repere, cle, f"déjà lue : {self.reperes[cle]}"))
            return
        self.retenues[cle], self.reperes[cle] = retenue, repere

    def refuser(self, repere: str, cle: str, raison: str) -> None:
        """Count a record that is ours and wrong."""
        self.defauts += 1
        self.en_defaut.add(cle)
        self._remarquer(Remarque(repere, cle, raison))

    def _remarquer(self, remarque: Remarque) -> None:
        if len(self.remarques) < MONTRES:
            self.remarques.append(remarque)


@dataclass(frozen=True)
class Nature(Generic[T]):
    """One of the two référentiels.

    `absente`: what becomes of an entry that a new file has no more, None when it goes; `en_service`: whether the form
    offers an entry; `source`: what the licence asks to show with the data.
    """

    nom: str
    adaptateur: TypeAdapter[T]
    lire: Callable[[Iterable[Fiche]], Lecture[T]]
    absente: Callable[[Document], Document | None]
    en_service: Callable[[Document], bool]
    source: str

    def document(self, entree: T) -> Document:
        """Give an entry as MongoDB holds it."""
        return dict(self.adaptateur.dump_python(entree, mode="json"))


@dataclass(frozen=True)
class Bilan:
    """What the référentiel becomes, and in what that differs from what it is."""

    documents: Mapping[str, Document]
    en_service: int
    ajoutees: int
    modifiees: int
    retirees: int
    part_de_defauts: float
    part_de_retraits: float

    @property
    def empreinte(self) -> str:
        """Name what the référentiel becomes: the same for the same entries."""
        tout = json.dumps(self.documents, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(tout.encode()).hexdigest()

    def obstacle(self) -> str:
        """Say why this import needs somebody's word; nothing when it may be done."""
        if self.part_de_defauts > DEFAUTS_MAX:
            part = _pour_cent(self.part_de_defauts)
            return f"{part} des fiches ont un défaut, pour {_pour_cent(DEFAUTS_MAX)} au plus"
        if self.part_de_retraits > RETRAITS_MAX:
            part, au_plus = _pour_cent(self.part_de_retraits), _pour_cent(RETRAITS_MAX)
            return f"le fichier retirerait {part} de ce qui est en service, pour {au_plus} au plus : est-il complet ?"
        return ""


def confronter(nature: Nature[Any], lecture: Lecture[Any], presents: Mapping[str, Document]) -> Bilan:
    """Say what the référentiel becomes. An entry whose record is wrong in the file stays as it is."""
    documents = {cle: nature.document(entree) for cle, entree in lecture.retenues.items()}
    for cle, present in presents.items():
        garde = present if cle in lecture.en_defaut else nature.absente(present)
        if garde is not None:
            documents.setdefault(cle, garde)
    en_service = {cle for cle, present in presents.items() if nature.en_service(present)}
    reste = {cle for cle, document in documents.items() if nature.en_service(document)}
    retirees = en_service - reste
    connues = documents.keys() & presents.keys()
    lues = len(lecture.retenues) + lecture.defauts
    return Bilan(
        documents=dict(sorted(documents.items())),
        en_service=len(reste),
        ajoutees=len(documents.keys() - presents.keys()),
        modifiees=sum(documents[cle] != presents[cle] for cle in connues - retirees),
        retirees=len(retirees),
        part_de_defauts=lecture.defauts / lues if lues else 0.0,
        part_de_retraits=len(retirees) / len(en_service) if en_service else 0.0,
    )


def lire_communes(lues: Iterable[Fiche]) -> Lecture[Commune]:
    """Read the communes in force, each with the codes and names of those it absorbed."""
    lecture: Lecture[Commune] = Lecture()
    anciennes: list[tuple[str, Ancienne]] = []
    trouvees: Iterable[tuple[str, Commune | Ancienne]] = _lire(lues, lecture, fiches.lire_commune, ("code",))
    for repere, commune in trouvees:
        if isinstance(commune, Ancienne):
            anciennes.append((repere, commune))
        else:
            lecture.retenir(repere, commune.code, commune)
    for repere, ancienne in anciennes:
        _rattacher(lecture, repere, ancienne)
    if PIERREFITTE.chef_lieu in lecture.retenues and PIERREFITTE.code not in lecture.retenues:
        _rattacher(lecture, "", PIERREFITTE)
    return lecture


def lire_ecoles(lues: Iterable[Fiche]) -> Lecture[Ecole]:
    """Read the schools of the first degree."""
    lecture: Lecture[Ecole] = Lecture()
    for repere, ecole in _lire(lues, lecture, fiches.lire_ecole, fiches.UAI):
        lecture.retenir(repere, ecole.uai, ecole)
    return lecture


def _lire(
    lues: Iterable[Fiche], lecture: Lecture[Any], lire: Callable[[Valeurs], T | None], noms: tuple[str, ...]
) -> Iterable[tuple[str, T]]:
    """Give the records that are ours and right; count the others."""
    for fiche in lues:
        if fiche.valeurs is None:
            lecture.refuser(fiche.repere, "", "n’a pas autant de colonnes que l’en-tête")
            continue
        try:
            lue = lire(fiche.valeurs)
        except ValueError as defaut:
            lecture.refuser(fiche.repere, fiches.cle(fiche.valeurs, noms), fiches.raison(defaut))
            continue
        if lue is None:
            lecture.hors_champ += 1
        else:
            yield fiche.repere, lue


def _pour_cent(part: float) -> str:
    return f"{100 * part:.1f}\u00a0%".replace(".", ",")


def _rattacher(lecture: Lecture[Commune], repere: str, ancienne: Ancienne) -> None:
    """Give a commune one more former commune. It may be one of itself, under another name: Moret-sur-Loing."""
    heritiere = lecture.retenues.get(ancienne.chef_lieu)
    if heritiere is None:
        lecture.refuser(repere, ancienne.code, f"fait partie de {ancienne.chef_lieu}, que le fichier n’a pas")
        return
    codes = {*heritiere.anciens_codes, ancienne.code} - {heritiere.code}
    noms = {*heritiere.anciens_noms, ancienne.nom}
    lecture.retenues[heritiere.code] = replace(
        heritiere,
        anciens_codes=tuple(sorted(codes)),
        anciens_noms=tuple(sorted(nom for nom in noms if mots(nom) != mots(heritiere.nom))),
    )


COMMUNES: Final = Nature(
    nom="communes",
    adaptateur=fiches.COMMUNE,
    lire=lire_communes,
    absente=lambda _: None,
    en_service=lambda _: True,
    source="Insee (code officiel géographique), DGCL, La Poste ; Licence Ouverte 2.0",
)
ECOLES: Final = Nature(
    nom="ecoles",
    adaptateur=fiches.ECOLE,
    lire=lire_ecoles,
    absente=lambda ecole: {**ecole, "ouverte": False},
    en_service=lambda ecole: bool(ecole["ouverte"]),
    source="ministère de l’Éducation nationale (data.education.gouv.fr), annuaire de l’éducation ; Licence Ouverte 2.0",
)
