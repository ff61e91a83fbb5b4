"""A draft filled in by several people: who is invited fills it in; its owner alone files it, deletes it, invites."""

import pytest

from contracts.evenements import Verdict
from services.intake.domain import INVITES_MAX

from .banc import Essai, Personne, Trouver


async def _commencer(essai: Essai, elle: Personne) -> str:
    return await essai.store.brouillons.creer(elle.identite)


async def test_who_is_invited_to_a_draft_is_told_and_fills_it_in_until_he_is_removed(essai: Essai) -> None:
    camille, dominique = await essai.personne(), await essai.personne()
    numero = await _commencer(essai, camille)

    reponse = await camille.poster(f"/brouillons/{numero}/inviter", courriel=f" {dominique.courriel.title()} ")
    (courriel,) = await essai.courriels(dominique.courriel)
    page = await dominique.lire(f"/brouillons/{numero}/deposant")
    rempli = await dominique.poster(f"/brouillons/{numero}/commentaires", commentaires="Vu", revision="1")
    liste = await camille.lire(f"/brouillons/{numero}/collegues")
    await camille.poster(f"/brouillons/{numero}/desinviter", courriel=dominique.courriel)

    assert reponse.headers["location"] == f"/brouillons/{numero}/collegues?fait=collegue_invite#collegues"
    assert f"https://portail.exemple/brouillons/{numero}" in courriel.get_body(("plain",)).get_content()
    assert courriel["Subject"] == f"Vous êtes invité à compléter le dossier {numero}"
    assert not any(nom in courriel.as_string() for nom in ("Camille", "Fictive", camille.courriel))
    assert "/collegues" not in page
    assert rempli.status_code == 303
    assert dominique.courriel in liste
    assert (await dominique.navigateur.get(f"/brouillons/{numero}")).status_code == 404
    assert (await essai.store.brouillons.lire(numero, camille.identite))["valeurs"]["commentaires"] == "Vu"


@pytest.mark.parametrize("geste", ["inviter", "desinviter", "supprimer"])
async def test_who_is_invited_to_a_draft_neither_invites_nor_deletes(essai: Essai, geste: str) -> None:
    camille, dominique = await essai.personne(), await essai.personne()
    numero = await _commencer(essai, camille)
    await essai.store.brouillons.inviter(numero, dominique.courriel)

    assert (await dominique.poster(f"/brouillons/{numero}/{geste}", courriel=dominique.courriel)).status_code == 404
    assert (await essai.store.brouillons.lire(numero, camille.identite))["invites"] == [dominique.courriel]


async def test_an_address_that_cannot_be_invited_to_a_draft_is_explained_at_its_field(essai: Essai) -> None:
    camille = await essai.personne()
    numero = await _commencer(essai, camille)

    reponse = await camille.poster(f"/brouillons/{numero}/inviter", courriel='"><script>alert(1)</script>')

    assert reponse.status_code == 422
    assert '<a href="#courriel">' in reponse.text
    assert "<script>alert" not in reponse.text
    assert "Indiquez une adresse électronique" in reponse.text.replace("\u00a0", " ")


async def test_ten_colleagues_are_enough_for_a_draft_too(essai: Essai) -> None:
    camille = await essai.personne()
    numero = await _commencer(essai, camille)
    for rang in range(INVITES_MAX):
        await essai.store.brouillons.inviter(numero, f"invite-{rang}@exemple.fr")

    reponse = await camille.poster(f"/brouillons/{numero}/inviter", courriel="de-trop@exemple.fr")

    assert reponse.status_code == 422
    assert "10 collègues sont déjà invités" in reponse.text
    assert not await essai.courriels("de-trop@exemple.fr")


async def test_the_correction_of_a_dossier_has_no_list_of_its_own(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.verifier(numero, controle(Verdict.BLOQUANT))
    await camille.poster(f"/dossiers/{numero}/corriger")

    reponse = await camille.navigateur.get(f"/brouillons/{numero}/collegues")

    # A correction is open to those who see its dossier: there is one list, on the dossier's page.
    assert reponse.headers["location"] == f"/dossiers/{numero}#collegues"
