"""The pages of the portal, each in all its states, and how somebody comes to see it. Each group has its own base."""

from collections.abc import Mapping, Sequence
from typing import Final

from .etats_bureau import BUREAU, DECISIONS, FILE
from .etats_comptes import COMPTES, CONNEXION
from .etats_fin import CORRECTION, PIECES, RECAPITULATIF
from .etats_formulaire import ECOLES, ETABLISSEMENT, PERSONNE
from .etats_suivi import DOSSIERS, SUIVI
from .gestes import Etat

ETATS: Final[Mapping[str, Sequence[Etat]]] = {
    "connexion": CONNEXION,
    "comptes": COMPTES,
    "etablissement": ETABLISSEMENT,
    "personne": PERSONNE,
    "ecoles": ECOLES,
    "pieces": PIECES,
    "recapitulatif": RECAPITULATIF,
    "correction": CORRECTION,
    "dossiers": DOSSIERS,
    "suivi": SUIVI,
    "file": FILE,
    "bureau": BUREAU,
    "decisions": DECISIONS,
}
