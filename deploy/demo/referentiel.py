"""A small référentiel for the demo and the tests: a few real communes, with invented schools."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from deploy.demo.dossiers import uai
from services._runtime.mongo import Database
from services.intake.referentiels.generations import Generations
from services.intake.referentiels.importation import COMMUNES, ECOLES, Nature, confronter
from services.intake.referentiels.lecture import Fiche

# Public facts. Source: Insee (COG 2026), DGCL (SIREN), La Poste (postal codes), Licence Ouverte 2.0.
# Code, name, SIREN, postal codes: a homonym in two départements, a postal code of three communes, a commune of three
# postal codes, articles, accents and a ligature.
_COMMUNES: Final = (
    ("77032", "Beton-Bazoches", "217700327", "77320"),
    ("77144", "Crèvecœur-en-Brie", "217701440", "77610"),
    ("77182", "La Ferté-Gaucher", "217701820", "77320"),
    ("77240", "Jouy-sur-Morin", "217702406", "77320"),
    ("77278", "Marolles-en-Brie", "217702786", "77120"),
    ("77288", "Melun", "217702885", "77000"),
    ("77316", "Moret-Loing-et-Orvanne", "200073039", "77250"),
    ("93039", "L'Île-Saint-Denis", "219300399", "93450"),
    ("93048", "Montreuil", "219300480", "93100"),
    ("93066", "Saint-Denis", "929939411", "93200 93210 93380"),
    ("94028", "Créteil", "219400280", "94000"),
    ("94038", "L'Haÿ-les-Roses", "219400389", "94240"),
    ("94048", "Marolles-en-Brie", "219400488", "94440"),
    ("94068", "Saint-Maur-des-Fossés", "219400686", "94100 94210"),
)
# Code, name, the commune it is now part of.
_ANCIENNES: Final = (
    ("77170", "Épisy", "77316"),
    ("77316", "Moret-sur-Loing", "77316"),
    ("93059", "Pierrefitte-sur-Seine", "93066"),
)


@dataclass(frozen=True)
class EcoleInventee:
    """A school that does not exist, in a commune that does. `commune` may be a former one, as in real lists."""

    uai: str
    nom: str
    commune: str
    statut: str = "Public"
    etat: str = "OUVERT"

    def fiche(self) -> dict[str, Any]:
        """Write it as the annuaire de l’éducation does."""
        contrat = "99" if self.statut == "Public" else "30"
        return {
            "identifiant_de_l_etablissement": self.uai,
            "nom_etablissement": self.nom,
            "type_etablissement": "Ecole",
            "statut_public_prive": self.statut,
            "code_type_contrat_prive": contrat,
            "adresse_1": f"{int(self.uai[4:7])} rue des Inventions",
            "adresse_2": None,
            "adresse_3": None,
            "code_postal": None,
            "code_commune": self.commune,
            "nom_commune": "",
            "code_departement": self.uai[:3],
            "etat": self.etat,
        }


def _inventees(departement: str, commune: str, premier: int, *noms: str) -> Iterable[EcoleInventee]:
    """Number the open public schools of a commune."""
    for numero, nom in enumerate(noms, start=premier):
        yield EcoleInventee(uai(numero, departement), nom, commune)


ECOLES_INVENTEES: Final = (
    # The first eight are those of deploy/demo/dossiers.py.
    *_inventees("077", "77288", 1, "École maternelle des Tilleuls", "École élémentaire des Tilleuls"),
    *_inventees("077", "77288", 3, "École maternelle du Cerf-Volant", "École élémentaire du Cerf-Volant"),
    *_inventees("077", "77288", 5, "École primaire de l’Écluse", "École primaire du Vieux-Moulin"),
    *_inventees("077", "77288", 7, "École maternelle des Coquelicots", "École élémentaire des Coquelicots"),
    EcoleInventee(uai(9), "École élémentaire du Préau-Fermé", "77288", etat="FERME"),
    EcoleInventee(uai(10), "École primaire privée des Érables", "77288", statut="Privé"),
    *_inventees("077", "77278", 11, "École primaire de la Mare-aux-Joncs"),
    *_inventees("077", "77182", 12, "École maternelle du Sureau", "École élémentaire du Sureau"),
    *_inventees("077", "77240", 14, "École primaire des Trois-Ponts"),
    *_inventees("077", "77170", 15, "École primaire du Lavoir"),
    *_inventees("093", "93066", 1, "École maternelle de l’Astrolabe", "École élémentaire de l’Astrolabe"),
    *_inventees("093", "93059", 3, "École élémentaire de la Boussole"),
    *_inventees("093", "93048", 4, "École maternelle du Pêcher", "École élémentaire du Pêcher"),
    *_inventees("094", "94028", 1, "École maternelle de la Comète", "École élémentaire de la Comète"),
    *_inventees("094", "94048", 3, "École primaire du Colombier"),
    *_inventees("094", "94038", 4, "École élémentaire des Églantines"),
)


def communes_json() -> list[dict[str, Any]]:
    """Write the communes as `communes.json` of the package @etalab/decoupage-administratif does."""
    actuelles = [
        {
            "code": code,
            "nom": nom,
            "departement": code[:2],
            "type": "commune-actuelle",
            "siren": siren,
            "codesPostaux": codes_postaux.split(),
        }
        for code, nom, siren, codes_postaux in _COMMUNES
    ]
    anciennes = [
        {"code": code, "nom": nom, "departement": code[:2], "type": "commune-deleguee", "chefLieu": chef_lieu}
        for code, nom, chef_lieu in _ANCIENNES
    ]
    return [*actuelles, *anciennes]


def annuaire_json() -> list[dict[str, Any]]:
    """Write the schools as the export of the annuaire de l’éducation does."""
    return [ecole.fiche() for ecole in ECOLES_INVENTEES]


async def poser(documents: Database) -> None:
    """Bring both into a database, as `ent1d referentiel` does. Done again, it changes nothing."""
    await _importer(documents, COMMUNES, communes_json())
    await _importer(documents, ECOLES, annuaire_json())


async def _importer(documents: Database, nature: Nature[Any], valeurs: Iterable[dict[str, Any]]) -> None:
    lecture = nature.lire(Fiche(f"fiche {rang}", v) for rang, v in enumerate(valeurs, start=1))
    generations = Generations(documents, nature.nom)
    courante = await generations.courante()
    bilan = confronter(nature, lecture, await generations.entrees(courante))
    if bilan.empreinte != courante.empreinte:
        await generations.remplacer(courante, bilan)
