"""The sample dossiers: invented communes, people and schools, one for each way a dossier can go."""

from dataclasses import dataclass, field
from typing import Any, Final

from contracts.valeurs import lettre_uai
from deploy.demo import pieces

SIRET_EXEMPLE: Final = "21770999700019"  # right keys; 77999 is no commune
_DEPOSANT: Final = {
    "civilite": "Mme",
    "nom": "Fictive",
    "prenom": "Camille",
    "fonction": "Responsable des affaires scolaires",
    "courriel": "camille.fictive@exemple.fr",
    "telephone": "+33 1 99 00 12 34",
}


def uai(numero: int, departement: str = "077") -> str:
    """Make the UAI of a school that does not exist: 0779001 and its letter for 1."""
    chiffres = f"{departement}9{numero:03d}"
    return chiffres + lettre_uai(chiffres)


@dataclass(frozen=True)
class Exemple:
    """A dossier as a commune prepares it: what it declares, and its three pieces by role."""

    titre: str
    siret: str = SIRET_EXEMPLE
    commune: str = "77288"
    nom_commune: str = "Ville-Fictive"
    ecoles: tuple[str, ...] = ()
    ecoles_commandees: tuple[str, ...] | None = None
    deposant: dict[str, str] = field(default_factory=lambda: dict(_DEPOSANT))

    def pieces(self) -> dict[str, bytes]:
        """Make the three pieces."""
        commandees = self.ecoles if self.ecoles_commandees is None else self.ecoles_commandees
        return {
            "attestation_adhesion": pieces.attestation_adhesion(self.nom_commune, self.siret),
            "bon_commande_editeur": pieces.bon_commande_editeur(commandees, self.nom_commune, self.siret),
            "bon_commande_chorus": pieces.bon_commande_chorus(self.nom_commune, self.siret, len(commandees)),
        }

    def soumission(self, jointes: list[dict[str, str]], corrige: str | None = None) -> dict[str, Any]:
        """Make the body of the submission that names these uploaded pieces."""
        corps: dict[str, Any] = {
            "siret": self.siret,
            "commune": self.commune,
            "deposant": self.deposant,
            "ecoles": list(self.ecoles),
            "pieces": jointes,
        }
        return corps | ({"corrige": corrige} if corrige else {})


CONFORME: Final = Exemple("dossier conforme, deux écoles", ecoles=(uai(1), uai(2)))
A_CORRIGER: Final = Exemple(
    "bon de commande où il manque une école",
    ecoles=(uai(3), uai(4)),
    ecoles_commandees=(uai(3),),
)
REFUSE: Final = Exemple("SIRET qui n’en est pas un", siret="21770999700018", ecoles=(uai(5),))
EXEMPLES: Final = (CONFORME, A_CORRIGER, REFUSE)
ECOLES: Final = tuple(uai(numero) for numero in range(1, 9))
