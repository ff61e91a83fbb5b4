"""Templates, sizes in words, and the one message that a page may show after a redirect."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from jinja2 import Environment
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services._runtime import gabarits
from services._runtime.francais import jour, moment
from services.intake.portail.page import Demande

STATIQUE: Final = Path(__file__).parent / "statique"


def rendre(demande: Demande, gabarit: str, *, statut: int = 200, **valeurs: object) -> Response:
    """Render a template: it finds `identite`, `jeton`, `reglages`, `chemin`, `fait`, `statut`, and these values."""
    communs = {
        "identite": demande.identite,
        "jeton": demande.identite.jeton if demande.identite else "",
        "reglages": demande.portail.reglages,
        "chemin": demande.request.url.path,
        "fait": demande.request.query_params.get("fait", ""),
        "statut": statut,
    }
    page = _gabarits().get_template(gabarit).render(communs | valeurs)
    return HTMLResponse(page, statut)


def rediriger(vers: str, *, fait: str = "", ancre: str = "") -> Response:
    """Send to a page of ours after a form; `fait` is the code of a message of `gabarits/messages.html.j2`."""
    suite = f"?{urlencode({'fait': fait})}" if fait else ""
    return RedirectResponse(f"{vers}{suite}{'#' + ancre if ancre else ''}", 303)


def taille(octets: int) -> str:
    """Write a size as the procedure does, in Mo of 1024 × 1024 bytes: 12,3 Mo."""
    mega = octets / 1024 / 1024
    return f"{max(octets // 1024, 1)} ko" if mega < 1 else f"{mega:.1f} Mo".replace(".", ",")


def statique(nom: str) -> str:
    """Give the address of a static file; it changes with its content, so that browsers may keep it for ever."""
    return f"/statique/{nom}?v={_empreinte(nom)}"


@lru_cache
def _empreinte(nom: str) -> str:
    return hashlib.sha256((STATIQUE / nom).read_bytes()).hexdigest()[:12]


@lru_cache
def _gabarits() -> Environment:
    moule = gabarits.lire("services.intake.portail")
    moule.filters |= {"jour": jour, "moment": moment, "taille": taille}
    moule.globals["statique"] = statique
    return moule
