"""What is kept of a campaign: the evidence as JSON for those who check, a summary for those who read."""

import json
import os
import platform
import re
import statistics
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from deploy.campagne.deroulement import Resultat
from deploy.campagne.temoin.comptes import Comptes
from deploy.campagne.temoin.verificateur import Anomalie, doutes_de
from deploy.local.systeme import Systeme

_DEPOT: Final = Path(__file__).parents[2]
BIBLIOTHEQUES: Final = ("faststream", "aio-pika", "motor", "pymongo", "aiosmtplib", "asyncssh", "aiosmtpd")
ANOMALIES_GARDEES: Final = 40  # of each kind


def preuve(resultat: Resultat, systeme: Systeme, commande: str, graine: int) -> dict[str, Any]:
    """Gather the evidence. Names no path of the machine and no person."""
    genres = Counter(anomalie.genre for anomalie in resultat.anomalies)
    coups = resultat.coups
    return {
        "commande": commande,
        "graine": graine,
        "commit": _git("rev-parse", "HEAD"),
        "arbre_modifie": bool(_git("status", "--porcelain")),
        "fini_le": datetime.now(UTC).isoformat(timespec="seconds"),
        "duree_s": round(resultat.duree, 1),
        "vidange_s": round(resultat.vidange, 1),
        "machine": {"coeurs": os.cpu_count(), "systeme": platform.platform()},
        "versions": _versions(systeme),
        "pannes": {
            nom: {
                "coups": len(reprises),
                "reprise_mediane_s": round(statistics.median(reprises), 2),
                "reprise_max_s": round(max(reprises), 2),
            }
            for nom, reprises in sorted(resultat.reprises.items())
        },
        "points": dict(sorted(resultat.atteints.items())),
        "coups": coups,
        "constats": _constats(resultat.comptes) if resultat.comptes else {},
        "perdus": genres["perdu"] + genres["bloque"],
        "doubles": genres["double"] + genres["fantome"] + genres["desordre"],
        "dechires": genres["dechire"],
        "restes": genres["traine"],
        "borne_a_95_pour_cent": round(3 / coups, 5) if coups and not resultat.anomalies else None,
        "genres": dict(genres),
        "anomalies": _extrait(resultat.anomalies),
    }


def _extrait(anomalies: Sequence[Anomalie]) -> list[dict[str, str]]:
    """Keep some of each kind: thousands of one must not hide the only one of another."""
    gardees: Counter[str] = Counter()
    extrait = []
    for anomalie in anomalies:
        gardees[anomalie.genre] += 1
        if gardees[anomalie.genre] <= ANOMALIES_GARDEES:
            extrait.append(asdict(anomalie))
    return extrait


def _constats(comptes: Comptes) -> dict[str, int]:
    acceptes = [sum(r["accepte"] for r in lignes) for lignes in comptes.courriels.values()]
    return {
        "depots_tentes": len(comptes.tentees),
        "depots_reconnus": len(comptes.reconnues),
        "dossiers": len(comptes.dossiers),
        "courriels_dus": len(comptes.envois),
        "courriels_recus_par_le_relais": sum(acceptes),
        "courriels_recus_en_double_et_journalises": sum(n - 1 for n in acceptes if n > 1),
        "envois_passes_par_le_doute": sum(1 for envoi in comptes.envois if doutes_de(envoi)),
        "courriels_laisses_a_une_personne": sum(1 for envoi in comptes.envois if envoi["etat"] == "douteux"),
        "livraisons": sum(1 for livraison in comptes.livraisons if livraison["etat"] == "livree"),
        "renommages_chez_le_titulaire": sum(acte["acte"] == "renommage" for acte in comptes.actes_sftp),
        "messages_hostiles": len(comptes.parking.attendus),
        "mis_de_cote": len({parque.empreinte for parque in comptes.parking.mis_de_cote}),
    }


def montrer(preuve: dict[str, Any], console: Console) -> None:
    """Write the summary."""
    table = Table("panne", "coups", "reprise médiane", "reprise max")
    for nom, vu in preuve["pannes"].items():
        table.add_row(nom, str(vu["coups"]), f"{vu['reprise_mediane_s']:.2f} s", f"{vu['reprise_max_s']:.2f} s")
    if preuve["pannes"]:
        console.print(table)
    if preuve["points"]:
        console.print(f"{sum(preuve['points'].values())} morts à {len(preuve['points'])} points nommés")
    for nom, nombre in preuve["constats"].items():
        console.print(f"{nom.replace('_', ' ')} : {nombre}")
    verdict = f"perdus {preuve['perdus']}, doubles {preuve['doubles']}, déchirés {preuve['dechires']}"
    borne = preuve["borne_a_95_pour_cent"]
    suite = f" ; moins de {borne:.2%} par panne, à 95 %" if borne else ""
    console.print(f"[bold]{verdict}, restes {preuve['restes']}[/bold]{suite}")
    for anomalie in preuve["anomalies"][:20]:
        console.print(f"  {anomalie['genre']} · {anomalie['objet']} : {anomalie['constat']}", markup=False)


def ecrire(preuve: dict[str, Any], fichier: Path) -> None:
    """Keep the evidence."""
    fichier.parent.mkdir(parents=True, exist_ok=True)
    fichier.write_text(json.dumps(preuve, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _versions(systeme: Systeme) -> dict[str, str]:
    journal = (systeme.grappe.rabbitmq.donnees / "rabbitmq.log").read_text(errors="replace")
    rabbitmq = re.search(r"Starting RabbitMQ (\S+) on Erlang (\S+)", journal)
    mongod = re.search(
        r'"version":"([\d.]+)"', (systeme.grappe.mongo.donnees / "mongod.log").read_text(errors="replace")
    )
    return {
        "python": platform.python_version(),
        **{nom: version(nom) for nom in BIBLIOTHEQUES},
        "rabbitmq": rabbitmq[1] if rabbitmq else "?",
        "mongod": mongod[1] if mongod else "?",
    }


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(
            ["git", *arguments], cwd=_DEPOT, check=True, capture_output=True, text=True, timeout=10
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
