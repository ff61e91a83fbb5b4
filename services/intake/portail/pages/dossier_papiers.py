"""The files of a dossier: its pieces as they were filed, its récapitulatif and its attestation de dépôt."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from services._runtime.clock import now
from services._runtime.francais import jour, moment, siret
from services._runtime.mongo import Document
from services.intake.papiers.atelier import faire
from services.intake.papiers.attestation import Attestation, attestation
from services.intake.papiers.recapitulatif import Recapitulatif, recapitulatif
from services.intake.pieces_lecture import PieceOuverte
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages.dossier import connaitre
from services.intake.portail.rendu import taille
from services.intake.portail.telechargement import PDF, telecharger, telecharger_en_flux
from services.intake.suivi.declare import Connu, PieceDeclaree, declare
from services.intake.suivi.frise import piece_deposee, versions
from services.intake.suivi.mots import ETATS


async def piece(demande: Demande) -> Response:
    """Give back a piece of the present version, or of the one that is asked for."""
    role, ouverte = await piece_demandee(demande)
    return telecharger_en_flux(ouverte.morceaux, ouverte.taille, ouverte.nom or f"{role}_{demande.objet['numero']}")


async def piece_demandee(demande: Demande) -> tuple[str, PieceOuverte]:
    """Open the piece that the route names, of the version that is asked for or of the present one; else answer 404."""
    role = demande.request.path_params["role"]
    ident = piece_deposee(demande.objet, role, demande.request.query_params.get("version", ""))
    ouverte = await demande.portail.store.pieces_lues.ouvrir(ident) if ident else None
    if ouverte is None:
        raise HTTPException(404)
    return role, ouverte


async def recapitulatif_pdf(demande: Demande) -> Response:
    """Give everything that was filed, to print."""
    objet = demande.objet
    connu = await connaitre(demande.portail.store, [objet])
    papier = await faire(recapitulatif, _recapitulatif(objet, connu, demande.portail.reglages.service))
    return telecharger(papier, f"recapitulatif_{objet['numero']}.pdf", PDF)


async def attestation_pdf(demande: Demande) -> Response:
    """Give the proof that the dossier was filed."""
    objet = demande.objet
    connu = await connaitre(demande.portail.store, [objet])
    papier = await faire(attestation, _attestation(objet, connu, demande.portail.reglages.service))
    return telecharger(papier, f"attestation-depot_{objet['numero']}.pdf", PDF)


def _recapitulatif(objet: Document, connu: Connu, service: str) -> Recapitulatif:
    dit = declare(objet, connu)
    return Recapitulatif(
        numero=objet["numero"],
        service=service,
        edite_le=moment(now()),
        dossier=(
            ("État", ETATS[objet["etat"]]),
            ("Version", str(dit.version)),
            *_depots(objet),
        ),
        collectivite=dit.collectivite,
        deposant=dit.deposant,
        ecoles=[(ecole.uai, ecole.nom, ecole.commune) for ecole in dit.ecoles],
        pieces=[(deposee.libelle, _fichier(deposee)) for deposee in dit.pieces],
        commentaires=dit.commentaires,
    )


def _attestation(objet: Document, connu: Connu, service: str) -> Attestation:
    qui = objet["deposant"]
    return Attestation(
        numero=objet["numero"],
        service=service,
        deposant=f"{qui['civilite']} {qui['prenom']} {qui['nom']}",
        denomination=connu.commune(objet["commune"]),
        siret=siret(objet["siret"]),
        depose_le=moment(versions(objet)[0]["depose_le"]),
        derniere_version=f"version {objet['version']}, déposée le {moment(objet['depose_le'])}",
        etat=ETATS[objet["etat"]],
        edite_le=jour(now()),
    )


def _depots(objet: Document) -> list[tuple[str, str]]:
    """Date each version filed so far."""
    deposees = versions(objet)
    if len(deposees) == 1:
        return [("Déposé le", moment(objet["depose_le"]))]
    return [(f"Version {v['version']} déposée le", moment(v["depose_le"])) for v in deposees]


def _fichier(deposee: PieceDeclaree) -> list[tuple[str, str]]:
    return [("Fichier", deposee.nom), ("Taille", taille(deposee.taille)), ("Empreinte SHA-256", deposee.sha256)]


PAGES: Final = (
    Page("GET", "/dossiers/{numero}/pieces/{role}", Acces.DOSSIER, piece),
    Page("GET", "/dossiers/{numero}/recapitulatif.pdf", Acces.DOSSIER, recapitulatif_pdf),
    Page("GET", "/dossiers/{numero}/attestation.pdf", Acces.DOSSIER, attestation_pdf),
)
