"""The states of the pages for everybody, of the ways in, and of accounts."""

from contextlib import suppress
from dataclasses import replace
from typing import Final
from uuid import uuid4

from playwright.async_api import Page, Route

from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services.intake.comptes.agents import Agents
from services.intake.comptes.liens import Genre
from services.intake.comptes.second_facteur import TropDEssais
from services.intake.portail.app import build_portail
from services.intake.portail.pages.entree import CODE
from services.intake.store import Store

from .examen import TOUTES
from .gestes import AUCUNE, Etat, aller, envoyer
from .monde import CAMILLE, CLAUDE, Monde, Personne

SANS_FACTEUR: Final = Personne("noa.invente@ac-exemple.fr", "agent-21")
NOUVEAU: Final = Personne("lou.inventee@ac-exemple.fr", "agent-22")
CODE_ATTENDU: Final = Personne("eden.invente@ac-exemple.fr", "agent-23")
TROP: Final = Personne("alix.inventee@ac-exemple.fr", "agent-24")
RELIEE: Final = Personne("andrea.fictive@mairie-exemple.fr")


async def adresse_fausse(monde: Monde) -> Page:
    page = await monde.aller("/connexion?suite=/dossiers")
    await page.get_by_label("Votre adresse électronique").fill("camille.fictive")
    await envoyer(page, "Recevoir un lien de connexion")
    return page


async def lien(monde: Monde) -> Page:
    secret = await monde.store.comptes.liens.emettre(Genre.CONNEXION, {"courriel": CAMILLE.courriel, "suite": ""})
    return await monde.aller(f"/connexion/lien/{secret}")


async def sortie(monde: Monde) -> Page:
    """Leave by the provider, which answers nothing: the page that leads there stays."""
    page = await monde.page()
    fournisseur = f"{monde.adresse}/chez-le-fournisseur"

    async def se_taire(route: Route) -> None:
        await route.fulfill(status=204)

    await page.route(fournisseur, se_taire)
    secret = await monde.store.comptes.liens.emettre(Genre.SORTIE, {"url": fournisseur, "libelle": "ProConnect"})
    return await monde.aller(f"/deconnexion/{secret}")


async def trop_long(monde: Monde) -> Page:
    """Send more than a form of ours can be."""
    page = await monde.aller("/connexion")
    await page.get_by_label("Votre adresse électronique").evaluate("(e) => { e.value = 'a'.repeat(300_000); }")
    await envoyer(page, "Recevoir un lien de connexion")
    return page


async def jeton_perdu(monde: Monde) -> Page:
    page = await monde.aller("/dossiers", CAMILLE)
    await page.locator("main [name=jeton]").evaluate("(e) => { e.value = 'un autre'; }")
    await envoyer(page, "Commencer un nouveau dossier")
    return page


async def session_finie(monde: Monde) -> Page:
    qui = Personne(f"{uuid4().hex}@mairie-exemple.fr")
    page = await monde.aller("/dossiers", qui)
    await page.context.clear_cookies()
    await envoyer(page, "Commencer un nouveau dossier")
    return page


async def sans_base(monde: Monde) -> Page:
    """Ask for a page when the base no longer answers."""
    reglages = {"mongodb_url": "mongodb://127.0.0.1:1/", "mongodb_database": "perdue", "port": 8000}
    perdue = Base("intake", RuntimeSettings(rabbitmq_url="amqp://personne:rien@127.0.0.1:1/", **reglages))
    perdue.mongo.close()
    adresse = await monde.servir(lambda _: build_portail(replace(monde.portail, store=Store(perdue))))
    page = await monde.page()
    await page.goto(f"{adresse}/connexion/lien/{'x' * 43}")
    return page


async def relie(monde: Monde) -> Page:
    await monde.compte(RELIEE, identites=[{"fournisseur": "proconnect", "sub": "1"}])
    return await monde.aller("/compte", RELIEE)


async def activer(monde: Monde, activation: str = "") -> Page:
    """Ask for a second factor with the code that the operator gave, unless told another."""
    juste = await Agents(monde.base).nommer(NOUVEAU.courriel, NOUVEAU.agent)
    page = await monde.aller("/compte", NOUVEAU)
    await page.get_by_label("Code d’activation").fill(activation or str(juste))
    await envoyer(page, "Activer mon second facteur")
    return page


