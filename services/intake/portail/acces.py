"""Who may take a route: said once, in its table; the guard and the access matrix of the tests read it there."""

from enum import StrEnum


class Acces(StrEnum):
    """What somebody must be. What is not his answers as what does not exist.

    `DOSSIER` and `BROUILLON` are for the account that owns what `{numero}` names, and for the colleagues it invited;
    `PROPRIETAIRE` is for the owner of a dossier alone, `AUTEUR` for that of a draft. An agent, logged in with his
    second factor, reaches no draft.
    """

    PUBLIC = "public"
    CONNECTE = "connecte"
    BROUILLON = "brouillon"
    AUTEUR = "auteur"
    DOSSIER = "dossier"
    PROPRIETAIRE = "proprietaire"
    AGENT = "agent"
