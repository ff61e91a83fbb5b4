"""Uploads in parts: the protocol tus, spoken over the pieces of a draft."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response

from services._runtime.francais import typographier
from services.intake.brouillons.saisie import modifiables
from services.intake.portail.acces import Acces
from services.intake.portail.garde import verifier_jeton
from services.intake.portail.page import Demande, Page, Vue
from services.intake.televersements import protocole
from services.intake.televersements.domain import Etat, Refus, Televersement
from services.intake.televersements.flux import sans_silence

SANS_EFFET: Final = frozenset({"HEAD", "OPTIONS"})


def _tus(vue: Callable[[Demande], Awaitable[Response]]) -> Vue:
    """Speak tus around a view: its version, our token against forgery, and refusals as a sentence."""

    async def parler(demande: Demande) -> Response:
        requete = demande.request
        if requete.method not in SANS_EFFET:
            verifier_jeton(demande.identite, requete.headers.get("x-jeton", ""))
        try:
            if requete.method != "OPTIONS":
                protocole.exiger_la_version(requete.headers)
            reponse = await vue(demande)
        except Refus as refus:
            reponse = PlainTextResponse(typographier(refus.message), refus.statut)
        except ClientDisconnect:  # nobody is there to read it; without it the server would log a failure of ours
            reponse = Response(status_code=400)
        reponse.headers.update({"Tus-Resumable": protocole.VERSION, "Tus-Version": protocole.VERSION})
        return reponse

    return parler


async def dire_les_capacites(_: Demande) -> Response:
    """Tell what of tus is spoken here."""
    return Response(status_code=204, headers=protocole.CAPACITES)


async def ouvrir(demande: Demande) -> Response:
    """Begin an upload."""
    annonce = protocole.annonce(demande.request.headers)
    if f"pieces.{annonce.role}" not in modifiables(demande.objet):
        raise Refus(403, "Cette pièce n’est pas à corriger.")
    ouvert = await demande.portail.reception.televersements.ouvrir(demande.objet["_id"], annonce)
    ici = f"{demande.request.url.path}/{ouvert.id}"
    return Response(status_code=201, headers={"Location": ici, **protocole.etat(ouvert)})


async def dire_ou_il_en_est(demande: Demande) -> Response:
    """Tell how much of an upload is kept; when all is, finish what a crash left undone."""
    vu = await demande.portail.reception.achever(await _le_sien(demande))
    return Response(headers=protocole.description(vu))


async def poursuivre(demande: Demande) -> Response:
    """Keep what comes next of a file."""
    requete, televersement = demande.request, await _le_sien(demande)
    offset = protocole.offset(requete.headers)
    if offset + int(requete.headers.get("content-length", 0)) > televersement.taille:
        raise Refus(413, "L’envoi dépasse la taille annoncée.")
    recus = sans_silence(requete.stream())
    recu = await demande.portail.reception.poursuivre(televersement, offset, recus)
    return Response(status_code=204, headers=protocole.etat(recu))


async def renoncer(demande: Demande) -> Response:
    """Give an upload up, even while it is written to. What is a piece by now is taken off by its page."""
    televersement = await _le_sien(demande)
    if not await demande.portail.reception.televersements.oublier(televersement.id):
        raise Refus(409, "Ce fichier est déjà joint : retirez-le depuis la page.")
    return Response(status_code=204)


async def _le_sien(demande: Demande) -> Televersement:
    """Find the upload, of this draft only: one whose piece the draft holds no longer is gone with it."""
    numero = demande.objet["_id"]
    trouve = await demande.portail.reception.televersements.lire(numero, demande.request.path_params["televersement"])
    if trouve is None or (trouve.etat is Etat.CLOS and not await _tenu(demande, trouve)):
        raise Refus(404, "Cet envoi n’existe pas, ou n’existe plus.")
    return trouve


async def _tenu(demande: Demande, clos: Televersement) -> bool:
    # Read again: the draft may have taken the piece since the guard read it.
    brouillon = await demande.portail.store.brouillons.lire(clos.numero, demande.qui)
    return brouillon is not None and brouillon["pieces"].get(clos.role, {}).get("id") == clos.id


_TOUS: Final = "/brouillons/{numero}/televersements"
_UN: Final = _TOUS + "/{televersement}"
PAGES: Final = (
    Page("OPTIONS", _TOUS, Acces.BROUILLON, _tus(dire_les_capacites), en_flux=True),
    Page("POST", _TOUS, Acces.BROUILLON, _tus(ouvrir), en_flux=True),
    Page("HEAD", _UN, Acces.BROUILLON, _tus(dire_ou_il_en_est), en_flux=True),
    Page("PATCH", _UN, Acces.BROUILLON, _tus(poursuivre), en_flux=True),
    Page("DELETE", _UN, Acces.BROUILLON, _tus(renoncer), en_flux=True),
)
