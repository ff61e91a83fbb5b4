"""Whatever reaches a queue ends handled, or parked once with its reason and no personal value; the service goes on."""

import asyncio
import json
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import aio_pika
import pamqp.encode
import pytest
from aio_pika.exceptions import ChannelPreconditionFailed
from faststream.rabbit import RabbitRouter

from contracts.evenements import Controle, DossierRefuse, PiecesVerifiees, Rapport, Verdict
from deploy.demo.dossiers import CONFORME
from deploy.local.mongod import NoeudMongo
from services._runtime.bus import listens
from services._runtime.mongo import Mongo
from services._runtime.settings import RuntimeSettings
from services.intake.app import Settings, build

if TYPE_CHECKING:
    from tests.integration.conftest import Banc, Vivre

CANARI = "Canari-Dupont"  # stands for a person's name
PARKING = "intake.parking"
CONTROLE = Controle(id="siret", verdict=Verdict.CONFORME, constat="Vu.", champ="siret", source="INSEE")
Corps = dict[str, Any]
Fait = Callable[..., Any]


def soumission() -> Corps:
    donnees = CONFORME.soumission([])
    donnees["deposant"] = {**donnees["deposant"], "nom": CANARI}
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "demo",
        "type": "SoumettreDossier",
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": donnees,
    }


def pieces_verifiees(numero: str | None = None) -> Corps:
    rapport = Rapport(
        version=1, siret=CONFORME.siret, commune="77288", ecoles=CONFORME.ecoles, regles=CANARI, controles=(CONTROLE,)
    )
    sujet = numero or f"ENT-E55A1-{uuid4().int % 10**5:05d}"
    evenement = PiecesVerifiees.dire(sujet, rapport, source="ent1d/verification", le=datetime.now(UTC))
    corps: Corps = json.loads(evenement.model_dump_json())
    return corps


@dataclass(frozen=True)
class Porte:
    """One way into intake."""

    exchange: str
    cle: str
    emetteur: str
    corps: Callable[[], Corps]

    @property
    def file(self) -> str:
        """Name the queue behind it."""
        return "intake." + self.cle.replace(".", "-")


SOUMISSIONS = Porte("soumissions", "dossier.soumettre.v1", "demo", soumission)
EVENEMENTS = Porte("dossiers", "dossier.pieces-verifiees.v1", "svc_verification", pieces_verifiees)
PORTES = pytest.mark.parametrize("porte", [SOUMISSIONS, EVENEMENTS], ids=["soumissions", "evenements"])

# What becomes of the text of a good body, and the reason it is parked with.
TEXTES: Mapping[str, tuple[Callable[[str], bytes], str]] = {
    "pas du JSON": (lambda _: f"bonjour, je suis {CANARI}".encode(), "json_invalide"),
    "vide": (lambda _: b"", "json_invalide"),
    "coupé": (lambda texte: texte[:-20].encode(), "json_invalide"),
    "NaN": (lambda texte: texte.replace('"1.0"', "NaN").encode(), "json_invalide"),
    "pas de l’UTF-8": (lambda texte: texte.replace(CANARI, "Hélène").encode("latin-1"), "utf8_invalide"),
    "NFD": (lambda texte: texte.replace(CANARI, "He\u0301le\u0300ne").encode(), "unicode_non_nfc"),
    "clé en double": (lambda texte: texte.replace("{", '{"source":"autre",', 1).encode(), "cle_en_double"),
    "profond": (lambda _: b'{"a":' * 100_000, "json_trop_profond"),
    "5 Mo": (lambda texte: texte.replace(CANARI, CANARI * 400_000).encode(), "trop_volumineux"),
}
# What changes in a good body, its `message_id` following it.
CHAMPS: Mapping[str, Corps] = {
    "autre type": {"type": "DossierDéposé"},
    "type en NFD": {"type": "PiècesVérifiées\u200b"},
    "version inconnue": {"specversion": "2.0"},
    "nombre pour un texte": {"source": 12},
    "nombre pour une version": {"specversion": 1.0},
    "champ en trop": {CANARI: CANARI},
    "données absentes": {"data": None},
    "date sans fuseau": {"time": "2026-11-23T10:00:00"},
}
# What changes in the properties of a message whose body is good.
PROPRIETES: Mapping[str, Corps] = {
    "autre content_type": {"content_type": f"text/plain; name={CANARI}"},
    "sans content_type": {"content_type": None},
    "autre message_id": {"message_id": CANARI},
    "sans message_id": {"message_id": None},
}
# Headers that lie, on a message that is refused for its body: they must neither matter nor stay.
COURRIER: dict[str, Any] = {
    "public_url": "http://127.0.0.1:8000",
    "smtp_host": "127.0.0.1",
    "smtp_port": 25,
    "smtp_securite": "aucune",
    "mail_from": "ent1d@ac-exemple.fr",
    "mail_reply_to": "ent1d-contact@ac-exemple.fr",
}
ENTETES: Mapping[str, Corps] = {
    "x-tentative texte": {"x-tentative": CANARI},
    "x-tentative énorme": {"x-tentative": 2**63 - 1},
    "x-tentative négative": {"x-tentative": -(2**63)},
    "x-tentative table": {"x-tentative": {CANARI: [CANARI]}},
    "x-producteur forgé": {"x-producteur": CANARI},
    "x-motif forgé": {"x-motif": CANARI, "x-detail": CANARI, "x-file": "verification.dossier-depose-v1"},
    "x-death forgé": {"x-death": [{"queue": "intake.parking", "reason": "rejected", "count": 10**6}]},
    "x-delivery-count forgé": {"x-delivery-count": 10**6},
    "longues tables": {f"x-{n}": {"nom": CANARI * 20} for n in range(200)},
}