async def activation_fausse(monde: Monde) -> Page:
    return await activer(monde, "ABCD-2345")


async def code_demande(monde: Monde, qui: Personne = CODE_ATTENDU) -> Page:
    compte = await monde.compte(qui)
    facteur = {"id": "telephone", "secret": "JBSWY3DPEHPK3PXP", "pas": 0, "actif_le": compte["cree_le"]}
    await monde.compte(qui, second_facteur=facteur)
    return await monde.aller(CODE, qui)


async def code_a_saisir(monde: Monde) -> Page:
    await code_demande(monde)
    return await monde.aller("/compte", CODE_ATTENDU)


async def code_faux(monde: Monde, qui: Personne = CODE_ATTENDU) -> Page:
    page = await code_demande(monde, qui)
    await page.locator("#code").fill("12345")
    await envoyer(page, "Valider le code")
    return page


async def trop_de_codes(monde: Monde) -> Page:
    await code_demande(monde, TROP)
    compte = await monde.compte(TROP)
    with suppress(TropDEssais):
        while await monde.store.comptes.second_facteur.verifier(compte, "12345") is None:
            pass
    return await code_faux(monde, TROP)


CONNEXION: Final = (
    Etat("accueil", "/", aller("/"), vues=TOUTES),
    Etat("accueil-connecte", "/", aller("/", CAMILLE), vues=AUCUNE),
    Etat("aide", "/aide", aller("/aide")),
    Etat("accessibilite", "/accessibilite", aller("/accessibilite")),
    Etat("mentions-legales", "/mentions-legales", aller("/mentions-legales")),
    Etat("connexion", "/connexion", aller("/connexion?suite=/dossiers"), vues=TOUTES),
    Etat("connexion-adresse-fausse", "/connexion", adresse_fausse),
    Etat("connexion-deconnecte", "/connexion", aller("/connexion?fait=deconnecte_partout"), vues=AUCUNE),
    Etat("connexion-envoyee", "/connexion/envoyee", aller("/connexion/envoyee")),
    Etat("connexion-lien", "/connexion/lien/{secret}", lien),
    Etat("connexion-perimee", "/connexion/lien/{secret}", aller(f"/connexion/lien/{'x' * 43}")),
    Etat("connexion-confirmer", "/connexion/confirmer", aller("/connexion/confirmer")),
    Etat(
        "connexion-echec",
        "/connexion/oidc/{fournisseur}/retour",
        aller("/connexion/oidc/proconnect/retour?error=perdu"),
    ),
    Etat("compte-sortie", "/deconnexion/{secret}", sortie),
    Etat("erreur-400", "/connexion", trop_long),
    Etat("erreur-401", "/brouillons", session_finie),
    Etat("erreur-403", "/brouillons", jeton_perdu),
    Etat("erreur-404", "", aller("/rien")),
    Etat("erreur-503", "/connexion/lien/{secret}", sans_base),
)
COMPTES: Final = (
    Etat("compte", "/compte", aller("/compte", CAMILLE)),
    Etat("compte-relie", "/compte", relie, vues=AUCUNE),
    Etat("compte-agent-sans-facteur", "/compte", aller("/compte", SANS_FACTEUR)),
    Etat("compte-agent-code-attendu", "/compte", code_a_saisir, vues=AUCUNE),
    Etat("compte-agent", "/compte", aller("/compte", CLAUDE)),
    Etat("compte-activation-fausse", "/compte/second-facteur", activation_fausse),
    Etat("code-activer", CODE, activer),
    Etat("code", CODE, code_demande),
    Etat("code-faux", CODE, code_faux),
    Etat("code-trop-d-essais", CODE, trop_de_codes),
    Etat("bureau-vide", "/agent", aller("/agent", CLAUDE)),
    Etat("bureau-livraisons-vide", "/agent/livraisons", aller("/agent/livraisons", CLAUDE)),
    Etat("dossiers-vide", "/dossiers", aller("/dossiers", CAMILLE)),
)
