"""What leaves, what waits and what is told, on a real MongoDB, a real SFTP server and an invented académie."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from contracts.evenements import AAFLivre, Approbation, LivraisonApprouvee, LivraisonSuspendue
from contracts.manifeste import Manifeste
from deploy.local.mongod import NoeudMongo
from services._runtime.worker import Worker
from services.cli import livraisons as cli

if TYPE_CHECKING:
    from tests.integration.aaf_dispatch.conftest import Casier, Export, NouveauCoupeur, NouveauPoste, Par, Poste

Fait = Callable[..., Any]
PRENOM = "Zygomatine"  # nobody's: looked for where no person may be


async def livrer_tout(poste: "Poste") -> int:
    """Deliver until nothing more leaves; give how many deliveries that took."""
    nombre = 0
    while await poste.livreur.livrer():
        nombre += 1
    return nombre


@pytest.fixture
def approuver(poste: "Poste", mongod: NoeudMongo, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Approve as an agent does, by the command."""
    monkeypatch.setenv("MONGODB_URL", mongod.url)
    monkeypatch.setenv("MONGODB_DATABASE", poste.base.name)
    return lambda nom: asyncio.to_thread(cli.approuver, nom, par="agent-7")


async def test_one_delivery_serves_many_dossiers_and_each_is_told_once(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str]
) -> None:
    for numero, ecole in zip(numeros, export.uai[:4], strict=False):
        await poste.valider(numero, ecole)

    assert await livrer_tout(poste) == 1

    (livraison,) = await poste.livraisons()
    nom = livraison["_id"]
    assert casier.visibles() == [f"{nom}.json", f"{nom}.zip"]
    assert casier.ecoles(nom) == set(export.uai[:4])
    livres = [AAFLivre.model_validate(e, strict=False) for e in await poste.dits("AAFLivré")]
    assert [e.subject for e in livres] == list(numeros[:4])
    assert {e.data.livraison.sha256 for e in livres} == {casier.sha256(f"{nom}.zip")}
    assert {e.data.livraison.nom for e in livres} == {nom}
    assert Manifeste.model_validate(casier.manifeste(nom), strict=False).titulaire == "exemple"


async def test_the_manifest_is_seen_once_its_zip_is_there_and_not_before(
    nouveau_poste: "NouveauPoste",
    casier: "Casier",
    coupeur: "NouveauCoupeur",
    par: "Par",
    export: "Export",
    numeros: Sequence[str],
) -> None:
    vus: list[list[str]] = []
    async with coupeur(regarder=lambda: vus.append(casier.visibles())) as proxy:
        poste = await nouveau_poste(par(casier, proxy))
        await poste.valider(numeros[0], export.uai[0])
        await livrer_tout(poste)

    nom = (await poste.livraisons())[0]["_id"]
    etapes = [vu for rang, vu in enumerate(vus) if rang == 0 or vu != vus[rang - 1]]
    assert etapes == [[], [f"{nom}.zip"], [f"{nom}.json", f"{nom}.zip"]]


async def test_the_next_delivery_holds_all_the_schools_validated_so_far(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str]
) -> None:
    await poste.valider(numeros[0], *export.uai[:2])
    await livrer_tout(poste)
    await poste.valider(numeros[1], export.uai[2])
    await livrer_tout(poste)

    premiere, seconde = [livraison["_id"] for livraison in await poste.livraisons()]
    assert casier.ecoles(premiere) == set(export.uai[:2])
    assert casier.ecoles(seconde) == set(export.uai[:3])
    assert premiere < seconde
    livres = await poste.dits("AAFLivré")
    assert [(e["subject"], e["data"]["livraison"]["nom"]) for e in livres] == [
        (numeros[0], premiere),
        (numeros[1], seconde),
    ]


async def test_a_redelivered_validation_owes_no_second_delivery(
    poste: "Poste", export: "Export", numeros: Sequence[str]
) -> None:
    await asyncio.gather(*(poste.valider(numeros[0], export.uai[0]) for _ in range(10)))
    assert await livrer_tout(poste) == 1
    await poste.valider(numeros[0], export.uai[0])

    assert await livrer_tout(poste) == 0
    assert len(await poste.dits("AAFLivré")) == 1


async def test_two_deliveries_are_apart_by_the_interval(
    nouveau_poste: "NouveauPoste", export: "Export", numeros: Sequence[str]
) -> None:
    poste = await nouveau_poste(intervalle=3600)
    await poste.valider(numeros[0], export.uai[0])
    await livrer_tout(poste)
    await poste.valider(numeros[1], export.uai[1])

    assert await livrer_tout(poste) == 0
    await poste.base["livraisons"].update_many({}, [{"$set": {"livree_le": {"$subtract": ["$livree_le", 3_600_001]}}}])
    assert await livrer_tout(poste) == 1


