"""The states of what a déposant follows: his list, and a dossier all along its life."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from playwright.async_api import Page

from contracts.dossier import RolePiece
from deploy.demo.dossiers import A_CORRIGER, CONFORME, REFUSE, Exemple, uai
from services.intake.decisions import Geste, Raison

from .examen import CLAIR, MOBILE, TOUTES
from .gestes import AUCUNE, CLAIRE, Atteindre, Etat, aller, envoyer
from .monde import CAMILLE, DOMINIQUE, VIDE, Monde
from .vies import Vie

DOSSIER: Final = "/dossiers/{numero}"
Vivre: TypeAlias = Callable[[Vie], Awaitable[object]]
MOTIVATION: Final = (
    "La commune n’adhère pas encore au groupement de commandes.\nDéposez un nouveau dossier une fois l’adhésion signée."
)
NOMBREUSES: Final = Exemple("trente écoles", ecoles=tuple(uai(rang) for rang in range(1, 31)))


def dossier(*gestes: Vivre, exemple: Exemple = CONFORME, suite: str = "") -> Atteindre:
    """Open a dossier that has lived through all this."""

    async def atteindre(monde: Monde) -> Page:
        vie = await Vie.commencer(monde, exemple)
        for geste in gestes:
            await geste(vie)
        return await monde.aller(f"/dossiers/{vie.numero}{suite}", CAMILLE)

    return atteindre


async def verifie(vie: Vie) -> None:
    """Let the contrôles decide, and the first mail leave."""
    await vie.verifier()
    await vie.ecrire("accuse", "accepte")


async def a_un_agent(vie: Vie) -> None:
    await vie.verifier(valider=False, sauf=RolePiece.BON_COMMANDE_EDITEUR)


async def corrige_par_un_agent(vie: Vie) -> None:
    await vie.verifier(valider=False)
    demandes = {"deposant": Raison.A_METTRE_A_JOUR, "pieces.bon_commande_editeur": Raison.INCOMPLET}
    await vie.decider(Geste.CORRIGER, "Il manque la page 2 du bon de commande.", demandes)


async def redepose(vie: Vie) -> None:
    await vie.corriger(Exemple("corrigé", ecoles=A_CORRIGER.ecoles))


async def refuse(vie: Vie) -> None:
    await vie.verifier(valider=False)
    await vie.decider(Geste.REFUSER, MOTIVATION)


async def classe(vie: Vie) -> None:
    await vie.verifier(valider=False)
    await vie.decider(Geste.CLASSER, "Le même dossier a été déposé deux fois : nous gardons le second.")


async def retire(vie: Vie) -> None:
    await vie.retirer()


async def retenu(vie: Vie) -> None:
    await vie.suspendre()


async def en_retard(vie: Vie) -> None:
    await vie.attendre_la_livraison("le serveur du titulaire ne répond pas")
    await vie.ecrire("validation", "refus_temporaire", raison="le serveur de messagerie ne répond pas")


async def livre(vie: Vie) -> None:
    await vie.livrer()
    for motif in ("validation", "livraison"):
        await vie.ecrire(motif, "accepte")


async def ecrit_en_vain(vie: Vie) -> None:
    for motif, issue in (("accuse", "refus_definitif"), ("correction", "douteux")):
        await vie.ecrire(motif, issue)


async def liste(monde: Monde) -> Page:
    """Open the list of somebody who has drafts and dossiers, and an invitation."""
    await monde.brouillon(VIDE)
    await monde.brouillon()
    for gestes in ((), (verifie,), (verifie, livre), (refuse,)):
        vie = await Vie.commencer(monde)
        for geste in gestes:
            await geste(vie)
    await (await Vie.commencer(monde, A_CORRIGER)).verifier()
    await Vie.commencer(monde, qui=DOMINIQUE, invites=(CAMILLE.courriel,))
    return await monde.aller("/dossiers", CAMILLE)


def invitations(*courriels: str, saisie: str = "") -> Atteindre:
    """Open a dossier to which these colleagues are invited; then invite one more."""

    async def atteindre(monde: Monde) -> Page:
        vie = await Vie.commencer(monde, invites=courriels)
        page = await monde.aller(f"/dossiers/{vie.numero}", CAMILLE)
        if saisie:
            await page.get_by_label("Adresse électronique du collègue").fill(saisie)
            await envoyer(page, "Inviter ce collègue")
        return page

    return atteindre


async def invite(monde: Monde) -> Page:
    vie = await Vie.commencer(monde, invites=(DOMINIQUE.courriel,))
    return await monde.aller(f"/dossiers/{vie.numero}", DOMINIQUE)


async def correction_entamee(monde: Monde) -> Page:
    vie = await (await Vie.commencer(monde, A_CORRIGER)).verifier()
    await monde.store.brouillons.corriger(await vie.lire())
    return await monde.aller(f"/dossiers/{vie.numero}", CAMILLE)


def etat(nom: str, atteindre: Atteindre, vues: Sequence[str] = CLAIRE) -> Etat:
    """Name a state of a dossier."""
    return Etat(f"dossier-{nom}", DOSSIER, atteindre, vues)


DOSSIERS: Final = (
    Etat("dossiers", "/dossiers", liste, vues=TOUTES),
    Etat("dossiers-refus", "/dossiers", aller("/dossiers?fait=trop-de-brouillons", CAMILLE), vues=AUCUNE),
    Etat("dossier-retirer", "/dossiers/{numero}/retirer", dossier(suite="/retirer")),
    etat("collegues", invitations(DOMINIQUE.courriel, "agathe.inventee@mairie-exemple.fr"), vues=AUCUNE),
    Etat("dossier-collegues-erreur", f"{DOSSIER}/inviter", invitations(saisie="dominique")),
    etat("collegues-complet", invitations(*(f"collegue.{rang}@mairie-exemple.fr" for rang in range(10))), vues=AUCUNE),
    etat("invite", invite, vues=AUCUNE),
)
SUIVI: Final = (
    etat("depose", dossier(suite="?fait=depose")),
    etat("examine", dossier(a_un_agent), vues=AUCUNE),
    etat("a-corriger", dossier(verifie, exemple=A_CORRIGER), vues=(CLAIR, MOBILE)),
    etat("a-corriger-agent", dossier(corrige_par_un_agent), vues=AUCUNE),
    etat("correction-entamee", correction_entamee, vues=AUCUNE),
    etat("corrige", dossier(verifie, redepose, a_un_agent, exemple=A_CORRIGER)),
    etat("valide", dossier(verifie, en_retard)),
    etat("suspendu", dossier(verifie, retenu), vues=AUCUNE),
    etat("livre", dossier(verifie, livre)),
    etat("refuse", dossier(refuse)),
    etat("refuse-sans-remede", dossier(verifie, exemple=REFUSE), vues=AUCUNE),
    etat("classe", dossier(classe), vues=AUCUNE),
    etat("retire", dossier(retire, suite="?fait=dossier_retire"), vues=AUCUNE),
    etat("courriels-perdus", dossier(ecrit_en_vain, exemple=NOMBREUSES), vues=AUCUNE),
)
