"""The last page of the form: all that was said, what is missing and where, and the deposit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.responses import Response

from contracts.dossier import RolePiece, Soumission
from services._runtime.francais import typographier
from services._runtime.mongo import Document
from services.intake.brouillons.domain import Erreur, Examen
from services.intake.brouillons.examen import examiner
from services.intake.brouillons.saisie import CHAMPS_DE, LIBELLES, PIECES, RUBRIQUE_DE, Rubrique, modifiables
from services.intake.depot import deposer
from services.intake.domain import Proprietaire, SoumissionRefusee
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages.formulaire_ecran import Ecran, adresse, compte_d_ecoles, en_mots, lignes_d_ecoles
from services.intake.portail.rendu import rediriger, taille
from services.intake.reglages import PORTAIL

GABARIT: Final = "formulaire_recapitulatif.html.j2"
CERTIFIER: Final = Erreur("certifie", "Cochez la case pour certifier que ces informations sont exactes.")
RELIRE: Final = Erreur(
    "certifie", "Ce dossier a changé depuis que cette page s’est affichée : relisez-le, puis déposez."
)
A_UN_AUTRE: Final = Erreur("certifie", "Seule la personne qui a créé ce brouillon peut déposer le dossier.")


@dataclass(frozen=True, slots=True)
class Ligne:
    """A field, with what it holds in words; `lien` leads to where it is typed, nowhere when it may not change."""

    champ: str
    libelle: str
    texte: str
    lien: str


async def montrer(demande: Demande) -> Response:
    """Show all that was said. What is missing is listed; it is no error before the deposit is asked for."""
    return await _ecran(demande, await examiner(demande.objet, demande.portail.store.referentiels))


async def recevoir(demande: Demande) -> Response:
    """File the dossier as this page showed it. Asked for again, it finds the dossier that it filed."""
    brouillon = demande.objet
    examen = await examiner(brouillon, demande.portail.store.referentiels)
    erreurs = (*examen.erreurs, *_refus(demande))
    if erreurs or examen.soumission is None:
        return await _ecran(demande, examen, erreurs, 409 if RELIRE in erreurs else 422)
    return await _deposer(demande, examen, examen.soumission)


async def supprimer(demande: Demande) -> Response:
    """Delete the draft."""
    await demande.portail.store.brouillons.supprimer(demande.objet["_id"])
    return rediriger("/dossiers", fait="brouillon-supprime")


async def _deposer(demande: Demande, examen: Examen, soumission: Soumission) -> Response:
    brouillon, store = demande.objet, demande.portail.store
    proprietaire = Proprietaire(brouillon["compte"], tuple(brouillon["invites"]))
    try:
        accuse = await deposer(store, PORTAIL, UUID(brouillon["cle"]), soumission, proprietaire=proprietaire)
    except SoumissionRefusee as refus:
        if refus.motif == "cle_deja_utilisee":  # its answer was lost, and the draft has changed since
            return rediriger(f"/dossiers/{brouillon['_id']}", fait="deja-depose")
        return await _ecran(demande, examen, (Erreur(_champ(refus, soumission), refus.message),), refus.statut)
    await store.brouillons.supprimer(brouillon["_id"], cle=brouillon["cle"])
    return rediriger(f"/dossiers/{accuse.numero}", fait="depose")


async def _ecran(demande: Demande, examen: Examen, erreurs: tuple[Erreur, ...] = (), statut: int = 200) -> Response:
    brouillon = demande.objet
    ecran = Ecran(Rubrique.RECAPITULATIF, brouillon, examen, erreurs)
    return ecran.rendre(
        demande,
        GABARIT,
        statut,
        sections=[
            (rubrique, list(_lignes(brouillon, examen, rubrique))) for rubrique in CHAMPS_DE if CHAMPS_DE[rubrique]
        ],
        manques={erreur.champ: _a_sa_place(erreur) for erreur in reversed(examen.erreurs)},
        lignes=lignes_d_ecoles(examen),
        compte=compte_d_ecoles(examen),
        complet=examen.soumission is not None,
        est_sien=_est_sien(demande),
    )


def _refus(demande: Demande) -> Iterator[Erreur]:
    """Say what keeps somebody from filing, whatever the dossier says."""
    if not _est_sien(demande):
        yield A_UN_AUTRE
    elif demande.formulaire.un("revision") != str(demande.objet["revision"]):
        yield RELIRE
    elif demande.formulaire.un("certifie") != "oui":
        yield CERTIFIER


def _est_sien(demande: Demande) -> bool:
    return bool(demande.objet["compte"] == demande.qui.compte)


def _lignes(brouillon: Document, examen: Examen, rubrique: Rubrique) -> Iterator[Ligne]:
    ouverts = modifiables(brouillon)
    for champ in CHAMPS_DE[rubrique]:
        page = adresse(brouillon, RUBRIQUE_DE[champ])
        lien = f"{page}?verifier=oui&retour=oui#{champ}" if champ in ouverts else ""
        yield Ligne(champ, LIBELLES[champ], _texte(brouillon, examen, champ), lien)


def _texte(brouillon: Document, examen: Examen, champ: str) -> str:
    if champ in PIECES:
        piece = brouillon["pieces"].get(champ.removeprefix("pieces."))
        return f"{piece['nom'] or 'Fichier'} ({taille(piece['taille'])})" if piece else ""
    if champ == "commune" and examen.connu.commune:
        return examen.connu.commune.libelle
    return en_mots(champ, brouillon["valeurs"][champ])


def _a_sa_place(erreur: Erreur) -> str:
    """Write what is wrong for a place that has the name of its field already."""
    phrase = typographier(erreur.message.removeprefix(f"{LIBELLES[erreur.champ]} : "))
    return phrase[0].upper() + phrase[1:]


def _champ(refus: SoumissionRefusee, soumission: Soumission) -> str:
    """Name the field of the draft that a refusal is about."""
    piece, _, rang = refus.detail.partition(".")
    if piece == "pieces" and rang:
        return f"pieces.{soumission.pieces[int(rang.partition('.')[0])].role}"
    return f"pieces.{RolePiece.ATTESTATION_ADHESION}" if piece == "pieces" else "certifie"


_RECAPITULATIF: Final = f"/brouillons/{{numero}}/{Rubrique.RECAPITULATIF}"
PAGES: Final = (
    Page("GET", _RECAPITULATIF, Acces.BROUILLON, montrer),
    Page("POST", _RECAPITULATIF, Acces.BROUILLON, recevoir),
    Page("POST", "/brouillons/{numero}/supprimer", Acces.AUTEUR, supprimer),
)