async def test_a_school_that_the_source_lacks_is_told_once_and_delays_only_its_dossier(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str]
) -> None:
    presente, manquante = export.uai[0], export.uai[5]
    export.limiter(*export.uai[:5])
    await poste.valider(numeros[0], presente)
    await poste.valider(numeros[1], export.uai[1], manquante)

    assert await livrer_tout(poste) == 1
    assert await livrer_tout(poste) == 0

    assert [e["subject"] for e in await poste.dits("AAFLivré")] == [numeros[0]]
    (suspendue,) = await poste.dits("LivraisonSuspendue")
    assert LivraisonSuspendue.model_validate(suspendue, strict=False).data.motif == "ecoles_absentes"
    assert suspendue["subject"] == numeros[1]
    assert manquante in suspendue["data"]["constat"]
    assert export.uai[1] not in suspendue["data"]["constat"]

    export.retablir()
    assert await livrer_tout(poste) == 1
    assert [e["subject"] for e in await poste.dits("AAFLivré")] == list(numeros[:2])
    assert casier.ecoles((await poste.livraisons())[-1]["_id"]) == {presente, export.uai[1], manquante}


async def test_a_drop_of_volume_waits_for_an_agent_who_lets_this_very_attempt_leave(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str], approuver: Callable[[str], Any]
) -> None:
    await poste.valider(numeros[0], *export.uai[:3])
    await livrer_tout(poste)
    avant = casier.visibles()
    export.rapetisser()
    await poste.valider(numeros[1], export.uai[0])

    assert [await livrer_tout(poste) for _ in range(3)] == [0, 0, 0]
    assert casier.visibles() == avant
    (suspendue,) = await poste.dits("LivraisonSuspendue")
    assert (suspendue["subject"], suspendue["data"]["motif"]) == (numeros[1], "baisse_de_volume")
    livraison = (await poste.livraisons())[-1]
    assert livraison["etat"] == "suspendue"

    await approuver(livraison["_id"])
    assert await livrer_tout(poste) == 1

    faite = (await poste.livraisons())[-1]
    assert (faite["_id"], faite["etat"], faite["approuvee_par"]) == (livraison["_id"], "livree", "agent-7")
    assert [e["subject"] for e in await poste.dits("AAFLivré")] == list(numeros[:2])
    assert len(await poste.dits("LivraisonSuspendue")) == 1


async def test_approved_from_the_desk_only_the_attempt_that_the_agent_saw_leaves(
    poste: "Poste", export: "Export", numeros: Sequence[str]
) -> None:
    await poste.valider(numeros[0], *export.uai[:3])
    await livrer_tout(poste)
    export.rapetisser()
    await poste.valider(numeros[1], export.uai[0])
    await livrer_tout(poste)
    suspendue = (await poste.livraisons())[-1]

    for essai, partie in (("0" * 64, 0), (suspendue["empreinte"], 1), (suspendue["empreinte"], 0)):
        await poste.store.approuver(approbation(numeros[1], suspendue["_id"], essai))
        assert await livrer_tout(poste) == partie

    faite = (await poste.livraisons())[-1]
    assert (faite["_id"], faite["etat"], faite["approuvee_par"]) == (suspendue["_id"], "livree", "agent:agent-7")


def approbation(numero: str, livraison: str, essai: str) -> LivraisonApprouvee:
    data = Approbation(version=1, livraison=livraison, essai=essai, decide_par="agent:agent-7")
    return LivraisonApprouvee.dire(numero, data, source="ent1d/intake", le=datetime.now(UTC), rang=essai)


async def test_approved_then_changed_a_delivery_waits_again(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str], approuver: Callable[[str], Any]
) -> None:
    await poste.valider(numeros[0], *export.uai[:3])
    await livrer_tout(poste)
    avant = casier.visibles()
    export.rapetisser()
    await poste.valider(numeros[1], export.uai[0])
    await livrer_tout(poste)
    nom = (await poste.livraisons())[-1]["_id"]
    await approuver(nom)
    await poste.valider(numeros[2], export.uai[3])  # 0 lost school, fewer pupils still, but not what the agent saw

    assert await livrer_tout(poste) == 0
    assert casier.visibles() == avant
    assert [e["subject"] for e in await poste.dits("LivraisonSuspendue")] == list(numeros[1:3])

    await approuver(nom)
    assert await livrer_tout(poste) == 1
    assert casier.ecoles(nom) == set(export.uai[:4])


async def test_a_suspended_delivery_leaves_by_itself_once_the_source_is_mended(
    poste: "Poste", export: "Export", numeros: Sequence[str]
) -> None:
    await poste.valider(numeros[0], *export.uai[:3])
    await livrer_tout(poste)
    export.limiter(*export.uai[1:])
    await poste.valider(numeros[1], export.uai[3])
    assert await livrer_tout(poste) == 0
    (suspendue,) = await poste.dits("LivraisonSuspendue")
    assert suspendue["data"]["motif"] == "ecoles_absentes"
    assert export.uai[0] in suspendue["data"]["constat"]

    export.retablir()

    assert await livrer_tout(poste) == 1


