"""A delivery that cannot be made says why on its dossiers and in the metrics, until it is made."""

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest
from prometheus_client import REGISTRY
from pymongo.errors import AutoReconnect

from deploy.local.ports import port_libre
from deploy.local.sftp import cles
from services._runtime.lease import LeaseLost
from services.aaf_dispatch.annuaire.fiche import AnnuaireIllisible
from services.aaf_dispatch.empechements import RAISONS, Empechement, empechement_de
from services.aaf_dispatch.mesures import mesurer
from services.aaf_dispatch.remise import EcritureAltereeError

if TYPE_CHECKING:
    from tests.integration.aaf_dispatch.conftest import Casier, Export, NouveauPoste, Poste

Fait = Callable[..., Any]


async def attente(poste: "Poste", numero: str) -> dict[str, Any] | None:
    """Read what a dossier waits for."""
    perimetre = await poste.base["perimetres"].find_one({"numero": numero})
    assert perimetre is not None
    lue: dict[str, Any] | None = perimetre.get("attente")
    return lue


def mesure(nom: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(nom, labels)


async def test_a_server_that_is_away_is_told_on_its_dossiers_until_the_delivery(
    nouveau_poste: "NouveauPoste", casier: "Casier", export: "Export", numeros: Sequence[str]
) -> None:
    sans = await nouveau_poste(replace(casier.serveur, port=port_libre()))
    await sans.valider(numeros[0], export.uai[0])
    with pytest.raises(OSError):  # noqa: PT011  # of the socket, whatever it says
        await sans.livreur.livrer()
    premiere = await attente(sans, numeros[0])
    assert premiere is not None
    assert premiere["raison"] == "le serveur du titulaire ne répond pas"
    await sans.valider(numeros[1], export.uai[1])
    with suppress(OSError):
        await sans.livreur.livrer()
    assert await attente(sans, numeros[0]) == premiere, "since when it waits was moved"
    assert await attente(sans, numeros[1])

    await mesurer(sans.store)
    assert mesure("livraisons_en_attente", empechement="titulaire_injoignable") == 2
    age = mesure("livraison_attente_seconds")
    assert age is not None
    assert age > 0

    poste = await nouveau_poste()
    assert await poste.livreur.livrer()
    assert await attente(poste, numeros[0]) is None
    assert await attente(poste, numeros[1]) is None
    await mesurer(poste.store)
    assert mesure("livraisons_en_attente", empechement="titulaire_injoignable") == 0
    assert mesure("livraison_attente_seconds") == 0


async def test_a_server_whose_key_changed_is_named_as_such_and_receives_nothing(
    nouveau_poste: "NouveauPoste", casier: "Casier", export: "Export", numeros: Sequence[str], tmp_path: Path
) -> None:
    autres = tmp_path / "autres_hotes"
    autres.write_text(cles(tmp_path / "autres").known_hosts(casier.serveur.port), encoding="ascii")
    poste = await nouveau_poste(replace(casier.serveur, hotes_connus=autres))
    await poste.valider(numeros[0], export.uai[0])
    avant = mesure("livraisons_empechees_total", empechement="cle_du_serveur_changee") or 0

    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        await poste.livreur.livrer()

    lue = await attente(poste, numeros[0])
    assert lue is not None
    assert lue["empechement"] == "cle_du_serveur_changee"
    assert "clé" in lue["raison"]
    assert mesure("livraisons_empechees_total", empechement="cle_du_serveur_changee") == avant + 1
    assert casier.visibles() == casier.restes() == []


async def test_a_dossier_that_a_missing_school_holds_back_does_not_blame_the_server(
    nouveau_poste: "NouveauPoste", casier: "Casier", export: "Export", numeros: Sequence[str]
) -> None:
    sans = await nouveau_poste(replace(casier.serveur, port=port_libre()))
    await sans.valider(numeros[0], export.uai[0])
    await sans.valider(numeros[1], export.uai[1])
    with suppress(OSError):
        await sans.livreur.livrer()
    assert await attente(sans, numeros[1])

    export.limiter(export.uai[0])
    with suppress(OSError):
        await sans.livreur.livrer()

    assert await attente(sans, numeros[0])
    assert await attente(sans, numeros[1]) is None  # a LivraisonSuspendue says why


async def test_a_failure_that_costs_the_making_of_a_complet_is_not_tried_again_at_once(
    nouveau_poste: "NouveauPoste", casier: "Casier", export: "Export", numeros: Sequence[str]
) -> None:
    poste = await nouveau_poste(replace(casier.serveur, dossier="/absent"), intervalle=3600)
    await poste.valider(numeros[0], export.uai[0])
    with pytest.raises(asyncssh.SFTPError):
        await poste.livreur.livrer()

    assert not await poste.livreur.livrer()
    lue = await attente(poste, numeros[0])
    assert lue is not None
    assert lue["empechement"] == "fichier_refuse"


@pytest.mark.parametrize(
    ("panne", "attendu"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED)), "titulaire_injoignable"),
        (OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH)), "titulaire_injoignable"),
        (TimeoutError(), "titulaire_injoignable"),
        (asyncssh.ConnectionLost("perdue"), "titulaire_injoignable"),
        (asyncssh.HostKeyNotVerifiable("changée"), "cle_du_serveur_changee"),
        (asyncssh.PermissionDenied("refusée"), "acces_refuse"),
        (asyncssh.SFTPNoSpaceOnFilesystem("plein"), "titulaire_plein"),
        (asyncssh.SFTPFailure("No space left on device"), "titulaire_plein"),
        (asyncssh.SFTPPermissionDenied("refusé"), "fichier_refuse"),
        (EcritureAltereeError("altéré"), "fichier_altere"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "disque_plein"),
        (AnnuaireIllisible("xml"), "annuaire_illisible"),
        (ValueError("bug"), "incident"),
    ],
)
def test_each_failure_has_its_name(panne: Exception, attendu: str) -> None:
    assert empechement_de(panne) == attendu
    assert RAISONS[Empechement(attendu)]


@pytest.mark.parametrize("panne", [LeaseLost(), AutoReconnect("essai")])
async def test_what_is_no_fault_of_the_delivery_is_not_told_on_the_dossiers(
    poste: "Poste", export: "Export", numeros: Sequence[str], monkeypatch: pytest.MonkeyPatch, panne: Exception
) -> None:
    async def echouer(*_: object) -> None:
        raise panne

    await poste.valider(numeros[0], export.uai[0])
    monkeypatch.setattr(poste.livreur, "_faire", echouer)
    with pytest.raises(type(panne)):
        await poste.livreur.livrer()
    assert await attente(poste, numeros[0]) is None
