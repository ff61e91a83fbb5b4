"""The ways in of machines: a producer's submissions, the files of the référentiels."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import uuid4

from contracts.dossier import RolePiece
from deploy.demo.dossiers import CONFORME, uai
from deploy.demo.referentiel import EcoleInventee, annuaire_json, communes_json
from services.intake.referentiels.generations import Generations
from services.intake.referentiels.importation import COMMUNES, ECOLES, Nature, confronter
from services.intake.referentiels.lecture import Fiche

from .champs import API, REFERENTIELS
from .juges import juger
from .monde import Monde
from .portes_deposant import ECOLES as DECLAREES

COMMUNE: Final = CONFORME.commune
INCONNUE: Final = "77999"  # the commune of a school, which the référentiel of communes has not


async def importer(monde: Monde) -> None:
    """Import both référentiels, with what each takes of the vector in the record of a commune and of two schools."""
    communes, ecoles = communes_json(), annuaire_json()
    ailleurs = EcoleInventee(uai(20), "École d’ailleurs", INCONNUE).fiche() | {"nom_commune": "Ailleurs"}
    ecoles.append(ailleurs)
    la_commune = next(fiche for fiche in communes if fiche["code"] == COMMUNE)
    cibles: Mapping[str, tuple[Nature[Any], dict[str, Any]]] = {
        "communes.nom": (COMMUNES, la_commune),
        "ecoles.nom": (ECOLES, ecoles[0]),
        "ecoles.nom_commune": (ECOLES, ailleurs),
        "ecoles.adresse_1": (ECOLES, ecoles[1]),
    }
    assert cibles.keys() == REFERENTIELS.keys()
    for champ, (nature, fiche) in cibles.items():
        colonne = {"ecoles.nom": "nom_etablissement"}.get(champ, champ.partition(".")[2])
        await monde.essayer(f"referentiel.{champ}", _ecrire(nature, fiche, colonne))
    for nature, fiches in ((COMMUNES, communes), (ECOLES, ecoles)):
        generations = Generations(monde.base, nature.nom)
        bilan = confronter(nature, nature.lire(Fiche(str(rang), f) for rang, f in enumerate(fiches)), {})
        await generations.remplacer(await generations.courante(), bilan)


def _ecrire(nature: Nature[Any], fiche: dict[str, Any], colonne: str) -> Callable[[str], Awaitable[bool]]:
    async def ecrire(essai: str) -> bool:
        avant = fiche[colonne]
        fiche[colonne] = essai
        if len(nature.lire([Fiche("essai", fiche)]).retenues) == 1:
            return True
        fiche[colonne] = avant
        return False

    return ecrire


async def soumettre(monde: Monde) -> str:
    """Try each field of a producer's submission; file one made of what was taken."""
    jointes = [await _piece(monde, role) for role in RolePiece]
    await monde.essayer("fichier.api", lambda essai: _nommer(monde, essai, jointes))
    corps: dict[str, Any] = CONFORME.soumission(jointes) | {"ecoles": list(DECLAREES), "commentaires": ""}
    corps["deposant"] = dict(corps["deposant"])
    for champ in API:
        await monde.essayer(f"api.{champ}", lambda essai, c=champ: _changer(monde, corps, c, essai))
    reponse = await _poster(monde, corps)
    assert reponse.status_code == 201
    numero: str = reponse.json()["numero"]
    monde.dossiers.append(numero)
    return numero


async def _changer(monde: Monde, corps: dict[str, Any], champ: str, essai: str) -> bool:
    """Submit with one field changed, which stays so if it is taken; a refusal repeats nothing of it."""
    groupe, _, nom = champ.rpartition(".")
    place = corps[groupe] if groupe else corps
    if groupe == "pieces":
        place = place[0]
    avant = place.get(nom)
    place[nom] = [essai] if nom == "ecoles" else essai
    reponse = await _poster(monde, corps)
    if reponse.status_code == 201:
        return True
    assert reponse.status_code == 422
    assert essai not in juger(reponse)
    if avant is None:
        del place[nom]
    else:
        place[nom] = avant
    return False


async def _poster(monde: Monde, corps: Mapping[str, Any]) -> Any:  # noqa: ANN401  # an answer of httpx
    return await monde.api.post("/api/v1/soumissions", json=corps, headers={"Idempotency-Key": str(uuid4())})


async def _piece(monde: Monde, role: str, nom: str = "sain.pdf") -> dict[str, str]:
    contenu = f"%PDF {uuid4()}".encode()
    reponse = await monde.api.post("/api/v1/pieces", params={"nom": nom}, content=contenu)
    juger(reponse)
    return {"role": str(role), "id": reponse.json()["id"], "sha256": hashlib.sha256(contenu).hexdigest()}


async def _nommer(monde: Monde, essai: str, jointes: list[dict[str, str]]) -> bool:
    jointes[-1] = await _piece(monde, RolePiece.BON_COMMANDE_CHORUS, essai)
    return True
