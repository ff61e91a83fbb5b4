"""Shows the whole chain at work: three sample dossiers, followed step by step to the titulaire's own check."""

import asyncio
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from deploy.demo.dossiers import A_CORRIGER, CONFORME, ECOLES, REFUSE
from deploy.demo.producteur import Producteur, publier
from deploy.demo.referentiel import poser
from deploy.local.processus import DemarrageImpossible, PartieAbsente
from deploy.local.systeme import PRODUCTEUR, TITULAIRE, Systeme
from services._runtime.mongo import Mongo
from services.intake.comptes.agents import Agents

# Seconds for the three dossiers to reach their ends: three usually.
DELAI: Final = float(os.environ.get("ENT1D_DEMO_DELAI", "60"))
_DEPOT: Final = Path(__file__).parents[2]
_ENTREE: Final = re.compile(r"http\S+/connexion/lien/\S+")
AGENT: Final = "agent@ac-exemple.fr"
_FINS: Final = {"livre", "a_corriger", "refuse"}


def main(*, une_fois: bool) -> int:
    """Run the demonstration; give the exit status: 0 if the annuaire was delivered and fetched back."""
    donnees = Path(os.environ.get("ENT1D_DEMO", _DEPOT / ".local" / "demo"))
    # Said aloud: whoever starts us in the background makes us inherit an ignored SIGINT.
    for fin in (signal.SIGINT, signal.SIGTERM):
        signal.signal(fin, signal.default_int_handler)
    debut = time.monotonic()
    try:
        with Systeme(donnees, ecoles=ECOLES, etape=_dire) as systeme:
            activation = asyncio.run(_peupler(systeme))
            reussie = asyncio.run(_derouler(systeme, debut))
            if not une_fois:
                _rester(systeme, activation)
            _dire("arrêt de tous les processus")
    except KeyboardInterrupt:
        return 0
    except (PartieAbsente, DemarrageImpossible) as erreur:
        _dire(f"impossible de démarrer : {erreur}")
        return 1
    return 0 if reussie else 1


async def _derouler(systeme: Systeme, debut: float) -> bool:
    """File the dossiers and tell what happens to them; True when the titulaire has checked his delivery."""
    titulaire = await _lancer_titulaire(systeme)
    try:
        async with Producteur(systeme.url, systeme.cle_api) as producteur:
            numeros = await _deposer(systeme, producteur)
            async with asyncio.timeout(DELAI):
                await asyncio.gather(*(_suivre(producteur, numero) for numero in numeros))
                await titulaire.wait()
        _dire(f"annuaire livré, relu et vérifié par le titulaire, {time.monotonic() - debut:.0f} s après le lancement")
    except TimeoutError:
        _dire(f"la chaîne n’est pas allée au bout en {DELAI:.0f} s ; journaux dans {systeme.donnees}")
    finally:
        if titulaire.returncode is None:
            titulaire.kill()
            await titulaire.wait()
        _montrer_courriels(systeme)
    return titulaire.returncode == 0


async def _peupler(systeme: Systeme) -> str:
    """Give the form communes and schools to choose from, and the desk an agent; give his activation code."""
    mongo = Mongo(systeme.grappe.mongo.url, "ent1d")
    try:
        await poser(mongo.database)
        return await Agents(mongo.database).nommer(AGENT, "agent-1") or ""
    finally:
        mongo.close()


async def _lancer_titulaire(systeme: Systeme) -> asyncio.subprocess.Process:
    """Start the consumer that docs/titulaire gives to contractors, as he would."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(_DEPOT / "docs" / "titulaire" / "consommateur.py"),
        systeme.amqp(f"titulaire_{TITULAIRE}"),
        f"titulaire.{TITULAIRE}",
        str(systeme.grappe.sftp.racine),
        "--une",
    )


async def _deposer(systeme: Systeme, producteur: Producteur) -> list[str]:
    """File two dossiers by HTTP and one by AMQP; give their numbers."""
    numeros = []
    for exemple in (CONFORME, A_CORRIGER):
        numero = await producteur.deposer(exemple.soumission(await producteur.envoyer_pieces(exemple)))
        _dire(f"{numero}  déposé par HTTP : {exemple.titre}")
        numeros.append(numero)
    corps = REFUSE.soumission(await producteur.envoyer_pieces(REFUSE))
    cle = await publier(systeme.amqp(PRODUCTEUR), PRODUCTEUR, corps)
    while (trouve := await producteur.retrouver(cle)) is None:  # noqa: ASYNC110  # HTTP has no event to wait for
        await asyncio.sleep(0.1)
    _dire(f"{trouve}  déposé par AMQP : {REFUSE.titre}")
    return [*numeros, trouve]


async def _suivre(producteur: Producteur, numero: str) -> None:
    """Tell each new step of a dossier until it is where it should end."""
    dites = 1  # its deposit is already told
    while True:
        suivi: dict[str, Any] = await producteur.suivre(numero)
        for etape in suivi["chronologie"][dites:]:
            _dire(f"{numero}  {etape['fait']} : {etape['constat']}")
        dites = len(suivi["chronologie"])
        if suivi["etat"] in _FINS:
            return
        await asyncio.sleep(0.1)


def _montrer_courriels(systeme: Systeme, deja: int = 0) -> int:
    """Write the HTML part of the mails not `deja` shown beside the mailbox, for a browser; give how many there are."""
    dossier = systeme.donnees / "courriels"
    dossier.mkdir(exist_ok=True)
    courriels = systeme.grappe.smtp.messages()
    for rang, courriel in enumerate(courriels[deja:], start=deja + 1):
        html, texte = courriel.get_body(("html",)), courriel.get_body(("plain",))
        if html is not None and texte is not None:
            (dossier / f"{rang:03d}.html").write_text(str(html.get_content()), encoding="utf-8")
            entree = _ENTREE.search(str(texte.get_content()))
            _dire(f"courriel {rang:03d}  {courriel['Subject']}{f' : {entree[0]}' if entree else ''}")
    return len(courriels)


def _rester(systeme: Systeme, activation: str) -> None:
    """Say where everything is, and stay up until Ctrl-C."""
    _dire("la chaîne reste en marche ; Ctrl-C arrête tout")
    adresses = {
        "portail (toute adresse électronique ; le lien de connexion s’affiche ici)": systeme.url,
        "bureau des agents": f"{systeme.url}/agent, avec l’adresse {AGENT} et le code d’activation {activation}",
        "API de dépôt": f"{systeme.url}/api/docs",
        "clé d’API et mots de passe": systeme.donnees / "secrets.json",
        "AMQP (producteurs, titulaire)": f"amqp://127.0.0.1:{systeme.grappe.rabbitmq.port}/ent1d",
        "courriels": f"file://{systeme.donnees}/courriels/",
        "serveur du titulaire": systeme.grappe.sftp.racine,
        "journaux": f"{systeme.donnees}/*.log",
    }
    for nom, port in systeme.ports.items():
        adresses[f"métriques de {nom}"] = f"http://127.0.0.1:{port}/metrics"
    for nom, adresse in adresses.items():
        _dire(f"  {nom} : {adresse}")
    vus = len(systeme.grappe.smtp.messages())
    while True:
        time.sleep(1)
        vus = _montrer_courriels(systeme, vus)


def _dire(ligne: str) -> None:
    print(f"[ent1d] {ligne}", flush=True)