def message(porte: Porte, corps: Corps, texte: bytes | None = None, **proprietes: Any) -> aio_pika.Message:  # noqa: ANN401
    tout: Corps = {
        "message_id": corps["id"],
        "content_type": "application/json",
        "user_id": porte.emetteur,
        **proprietes,
    }
    return aio_pika.Message(json.dumps(corps, ensure_ascii=False).encode() if texte is None else texte, **tout)


def _abime(porte: Porte, abimer: Callable[[str], bytes]) -> aio_pika.Message:
    corps = porte.corps()
    return message(porte, corps, abimer(json.dumps(corps, ensure_ascii=False)))


def malformes(porte: Porte) -> dict[str, tuple[aio_pika.Message, str]]:
    """Make one message of each kind, with the reason it must be parked with."""
    tous = {nom: (_abime(porte, abimer), motif) for nom, (abimer, motif) in TEXTES.items()}
    for nom, change in CHAMPS.items():
        tous[nom] = message(porte, porte.corps() | change), "contrat_non_respecte"
    for nom, change in PROPRIETES.items():
        tous[nom] = message(porte, porte.corps(), **change), "entete_incorrect"
    for nom, entetes in ENTETES.items():
        tous[nom] = message(porte, porte.corps() | {"type": CANARI}, headers=entetes), "contrat_non_respecte"
    if porte is EVENEMENTS:
        del tous["x-producteur forgé"]  # the services' own header: a service is believed on it
    else:
        tous["sans user_id"] = message(porte, porte.corps(), user_id=None), "producteur_inconnu"
        forge = {"x-producteur": "demo"}
        tous["user_id en en-tête"] = (
            message(porte, porte.corps(), user_id=None, headers=forge),
            "producteur_inconnu",
        )
    return tous


@pytest.fixture
async def intake(banc: "Banc", vivre: "Vivre", reglages: Callable[..., RuntimeSettings]) -> AsyncIterator[None]:
    """Run the real intake."""
    communs = reglages(banc, "intake").model_dump()
    async with vivre(build(Settings(**communs, **COURRIER, producteurs={"demo": "0" * 64}))):
        yield


async def un_bon_passe(porte: Porte, banc: "Banc", mongo: Mongo, fait: Fait, **proprietes: object) -> None:
    """Send a message that follows the contract and see its effect."""
    depot = soumission()
    a_deposer = message(SOUMISSIONS, depot, **(proprietes if porte is SOUMISSIONS else {}))
    await banc.publier(SOUMISSIONS.exchange, SOUMISSIONS.cle, a_deposer, utilisateur="demo")
    dossiers = mongo.database["dossiers"]
    dossier = await fait(lambda: dossiers.find_one({"depots.cle": depot["id"], "producteur": "demo"}))
    if porte is EVENEMENTS:
        corps = pieces_verifiees(dossier["_id"])
        await banc.publier(porte.exchange, porte.cle, message(porte, corps, **proprietes), utilisateur=porte.emetteur)
        await fait(lambda: mongo.database["recus_intake"].find_one({"_id": corps["id"], "issue": "recu"}))


