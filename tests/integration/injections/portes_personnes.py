"""The ways in of an address: that of a colleague, and that by which somebody logs in. Each is written to."""

import re
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from deploy.local.partenaires import PuitsSMTP
from services.intake.portail.app import build_portail
from tests.scene import BASE

from .juges import juger, juger_courriel
from .monde import Monde
from .vecteurs import debut, essence

_LIEN: Final = re.compile(rf"{BASE}(/connexion/lien/[\w-]+)")


async def inviter(monde: Monde, puits: PuitsSMTP, numero: str) -> None:
    """Try the address of a colleague."""

    async def envoyer(essai: str) -> bool:
        return _pris(await monde.poster(monde.deposant, f"/dossiers/{numero}/inviter", courriel=essai), essai)

    await _ecrire_a(monde, puits, "personne.invite.courriel", envoyer)


async def se_connecter(monde: Monde, puits: PuitsSMTP) -> None:
    """Try the address of who asks for a link; then follow it, and look at the account."""
    transport = httpx.ASGITransport(app=build_portail(monde.portail), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as navigateur:

        async def envoyer(essai: str) -> bool:
            return _pris(await navigateur.post("/connexion", data={"courriel": essai}), essai)

        adresse = await _ecrire_a(monde, puits, "personne.compte.courriel", envoyer)
        if adresse is None:
            return
        lien = _LIEN.search(juger_courriel(*monde.courriels[-1]))
        assert lien is not None
        assert debut(adresse) in essence(juger(await navigateur.get(lien[1])))
        juger(await navigateur.post(lien[1]))
        assert debut(adresse) in essence(juger(await navigateur.get("/compte")))


async def _ecrire_a(
    monde: Monde, puits: PuitsSMTP, champ: str, envoyer: Callable[[str], Awaitable[bool]]
) -> str | None:
    """Try an address; of one that is taken, keep the mail that came, in its bytes."""
    adresse = await monde.essayer(champ, envoyer)
    if adresse is None:
        return None
    await monde.portail.courrier.attendre(20)
    le_sien = f"To: {adresse.strip().lower()}\r\n".encode()
    venus = sorted((puits.maildir / "new").iterdir(), key=lambda fichier: fichier.stat().st_mtime_ns)
    dernier = [octets for fichier in venus if le_sien in (octets := fichier.read_bytes())][-1]
    monde.courriels.append((dernier, adresse.strip().lower()))
    return adresse


def _pris(reponse: httpx.Response, essai: str) -> bool:
    """Tell whether an address was taken; one that was not is shown again as it was typed."""
    texte = juger(reponse)
    assert reponse.status_code == 303 or (reponse.status_code == 422 and debut(essai) in essence(texte))
    return reponse.status_code == 303
