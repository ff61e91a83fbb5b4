"""Lays out a RabbitMQ home holding only the applications that the broker needs, as links to Debian's.

Why: Erlang looks for each of some 950 modules in every directory of its path, where Debian's package puts its
65 plugins. With the 20 needed ones a node boots in 3 s instead of 8 s on two cores, as measured: 53,000 failed
opens fewer. Each test that kills the node gains as much.
"""

from __future__ import annotations

import re
from pathlib import Path

from deploy.local.processus import PartieAbsente

_DEBIAN = Path("/usr/lib/rabbitmq/lib")
_DEPENDANCES = re.compile(r"\{\s*(?:included_|optional_)?applications\s*,\s*\[([^\]]*)\]")


def maison_minimale(dossier: Path) -> Path:
    """Fill `dossier` (made if absent) with sbin, escript and plugins; return it. Raises PartieAbsente."""
    origine = _origine()
    plugins = dossier / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    liens = [(dossier / nom, origine / nom) for nom in ("sbin", "escript")]
    liens += [(plugins / app.name, app) for app in _applications_requises(origine / "plugins")]
    for lien, cible in liens:
        lien.unlink(missing_ok=True)
        lien.symlink_to(cible)
    return dossier


def _origine() -> Path:
    versions = sorted(_DEBIAN.glob("rabbitmq_server-*"))
    if not versions:
        message = "RabbitMQ absent : paquet Debian rabbitmq-server (deploy/local/installer.sh l'installe)"
        raise PartieAbsente(message)
    return versions[-1]


def _applications_requises(plugins: Path) -> list[Path]:
    """Return the directories of `rabbit` and of all it depends on, those of Erlang itself left out."""
    fiches = {fiche.stem: fiche for fiche in plugins.glob("*/ebin/*.app")}
    requises: dict[str, Path] = {}
    a_voir = ["rabbit"]
    while a_voir:
        nom = a_voir.pop()
        if nom in fiches and nom not in requises:
            requises[nom] = fiches[nom].parent.parent
            for dependances in _DEPENDANCES.findall(fiches[nom].read_text(encoding="utf-8")):
                a_voir += re.findall(r"\w+", dependances)
    return list(requises.values())
