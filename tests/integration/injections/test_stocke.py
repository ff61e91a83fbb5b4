"""Stored: a text typed in a field is refused there, or is text wherever it is read again; there is no third way."""

from collections.abc import Awaitable, Callable
from itertools import product
from uuid import uuid4

import httpx
import pytest

from contracts.dossier import Soumission
from deploy.demo.dossiers import CONFORME
from deploy.local.partenaires import PuitsSMTP
from services.intake.brouillons.saisie import CHAMPS

from .champs import API, FORMULAIRE, TABLE, Sortie, feuilles
from .juges import juger
from .monde import Monde
from .portes import envahir
from .sorties import relire
from .vecteurs import VECTEURS


def test_no_field_is_left_out_of_the_table() -> None:
    assert set(FORMULAIRE) == set(CHAMPS)
    assert set(API) == set(feuilles(Soumission))


@pytest.mark.parametrize("vecteur", VECTEURS)
async def test_every_field_refuses_it_or_shows_it_as_text(
    monde: Callable[[str], Awaitable[Monde]], puits: PuitsSMTP, vecteur: str
) -> None:
    ici = await monde(vecteur)
    await envahir(ici, puits)
    lus = await relire(ici)

    for champ, sorties in TABLE.items():
        garde = ici.issues[champ]
        assert sorties or garde is None, f"{champ} : ce champ n’en prend aucun"
        for sortie in sorties if garde else ():
            assert garde in lus[Sortie(sortie)], f"{champ} : {garde} n’est pas dans {sortie}"


async def test_an_operator_of_mongodb_is_no_value(api: httpx.AsyncClient) -> None:
    for champ, valeur in product(API, ({"$ne": ""}, [{"$gt": ""}], {"$where": "canari"})):
        corps = CONFORME.soumission([{"role": "attestation_adhesion", "id": "0" * 32, "sha256": "0" * 64}])
        corps["deposant"] = dict(CONFORME.deposant)
        groupe, _, nom = champ.rpartition(".")
        {"": corps, "deposant": corps["deposant"], "pieces": corps["pieces"][0]}[groupe][nom] = valeur
        reponse = await api.post("/api/v1/soumissions", json=corps, headers={"Idempotency-Key": str(uuid4())})

        assert reponse.status_code == 422, champ
        assert "canari" not in juger(reponse)
