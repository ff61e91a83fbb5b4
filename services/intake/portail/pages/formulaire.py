"""The form: what is typed is kept first, right or wrong; then judged, and the page goes on or says what to correct."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from services._runtime.clock import now
from services._runtime.francais import heure
from services._runtime.mongo import Document
from services.intake.brouillons.domain import Examen
from services.intake.brouillons.examen import examiner
from services.intake.brouillons.saisie import CHAMPS_DE, LIBELLES, Rubrique, ecriture, modifiables, tient
from services.intake.brouillons.store import TropDeBrouillons
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Formulaire, Page
from services.intake.portail.pages import formulaire_recapitulatif
from services.intake.portail.pages.formulaire_ecran import (
    Ecran,
    adresse,
    compte_d_ecoles,
    en_mots,
    lignes_d_ecoles,
    par_champ,
    suivante,
)
from services.intake.portail.pages.formulaire_sujets import SUJETS, TOUTES, Saisie, Sujet
from services.intake.portail.rendu import rediriger

CHERCHER: Final = "chercher"
VERIFIER: Final = "verifier"
QUITTER: Final = "quitter"
SUR_PLACE: Final = frozenset({CHERCHER, TOUTES, VERIFIER})  # what shows the same page again, right or wrong


async def creer(demande: Demande) -> Response:
    """Open a draft; the SIRET is that of the employer, when the provider of the identity said so."""
    siret = await demande.portail.store.comptes.siret(demande.qui.compte)
    try:
        numero = await demande.portail.store.brouillons.creer(demande.qui, siret=siret)
    except TropDeBrouillons:
        return rediriger("/dossiers", fait="trop-de-brouillons")
    return rediriger(f"/brouillons/{numero}/{Rubrique.ETABLISSEMENT}")


async def reprendre(demande: Demande) -> Response:
    """Lead to the first page where something is missing."""
    examen = await _examiner(demande, demande.objet)
    return rediriger(
        adresse(demande.objet, next((r for r in Rubrique if examen.erreurs_de(r)), Rubrique.RECAPITULATIF))
    )


async def montrer(sujet: Sujet, demande: Demande) -> Response:
    """Show a page; what is wrong is said once somebody has been through it, or asks."""
    brouillon = demande.objet
    vue = sujet.rubrique in brouillon["soumises"] or VERIFIER in demande.request.query_params
    return await _ecran(sujet, demande, brouillon, erreurs=vue)


async def recevoir(sujet: Sujet, demande: Demande) -> Response:
    """Keep what was typed, then go on if it is right."""
    suite, saisie = demande.formulaire.un("suite"), sujet.lire(demande.formulaire)
    soumise = None if suite in {QUITTER, CHERCHER, TOUTES} else sujet.rubrique
    revision = await _enregistrer(demande, saisie, soumise)
    if not revision:
        return await _conflit(sujet, demande, saisie)
    brouillon = _avec(demande.objet, saisie) | {"revision": revision}
    if suite in SUR_PLACE:
        return await _ecran(sujet, demande, brouillon, erreurs=suite == VERIFIER)
    if suite == QUITTER and all(tient(champ, valeur) for champ, valeur in saisie.items()):
        return rediriger("/dossiers", fait="brouillon-enregistre")
    examen = await _examiner(demande, brouillon)
    if examen.erreurs_de(sujet.rubrique):
        return await _ecran(sujet, demande, brouillon, erreurs=True, statut=422)
    retour = bool(demande.formulaire.un("retour"))
    return rediriger(adresse(brouillon, Rubrique.RECAPITULATIF if retour else suivante(brouillon, sujet.rubrique)))


async def enregistrer(demande: Demande) -> Response:
    """Keep what is being typed, as often as it comes; say what is already known to be wrong, or odd."""
    sujet = SUJETS.get(demande.formulaire.un("rubrique"))
    if sujet is None:
        raise HTTPException(400)
    saisie = sujet.lire(demande.formulaire)
    revision = await _enregistrer(demande, saisie, None)
    if not revision:
        return JSONResponse({"conflit": True}, 409)
    brouillon = _avec(demande.objet, saisie)
    examen = await _examiner(demande, brouillon)
    return JSONResponse(
        {
            "revision": revision,
            "heure": heure(now()),
            "champs": _dits(examen, [c for c in CHAMPS_DE[sujet.rubrique] if brouillon["valeurs"][c]]),
            "ecoles": {"compte": compte_d_ecoles(examen), "lignes": [asdict(e) for e in lignes_d_ecoles(examen)]},
        }
    )


def _dits(examen: Examen, champs: Iterable[str]) -> dict[str, dict[str, str]]:
    """Give what is to be said of these fields; nothing of one that nobody has filled in yet."""
    erreurs, avertissements = par_champ(examen.erreurs), par_champ(examen.avertissements)
    return {c: {"erreur": erreurs.get(c, ""), "avertissement": avertissements.get(c, "")} for c in champs}


async def _ecran(
    sujet: Sujet,
    demande: Demande,
    brouillon: Document,
    *,
    erreurs: bool = False,
    statut: int = 200,
    conflits: Mapping[str, str] | None = None,
) -> Response:
    examen = await _examiner(demande, brouillon)
    complement = await sujet.complement(demande, brouillon, examen)
    ecran = Ecran(
        sujet.rubrique,
        brouillon,
        examen,
        examen.erreurs_de(sujet.rubrique) if erreurs else (),
        conflits or {},
        complement.pop("ancres", {}),
    )
    return ecran.rendre(demande, f"formulaire_{sujet.rubrique}.html.j2", statut, **complement)


async def _conflit(sujet: Sujet, demande: Demande, saisie: Saisie) -> Response:
    """Show what was typed beside what another page saved: sent again from here, it stands."""
    numero = demande.objet["_id"]
    actuel = await demande.portail.store.brouillons.lire(numero, demande.qui)
    if actuel is None:  # filed, or deleted, by another page
        return rediriger(adresse(demande.objet, sujet.rubrique))
    ailleurs = ecriture(actuel, saisie, _revision(demande.formulaire), demande.formulaire.un("onglet")).conflits
    conflits = {LIBELLES[c]: en_mots(c, actuel["valeurs"][c]) for c in CHAMPS_DE[sujet.rubrique] if c in ailleurs}
    return await _ecran(sujet, demande, _avec(actuel, saisie), statut=409, conflits=conflits)


async def _enregistrer(demande: Demande, saisie: Saisie, soumise: Rubrique | None) -> int:
    return await demande.portail.store.brouillons.enregistrer(
        demande.objet["_id"],
        saisie,
        revision=_revision(demande.formulaire),
        onglet=demande.formulaire.un("onglet")[:32],
        soumise=soumise,
    )


async def _examiner(demande: Demande, brouillon: Document) -> Examen:
    return await examiner(brouillon, demande.portail.store.referentiels)


def _avec(brouillon: Document, saisie: Saisie) -> Document:
    """Give a draft as it is with what was typed, where it may be: also what does not fit, for the page to show."""
    ouverts = modifiables(brouillon)
    return brouillon | {"valeurs": brouillon["valeurs"] | {c: v for c, v in saisie.items() if c in ouverts}}


def _revision(formulaire: Formulaire) -> int:
    """Read the revision that the page was shown at; none, or nonsense, is older than any."""
    saisie = formulaire.un("revision")
    return int(saisie) if saisie.isascii() and saisie.isdecimal() and len(saisie) < 10 else 0  # noqa: PLR2004


PAGES: Final = (
    Page("POST", "/brouillons", Acces.CONNECTE, creer),
    Page("GET", "/brouillons/{numero}", Acces.BROUILLON, reprendre),
    Page("POST", "/brouillons/{numero}/enregistrer", Acces.BROUILLON, enregistrer),
    *(
        Page(methode, f"/brouillons/{{numero}}/{rubrique}", Acces.BROUILLON, partial(vue, sujet))
        for rubrique, sujet in SUJETS.items()
        for methode, vue in (("GET", montrer), ("POST", recevoir))
    ),
    *formulaire_recapitulatif.PAGES,
)
