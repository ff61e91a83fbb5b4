"""What the form's scripts ask while somebody types: communes by name, schools by UAI. Pages work without it."""

from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.referentiels.domain import Commune, Ecole

UAI_MAX: Final = 500  # what one dossier may name
# The same letters are typed again within minutes; a new import may take that long to be seen here.
CACHE: Final = {"Cache-Control": "private, max-age=300"}


async def communes(demande: Demande) -> Response:
    """Give the communes that `q` finds, in `departement` if it is given."""
    criteres = demande.request.query_params
    trouvees = await demande.portail.store.referentiels.chercher_communes(
        criteres.get("q", ""), departement=criteres.get("departement", "")
    )
    return _json([_commune(commune) for commune in trouvees])


async def ecoles(demande: Demande) -> Response:
    """Give what is known of the schools that each `uai` names, in the order asked; what is not known is absent."""
    uais = list(dict.fromkeys(uai.strip().upper() for uai in demande.request.query_params.getlist("uai")))
    if len(uais) > UAI_MAX:
        raise HTTPException(400)
    connues = await demande.portail.store.referentiels.ecoles(uais)
    return _json([_ecole(connues[uai]) for uai in uais if uai in connues])


def _json(liste: Sequence[dict[str, object]]) -> Response:
    return JSONResponse(liste, headers=CACHE)


def _commune(commune: Commune) -> dict[str, object]:
    return {
        "code": commune.code,
        "nom": commune.nom,
        "departement": commune.departement,
        "codes_postaux": commune.codes_postaux,
        "libelle": commune.libelle,
    }


def _ecole(ecole: Ecole) -> dict[str, object]:
    return {
        "uai": ecole.uai,
        "nom": ecole.nom,
        "commune": ecole.commune,
        "nom_commune": ecole.nom_commune,
        "statut": ecole.statut,
        "ouverte": ecole.ouverte,
        "adresse": ecole.adresse,
    }


PAGES: Final = (
    Page("GET", "/referentiels/communes", Acces.CONNECTE, communes),
    Page("GET", "/referentiels/ecoles", Acces.CONNECTE, ecoles),
)
