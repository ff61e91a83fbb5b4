"""Lay out an invented academy: its communes, inspections and schools, with the oddities of real ones."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from contracts.valeurs import DEPARTEMENTS, est_uai, lettre_uai
from services.aaf_dispatch.annuaire import fiction
from services.aaf_dispatch.annuaire.fiche import Fiche
from services.aaf_dispatch.annuaire.grammaire import Categorie

NIVEAUX: Final = (
    "1111$PS", "1112$MS", "1113$GS", "1121$CP", "1122$CE1", "1123$CE2", "1124$CM1", "1125$CM2",
)  # fmt: skip
CLASSES_PAR_ECOLE: Final = 16  # ids reserved for one school: 15 classes and a group
_MATERNELLE: Final = ("E.M.PU", "ECOLE MATERNELLE", NIVEAUX[:3])
_ELEMENTAIRE: Final = ("E.E.PU", "ECOLE DE NIVEAU ELEMENTAIRE", NIVEAUX[3:])
_PRIMAIRE: Final = ("E.P.PU", "ECOLE DE NIVEAU ELEMENTAIRE", NIVEAUX)
_PRIVEE: Final = ("E.P.PR", "ECOLE DE NIVEAU ELEMENTAIRE", NIVEAUX)
_SIGLES: Final = (_MATERNELLE, _ELEMENTAIRE, _PRIMAIRE, _ELEMENTAIRE, _MATERNELLE, _PRIMAIRE, _PRIVEE)
_ECOLES_PAR_COMMUNE: Final = 8
_ECOLES_PAR_CIRCONSCRIPTION: Final = 30
_EDUCATION: Final = "MINISTERE DE L'EDUCATION NATIONALE"
_PREMIERE_ECOLE: Final = 1001  # jointures below are inspections and other structures


@dataclass(frozen=True, slots=True)
class Academie:
    """What to invent: `uai` are schools that must exist, counted in `ecoles`; `graine` decides all the rest."""

    ecoles: int
    graine: int = 1
    uai: Sequence[str] = ()
    eleves_par_ecole: int = 200

    def __post_init__(self) -> None:
        """Refuse what cannot be laid out."""
        if not all(est_uai(uai) and uai[1:3] in DEPARTEMENTS for uai in self.uai):
            raise ValueError("une UAI imposée n’est pas une UAI de l’académie")
        if len(set(self.uai)) != len(self.uai) or len(self.uai) > self.ecoles or self.eleves_par_ecole < 1:
            raise ValueError("il faut au moins autant d’écoles que d’UAI imposées, distinctes, et un élève par école")


@dataclass(frozen=True, slots=True)
class Ecole:
    """A school: `rang` from 0 in the academy, `rang_local` from 0 in its département."""

    rang: int
    rang_local: int
    uai: str
    insee: str
    sigle: str
    type: str
    niveaux: tuple[str, ...]

    @property
    def jointure(self) -> int:
        """Return the academy's key of the school."""
        return _PREMIERE_ECOLE + 3 * self.rang

    @property
    def departement(self) -> str:
        """Return the two digits of the département."""
        return self.uai[1:3]


def ecoles(academie: Academie) -> list[Ecole]:
    """Return the schools, the imposed ones first; those of a département go to its communes in turn."""
    libres = {dep: _uai_libres(dep, academie.uai) for dep in DEPARTEMENTS}
    inventees = (next(libres[DEPARTEMENTS[i % len(DEPARTEMENTS)]]) for i in range(academie.ecoles - len(academie.uai)))
    uai = [*academie.uai, *inventees]
    locaux = {dep: [u for u in uai if u[1:3] == dep] for dep in DEPARTEMENTS}
    rangs = {u: i for du_departement in locaux.values() for i, u in enumerate(du_departement)}
    return [
        Ecole(rang, rangs[u], u, _insee(u[1:3], rangs[u], len(locaux[u[1:3]])), *_SIGLES[rang % len(_SIGLES)])
        for rang, u in enumerate(uai)
    ]


def structures(plan: Sequence[Ecole]) -> Iterator[Fiche]:
    """Yield the records of EtabEducNat: rectorat, services, inspections, an institute, then the schools."""
    yield from _autres_structures(plan)
    for ecole in plan:
        yield _fiche_ecole(ecole)


def _uai_libres(departement: str, prises: Iterable[str]) -> Iterator[str]:
    """Yield the test UAI of a département that are not taken: 9000 to 9999, then from 8999 downward."""
    imposees = set(prises)
    for serie in chain(range(9000, 10_000), range(8999, 0, -1)):
        chiffres = f"0{departement}{serie:04d}"
        uai = chiffres + lettre_uai(chiffres)
        if uai not in imposees:
            yield uai


