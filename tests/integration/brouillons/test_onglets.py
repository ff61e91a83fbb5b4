"""Several pages open on one draft, and what is saved while somebody types."""

import re

from deploy.demo.dossiers import SIRET_EXEMPLE, uai
from tests.scene import texte

from .banc import VALEURS, Usager


async def test_two_pages_open_on_one_draft_undo_nothing_of_each_other(usager: Usager) -> None:
    numero = await usager.commencer(**VALEURS)
    chemin = f"/brouillons/{numero}/deposant"
    champs = {c: VALEURS[c] for c in ("civilite", "nom", "prenom", "fonction", "courriel", "telephone")}
    une, autre = await usager.caches(chemin), await usager.caches(chemin)
    assert (await usager.poster(chemin, caches=une, **champs | {"nom": "Premier"})).status_code == 303
    page = await usager.poster(chemin, caches=autre, **champs | {"nom": "Second", "prenom": "Zoé"})
    assert page.status_code == 409
    assert "Nom : « Premier »" in texte(page)
    assert "Prénom :" not in texte(page).partition("a enregistré")[2].partition("Votre saisie est restée")[0]
    assert 'value="Second"' in page.text
    assert 'value="Zoé"' in page.text
    assert (await usager.valeurs(numero))["nom"] == "Premier"
    nouveaux = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    assert (await usager.poster(chemin, caches=nouveaux, **champs | {"nom": "Second"})).status_code == 303
    assert (await usager.valeurs(numero))["nom"] == "Second"


async def test_two_pages_that_change_different_answers_do_not_disturb_each_other(usager: Usager) -> None:
    numero = await usager.commencer(**VALEURS)
    deposant, commentaires = f"/brouillons/{numero}/deposant", f"/brouillons/{numero}/commentaires"
    une, autre = await usager.caches(deposant), await usager.caches(commentaires)
    assert (await usager.poster(deposant, caches=une, nom="Nouveau")).status_code == 303
    assert (await usager.poster(commentaires, caches=autre, commentaires="Bonjour")).status_code == 303


async def test_what_is_being_typed_is_saved_and_judged_at_once(usager: Usager) -> None:
    numero = await usager.commencer()
    caches = await usager.caches(f"/brouillons/{numero}/etablissement")
    reponse = await usager.poster(
        f"/brouillons/{numero}/enregistrer", caches=caches, siret="217", commune_trouvee="77288"
    )
    assert reponse.status_code == 200
    dit = reponse.json()
    assert re.fullmatch(r"[0-9]{1,2}\u00a0h\u00a0[0-9]{2}", dit["heure"])
    assert "il en manque 11" in dit["champs"]["siret"]["erreur"]
    assert dit["champs"]["commune"] == {"erreur": "", "avertissement": ""}
    assert (await usager.valeurs(numero))["commune"] == "77288"
    encore = await usager.poster(
        f"/brouillons/{numero}/enregistrer", caches=caches | {"revision": str(dit["revision"])}, siret=SIRET_EXEMPLE
    )
    assert encore.json()["champs"]["siret"]["erreur"] == ""
    assert "commune de Melun" in encore.json()["champs"]["siret"]["avertissement"]
    assert (await usager.brouillon(numero))["soumises"] == []


async def test_the_list_of_schools_is_understood_as_it_is_typed(usager: Usager) -> None:
    numero = await usager.commencer(**VALEURS)
    caches = await usager.caches(f"/brouillons/{numero}/ecoles")
    reponse = await usager.poster(f"/brouillons/{numero}/enregistrer", caches=caches, ecoles=f"{uai(1)} 0779002A")
    assert reponse.json()["ecoles"]["compte"] == "Une école dans votre liste."
    assert [(e["texte"], e["nom"], e["genre"]) for e in reponse.json()["ecoles"]["lignes"]] == [
        (uai(1), "École des Lilas, Melun", "juste"),
        ("0779002A", "", "fausse"),
    ]


async def test_an_answer_changed_elsewhere_is_not_saved_over_while_typing(usager: Usager) -> None:
    numero = await usager.commencer(**VALEURS)
    une, autre = [await usager.caches(f"/brouillons/{numero}/deposant") for _ in range(2)]
    chemin = f"/brouillons/{numero}/enregistrer"
    assert (await usager.poster(chemin, caches=une, nom="Premier")).status_code == 200
    assert (await usager.poster(chemin, caches=une, nom="Premiers")).status_code == 200  # its answer may be lost
    assert (await usager.poster(chemin, caches=autre, nom="Second")).status_code == 409
    assert (await usager.valeurs(numero))["nom"] == "Premiers"


async def test_nonsense_is_refused(usager: Usager) -> None:
    numero = await usager.commencer(**VALEURS)
    caches = await usager.caches(f"/brouillons/{numero}/deposant")
    chemin = f"/brouillons/{numero}/enregistrer"
    assert (await usager.poster(chemin, caches=caches | {"rubrique": "compte"}, nom="A")).status_code == 400
    assert (await usager.poster(chemin, caches=caches | {"jeton": "faux"}, nom="A")).status_code == 403
    assert (await usager.poster(chemin, caches=caches, nom="a" * 300_000)).status_code == 400
    assert (await usager.poster(chemin, caches=caches | {"revision": "-1; drop"}, nom="A")).status_code == 409