@PORTES
@pytest.mark.usefixtures("intake")
async def test_each_malformed_message_is_parked_once_with_its_reason_and_a_good_one_after_them_is_handled(
    porte: Porte, banc: "Banc", mongo: Mongo, fait: Fait, capsys: pytest.CaptureFixture[str]
) -> None:
    envoyes = malformes(porte)

    await banc.publier(porte.exchange, porte.cle, *(m for m, _ in envoyes.values()), utilisateur=porte.emetteur)
    await fait(lambda: banc.profondeur(PARKING), lambda nombre: nombre >= len(envoyes))
    await un_bon_passe(porte, banc, mongo, fait)

    gares = await banc.relever(PARKING)
    par_corps = {gare.body: gare for gare in gares}
    assert {nom: par_corps[m.body].headers.get("x-motif") for nom, (m, _) in envoyes.items()} == {
        nom: motif for nom, (_, motif) in envoyes.items()
    }
    assert Counter(gare.body for gare in gares) == Counter(m.body for m, _ in envoyes.values())
    for gare in gares:
        assert gare.headers["x-file"] == porte.file
        assert gare.headers["x-tentative"] >= 1
        assert gare.headers.get("x-producteur") in ({"demo", None} if porte is SOUMISSIONS else {None, porte.emetteur})
        assert CANARI not in repr(gare.headers)
    assert CANARI not in "".join(capsys.readouterr())
    assert [await banc.profondeur(f) for f in (porte.file, "retry.short", "retry.medium", "retry.long")] == [0] * 4


@PORTES
@pytest.mark.usefixtures("intake")
async def test_headers_that_lie_do_not_stop_a_good_message(
    porte: Porte, banc: "Banc", mongo: Mongo, fait: Fait
) -> None:
    for entetes in ENTETES.values():
        await un_bon_passe(porte, banc, mongo, fait, headers=entetes, reply_to=CANARI, expiration=3600)

    assert await banc.profondeur(PARKING) == 0


# What a client other than aio-pika can put on the wire, and pamqp cannot decode.
INDECODABLES: Mapping[str, tuple[str, Callable[[Any], bytes]]] = {
    "texte qui n’est pas de l’UTF-8": ("shortstr", lambda _: b"\x03\xff\xfe\xff"),
    "date après l’an 9999": ("timestamp", lambda _: struct.pack(">Q", 2**63)),
    "tables imbriquées 5 000 fois": ("table", lambda _: _table(b"\x01x" + _listes_imbriquees(5_000))),
}


def _table(contenu: bytes) -> bytes:
    return struct.pack(">I", len(contenu)) + contenu


def _listes_imbriquees(fois: int) -> bytes:
    return b"".join(b"A" + struct.pack(">I", 5 * reste) for reste in reversed(range(fois)))


@PORTES
@pytest.mark.usefixtures("intake")
@pytest.mark.parametrize("sorte", INDECODABLES)
async def test_a_message_whose_properties_cannot_be_decoded_does_not_cut_the_connection(
    porte: Porte, sorte: str, banc: "Banc", mongo: Mongo, fait: Fait, monkeypatch: pytest.MonkeyPatch
) -> None:
    genre, encoder = INDECODABLES[sorte]
    normal = pamqp.encode.METHODS[genre]
    # Only the marked value: the rest of the publish is encoded as it must be.
    marques = {"shortstr": {"correlation_id": CANARI}, "timestamp": {"timestamp": 77}, "table": {"headers": {"m": 77}}}
    piege = message(porte, porte.corps(), **marques[genre])
    valeur = getattr(piege.properties, next(iter(marques[genre])))

    with monkeypatch.context() as patch:
        patch.setitem(pamqp.encode.METHODS, genre, lambda v: encoder(v) if v == valeur else normal(v))
        await banc.publier(porte.exchange, porte.cle, piege, utilisateur=porte.emetteur)
    await un_bon_passe(porte, banc, mongo, fait)

    await fait(lambda: banc.profondeur(PARKING), lambda nombre: nombre == 1)
    (gare,) = await banc.relever(PARKING)
    assert (gare.body, gare.headers["x-motif"]) == (piege.body, "entete_incorrect")


async def test_the_broker_refuses_a_submission_under_another_name(banc: "Banc") -> None:
    usurpe = message(SOUMISSIONS, soumission(), user_id="svc_intake")

    with pytest.raises(ChannelPreconditionFailed):
        await banc.publier("soumissions", SOUMISSIONS.cle, usurpe, utilisateur="demo")


async def test_a_message_parked_while_mongodb_is_down_is_parked_once(
    banc: "Banc", petit_service: "Vivre", fait: Fait, mongod: NoeudMongo, capsys: pytest.CaptureFixture[str]
) -> None:
    router, vus = RabbitRouter(), []
    journal: list[str] = []

    def fini() -> bool:
        journal.append(capsys.readouterr().out)
        return '"issue":' in "".join(journal)

    @router.subscriber(**listens("notification", DossierRefuse))
    async def recevoir(evenement: DossierRefuse) -> None:
        vus.append(evenement.id)

    async with petit_service("notification", router):
        await asyncio.to_thread(mongod.kill)
        try:
            await banc.dire(banc.refuse(), content_type="text/plain")
            await fait(fini)  # although its receipt could not be written
        finally:
            await asyncio.to_thread(mongod.start)
        await banc.dire(banc.refuse(2))
        await fait(lambda: vus)
    assert len(await banc.relever("notification.parking")) == 1
