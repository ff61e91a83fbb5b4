"""Invent the families and the staff of an academy, each from its number alone, so that nothing is kept in memory.

A family has a block of eight ids: four pupils, then four parents. Ids therefore ascend in both files while pupils of
every school are mixed, as in a real export. Remainders, not luck, bring the oddities: a small academy has them too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from services.aaf_dispatch.annuaire import fiction
from services.aaf_dispatch.annuaire.academie import CLASSES_PAR_ECOLE, Academie, Ecole
from services.aaf_dispatch.annuaire.fiche import Fiche
from services.aaf_dispatch.annuaire.grammaire import Categorie

_PREMIER_ID: Final = 1_000_000
_IDS_PAR_FOYER: Final = 8
_ELEVES_PAR_CLASSE: Final = 24
_ENFANTS: Final = (1, 1, 1, 2, 1, 1, 2, 1, 1, 3)  # 1.4 pupils a family, and as many parents a pupil
_LIENS: Final = ("10", "20", "90")


@dataclass(frozen=True, slots=True)
class Enfant:
    """A pupil: `numero` is the jointure, `rang` counts pupils of the family."""

    numero: int
    rang: int
    ecole: Ecole
    niveau: str


@dataclass(frozen=True, slots=True)
class Foyer:
    """A family: `parents` are (jointure, link code)."""

    rang: int
    nom: str
    enfants: tuple[Enfant, ...]
    parents: tuple[tuple[int, str], ...]
    alea: Random


class Population:
    """The people of an academy, as records in the order of the ids."""

    def __init__(self, academie: Academie, plan: Sequence[Ecole], jour: date) -> None:
        """`jour` places the school year: a pupil's birth date follows from his level."""
        self._academie, self._plan = academie, plan
        self._annee = jour.year if jour.month >= 8 else jour.year - 1  # noqa: PLR2004 - a school year opens in August
        self._foyers = -(-academie.eleves_par_ecole * len(plan) * len(_ENFANTS) // sum(_ENFANTS))
        self._classes = max(3, academie.eleves_par_ecole // _ELEVES_PAR_CLASSE)

    def eleves(self) -> Iterator[Fiche]:
        """Yield the records of Eleve."""
        for rang in range(self._foyers):
            foyer = self._foyer(rang)
            for enfant in foyer.enfants:
                yield self._eleve(foyer, enfant)

    def responsables(self) -> Iterator[Fiche]:
        """Yield the records of PersRelEleve; the order of their attributes varies, as in a real export."""
        for rang in range(self._foyers):
            foyer = self._foyer(rang)
            for numero, lien in foyer.parents:
                yield self._responsable(foyer, numero, lien)

    def personnels(self) -> Iterator[Fiche]:
        """Yield the records of PersEducNat: in each school a head, and a teacher for each class."""
        for rang in range(len(self._plan) * (1 + self._classes)):
            yield self._personnel(rang)

    def _foyer(self, rang: int) -> Foyer:
        alea = Random(self._academie.graine << 32 | rang)  # noqa: S311 - fiction, not secrets
        premier = _PREMIER_ID + _IDS_PAR_FOYER * rang
        nombre_parents = 3 if _un_sur(97, rang, 11) else 1 if _un_sur(6, rang, 4) else 2
        return Foyer(
            rang=rang,
            nom=fiction.nom(alea),
            enfants=tuple(self._enfant(rang, premier, i) for i in range(_ENFANTS[rang % len(_ENFANTS)])),
            parents=tuple((premier + 4 + i, _LIENS[i]) for i in range(nombre_parents)),
            alea=alea,
        )

    def _enfant(self, rang: int, premier: int, i: int) -> Enfant:
        """Brothers and sisters of one family in three are in two schools, near (same département) or far."""
        ecart = i * (3 if rang % 2 else 1) if _un_sur(3, rang, 0) else 0
        ecole = self._plan[(rang + ecart) % len(self._plan)]
        return Enfant(premier + i, i, ecole, ecole.niveaux[(rang // len(self._plan) + i) % len(ecole.niveaux)])

    def _eleve(self, foyer: Foyer, enfant: Enfant) -> Fiche:
        alea = foyer.alea
        oui_non = ["O" if alea.random() < p else "N" for p in (0.7, 0.1, 0.2, 0.3, 0.1)]
        return _fiche(
            Categorie.ELEVE,
            enfant.numero,
            ENTEleveINE=f"{999_999_999 - (enfant.numero - _PREMIER_ID):09d}ZZ",
            ENTPersonDateNaissance=self._naissance(enfant.niveau, alea),
            ENTPersonCivilite=alea.choice(("M.", "Mme")),
            ENTPersonStructRattach=str(enfant.ecole.jointure),
            ENTEleveAutoriteParentale=tuple(f"{numero}${lien}" for numero, lien in foyer.parents),
            ENTEleveRestaurantScolaire=oui_non[0],
            ENTEleveTransport=oui_non[1],
            ENTEleveGarderieMatin=oui_non[2],
            ENTEleveGarderieSoir=oui_non[3],
            ENTEleveEtudesSurveillees=oui_non[4],
            **self._scolarite(foyer, enfant),
            ENTPersonNomPatro="" if _un_sur(41, foyer.rang, 5) else foyer.nom,
            ENTPersonNom=foyer.nom,
            ENTPersonPrenom=fiction.prenom(alea),
            ENTPersonAutresPrenoms=tuple(fiction.prenom(alea) for _ in range(1 + foyer.rang % 3)),
        )

    def _scolarite(self, foyer: Foyer, enfant: Enfant) -> dict[str, str]:
        j = enfant.ecole.jointure
        classe, libelle = self._classe(foyer, enfant)
        groupe = f"{j}$40$REGROUPEMENT${_classe_id(enfant.ecole, CLASSES_PAR_ECOLE - 1)}$Chorale d'essai"
        return {
            "ENTEleveNiveau": enfant.niveau,
            "ENTEleveCycle": _cycle(enfant.niveau),
            "ENTEleveTypeClasse": "11$ORDINAIRE",
            "ENTEleveDateEntreeClasses": f"{j}$01/09/{self._annee}${classe}",
            "ENTEleveDateSortieClasses": "",
            "ENTPersonClasses": f"{j}$11$ORDINAIRE${classe}${libelle}",
            "ENTPersonGroupes": groupe if _un_sur(29, foyer.rang, 2) else "",
        }

    def _responsable(self, foyer: Foyer, numero: int, lien: str) -> Fiche:
        """One in 37 has neither civility nor birth name; one in 23 an unknown country."""
        alea, rang, insee = foyer.alea, foyer.rang, foyer.enfants[0].ecole.insee
        prenom, inconnu, perdu = fiction.prenom(alea), _un_sur(37, rang, 3), _un_sur(23, rang, 4)
        mail = fiction.courriel(prenom, foyer.nom, numero, "exemple.fr") if rang % 3 else ""
        fiche = _fiche(
            Categorie.RESPONSABLE,
            numero,
            ENTPersonCivilite="" if inconnu else "Mme" if lien == "10" else "M.",
            ENTPersRelEleveEleve=tuple(str(e.numero) for e in foyer.enfants),
            ENTPersonAdresse=f"$${fiction.adresse(alea)}$",
            ENTPersonCodePostal="" if perdu else insee,
            ENTPersonVille="" if perdu else f"VILLE-FICTIVE-{insee}",
            ENTPersonPays="PAYS INCONNU" if perdu else "FRANCE",
            ENTPersonAdresseDiffusion="O" if _un_sur(10, rang, 0) else "N",
            ENTPersonTelPerso=fiction.fixe(numero) if _un_sur(8, rang, 0) else "",
            ENTPersRelEleveTelMobile=fiction.mobile(numero) if rang % 4 else "",
            ENTPersRelEleveTelPro=fiction.fixe(numero + 1) if _un_sur(12, rang, 0) else "",
            ENTPersonMail=mail,
            ENTPersonNomPatro="" if inconnu else foyer.nom,
            ENTPersonNom=foyer.nom,
            ENTPersonPrenom=prenom,
            ENTPersonAutresPrenoms=fiction.prenom(alea),
        )
        return _reordonner(fiche, rang % 7)

    def _personnel(self, rang: int) -> Fiche:
        """One in 17 has no school of attachment, one in 19 no mail; one school in 20 no declared head."""
        alea = Random(~(self._academie.graine << 32 | rang))  # noqa: S311 - fiction, not secrets
        poste, place = divmod(rang, len(self._plan))
        ecole, fonctions = self._plan[place], self._fonctions(rang)
        prenom, nom = fiction.prenom(alea), fiction.nom(alea)
        mail = fiction.courriel(prenom, nom, rang, fiction.DOMAINE_ACADEMIQUE)
        dirige, sans_attache = poste == 0 and not _un_sur(20, ecole.rang, 19), poste > 0 and _un_sur(17, rang, 5)
        return _fiche(
            Categorie.PERSONNEL,
            5000 + 7 * rang,
            ENTPersonDateNaissance=f"{alea.randint(1, 28):02d}/{alea.randint(1, 12):02d}/{alea.randint(1960, 1999)}",
            ENTPersonCivilite=alea.choice(("M.", "Mme")),
            ENTPersonNomPatro=nom,
            ENTPersonNom=nom,
            ENTPersonPrenom=prenom,
            ENTPersonAutresPrenoms="",
            ENTPersonStructRattach="" if sans_attache else str(ecole.jointure),
            ENTPersonFonctions=fonctions,
            ENTEnsSpecialites=tuple(f.split("$", 3)[3] for f in fonctions),
            ENTPersonCategorieEnseignant="O",
            ENTEnsFonctionDir=str(ecole.jointure) if dirige else "",
            ENTPersonMail="" if _un_sur(19, rang, 6) else mail,
        )

    def _fonctions(self, rang: int) -> tuple[str, ...]:
        """One in 13 works in 2 to 4 schools."""
        poste, place = divmod(rang, len(self._plan))
        nombre = 2 + rang % 3 if _un_sur(13, rang, 4) else 1
        ecoles = dict.fromkeys(self._plan[(place + i) % len(self._plan)].jointure for i in range(nombre))
        return tuple(f"{j}${_fonction(rang, poste)}" for j in ecoles)

    def _classe(self, foyer: Foyer, enfant: Enfant) -> tuple[int, str]:
        """Return the id and the name of a pupil's class; its name has an accent, an apostrophe, a bracket and an &."""
        ecole, niveaux = enfant.ecole, len(enfant.ecole.niveaux)
        divisions = min(max(1, self._classes // niveaux), (CLASSES_PAR_ECOLE - 1) // niveaux)
        division = foyer.rang // (len(self._plan) * niveaux) % divisions
        nom = f"{enfant.niveau[5:]} {'ABCDE'[division]} <l'Été & Cie> {ecole.rang}"
        return _classe_id(ecole, ecole.niveaux.index(enfant.niveau) + division * niveaux), nom

    def _naissance(self, niveau: str, alea: Random) -> str:
        # Three years old in the calendar year of entry in petite section (code 1111).
        age = 3 + (int(niveau[2]) - 1) * 3 + int(niveau[3]) - 1
        return f"{alea.randint(1, 28):02d}/{alea.randint(1, 12):02d}/{self._annee - age}"


def _un_sur(periode: int, rang: int, reste: int = 0) -> bool:
    """Tell whether a rank is the one in `periode` that carries an oddity."""
    return rang % periode == reste


def _classe_id(ecole: Ecole, rang: int) -> int:
    """Return an id of class: unique in the academy, five digits up to 5,600 schools."""
    return 10_000 + CLASSES_PAR_ECOLE * ecole.rang + rang


def _fiche(categorie: Categorie, numero: int, **valeurs: str | tuple[str, ...]) -> Fiche:
    attributs = {nom: (valeur,) if isinstance(valeur, str) else valeur for nom, valeur in valeurs.items()}
    return Fiche(categorie, str(numero), {"ENTPersonJointure": (str(numero),)} | attributs)


def _reordonner(fiche: Fiche, variante: int) -> Fiche:
    if variante == 1:
        return fiche._replace(attributs=dict(reversed(fiche.attributs.items())))
    if variante == 2:  # noqa: PLR2004 - the third of three orders
        return fiche._replace(attributs=dict(sorted(fiche.attributs.items())))
    return fiche


def _cycle(niveau: str) -> str:
    if niveau[2] == "1":
        return "1$CYCLE I"
    return "2$CYCLE II" if niveau[3] in "123" else "3$CYCLE III"


def _fonction(rang: int, poste: int) -> str:
    """Return function and speciality; a head may lack ENTEnsFonctionDir, a teacher may have no function."""
    if poste == 0 or _un_sur(31, rang, 8):
        return "ENS$ENSEIGNEMENT$D0000$DIRECTION"
    if _un_sur(10, rang, 7):
        return "-$SANS OBJET$-$SANS OBJET"
    if _un_sur(40, rang, 9):
        return "ENS$ENSEIGNEMENT$G0163$ACCUEIL PRIMO ARRIVANTS"
    return "ENS$ENSEIGNEMENT$G0000$SANS SPECIALITE"
