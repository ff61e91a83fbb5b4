"""Tells a colleague by mail that he is invited: the number of the dossier, where to open it, and nobody's name."""

from typing import Final

from services.intake.comptes.limites import HEURE, Limite
from services.intake.portail.page import Demande

DEPOSE: Final = (
    "suivre",
    "Vous verrez où en est le dossier, et vous pourrez le corriger si l’académie le demande.",
)
A_COMPLETER: Final = (
    "compléter",
    "Vous pourrez remplir le formulaire et joindre les pièces. Votre collègue déposera le dossier.",
)
INVITATIONS_PAR_COMPTE: Final = Limite("invitation-compte", 20, HEURE)  # twice what one dossier may have
INVITATIONS_PAR_ADRESSE: Final = Limite("invitation-adresse", 5, HEURE)  # nobody's mailbox is flooded through us


async def admise(demande: Demande, courriel: str) -> bool:
    """Count an invitation; False when there were too many by this account, or to this address."""
    admettre = demande.portail.store.comptes.limites.admettre
    if not await admettre(INVITATIONS_PAR_COMPTE, demande.qui.compte):
        return False
    return await admettre(INVITATIONS_PAR_ADRESSE, courriel)


def prevenir(demande: Demande, courriel: str, numero: str, *, depose: bool) -> None:
    """Send the mail once the answer has left. It is lost with the relay: the invited finds the dossier all the same."""
    base, service = demande.portail.reglages.base, demande.portail.reglages.service
    lien = f"{base}/{'dossiers' if depose else 'brouillons'}/{numero}"
    action, droits = DEPOSE if depose else A_COMPLETER
    valeurs = {"numero": numero, "lien": lien, "courriel": courriel, "service": service}
    valeurs |= {"action": action, "droits": droits}
    objet = f"Vous êtes invité à {action} le dossier {numero}"
    demande.portail.courrier.plus_tard(demande.portail.courrier.envoyer(courriel, objet, "invitation", valeurs))
