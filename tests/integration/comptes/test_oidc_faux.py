"""A provider that lies, forges, breaks down or dawdles: nobody is logged in, and one page says so."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey

from services._runtime.mongo import Mongo
from services.intake.comptes import oidc

from .banc import CLIENT, SECRET, Essai, fournisseur
from .faussaire import AUTRE, DECOUVERTE, JSON, JWKS, TOKEN, USERINFO, Faussaire, par, sans_signature, servi

DEPART = "/connexion/oidc/proconnect"
NIVEAUX = ("eidas1", "eidas1-mfa")


@pytest.fixture
def faussaire() -> Iterator[Faussaire]:
    """Give a provider that is honest until it is told otherwise."""
    with servi() as faux:
        yield faux


@pytest.fixture
def essai_faux(ouvrir: Callable[..., Essai], faussaire: Faussaire) -> Essai:
    """Give a portal that trusts it."""
    return ouvrir(fournisseur(faussaire.emetteur))


async def venir(essai: Essai, faussaire: Faussaire) -> httpx.Response:
    """Go there, and come back with what it would give for what was asked."""
    navigateur = await essai.navigateur()
    depart = await navigateur.get(DEPART)
    if depart.status_code != 303:
        return depart
    demande = parse_qs(urlsplit(depart.headers["location"]).query)
    faussaire.dit.setdefault("nonce", demande["nonce"][0])
    return await navigateur.get(f"{DEPART}/retour", params={"code": "c", "state": demande["state"][0]})


def claims(**autres: object) -> Callable[[Faussaire], None]:
    """Say something else in the ID token."""
    return lambda faux: faux.dit.update(autres)


def dates(**secondes: int) -> Callable[[Faussaire], None]:
    """Say dates that are so many seconds from now."""
    return lambda faux: faux.dit.update({nom: int(time.time()) + d for nom, d in secondes.items()})


def userinfo(**autres: object) -> Callable[[Faussaire], None]:
    """Say something else in the userinfo."""
    return lambda faux: faux.userinfo.update(autres)


def userinfo_signe(**autres: object) -> Callable[[Faussaire], None]:
    """Sign the userinfo, and say something else in it."""
    return lambda faux: setattr(faux, "userinfo_signe", autres)


def signature(signer: Callable[[dict[str, Any]], str]) -> Callable[[Faussaire], None]:
    """Sign otherwise."""
    return lambda faux: setattr(faux, "signer", signer)


def reponse(chemin: str, statut: int = 200, corps: str = "{}", **entetes: str) -> Callable[[Faussaire], None]:
    """Answer otherwise."""
    return lambda faux: faux.reponses.update({chemin: (statut, {**JSON, **entetes}, corps)})


HONNETES = {
    "userinfo en clair": claims(),
    "userinfo signé": userinfo_signe(),
    "plusieurs destinataires, dont nous": claims(aud=[CLIENT, "un-autre"], azp=CLIENT),
    "horloge en retard d’une demi-minute": dates(exp=-20),
    "clé plus jeune que notre mémoire": lambda faux: (faux.cles.append(AUTRE), signature(par(AUTRE))(faux)),
}
MALHONNETES = {
    "nonce d’un autre": claims(nonce="x" * 43),
    "sans nonce": claims(nonce=None),
    "pour un autre": claims(aud="un-autre"),
    "pour plusieurs, sans nous": claims(aud=["un-autre", "encore-un"]),
    "fait pour un autre": claims(azp="un-autre"),
    "d’un autre émetteur": claims(iss="https://voleur.exemple"),
    "périmé": dates(exp=-90),
    "sans fin": claims(exp=None),
    "sans date": claims(iat=None),
    "du futur": dates(iat=300),
    "sans personne": claims(sub=None),
    "sub vide": lambda faux: (claims(sub="")(faux), userinfo(sub="")(faux)),
    "sub sans mesure": lambda faux: (claims(sub="x" * 256)(faux), userinfo(sub="x" * 256)(faux)),
    "sans signature": signature(sans_signature),
    "signé de notre secret": signature(par(OctKey.import_key(SECRET), alg="HS256")),
    "signé d’une clé inconnue": signature(par(AUTRE)),
    "signé d’une autre clé sous le nom d’une bonne": signature(par(AUTRE, kid="une")),
    "ce qui n’est pas un jeton": signature(lambda _: "ceci.n’est.pas"),
    "userinfo d’un autre": userinfo(sub="dominique"),
    "userinfo signé pour un autre": userinfo_signe(aud="un-autre"),
    "userinfo signé par un autre": userinfo_signe(iss="https://voleur.exemple"),
    "userinfo signé d’un autre": userinfo_signe(sub="dominique"),
    "sans adresse": userinfo(email=None),
    "ce qui n’est pas une adresse": userinfo(email="a@b.fr\r\nBcc: c@d.fr"),
    "une adresse qui n’est pas un texte": userinfo(email={"$gt": ""}),
    "userinfo en liste": reponse(USERINFO, corps="[]"),
    "userinfo refusé": reponse(USERINFO, 401),
    "jeton refusé": reponse(TOKEN, 400, '{"error": "invalid_grant", "error_description": "camille@exemple.fr"}'),
    "jeton sans identité": reponse(TOKEN, corps='{"access_token": "a", "token_type": "Bearer"}'),
    "jeton ailleurs": reponse(TOKEN, 307, Location="https://voleur.exemple/token"),
    "panne": reponse(TOKEN, 503, "<html>"),
    "sans clés": reponse(JWKS, corps='{"keys": []}'),
    "clés sans forme": reponse(JWKS, corps="[1]"),
    "découverte en panne": reponse(DECOUVERTE, 500),
    "découverte sans forme": reponse(DECOUVERTE, corps='{"issuer": 3}'),
    "découverte ailleurs": reponse(DECOUVERTE, 302, Location="http://127.0.0.1:1/"),
    "découverte d’un autre": lambda faux: reponse(
        DECOUVERTE, corps=json.dumps(faux.decouverte(issuer="https://voleur.exemple"))
    )(faux),
}


@pytest.mark.parametrize("quoi", HONNETES)
async def test_what_is_right_in_its_form_logs_in(essai_faux: Essai, faussaire: Faussaire, quoi: str) -> None:
    HONNETES[quoi](faussaire)
    retour = await venir(essai_faux, faussaire)
    assert (retour.status_code, retour.headers.get("location")) == (303, "/dossiers")


@pytest.mark.parametrize("quoi", MALHONNETES)
async def test_what_is_wrong_logs_nobody_in_and_tells_nothing(
    essai_faux: Essai, faussaire: Faussaire, quoi: str, mongo: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    MALHONNETES[quoi](faussaire)
    retour = await venir(essai_faux, faussaire)
    assert retour.status_code == 400
    assert "La connexion n’a pas abouti" in retour.text
    assert "__Host-ent1d=" not in retour.headers.get("set-cookie", "")
    assert await mongo.database["sessions"].count_documents({}) == 0
    assert await mongo.database["comptes"].count_documents({}) == 0
    dit = "".join(capsys.readouterr())
    assert "provider_failed" in dit
    assert "camille" not in dit


async def test_discovery_and_keys_are_read_once_for_many_people(essai_faux: Essai, faussaire: Faussaire) -> None:
    for _ in range(3):
        faussaire.dit.pop("nonce", None)
        assert (await venir(essai_faux, faussaire)).status_code == 303
    assert [faussaire.vus.count(chemin) for chemin in (DECOUVERTE, JWKS, TOKEN)] == [1, 1, 3]


async def test_an_unknown_key_is_looked_for_once(essai_faux: Essai, faussaire: Faussaire) -> None:
    signature(par(AUTRE))(faussaire)
    await venir(essai_faux, faussaire)
    assert faussaire.vus.count(JWKS) == 2


async def test_a_provider_that_says_nothing_is_given_up(
    essai_faux: Essai, faussaire: Faussaire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "DELAI", 0.3)
    faussaire.parler.clear()
    assert (await venir(essai_faux, faussaire)).status_code == 400
    faussaire.parler.set()


async def test_a_siret_whose_key_is_wrong_is_not_kept(essai_faux: Essai, faussaire: Faussaire, mongo: Mongo) -> None:
    userinfo(siret="21770999700018")(faussaire)
    assert (await venir(essai_faux, faussaire)).status_code == 303
    compte = await mongo.database["comptes"].find_one()
    assert compte is not None
    assert await essai_faux.comptes.siret(compte["_id"]) == ""


async def test_the_only_level_of_assurance_is_asked_for(essai_faux: Essai, faussaire: Faussaire) -> None:
    publie = {**faussaire.decouverte(), "acr_values_supported": ["eidas1"]}
    reponse(DECOUVERTE, corps=json.dumps(publie))(faussaire)
    depart = await (await essai_faux.navigateur()).get(DEPART)
    assert parse_qs(urlsplit(depart.headers["location"]).query)["acr_values"] == ["eidas1"]


async def test_where_there_is_a_choice_of_levels_and_none_is_set_none_is_asked_for(
    essai_faux: Essai, faussaire: Faussaire
) -> None:
    publie = {**faussaire.decouverte(), "acr_values_supported": [*NIVEAUX]}
    reponse(DECOUVERTE, corps=json.dumps(publie))(faussaire)
    depart = await (await essai_faux.navigateur()).get(DEPART)
    assert "acr_values" not in parse_qs(urlsplit(depart.headers["location"]).query)


@pytest.mark.parametrize(("garanti", "statut"), [("eidas1-mfa", 303), ("eidas0", 400), (None, 400)])
async def test_a_level_that_is_set_is_asked_for_and_no_other_lets_anybody_in(
    ouvrir: Callable[..., Essai], faussaire: Faussaire, garanti: str | None, statut: int
) -> None:
    exigeant = ouvrir(fournisseur(faussaire.emetteur, acr=NIVEAUX))
    faussaire.dit["acr"] = garanti

    depart = await (await exigeant.navigateur()).get(DEPART)
    retour = await venir(exigeant, faussaire)

    assert parse_qs(urlsplit(depart.headers["location"]).query)["acr_values"] == [" ".join(NIVEAUX)]
    assert retour.status_code == statut


async def test_too_many_departures_from_one_place_are_refused(essai_faux: Essai, mongo: Mongo) -> None:
    navigateur = await essai_faux.navigateur()
    statuts = [(await navigateur.get(DEPART)).status_code for _ in range(125)]
    assert statuts == [303] * 120 + [400] * 5
    assert await mongo.database["liens"].count_documents({}) == 120
    assert (await (await essai_faux.navigateur("198.51.100.2")).get(DEPART)).status_code == 303
