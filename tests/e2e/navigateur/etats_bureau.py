"""The states of the agents' desk."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from playwright.async_api import Page

from deploy.demo.dossiers import A_CORRIGER, CONFORME, Exemple, uai
from services._runtime.clock import now
from services.intake.bureau.store import PAR_PAGE

from .etats_suivi import (
    Vivre,
    a_un_agent,
    classe,
    corrige_par_un_agent,
    en_retard,
    livre,
    redepose,
    refuse,
    retenu,
    verifie,
)
from .examen import TOUTES
from .gestes import AUCUNE, Atteindre, Etat, aller, cocher, envoyer
from .monde import CLAUDE, SACHA, Monde
from .vies import TITULAIRE, Vie

CRETEIL: Final = {"commune": "94028", "departement": "94"}
AILLEURS: Final = Exemple("à Saint-Denis", commune="93066", ecoles=(uai(1, "093"),))
PAGE: Final = "/agent/dossiers/{numero}"


async def conforme(vie: Vie) -> None:
    """Have it examined where agents validate themselves."""
    await vie.verifier(valider=False)


async def peupler(monde: Monde) -> None:
    """Put one dossier of each kind on the desk, and three conforme ones, of which another agent has one."""
    vies: Sequence[tuple[Exemple, tuple[Vivre, ...]]] = (
        (CONFORME, ()),
        (A_CORRIGER, (verifie,)),
        (CONFORME, (a_un_agent,)),
        (AILLEURS, (conforme,)),
        (CONFORME, (verifie, retenu)),
        (CONFORME, (verifie, en_retard)),
        (CONFORME, (verifie, livre)),
        (CONFORME, (refuse,)),
    )
    for rang, (exemple, gestes) in enumerate(vies):
        vie = await (await Vie.commencer(monde, exemple)).vieillir(3 * rang)
        for geste in gestes:
            await geste(vie)
    await copier(monde, 3)
    await monde.store.bureau.verrous.prendre("ENT-00003-00000", SACHA.agent)


async def copier(monde: Monde, nombre: int) -> None:
    """Put so many conforme dossiers of Créteil on the desk, the oldest ones."""
    modele = await (await (await Vie.commencer(monde)).verifier(valider=False)).lire()
    copies = [modele | CRETEIL | _propre(f"ENT-{nombre:05d}-{rang:05d}", rang) for rang in range(nombre)]
    await monde.base["dossiers"].insert_many(copies)


def _propre(numero: str, rang: int) -> dict[str, Any]:
    cles = {"_id": numero, "numero": numero, "depots": [{"cle": numero}], "sortie": []}
    return cles | {"verdict": "conforme", "depose_le": now() - timedelta(days=40, hours=rang)}


def file(suite: str = "", *, foule: bool = False) -> Atteindre:
    """Open the queue, peopled the first time; `foule`: by more than a page shows."""

    async def atteindre(monde: Monde) -> Page:
        if not await monde.base["dossiers"].estimated_document_count():
            await peupler(monde)
        if foule:
            await copier(monde, PAR_PAGE)
        return await monde.aller(f"/agent{suite}", CLAUDE)

    return atteindre


async def deuxieme_page(monde: Monde) -> Page:
    page = await file(foule=True)(monde)
    async with page.expect_navigation():
        await page.get_by_role("link", name="Page suivante").click()
    return page


def valider(*coches: str, confirme: bool = True) -> Atteindre:
    """Tick some dossiers of the queue, `tous` for all of the page; confirm, or not; send."""

    async def atteindre(monde: Monde) -> Page:
        page = await file()(monde)
        if "tous" in coches:
            await page.get_by_role("button", name="Tout cocher").click()
        if confirme:
            await cocher(page, "Je valide les dossiers cochés")
        await envoyer(page, "Valider les dossiers cochés")
        return page

    return atteindre


def dossier(*gestes: Vivre, exemple: Exemple = CONFORME, suite: str = "", pris_par: str = "") -> Atteindre:
    """Open a dossier that has lived through all this, on the desk."""

    async def atteindre(monde: Monde) -> Page:
        vie = await Vie.commencer(monde, exemple)
        for geste in gestes:
            await geste(vie)
        if pris_par:
            await monde.store.bureau.verrous.prendre(vie.numero, pris_par)
        return await monde.aller(f"/agent/dossiers/{vie.numero}{suite}", CLAUDE)

    return atteindre


async def decision_fausse(monde: Monde) -> Page:
    """Ask for a correction without saying of what, nor why."""
    page = await dossier(conforme, pris_par=CLAUDE.agent)(monde)
    await cocher(page, "Demander une correction")
    await envoyer(page, "Décider")
    return page


async def decision_devancee(monde: Monde) -> Page:
    """Decide after another agent has taken one's place: what was written is not lost."""
    page = await dossier(conforme, pris_par=CLAUDE.agent)(monde)
    numero = page.url.rpartition("/")[2]
    await cocher(page, "Refuser le dossier")
    await page.get_by_label("Motivation").fill("Cette commune n’adhère pas au groupement.")
    await cocher(page, "Je confirme cette décision")
    await monde.store.bureau.verrous.reprendre(numero, SACHA.agent, CLAUDE.agent)
    await envoyer(page, "Décider")
    return page


