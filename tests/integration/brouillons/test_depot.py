"""From the first page to the deposit, and back for a correction; once, whatever is pressed twice or lost."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.dossier import EtatDossier, RolePiece
from contracts.evenements import Controle, PiecesVerifiees, Rapport, Verdict
from deploy.demo.dossiers import SIRET_EXEMPLE, uai
from services._runtime.mongo import Document, Mongo
from services.intake.depot import retrouver
from services.intake.domain import decider
from services.intake.reglages import PORTAIL
from services.intake.store import Store
from tests.scene import texte

from .banc import VALEURS, Usager

CERTIFIE = {"certifie": "oui"}


def recapitulatif(numero: str) -> str:
    return f"/brouillons/{numero}/recapitulatif"


@pytest.fixture
def corriger(store: Store, usager: Usager) -> Callable[..., Awaitable[str]]:
    """File a dossier, have it sent back for these fields, and open its correction; give its number."""

    async def faire(*champs: str) -> str:
        numero = await usager.complet()
        await usager.poster(recapitulatif(numero), **CERTIFIE)
        await _renvoyer(store, numero, 1, champs)
        dossier = await store.dossier_de(numero, usager.identite, invites=False)
        assert dossier is not None
        await store.brouillons.corriger(dossier)
        return numero

    return faire


async def _renvoyer(store: Store, numero: str, version: int, champs: tuple[str, ...]) -> None:
    controles = tuple(
        Controle(
            id=f"essai-{rang}", verdict=Verdict.BLOQUANT, constat=f"Corrigez {champ}.", champ=champ, source="essai"
        )
        for rang, champ in enumerate(champs)
    )
    rapport = Rapport(
        version=version, siret=SIRET_EXEMPLE, commune="77288", ecoles=(uai(1),), regles="essai", controles=controles
    )
    verifie = PiecesVerifiees.dire(numero, rapport, source="ent1d/verification", le=datetime.now(UTC))
    assert await store.appliquer(decider(verifie))


async def depose(mongo: Mongo, numero: str) -> Document:
    """Read the one dossier that there is."""
    (dossier,) = await mongo.database["dossiers"].find().to_list(10)
    assert dossier["_id"] == numero
    lu: Document = dossier
    return lu


async def test_a_dossier_is_filed_page_by_page_without_script(usager: Usager, mongo: Mongo) -> None:
    numero = await usager.commencer()
    page = await usager.poster(
        f"/brouillons/{numero}/etablissement", siret="217 709 997 00019", recherche="melun", suite="chercher"
    )
    (commune,) = re.findall(r'name="commune_trouvee" value="(\w+)"', page.text)
    suite = await usager.poster(f"/brouillons/{numero}/etablissement", siret=SIRET_EXEMPLE, commune_trouvee=commune)
    personne = {c: str(VALEURS[c]) for c in ("civilite", "nom", "prenom", "fonction", "courriel", "telephone")}
    suite = await usager.poster(suite.headers["location"], **personne)
    suite = await usager.poster(suite.headers["location"], cochees=[uai(1)], ecoles=uai(4))
    assert suite.headers["location"] == f"/brouillons/{numero}/pieces"
    for role in RolePiece:
        await usager.joindre(numero, role)
    suite = await usager.poster(f"/brouillons/{numero}/commentaires", commentaires="Merci <b>!</b>")
    relu = texte(await usager.voir(suite.headers["location"]))
    for attendu in (
        SIRET_EXEMPLE,
        "Melun – 77000",
        "Fictive",
        "École des Lilas, Melun",
        "bon_commande_chorus.pdf",
        "Merci <b>!</b>",
    ):
        assert attendu in relu
    suite = await usager.poster(suite.headers["location"], **CERTIFIE)
    assert suite.headers["location"] == f"/dossiers/{numero}?fait=depose"
    dossier = await depose(mongo, numero)
    assert (dossier["etat"], dossier["producteur"]) == (EtatDossier.DEPOSE, PORTAIL)
    assert (dossier["compte"], dossier["invites"]) == (usager.identite.compte, [])
    assert dossier["ecoles"] == [uai(1), uai(4)]
    assert dossier["commentaires"] == "Merci <b>!</b>"
    assert await mongo.database["brouillons"].count_documents({}) == 0


async def test_what_is_missing_is_listed_with_links_and_nothing_is_filed(usager: Usager, mongo: Mongo) -> None:
    numero = await usager.commencer(**VALEURS | {"nom": "", "siret": "1"})
    await usager.joindre(numero, RolePiece.BON_COMMANDE_CHORUS, "Ce fichier est vide.")
    avant = await usager.voir(recapitulatif(numero))
    assert "sommaire-erreurs" not in avant.text
    page = await usager.poster(recapitulatif(numero), **CERTIFIE)
    assert page.status_code == 422
    assert page.text.index("<title>Erreur&nbsp;:")
    liens = re.findall(r'<li><a href="#([^"]+)">', page.text)
    assert liens == ["siret", "nom", *(f"pieces.{role}" for role in RolePiece)]
    for champ, rubrique in (("siret", "etablissement"), ("nom", "deposant"), ("pieces.bon_commande_chorus", "pieces")):
        assert f'id="{champ}"' in page.text
        assert f'href="/brouillons/{numero}/{rubrique}?verifier=oui&amp;retour=oui#{champ}"' in page.text
    assert "Ce fichier est vide." in page.text
    assert await mongo.database["dossiers"].count_documents({}) == 0


async def test_nothing_is_filed_without_the_certification(usager: Usager, mongo: Mongo) -> None:
    numero = await usager.complet()
    page = await usager.poster(recapitulatif(numero))
    assert (page.status_code, "Cochez la case pour certifier" in texte(page)) == (422, True)
    assert await mongo.database["dossiers"].count_documents({}) == 0


async def test_what_is_filed_is_what_was_read(usager: Usager, mongo: Mongo) -> None:
    numero = await usager.complet()
    affichee = await usager.caches(recapitulatif(numero))
    await usager.store.brouillons.enregistrer(numero, {"nom": "Autre"})
    page = await usager.poster(recapitulatif(numero), caches=affichee, **CERTIFIE)
    assert (page.status_code, "a changé depuis" in texte(page), "Autre" in texte(page)) == (409, True, True)
    assert await mongo.database["dossiers"].count_documents({}) == 0
    assert (await usager.poster(recapitulatif(numero), **CERTIFIE)).status_code == 303


async def test_a_button_pressed_twenty_times_files_one_dossier(usager: Usager, mongo: Mongo) -> None:
    numero = await usager.complet()
    caches = await usager.caches(recapitulatif(numero))
    reponses = await asyncio.gather(
        *(usager.poster(recapitulatif(numero), caches=caches, **CERTIFIE) for _ in range(20))
    )
    assert {reponse.status_code for reponse in reponses} == {303}
    assert {reponse.headers["location"].partition("?")[0] for reponse in reponses} == {f"/dossiers/{numero}"}
    assert len((await depose(mongo, numero))["depots"]) == 1


async def test_pages_left_open_lead_to_the_dossier_once_it_is_filed(
    usager: Usager, connecter: Callable[[str], Awaitable[Usager]]
) -> None:
    numero = await usager.complet()
    caches = await usager.caches(recapitulatif(numero))
    await usager.poster(recapitulatif(numero), caches=caches, **CERTIFIE)
    autre = await connecter("dominique@exemple.fr")
    for rubrique in ("etablissement", "deposant", "recapitulatif"):
        chemin = f"/brouillons/{numero}/{rubrique}"
        assert (await usager.voir(chemin)).headers["location"] == f"/dossiers/{numero}"
        assert (await usager.poster(chemin, caches=caches)).headers["location"] == f"/dossiers/{numero}"
        assert (await autre.voir(chemin)).status_code == 404


async def test_a_deposit_whose_answer_was_lost_finds_its_dossier(usager: Usager, mongo: Mongo) -> None:
    numero = await usager.complet()
    garde = await usager.brouillon(numero)
    await usager.poster(recapitulatif(numero), **CERTIFIE)
    await mongo.database["brouillons"].insert_one(garde)  # the process died before it could delete the draft
    reponse = await usager.poster(recapitulatif(numero), **CERTIFIE)
    assert reponse.headers["location"] == f"/dossiers/{numero}?fait=depose"
    assert len((await depose(mongo, numero))["depots"]) == 1
    assert await mongo.database["brouillons"].count_documents({}) == 0


async def test_what_was_typed_after_a_lost_answer_is_kept_and_told(usager: Usager, mongo: Mongo) -> None:
    numero = await usager.complet()
    garde = await usager.brouillon(numero)
    await usager.poster(recapitulatif(numero), **CERTIFIE)
    await mongo.database["brouillons"].insert_one(garde)
    await usager.store.brouillons.enregistrer(numero, {"commentaires": "Encore un mot"})
    reponse = await usager.poster(recapitulatif(numero), **CERTIFIE)
    assert reponse.headers["location"] == f"/dossiers/{numero}?fait=deja-depose"
    assert (await depose(mongo, numero))["commentaires"] == ""
    assert (await usager.valeurs(numero))["commentaires"] == "Encore un mot"


async def test_a_piece_that_is_not_there_is_told_at_its_place(usager: Usager, mongo: Mongo) -> None:
    numero = await usager.complet()
    chorus = (await usager.brouillon(numero))["pieces"]["bon_commande_chorus"]["id"]
    await mongo.database["pieces.files"].delete_one({"_id": chorus})
    page = await usager.poster(recapitulatif(numero), **CERTIFIE)
    assert page.status_code == 422
    assert '<a href="#pieces.bon_commande_chorus">' in page.text
    assert "Cette pièce n’a pas été reçue" in texte(page)


async def test_a_colleague_works_on_a_draft_and_does_not_file_it(
    usager: Usager, connecter: Callable[[str], Awaitable[Usager]], mongo: Mongo
) -> None:
    numero, collegue = await usager.complet(), await connecter("dominique@exemple.fr")
    await usager.store.brouillons.inviter(numero, collegue.identite.courriel)
    assert (await collegue.poster(f"/brouillons/{numero}/deposant", nom="Changé")).status_code == 303
    page = await collegue.voir(recapitulatif(numero))
    assert "Seule la personne qui l’a créé peut déposer" in texte(page)
    assert "Déposer le dossier</button>" not in page.text
    caches = await collegue.caches(f"/brouillons/{numero}/deposant")
    refuse = await collegue.poster(recapitulatif(numero), caches=caches, **CERTIFIE)
    assert (refuse.status_code, "Seule la personne qui a créé ce brouillon" in texte(refuse)) == (422, True)
    assert await mongo.database["dossiers"].count_documents({}) == 0
    await usager.poster(recapitulatif(numero), **CERTIFIE)
    assert (await depose(mongo, numero))["invites"] == ["dominique@exemple.fr"]


async def test_a_correction_changes_what_was_asked_for_and_nothing_else(
    usager: Usager, mongo: Mongo, corriger: Callable[..., Awaitable[str]]
) -> None:
    numero = await corriger("ecoles", "pieces.bon_commande_chorus")
    v1 = await depose(mongo, numero)
    page = await usager.voir(f"/brouillons/{numero}/deposant")
    assert 'name="nom"' not in page.text
    assert "Fictive" in texte(page)
    suite = await usager.poster(f"/brouillons/{numero}/deposant", nom="Pirate", caches=await usager.caches(
        f"/brouillons/{numero}/ecoles"))  # fmt: skip
    assert suite.headers["location"] == f"/brouillons/{numero}/ecoles"  # past what is not to be corrected
    page = await usager.voir(f"/brouillons/{numero}/ecoles")
    assert "Corrigez ecoles." in texte(page)
    suite = await usager.poster(f"/brouillons/{numero}/ecoles", ecoles=uai(2))
    assert suite.headers["location"] == f"/brouillons/{numero}/pieces"
    await usager.joindre(numero, RolePiece.BON_COMMANDE_CHORUS)
    page = await usager.voir(recapitulatif(numero))
    assert len(re.findall(r'href="[^"]*\?verifier=oui', page.text)) == 2
    suite = await usager.poster(recapitulatif(numero), **CERTIFIE)
    assert suite.headers["location"] == f"/dossiers/{numero}?fait=depose"
    v2 = await depose(mongo, numero)
    assert (v2["version"], v2["etat"], v2["ecoles"]) == (2, EtatDossier.DEPOSE, [uai(2)])
    assert v2["deposant"] == v1["deposant"]
    identiques = [avant["id"] == apres["id"] for avant, apres in zip(v1["pieces"], v2["pieces"], strict=True)]
    assert identiques == [True, True, False]
    assert await mongo.database["brouillons"].count_documents({}) == 0


async def test_a_correction_pressed_twice_makes_one_version(
    usager: Usager, mongo: Mongo, corriger: Callable[..., Awaitable[str]]
) -> None:
    numero = await corriger("ecoles")
    await usager.store.brouillons.enregistrer(numero, {"ecoles": [uai(2)]})
    caches = await usager.caches(recapitulatif(numero))
    reponses = await asyncio.gather(
        *(usager.poster(recapitulatif(numero), caches=caches, **CERTIFIE) for _ in range(10))
    )
    assert {reponse.status_code for reponse in reponses} == {303}
    assert (await depose(mongo, numero))["version"] == 2


async def test_a_second_correction_has_a_key_of_its_own(
    usager: Usager, store: Store, mongo: Mongo, corriger: Callable[..., Awaitable[str]]
) -> None:
    numero = await corriger("ecoles")
    cle = UUID((await usager.brouillon(numero))["cle"])
    await usager.poster(recapitulatif(numero), **CERTIFIE)
    assert await retrouver(store, PORTAIL, cle)
    await _renvoyer(store, numero, 2, ("commune",))
    await store.brouillons.corriger(await depose(mongo, numero))
    assert (await usager.brouillon(numero))["a_corriger"] == ["departement", "commune"]
    await usager.poster(recapitulatif(numero), **CERTIFIE)
    assert (await depose(mongo, numero))["version"] == 3


async def test_a_correction_that_is_no_longer_asked_for_is_refused(
    usager: Usager, mongo: Mongo, corriger: Callable[..., Awaitable[str]]
) -> None:
    numero = await corriger("ecoles")
    await mongo.database["dossiers"].update_one({"_id": numero}, {"$set": {"etat": EtatDossier.CLASSE_SANS_SUITE}})
    page = await usager.poster(recapitulatif(numero), **CERTIFIE)
    assert (page.status_code, "n’est plus, à corriger" in texte(page)) == (409, True)
    assert (await depose(mongo, numero))["version"] == 1


@pytest.mark.parametrize("champ", ["nom", "siret"])
async def test_a_form_sent_by_hand_reopens_nothing(
    usager: Usager, champ: str, corriger: Callable[..., Awaitable[str]]
) -> None:
    numero = await corriger("ecoles")
    caches = await usager.caches(f"/brouillons/{numero}/ecoles")
    for chemin in ("enregistrer", "deposant", "etablissement"):
        rubrique = chemin if chemin != "enregistrer" else "deposant"
        await usager.poster(
            f"/brouillons/{numero}/{chemin}", caches=caches | {"rubrique": rubrique}, **{champ: "Pirate"}
        )
    assert (await usager.valeurs(numero))[champ] == VALEURS[champ]


async def test_what_is_asked_of_all_the_answers_of_a_page_is_said_once(
    usager: Usager, corriger: Callable[..., Awaitable[str]]
) -> None:
    numero = await corriger("deposant")
    page = texte(await usager.voir(f"/brouillons/{numero}/deposant"))
    assert page.count("Corrigez deposant.") == 1
