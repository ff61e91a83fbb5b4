"""With the keyboard alone: a dossier goes from its first page to its deposit, and from the queue to its decision."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from contracts.dossier import EtatDossier
from deploy.demo.dossiers import CONFORME

from .clavier import Clavier
from .monde import CAMILLE, CLAUDE, Batir
from .vies import Vie

PIECES = {
    "attestation_adhesion": "l’attestation d’adhésion",
    "bon_commande_editeur": "le bon de commande éditeur",
    "bon_commande_chorus": "le bon de commande Chorus",
}
pytestmark = pytest.mark.timeout(120)


async def test_with_the_keyboard_alone_a_deposant_files_a_dossier(batir: Batir, tmp_path: Path) -> None:
    page = await (await batir()).aller("/dossiers", CAMILLE)
    clavier = Clavier(page)

    await clavier.aller("Commencer un nouveau dossier")
    await clavier.ecrire("Numéro SIRET", "217 709 997 00019")
    await clavier.choisir("Département", "77 – Seine-et-Marne")
    await clavier.ecrire("Chercher une commune", "melun")
    await clavier.choisir("Communes trouvées", "Melun")
    await clavier.aller("Continuer")

    await clavier.choisir("Civilité", "Madame")
    for champ, nom in (("Nom", "nom"), ("Prénom", "prenom"), ("Statut ou fonction", "fonction")):
        await clavier.ecrire(champ, CONFORME.deposant[nom])
    await clavier.ecrire("Téléphone", CONFORME.deposant["telephone"])
    await clavier.aller("Continuer")

    await clavier.presser("École élémentaire des Tilleuls", "Space")
    await clavier.ecrire("Codes UAI d’autres écoles", CONFORME.ecoles[0])
    await clavier.aller("Continuer")

    for role, contenu in CONFORME.pieces().items():
        (tmp_path / role).write_bytes(contenu)
        await clavier.joindre(f"Joindre {PIECES[role]}", tmp_path / role)
        await expect(page.get_by_role("button", name=f"Retirer {PIECES[role]}")).to_be_visible()
    await clavier.aller("Continuer")
    await clavier.ecrire("Ce que l’académie doit savoir", "Merci.")
    await clavier.aller("Continuer")

    await clavier.presser("Je certifie", "Space")
    await clavier.aller("Déposer le dossier")
    await expect(page).to_have_url(re.compile(r"/dossiers/ENT-[0-9A-Z]{5}-[0-9A-Z]{5}\?fait=depose$"))


async def test_with_the_keyboard_alone_an_agent_takes_a_dossier_and_decides(batir: Batir) -> None:
    monde = await batir()
    vie = await (await Vie.commencer(monde)).verifier(valider=False)
    page = await monde.aller("/agent", CLAUDE)
    clavier = Clavier(page)

    await clavier.aller(vie.numero)
    await clavier.aller("Prendre ce dossier")
    await clavier.choisir("Votre décision", "Demander une correction")
    await clavier.atteindre("Le bon de commande éditeur")
    await page.keyboard.press("ArrowDown")
    await clavier.ecrire("Motivation", "Il manque la page 2 du bon de commande.")
    await clavier.presser("Je confirme cette décision", "Space")
    await clavier.aller("Décider")

    assert (await vie.lire())["etat"] == EtatDossier.A_CORRIGER
    await expect(page.get_by_role("status").first).to_contain_text("La correction est demandée")