async def livraisons(monde: Monde) -> Page:
    """Open the deliveries: one suspended, one that no agent may let leave, others."""
    if not await monde.base["livraisons"].estimated_document_count():
        await (await (await Vie.commencer(monde)).verifier()).attendre_la_livraison("une livraison suspendue")
        await monde.base["livraisons"].insert_many(
            [
                _livraison(1, "livree"),
                _livraison(
                    2,
                    "suspendue",
                    "ecoles_absentes",
                    f"Des écoles déjà livrées sont absentes de l’annuaire de l’académie : {uai(1)}.",
                ),
                _livraison(3, "suspendue", "annuaire_invalide", "L’annuaire produit n’est pas valide : DTD-01."),
                _livraison(4, "en_cours"),
            ]
        )
    return await monde.aller("/agent/livraisons", CLAUDE)


def _livraison(rang: int, etat: str, motif: str = "", constat: str = "") -> dict[str, Any]:
    ouverte = {"titulaire": TITULAIRE, "ordre": rang, "etat": etat, "ouverte_le": now() - timedelta(days=9 - rang)}
    examinee = {"nombre_ecoles": 11 * rang, "empreinte": f"{rang:064x}"} if etat != "en_cours" else {}
    pourquoi = {"motif": motif, "constat": constat} if motif else {}
    return {"_id": f"ENT1D.20270303-{rang:05d}", **ouverte, **examinee, **pourquoi}


async def approuver_sans_confirmer(monde: Monde) -> Page:
    page = await livraisons(monde)
    await envoyer(page, "Approuver")
    return page


FILE: Final = (
    Etat("bureau", "/agent", file(), vues=TOUTES),
    Etat("bureau-a-corriger", "/agent", file("?onglet=a_corriger"), vues=AUCUNE),
    Etat("bureau-valides", "/agent", file("?onglet=valides"), vues=AUCUNE),
    Etat("bureau-incidents", "/agent", file("?onglet=incidents")),
    Etat("bureau-tous", "/agent", file("?onglet=tous&departement=77"), vues=AUCUNE),
    Etat("bureau-filtre", "/agent", file("?departement=93&verdict=conforme&age=7")),
    Etat("bureau-filtre-faux", "/agent", file("?commune=7728&uai=0779001"), vues=AUCUNE),
    Etat("bureau-recherche", "/agent", file("?onglet=tous&q=melun"), vues=AUCUNE),
    Etat("bureau-homonymes", "/agent", file("?onglet=tous&q=marolles-en-brie")),
    Etat("bureau-rien", "/agent", file("?onglet=tous&q=introuvable"), vues=AUCUNE),
    Etat("bureau-ensemble-refuse", "/agent/decisions", valider(confirme=False)),
    Etat("bureau-ensemble", "/agent/decisions", valider("tous")),
    Etat("bureau-suite", "/agent", deuxieme_page, vues=AUCUNE),
)
BUREAU: Final = (
    Etat("bureau-dossier", PAGE, dossier(a_un_agent, pris_par=CLAUDE.agent)),
    Etat("bureau-dossier-libre", PAGE, dossier(), vues=AUCUNE),
    Etat("bureau-dossier-d-un-autre", PAGE, dossier(conforme, pris_par=SACHA.agent), vues=AUCUNE),
    Etat("bureau-dossier-versions", PAGE, dossier(verifie, redepose, conforme, exemple=A_CORRIGER)),
    Etat("bureau-dossier-piece", PAGE, dossier(conforme, suite="?piece=bon_commande_editeur"), vues=AUCUNE),
    Etat("bureau-dossier-livre", PAGE, dossier(verifie, livre), vues=AUCUNE),
)
DECISIONS: Final = (
    Etat("bureau-decision-erreurs", f"{PAGE}/decision", decision_fausse),
    Etat("bureau-decision-devancee", f"{PAGE}/decision", decision_devancee, vues=AUCUNE),
    Etat("bureau-decide", PAGE, dossier(refuse), vues=AUCUNE),
    Etat("bureau-corrige", PAGE, dossier(corrige_par_un_agent), vues=AUCUNE),
    Etat("bureau-classe", PAGE, dossier(classe), vues=AUCUNE),
    Etat("bureau-suspendu", PAGE, dossier(verifie, retenu, en_retard), vues=AUCUNE),
    Etat("bureau-livraisons", "/agent/livraisons", livraisons, vues=TOUTES),
    Etat("bureau-livraisons-erreur", "/agent/livraisons/{nom}/approuver", approuver_sans_confirmer),
    Etat(
        "bureau-livraisons-faite",
        "/agent/livraisons",
        aller("/agent/livraisons?fait=livraison_approuvee", CLAUDE),
        vues=AUCUNE,
    ),
)
