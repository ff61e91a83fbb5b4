"""The three pieces of a draft: what each is, the file that is there, and the forms that send it or take it off."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from contracts.dossier import TAILLE_MAX_PIECE, RolePiece
from services._runtime.francais import typographier
from services._runtime.mongo import Document
from services.intake.brouillons.saisie import LIBELLES, TITRES, Rubrique, modifiables
from services.intake.domain import SoumissionRefusee
from services.intake.pieces import PieceTropVolumineuse
from services.intake.portail.acces import Acces
from services.intake.portail.garde import verifier_jeton
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages.formulaire_ecran import adresse, motifs, suivante
from services.intake.portail.rendu import rediriger, rendre
from services.intake.televersements.domain import Refus
from services.intake.televersements.flux import sans_silence
from services.intake.televersements.formulaire import ouvrir

RETOUR: Final = "retour"  # said by the récapitulatif, to which one then goes back
VERIFIER: Final = "verifier"  # said by it too, to be told what is missing
AUTOUR: Final = 16 * 1024  # bytes of a form that are not its file's
ERREURS: Final = {
    "absent": "Choisissez un fichier, puis envoyez-le.",
    "vide": "Ce fichier est vide. Choisissez le document lui-même.",
    "lourd": "Ce fichier dépasse 200 Mo. Joignez une version plus légère, numérisée par exemple en noir et blanc.",
    "incomplet": "Le fichier n’est pas arrivé en entier. Envoyez-le à nouveau.",
}


@dataclass(frozen=True)
class Place:
    """Where a piece goes: how a sentence names it, and what it must hold.

    Then, in a draft: the file that is there, whether it may change, why it reopens, what is wrong with it.
    """

    role: RolePiece
    nom: str
    contenu: str
    piece: Document | None = None
    modifiable: bool = True
    motif: str = ""
    erreur: str = ""

    @property
    def champ(self) -> str:
        """Name the field, as drafts do."""
        return f"pieces.{self.role}"

    @property
    def titre(self) -> str:
        """Give its title."""
        return LIBELLES[self.champ]


PLACES: Final = (
    Place(
        RolePiece.ATTESTATION_ADHESION,
        "l’attestation d’adhésion",
        "Le courrier ou l’attestation d’adhésion de votre commune. Il comporte votre numéro de dossier et la date de "
        "dépôt.",
    ),
    Place(
        RolePiece.BON_COMMANDE_EDITEUR,
        "le bon de commande éditeur",
        "Le bon de commande passé à l’éditeur de l’ENT. Il liste les codes UAI de toutes les écoles de la commande.",
    ),
    Place(
        RolePiece.BON_COMMANDE_CHORUS,
        "le bon de commande Chorus",
        "L’engagement juridique de cette commande, tel que vous le téléchargez depuis Chorus Pro.",
    ),
)


async def montrer(demande: Demande) -> Response:
    """Show the three places."""
    brouillon, retour = demande.objet, RETOUR in demande.request.query_params
    places = [_remplie(place, demande) for place in PLACES]
    return rendre(
        demande,
        "pieces.html.j2",
        brouillon=brouillon,
        places=places,
        erreurs=[(place.champ, typographier(f"{place.titre} : {place.erreur}")) for place in places if place.erreur],
        dossier=f"/brouillons/{brouillon['_id']}",
        rubrique=Rubrique.PIECES,
        suivante=Rubrique.RECAPITULATIF if retour else suivante(brouillon, Rubrique.PIECES),
        retour=retour,
        titres=TITRES,
        taille_max=TAILLE_MAX_PIECE,
    )


async def envoyer(demande: Demande) -> Response:
    """Receive a file from a form, and come back to the page with the piece or with what is wrong."""
    role = _role(demande)
    try:
        faute = await _recevoir(demande, role)
    except SoumissionRefusee:
        faute = "vide"
    except PieceTropVolumineuse:
        faute = "lourd"
    except (Refus, ClientDisconnect):
        faute = "incomplet"
    return _revenir(demande, fait="piece_jointe") if faute is None else _revenir(demande, piece=role, erreur=faute)


async def retirer(demande: Demande) -> Response:
    """Take a piece off the draft."""
    await demande.portail.reception.retirer(demande.objet["_id"], _role(demande))
    return _revenir(demande, fait="piece_retiree")


async def _recevoir(demande: Demande, role: RolePiece) -> str | None:
    """Give the code of what is wrong with the file (empty: the page shows it at the piece), None when it is fit."""
    requete = demande.request
    if int(requete.headers.get("content-length", 0)) > TAILLE_MAX_PIECE + AUTOUR:
        raise PieceTropVolumineuse
    recus = sans_silence(requete.stream())
    fichier = await ouvrir(requete.headers.get("content-type", ""), recus, partial(verifier_jeton, demande.identite))
    if not fichier.nom:
        return "absent"
    return "" if await demande.portail.reception.recevoir(demande.objet["_id"], role, fichier) else None


def _remplie(place: Place, demande: Demande) -> Place:
    brouillon = demande.objet
    return replace(
        place,
        piece=brouillon["pieces"].get(place.role),
        modifiable=place.champ in modifiables(brouillon),
        motif=motifs(brouillon).get(place.champ, ""),
        erreur=_erreur(place, demande),
    )


def _erreur(place: Place, demande: Demande) -> str:
    """Say what was just refused, else what is wrong with the file that is kept, else that there is none, if asked."""
    dits, piece = demande.request.query_params, demande.objet["pieces"].get(place.role)
    if dits.get("piece") == place.role and dits.get("erreur") in ERREURS:
        return typographier(ERREURS[dits["erreur"]])
    if piece is None:
        return "Joignez cette pièce." if VERIFIER in dits else ""
    return str(piece["constat"])


def _role(demande: Demande) -> RolePiece:
    """Read whose place the route names. Raises a 404 for none of ours, a 403 for one that is not to be corrected."""
    role = demande.request.path_params["role"]
    if role not in set(RolePiece):
        raise HTTPException(404)
    if f"pieces.{role}" not in modifiables(demande.objet):
        raise HTTPException(403)
    return RolePiece(role)


def _revenir(demande: Demande, **dits: str) -> Response:
    retour = {RETOUR: "oui"} if RETOUR in demande.request.query_params else {}
    return rediriger(f"{adresse(demande.objet, Rubrique.PIECES)}?{urlencode(retour | dits)}")


_PIECES: Final = "/brouillons/{numero}/pieces"
PAGES: Final = (
    Page("GET", _PIECES, Acces.BROUILLON, montrer),
    Page("POST", _PIECES + "/{role}", Acces.BROUILLON, envoyer, en_flux=True),
    Page("POST", _PIECES + "/{role}/retirer", Acces.BROUILLON, retirer),
)
