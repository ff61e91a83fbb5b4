"""What somebody finds when he comes back: what he began, filed, or was invited to."""

import re

from contracts.evenements import Verdict

from .banc import Essai, Trouver


def _cartes(page: str) -> list[str]:
    """Give the text of each card."""
    cartes = re.findall(r"<li class=\"fr-card.*?</li>", page, re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", " ", carte).split()) for carte in cartes]


async def test_somebody_who_has_nothing_is_told_where_to_begin(essai: Essai) -> None:
    page = await (await essai.personne()).lire("/dossiers")

    assert 'action="/brouillons"' in page
    assert "Commencer un nouveau dossier" in page
    assert "Vous n’avez pas encore déposé de dossier" in page


async def test_drafts_come_first_then_dossiers_the_last_filed_first(essai: Essai) -> None:
    camille = await essai.personne()
    brouillon = await essai.store.brouillons.creer(camille.identite)
    premier, second = await essai.deposer(camille), await essai.deposer(camille)

    cartes = _cartes(await camille.lire("/dossiers"))

    assert [numero in carte for numero, carte in zip((brouillon, second, premier), cartes, strict=True)] == [True] * 3
    assert cartes[0].startswith("Brouillon")
    assert "Commune à indiquer – 0 école" in cartes[0]
    assert cartes[1].startswith("Déposé")
    assert "Melun – 2 écoles" in cartes[1]
    assert "Nous vérifions vos pièces : un courriel vous dira la suite." in cartes[1]


async def test_what_is_not_mine_is_not_there(essai: Essai) -> None:
    await essai.deposer(await essai.personne())

    assert _cartes(await (await essai.personne()).lire("/dossiers")) == []


async def test_an_invited_colleague_finds_the_dossier_and_knows_why(essai: Essai) -> None:
    camille, dominique = await essai.personne(), await essai.personne()
    numero = await essai.deposer(camille)
    await essai.store.inviter(numero, dominique.courriel)

    (carte,) = _cartes(await dominique.lire("/dossiers"))

    assert numero in carte
    assert "un collègue vous y a invité" in carte


async def test_a_correction_that_is_begun_is_one_with_its_dossier(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    numero = await essai.deposer(camille)
    await essai.verifier(numero, controle(Verdict.BLOQUANT))
    await camille.poster(f"/dossiers/{numero}/corriger")

    (carte,) = _cartes(await camille.lire("/dossiers"))

    assert carte.startswith("À corriger")
    assert "Terminez la correction commencée" in carte


async def test_who_is_not_logged_in_is_sent_to_the_login_and_back(essai: Essai) -> None:
    reponse = await (await essai.navigateur()).get("/dossiers")

    assert (reponse.status_code, reponse.headers["location"]) == (303, "/connexion?suite=/dossiers")


async def test_the_next_step_of_the_list_is_that_of_the_dossier(essai: Essai, controle: Trouver) -> None:
    camille = await essai.personne()
    examine, classe, retire = [await essai.deposer(camille) for _ in range(3)]
    await essai.verifier(examine, controle(Verdict.INDISPONIBLE))
    await essai.changer(classe, etat="classe_sans_suite", decisions=[{"geste": "classer", "motivation": "…"}])
    await camille.poster(f"/dossiers/{retire}/retirer")

    cartes = {numero: carte for carte in _cartes(await camille.lire("/dossiers")) for numero in carte.split()}

    assert "un agent de l’académie examine le dossier" in cartes[examine]
    assert "Ce dossier est clos" in cartes[classe]
    assert "Vous avez retiré ce dossier" in cartes[retire]
