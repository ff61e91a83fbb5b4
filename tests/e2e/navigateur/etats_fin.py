"""The states of the end of the form: pieces, recap; and of its pages when a correction reopens them."""

from collections.abc import Mapping
from typing import Final

from playwright.async_api import Page, Route, expect

from contracts.dossier import RolePiece
from deploy.demo.dossiers import A_CORRIGER, CONFORME
from services.intake.brouillons.saisie import Rubrique
from services.intake.decisions import Geste as Decision
from services.intake.decisions import Raison

from .etats_formulaire import etat
from .examen import TOUTES
from .gestes import AUCUNE, Atteindre, Etat, Geste, envoyer
from .monde import CAMILLE, DOMINIQUE, REMPLI, Monde
from .vies import Vie

_PIECES, _FIN = Rubrique.PIECES, Rubrique.RECAPITULATIF
EDITEUR: Final = str(RolePiece.BON_COMMANDE_EDITEUR)
MOTIVATION: Final = "Le bon de commande s’arrête à la page 1, et le téléphone ne répond pas."
# What an agent asks for, so that each page of the form has something to reopen and something that stays closed.
DEMANDES: Final = {
    "commune": Raison.INCORRECT,
    "deposant": Raison.A_METTRE_A_JOUR,
    "ecoles": Raison.INCOMPLET,
    f"pieces.{EDITEUR}": Raison.INCOMPLET,
}


def pieces(jointes: Mapping[str, bytes], puis: Geste | None = None, suite: str = "") -> Atteindre:
    """Open the pieces of a new draft that has these, then do that."""

    async def atteindre(monde: Monde) -> Page:
        numero = await monde.brouillon(pieces=jointes)
        page = await monde.aller(f"/brouillons/{numero}/pieces{suite}", CAMILLE)
        if puis:
            await puis(page)
        return page

    return atteindre


async def choisir_un_fichier_vide(page: Page) -> None:
    await page.locator(f"[id='pieces.{EDITEUR}']").set_input_files(
        {"name": "bon.pdf", "mimeType": "application/pdf", "buffer": b""}
    )
    await expect(page.get_by_text("Ce fichier est vide.")).to_be_visible()


async def envoyer_sans_arriver(page: Page) -> None:
    """Begin to send a piece whose bytes do not arrive while one looks."""

    async def retenir(route: Route) -> None:
        if route.request.method != "PATCH":
            await route.continue_()

    await page.route("**/televersements/*", retenir)
    fichier = {"name": "bon.pdf", "mimeType": "application/pdf", "buffer": CONFORME.pieces()[EDITEUR]}
    await page.locator(f"[id='pieces.{EDITEUR}']").set_input_files(fichier)
    await expect(page.get_by_role("progressbar")).to_be_visible()


def recapitulatif(*, complet: bool = True, puis: Geste | None = None) -> Atteindre:
    """Open the recap of a new draft, then do that."""

    async def atteindre(monde: Monde) -> Page:
        numero = await monde.brouillon(
            REMPLI if complet else REMPLI | {"siret": "", "ecoles": []}, pieces=CONFORME.pieces() if complet else {}
        )
        page = await monde.aller(f"/brouillons/{numero}/recapitulatif", CAMILLE)
        if puis:
            await puis(page)
        return page

    return atteindre


async def deposer(page: Page) -> None:
    await envoyer(page, "Déposer le dossier")


async def recapitulatif_change(monde: Monde) -> Page:
    """File a dossier that has changed since it was shown."""
    numero = await monde.brouillon(pieces=CONFORME.pieces())
    page = await monde.aller(f"/brouillons/{numero}/recapitulatif", CAMILLE)
    await monde.store.brouillons.enregistrer(numero, {"fonction": "Directrice"})
    await deposer(page)
    return page


async def recapitulatif_d_un_collegue(monde: Monde) -> Page:
    numero = await monde.brouillon(pieces=CONFORME.pieces())
    await monde.store.brouillons.inviter(numero, DOMINIQUE.courriel)
    return await monde.aller(f"/brouillons/{numero}/recapitulatif", DOMINIQUE)


def correction(rubrique: Rubrique) -> Atteindre:
    """Open a page of the correction that an agent asked for."""

    async def atteindre(monde: Monde) -> Page:
        vie = await (await Vie.commencer(monde)).verifier(valider=False)
        await vie.decider(Decision.CORRIGER, MOTIVATION, DEMANDES)
        await monde.store.brouillons.corriger(await vie.lire())
        return await monde.aller(f"/brouillons/{vie.numero}/{rubrique}", CAMILLE)

    return atteindre


async def correction_du_rapport(monde: Monde) -> Page:
    """Open what the contrôles alone reopened."""
    vie = await (await Vie.commencer(monde, A_CORRIGER)).verifier()
    await monde.store.brouillons.corriger(await vie.lire())
    return await monde.aller(f"/brouillons/{vie.numero}/{Rubrique.ECOLES}", CAMILLE)


def collegues(saisie: str = "") -> Atteindre:
    """Open the page where colleagues are invited to a draft; then invite one."""

    async def atteindre(monde: Monde) -> Page:
        numero = await monde.brouillon()
        await monde.store.brouillons.inviter(numero, DOMINIQUE.courriel)
        page = await monde.aller(f"/brouillons/{numero}/collegues", CAMILLE)
        if saisie:
            await page.get_by_label("Adresse électronique du collègue").fill(saisie)
            await envoyer(page, "Inviter ce collègue")
        return page

    return atteindre


PIECES: Final = (
    etat("", _PIECES, pieces(CONFORME.pieces()), vues=TOUTES),
    etat("vide", _PIECES, pieces({})),
    etat("inapte", _PIECES, pieces({EDITEUR: b"PK\x03\x04" + bytes(60)})),
    etat("erreur", _PIECES, pieces({}, suite=f"?piece={EDITEUR}&erreur=lourd"), vues=AUCUNE),
    etat("manquantes", _PIECES, pieces({}, suite="?retour=oui&verifier=oui"), vues=AUCUNE),
    etat("jointe", _PIECES, pieces({EDITEUR: CONFORME.pieces()[EDITEUR]}, suite="?fait=piece_jointe"), vues=AUCUNE),
    etat("fichier-vide", _PIECES, pieces({}, choisir_un_fichier_vide), vues=AUCUNE),
    etat("envoi", _PIECES, pieces({}, envoyer_sans_arriver)),
)
RECAPITULATIF: Final = (
    etat("", _FIN, recapitulatif(), vues=TOUTES),
    etat("incomplet", _FIN, recapitulatif(complet=False), vues=AUCUNE),
    etat("erreurs", _FIN, recapitulatif(complet=False, puis=deposer)),
    etat("sans-certifier", _FIN, recapitulatif(puis=deposer), vues=AUCUNE),
    etat("change", _FIN, recapitulatif_change, vues=AUCUNE),
    etat("invite", _FIN, recapitulatif_d_un_collegue, vues=AUCUNE),
    Etat("formulaire-collegues", "/brouillons/{numero}/collegues", collegues()),
    Etat("formulaire-collegues-erreur", "/brouillons/{numero}/inviter", collegues(CAMILLE.courriel)),
)
CORRECTION: Final = (
    etat("correction", _FIN, correction(_FIN)),
    *(etat("correction", rubrique, correction(rubrique)) for rubrique in Rubrique if rubrique is not _FIN),
    etat("correction-rapport", Rubrique.ECOLES, correction_du_rapport, vues=AUCUNE),
)