def _insee(departement: str, rang_local: int, total: int) -> str:
    communes = max(2, total // _ECOLES_PAR_COMMUNE)
    return f"{departement}{999 - rang_local % communes:03d}"


def _circonscription(departement: str, rang_local: int) -> int:
    return 100 + DEPARTEMENTS.index(departement) * 100 + rang_local // _ECOLES_PAR_CIRCONSCRIPTION


def _autres_structures(plan: Sequence[Ecole]) -> Iterator[Fiche]:
    libres = {dep: _uai_libres(dep, [e.uai for e in plan]) for dep in DEPARTEMENTS}
    yield _fiche_service(10, next(libres["94"]), "RECTORAT$ACADÉMIE FICTIVE$VILLE-FICTIVE", "RECTORAT")
    for rang, dep in enumerate(DEPARTEMENTS):
        nom = f"D.S.D.E.N.$SERVICES DÉPARTEMENTAUX & INSPECTION {dep}$VILLE-FICTIVE"
        yield _fiche_service(11 + rang, next(libres[dep]), nom, "INSPECTIONS ACADEMIQUES")
    yield _fiche_service(20, next(libres["93"]), "I.M.E.$L'ÉTOILE D'ESSAI$VILLE-FICTIVE", "INSTITUT MEDICO-EDUCATIF")
    inspections = {(_circonscription(e.departement, e.rang_local), e.departement) for e in plan}
    for numero, dep in sorted(inspections):
        nom = f"IEN$CIRCONSCRIPTION D'ESSAI {numero}$VILLE-FICTIVE"
        yield _fiche_service(numero, next(libres[dep]), nom, "CIRCONSCRIPTIONS INSPECTION EDUC NAT")


def _fiche_service(numero: int, uai: str, nom: str, type_: str) -> Fiche:
    """An institute depends on another ministry, is private and has a wrong SIRET; an inspection is its own."""
    est_ime, est_ien, departement = nom.startswith("I.M.E."), nom.startswith("IEN"), uai[1:3]
    return _structure(
        numero,
        ENTStructureUAI=uai,
        ENTStructureSIREN=fiction.siret(90_000 + numero, juste=not est_ime),
        ENTStructureNomCourant=nom,
        ENTStructureTypeStruct=type_,
        ENTEcoleMinistereTutelle="SANTE ET SOLIDARITE NATIONALE" if est_ime else _EDUCATION,
        ENTEcoleSecteur="PR" if est_ime else "PU",
        ENTEcoleCirconscription=str(numero) if est_ien else "",
        ENTEcoleCommune=f"{departement}999${_ville(departement + '999')}$0{departement}",
    )


def _fiche_ecole(ecole: Ecole) -> Fiche:
    """The first two schools of a département share an RPI across their two communes."""
    ville, dep = _ville(ecole.insee), ecole.departement
    nom = fiction.ecole(ecole.rang)
    rpi = f"{900_000 + int(dep)}$RPI D'ESSAI & VOISINS$0{dep}" if ecole.rang_local <= 1 else ""
    return _structure(
        ecole.jointure,
        ENTStructureUAI=ecole.uai,
        ENTStructureSIREN=fiction.siret(ecole.rang),
        ENTStructureNomCourant=f"{ecole.sigle}${nom}${ville}",
        ENTStructureTypeStruct=ecole.type,
        ENTEcoleMinistereTutelle=_EDUCATION,
        ENTEcoleSecteur=ecole.sigle[-2:],
        ENTEcoleCirconscription=str(_circonscription(dep, ecole.rang_local)),
        ENTEcoleCommune=f"{ecole.insee}${ville}$0{dep}",
        ENTEcoleRPI=rpi,
    )


def _ville(insee: str) -> str:
    return f"VILLE-FICTIVE-{insee}"


def _structure(numero: int, **connus: str) -> Fiche:
    insee = connus["ENTEcoleCommune"][:5]
    valeurs = {
        "ENTStructureJointure": str(numero),
        **connus,
        "ENTEcoleRPI": connus.get("ENTEcoleRPI", ""),
        "ENTServAcAcademie": "CRETEIL",
        "ENTStructureAdresse": f"{numero % 97 + 1} place de l'Invention",
        "ENTStructureBoitePostale": f"BP{numero}" if numero % 10 == 0 else "",
        "ENTStructureCodePostal": insee,
        "ENTStructureVille": _ville(insee),
        "ENTStructureTelephone": fiction.fixe(numero),
        "ENTStructureFax": fiction.fixe(numero + 1) if numero % 5 == 0 else "",
        "ENTStructureMailSI": f"ce.{connus['ENTStructureUAI'].lower()}@{fiction.DOMAINE_ACADEMIQUE}",
    }
    return Fiche(Categorie.STRUCTURE, str(numero), {nom: (valeur,) for nom, valeur in valeurs.items()})
