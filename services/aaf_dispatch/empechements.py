"""Names what keeps a delivery from being made, from a short list: for timelines, metrics and logs."""

import errno
import socket
from enum import StrEnum
from typing import Final

import asyncssh

from services.aaf_dispatch.annuaire.fiche import AnnuaireIllisible
from services.aaf_dispatch.remise import EcritureAltereeError

_DISQUE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


class Empechement(StrEnum):
    """What keeps a delivery from being made."""

    INJOIGNABLE = "titulaire_injoignable"
    ACCES_REFUSE = "acces_refuse"
    CLE_CHANGEE = "cle_du_serveur_changee"
    PLEIN = "titulaire_plein"
    FICHIER_REFUSE = "fichier_refuse"
    FICHIER_ALTERE = "fichier_altere"
    DISQUE_PLEIN = "disque_plein"
    ANNUAIRE_ILLISIBLE = "annuaire_illisible"
    INCIDENT = "incident"


# What a producer reads after « La livraison de l’annuaire attend : ».
RAISONS: Final = {
    Empechement.INJOIGNABLE: "le serveur du titulaire ne répond pas",
    Empechement.ACCES_REFUSE: "le serveur du titulaire refuse notre accès",
    Empechement.CLE_CHANGEE: "la clé du serveur du titulaire a changé, rien ne lui est envoyé avant vérification",
    Empechement.PLEIN: "le serveur du titulaire n’a plus de place",
    Empechement.FICHIER_REFUSE: "le serveur du titulaire refuse le fichier",
    Empechement.FICHIER_ALTERE: "le fichier relu chez le titulaire n’est pas celui qui a été envoyé",
    Empechement.DISQUE_PLEIN: "notre serveur n’a plus de place",
    Empechement.ANNUAIRE_ILLISIBLE: "l’annuaire de l’académie ne peut pas être lu",
    Empechement.INCIDENT: "un incident technique de notre côté",
}
# The first that fits, in this order: asyncssh's errors are of one family.
_GENRES: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], Empechement], ...]] = (
    (asyncssh.HostKeyNotVerifiable, Empechement.CLE_CHANGEE),
    (asyncssh.PermissionDenied, Empechement.ACCES_REFUSE),
    ((asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded), Empechement.PLEIN),
    ((asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost), Empechement.INJOIGNABLE),
    (asyncssh.SFTPError, Empechement.FICHIER_REFUSE),
    (EcritureAltereeError, Empechement.FICHIER_ALTERE),
    (AnnuaireIllisible, Empechement.ANNUAIRE_ILLISIBLE),
    ((asyncssh.Error, ConnectionError, TimeoutError, socket.gaierror), Empechement.INJOIGNABLE),
)


def empechement_de(panne: Exception) -> Empechement:
    """Name a failure."""
    if isinstance(panne, OSError) and panne.errno in _DISQUE:
        return Empechement.DISQUE_PLEIN
    if isinstance(panne, asyncssh.SFTPFailure) and "space" in panne.reason.lower():  # SFTP 3 has no code for it
        return Empechement.PLEIN
    if isinstance(panne, OSError) and panne.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return Empechement.INJOIGNABLE
    return next((nom for genre, nom in _GENRES if isinstance(panne, genre)), Empechement.INCIDENT)
