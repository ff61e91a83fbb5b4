"""What a déposant does with a filed dossier, and what he cannot do."""

import pytest

from contracts.dossier import EtatDossier
from contracts.evenements import Verdict
from services.intake.domain import INVITES_MAX

from .banc import Essai, Trouver


async def test_withdrawing_asks_first_then_closes_the_dossier_and_tells_it(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.verifier(numero, controle(Verdict.BLOQUANT))
    await camille.poster(f"/dossiers/{numero}/corriger")

    question = await camille.lire(f"/dossiers/{numero}/retirer")
    encore = (await essai.lu(numero))["etat"]
    reponse = await camille.poster(f"/dossiers/{numero}/retirer")

    assert "Oui, retirer ce dossier" in question
    assert encore == EtatDossier.A_CORRIGER
    assert (reponse.status_code, reponse.headers["location"]) == (303, f"/dossiers/{numero}?fait=dossier_retire")
    assert (await essai.lu(numero))["etat"] == EtatDossier.CLASSE_SANS_SUITE
    assert await essai.store.brouillons.lire(numero, camille.identite) is None
    assert "Vous avez retiré ce dossier" in await camille.lire(f"/dossiers/{numero}")


async def test_a_dossier_already_decided_cannot_be_withdrawn(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.verifier(numero, controle(Verdict.CONFORME))

    reponses = [
        await camille.navigateur.get(f"/dossiers/{numero}/retirer"),
        await camille.poster(f"/dossiers/{numero}/retirer"),
    ]

    assert [reponse.headers["location"] for reponse in reponses] == [f"/dossiers/{numero}?fait=retrait_impossible"] * 2
    assert (await essai.lu(numero))["etat"] == EtatDossier.VALIDE


async def test_a_correction_that_nobody_asked_for_does_not_open(essai: Essai) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)

    reponse = await camille.poster(f"/dossiers/{numero}/corriger")

    assert reponse.headers["location"] == f"/dossiers/{numero}?fait=correction_close"
    assert await essai.store.brouillons.lire(numero, camille.identite) is None


async def test_duplicating_begins_a_new_draft_with_the_same_answers(essai: Essai) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)

    reponse = await camille.poster(f"/dossiers/{numero}/dupliquer")
    (brouillon,) = await essai.store.brouillons.lister(camille.identite)

    assert reponse.headers["location"] == f"/brouillons/{brouillon['_id']}/recapitulatif?fait=dossier_duplique"
    assert brouillon["_id"] != numero
    assert (brouillon["valeurs"]["commune"], brouillon["pieces"]) == ("77288", {})


async def test_an_invited_colleague_is_told_and_sees_the_dossier_until_he_is_removed(essai: Essai) -> None:
    camille, dominique = await essai.personne(), await essai.personne()
    numero = await essai.deposer(camille)

    reponse = await camille.poster(f"/dossiers/{numero}/inviter", courriel=f" {dominique.courriel.title()} ")
    (courriel,) = await essai.courriels(dominique.courriel)
    page = await dominique.lire(f"/dossiers/{numero}")
    await camille.poster(f"/dossiers/{numero}/desinviter", courriel=dominique.courriel)

    assert reponse.headers["location"] == f"/dossiers/{numero}?fait=collegue_invite#collegues"
    assert f"https://portail.exemple/dossiers/{numero}" in courriel.get_body(("plain",)).get_content()
    assert not any(nom in courriel.as_string() for nom in ("Camille", "Fictive", camille.courriel))
    assert camille.courriel not in page
    assert "Collègues invités" not in page
    assert (await dominique.navigateur.get(f"/dossiers/{numero}")).status_code == 404


async def test_who_is_removed_loses_the_correction_too(essai: Essai, controle: Trouver) -> None:
    camille, dominique, claude = [await essai.personne() for _ in range(3)]
    numero = await essai.deposer(camille)
    await essai.store.inviter(numero, dominique.courriel)
    await essai.verifier(numero, controle(Verdict.BLOQUANT))
    await dominique.poster(f"/dossiers/{numero}/corriger")
    await camille.poster(f"/dossiers/{numero}/inviter", courriel=claude.courriel)
    await camille.poster(f"/dossiers/{numero}/desinviter", courriel=dominique.courriel)

    assert await essai.store.brouillons.lire(numero, dominique.identite) is None
    assert await essai.store.brouillons.lire(numero, claude.identite) is not None


@pytest.mark.parametrize("geste", ["retirer", "inviter", "desinviter"])
async def test_an_invited_colleague_neither_withdraws_nor_invites(essai: Essai, geste: str) -> None:
    dominique = await essai.personne()
    numero = await essai.deposer(await essai.personne())
    await essai.store.inviter(numero, dominique.courriel)

    assert (await dominique.poster(f"/dossiers/{numero}/{geste}", courriel="a@exemple.fr")).status_code == 404
    assert (await essai.lu(numero))["invites"] == [dominique.courriel]


@pytest.mark.parametrize(
    ("saisie", "dit"),
    [
        ("", "Indiquez une adresse électronique"),
        ("pas une adresse", "Indiquez une adresse électronique"),
        ("a@exemple.fr\r\nBcc: b@exemple.fr", "Indiquez une adresse électronique"),
        ("=?utf-8?q?a?=@exemple.fr", "Indiquez une adresse électronique"),
        ('"><script>alert(1)</script>', "Indiquez une adresse électronique"),
        ("{soi}", "Cette adresse est la vôtre"),
        ("deja@exemple.fr", "Ce collègue est déjà invité"),
    ],
)
async def test_an_address_that_cannot_be_invited_is_explained_at_its_field(essai: Essai, saisie: str, dit: str) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.store.inviter(numero, "deja@exemple.fr")

    reponse = await camille.poster(f"/dossiers/{numero}/inviter", courriel=saisie.replace("{soi}", camille.courriel))

    assert reponse.status_code == 422
    assert f'<p class="fr-message fr-message--error">{dit}' in reponse.text.replace("\u00a0", " ")
    assert '<a href="#courriel">' in reponse.text
    assert "<script>alert" not in reponse.text
    assert (await essai.lu(numero))["invites"] == ["deja@exemple.fr"]


async def test_ten_colleagues_are_enough(essai: Essai) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.changer(numero, invites=[f"invite-{rang}@exemple.fr" for rang in range(INVITES_MAX)])

    reponse = await camille.poster(f"/dossiers/{numero}/inviter", courriel="de-trop@exemple.fr")

    assert reponse.status_code == 422
    assert "10 collègues sont déjà invités" in reponse.text
    assert len((await essai.lu(numero))["invites"]) == INVITES_MAX


async def test_nobody_floods_a_mailbox_by_inviting_it_again_and_again(essai: Essai) -> None:
    camille = await essai.personne()
    numero, victime = await essai.deposer(camille), f"{camille.courriel[8:20]}@ailleurs.fr"

    statuts = []
    for _ in range(7):
        statuts.append((await camille.poster(f"/dossiers/{numero}/inviter", courriel=victime)).status_code)
        await camille.poster(f"/dossiers/{numero}/desinviter", courriel=victime)

    assert statuts == [303] * 5 + [422] * 2
    assert len(await essai.courriels(victime)) == 5


@pytest.mark.parametrize("geste", ["corriger", "retirer", "dupliquer", "inviter", "desinviter"])
async def test_a_form_without_its_token_changes_nothing(essai: Essai, geste: str) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    avant = await essai.lu(numero)

    reponse = await camille.navigateur.post(f"/dossiers/{numero}/{geste}", data={"courriel": "a@exemple.fr"})

    assert reponse.status_code == 403
    assert await essai.lu(numero) == avant