async def test_a_lost_school_is_approved_once_and_not_at_each_delivery_after(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str], approuver: Callable[[str], Any]
) -> None:
    await poste.valider(numeros[0], *export.uai[:2])
    await livrer_tout(poste)
    export.limiter(*export.uai[1:])
    await poste.valider(numeros[1], export.uai[2])
    assert await livrer_tout(poste) == 0
    await approuver((await poste.livraisons())[-1]["_id"])
    assert await livrer_tout(poste) == 1

    await poste.valider(numeros[2], export.uai[3])

    assert await livrer_tout(poste) == 1
    assert casier.ecoles((await poste.livraisons())[-1]["_id"]) == set(export.uai[1:4])


async def test_an_invalid_annuaire_is_told_by_codes_names_nobody_and_cannot_be_approved(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str], approuver: Callable[[str], Any]
) -> None:
    def abimer(texte: str) -> str:
        debut = texte.index('<attr name="ENTPersonDateNaissance"><value>')
        prenom = texte.index('<attr name="ENTPersonPrenom"><value>')
        return "".join(
            [
                texte[:debut],
                f'<attr name="ENTPersonDateNaissance"><value>{PRENOM}</value></attr>',
                texte[texte.index("\n", debut) : prenom],
                f'<attr name="ENTPersonPrenom"><value>{PRENOM}</value></attr>',
                texte[texte.index("\n", prenom) :],
            ]
        )

    export.montrer(export.modifier("Eleve", abimer))
    await poste.valider(numeros[0], *export.uai)

    assert await livrer_tout(poste) == 0

    (suspendue,) = await poste.dits("LivraisonSuspendue")
    assert suspendue["data"]["motif"] == "annuaire_invalide"
    assert "date_naissance" in suspendue["data"]["constat"]
    (livraison,) = await poste.livraisons()
    assert PRENOM not in f"{suspendue} {livraison}"
    assert casier.visibles() == casier.restes() == []
    with pytest.raises(LookupError):
        await approuver(livraison["_id"])
    assert await livrer_tout(poste) == 0


@asynccontextmanager
async def au_travail(poste: "Poste") -> AsyncIterator[Worker]:
    """Run the delivery worker as the service does."""
    tournee = Worker("livraison", poste.livreur.livrer, idle=0.05)
    vie = asyncio.create_task(tournee.run())
    try:
        yield tournee
    finally:
        vie.cancel()
        with suppress(asyncio.CancelledError):
            await vie


async def test_a_damaged_source_delivers_nothing_and_the_worker_goes_on_until_it_is_mended(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str], fait: Fait
) -> None:
    export.montrer(export.modifier("Eleve", lambda texte: texte[: len(texte) // 2]))
    await poste.valider(numeros[0], *export.uai)

    with capture_logs() as journal:
        async with au_travail(poste):
            await fait(lambda: journal, lambda lignes: len(lignes) >= 2, 60)
            assert casier.visibles() == casier.restes() == []
            assert await poste.dits("AAFLivré") == []
            assert list(poste.atelier.iterdir()) == []
            export.retablir()
            await fait(lambda: poste.dits("AAFLivré"), bool, 60)

    echecs = [ligne for ligne in journal if ligne["log_level"] == "warning"]
    assert echecs
    assert all(
        ligne
        == {"event": "worker_step_failed", "worker": "livraison", "error": "AnnuaireIllisible", "log_level": "warning"}
        for ligne in echecs
    )


async def test_a_source_replaced_while_the_delivery_is_made_is_read_again(
    poste: "Poste", casier: "Casier", export: "Export", numeros: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    export.limiter(*export.uai[:3])
    await poste.valider(numeros[0], export.uai[0])
    fabrique = poste.livreur._fabrique
    produire = fabrique.produire

    async def produire_pendant_un_changement(commande: Any) -> Any:  # noqa: ANN401 - Commande, Produit
        produit = await produire(commande)
        monkeypatch.undo()
        export.retablir()
        return produit

    monkeypatch.setattr(fabrique, "produire", produire_pendant_un_changement)

    assert await poste.livreur.livrer()
    assert casier.visibles() == [], "made from an export that is no longer the académie's"
    assert await livrer_tout(poste) == 1
    assert len(await poste.dits("AAFLivré")) == 1


async def test_no_pupil_stays_in_the_work_directory(poste: "Poste", export: "Export", numeros: Sequence[str]) -> None:
    fabrique = poste.livreur._fabrique
    poste.atelier.mkdir()
    (poste.atelier / "reste d'une vie antérieure.xml").write_text(PRENOM)
    async with fabrique:
        assert list(poste.atelier.iterdir()) == []
        assert poste.atelier.stat().st_mode & 0o077 == 0
        await poste.valider(numeros[0], export.uai[0])

        assert await livrer_tout(poste) == 1
        assert list(poste.atelier.iterdir()) == []
