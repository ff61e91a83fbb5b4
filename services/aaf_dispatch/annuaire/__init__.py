"""Read, filter by school, write, judge and seal the Annuaire Académique Fédérateur of the 1st degree.

Files in, files out: no broker, no database, no clock; synchronous, to be run in a thread or a subprocess.
"""

from services.aaf_dispatch.annuaire.academie import Academie
from services.aaf_dispatch.annuaire.constats import Constat, Gravite
from services.aaf_dispatch.annuaire.ecriture import Nommage
from services.aaf_dispatch.annuaire.fiche import AnnuaireIllisible
from services.aaf_dispatch.annuaire.filtrage import Effectifs, Extraction, extraire
from services.aaf_dispatch.annuaire.generateur import Generation, generer
from services.aaf_dispatch.annuaire.lecture import empreinte, ouvrir_export
from services.aaf_dispatch.annuaire.paquet import Paquet, empaqueter, manifeste
from services.aaf_dispatch.annuaire.perimetre import EffectifsEcole
from services.aaf_dispatch.annuaire.validation import valider

__all__ = [
    "Academie",
    "AnnuaireIllisible",
    "Constat",
    "Effectifs",
    "EffectifsEcole",
    "Extraction",
    "Generation",
    "Gravite",
    "Nommage",
    "Paquet",
    "empaqueter",
    "empreinte",
    "extraire",
    "generer",
    "manifeste",
    "ouvrir_export",
    "valider",
]
