"""The facteur on a real MongoDB and a mail server that refuses and cuts: each mail once, or its journal says why."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from prometheus_client import REGISTRY

from deploy.local.mongod import NoeudMongo
from deploy.local.partenaires import PuitsSMTP
from services._runtime.mailer import Indisponible, Mailer
from services._runtime.mongo import Collection, Mongo
from services._runtime.service import Base
from services._runtime.settings import RuntimeSettings
from services._runtime.smtp import ReglagesSmtp, Securite
from services._runtime.worker import Worker
from services.notification.domain import Envoi
from services.notification.facteur import Facteur
from services.notification.mesures import mesurer
from services.notification.redaction import Motif
from services.notification.store import Store

Fait = Callable[..., Any]
HEURE = timedelta(hours=1)
BREF = timedelta(milliseconds=10)
NOM = "Anarinette"  # nobody's: in each text and each address


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[PuitsSMTP]:
    """Give a mail server that accepts all until told otherwise."""
    puits = PuitsSMTP(tmp_path / "smtp")
    puits.start()
    yield puits
    puits.stop()


@dataclass
class Poste:
    """One replica of notification, without its bus."""

    store: Store
    facteur: Facteur
    envois: Collection

    async def etats(self) -> list[str]:
        """Give the states of all mails, by key."""
        return [e["etat"] async for e in self.envois.find({}, {"etat": 1}).sort("_id", 1)]

    async def seul(self) -> dict[str, Any]:
        """Give the only mail there is."""
        (envoi,) = await self.envois.find().to_list(2)
        return envoi

    async def journal(self) -> list[str]:
        """Give the states that the only mail went through."""
        return [ligne["etat"] for ligne in (await self.seul())["journal"]]

    async def perimer(self) -> None:
        """Let the leases of dead processes run out."""
        passe = datetime.now(UTC) - timedelta(seconds=1)
        await self.envois.update_many({"bail": {"$exists": True}}, {"$set": {"bail": passe}})

    @asynccontextmanager
    async def au_travail(self) -> AsyncIterator[asyncio.Task[None]]:
        """Send as the service does."""
        vie = asyncio.create_task(Worker("facteur", self.facteur.tournee, idle=0.02).run())
        try:
            yield vie
        finally:
            vie.cancel()
            with suppress(asyncio.CancelledError):
                await vie


NouveauPoste = Callable[..., Awaitable[Poste]]


@pytest.fixture
async def nouveau_poste(mongod: NoeudMongo, mongo: Mongo, smtp: PuitsSMTP) -> AsyncIterator[NouveauPoste]:
    """Make a replica; all those of one test share its database."""
    ouverts: list[tuple[Base, Facteur]] = []

    async def faire(unite: timedelta = BREF, port: int = smtp.port) -> Poste:
        base = Base("notification", reglages(mongod, mongo.database.name))
        store = Store(base)
        await store.prepare()
        facteur = Facteur(store, relais(port), unite=unite)
        ouverts.append((base, facteur))
        return Poste(store, facteur, mongo.database["envois"])

    yield faire
    for base, facteur in ouverts:
        await facteur.__aexit__()
        base.mongo.close()


def reglages(mongod: NoeudMongo, base: str) -> RuntimeSettings:
    return RuntimeSettings(
        rabbitmq_url="amqp://personne:rien@127.0.0.1:1/",  # type: ignore[arg-type]  # pydantic makes the secret
        mongodb_url=mongod.url,  # type: ignore[arg-type]
        mongodb_database=base,
        port=8000,
    )


@pytest.fixture
async def poste(nouveau_poste: NouveauPoste) -> Poste:
    """Give one replica."""
    return await nouveau_poste()


def relais(port: int) -> ReglagesSmtp:
    return ReglagesSmtp(hote="127.0.0.1", port=port, securite=Securite.AUCUNE, retour="ent1d@ac-exemple.fr")


def envoi(rang: int = 1, *, version: int = 1, motif: Motif = Motif.ACCUSE, texte: str = "Bonjour") -> Envoi:
    numero = f"ENT-E55A1-{rang:05}"
    cle = f"{numero}:{version}:{motif}"
    message = f"Message-ID: <{cle.replace(':', '.')}@ac-exemple.fr>\r\nSubject: {numero}\r\n\r\n{texte} {NOM}\r\n"
    return Envoi(cle, numero, version, motif, f"{NOM}.{rang}@exemple.fr", message.encode())


def octets(smtp: PuitsSMTP) -> list[bytes]:
    """Give the accepted messages as they came."""
    return [fichier.read_bytes() for fichier in sorted((smtp.maildir / "new").glob("*"))]


def recus(smtp: PuitsSMTP) -> list[str]:
    """Give the Message-ID of all that came, accepted or not, in order."""
    return [reception["message_id"] for reception in smtp.receptions()]


async def test_a_mail_owed_many_times_is_sent_once(poste: Poste, smtp: PuitsSMTP) -> None:
    await asyncio.gather(*(poste.store.prevoir(envoi(texte=f"Bonjour {fois}")) for fois in range(20)))
    await poste.facteur.tournee()
    await poste.store.prevoir(envoi(texte="un autre texte"))
    await poste.facteur.tournee()

    assert len(octets(smtp)) == 1
    assert await poste.journal() == ["prevu", "tentative", "accepte"]


async def test_another_version_and_another_motif_are_other_mails(poste: Poste, smtp: PuitsSMTP) -> None:
    for du in (envoi(), envoi(version=2), envoi(motif=Motif.VALIDATION), envoi(2)):
        await poste.store.prevoir(du)

    await poste.facteur.tournee()

    assert len(set(recus(smtp))) == len(recus(smtp)) == 4


async def test_told_later_it_waits_five_minutes_and_is_then_accepted(
    nouveau_poste: NouveauPoste, smtp: PuitsSMTP
) -> None:
    poste = await nouveau_poste(HEURE / 60)
    smtp.programmer(451, 250)
    await poste.store.prevoir(envoi())
    await poste.facteur.tournee()
    await poste.facteur.tournee()

    attend = await poste.seul()
    assert len(recus(smtp)) == 1, "it did not wait"
    assert (attend["etat"], attend["refus"]) == ("refus_temporaire", 1)
    assert "451" in attend["journal"][-1]["raison"]
    assert abs(attend["prochaine_tentative"] - attend["journal"][-1]["le"] - HEURE / 12) < timedelta(seconds=5)

    await poste.envois.update_one({}, {"$set": {"prochaine_tentative": datetime.now(UTC)}})
    await poste.facteur.tournee()
    assert await poste.journal() == ["prevu", "tentative", "refus_temporaire", "tentative", "accepte"]
    assert len(octets(smtp)) == 1


async def test_refused_for_good_it_is_not_tried_again(poste: Poste, smtp: PuitsSMTP) -> None:
    smtp.programmer(550, 250)
    await poste.store.prevoir(envoi())
    for _ in range(3):
        await poste.facteur.tournee()

    refuse = await poste.seul()
    assert await poste.journal() == ["prevu", "tentative", "refus_definitif"]
    assert "550" in refuse["journal"][-1]["raison"]
    assert "prochaine_tentative" not in refuse
    assert len(recus(smtp)) == 1


async def test_without_a_relay_nothing_is_lost_and_no_mail_is_counted_as_refused(
    poste: Poste, smtp: PuitsSMTP, fait: Fait
) -> None:
    await asyncio.to_thread(smtp.stop)
    for rang in range(9):
        await poste.store.prevoir(envoi(rang))
    with pytest.raises(Indisponible):
        await poste.facteur.tournee()

    apres = await poste.envois.find().to_list(None)
    assert [e["refus"] for e in apres] == [0] * 9
    assert all(e["etat"] == "prevu" and len(e["journal"]) == 1 for e in apres), "a try was made of nothing"
    assert all(e["attente"]["depuis"] == e["journal"][0]["le"] for e in apres)
    assert {e["attente"]["raison"] for e in apres} == {"relais de messagerie indisponible"}
    assert not any("bail" in e or "jeton" in e for e in apres)

    async with poste.au_travail():
        await asyncio.to_thread(smtp.start)
        await fait(poste.etats, lambda etats: etats == ["accepte"] * 9)
    assert len(set(recus(smtp))) == len(recus(smtp)) == 9
    assert await poste.envois.count_documents({"attente": {"$exists": True}}) == 0


async def test_cut_after_the_dot_it_is_in_doubt_and_sent_once_more_byte_for_byte(
    poste: Poste, smtp: PuitsSMTP, fait: Fait
) -> None:
    smtp.programmer("accepter-puis-couper", 250)
    await poste.store.prevoir(envoi())
    async with poste.au_travail():
        await fait(poste.etats, lambda etats: etats == ["accepte"])

    premier, second = octets(smtp)
    assert premier == second
    assert len(set(recus(smtp))) == 1
    assert await poste.journal() == ["prevu", "tentative", "douteux", "tentative", "accepte"]


async def test_in_doubt_twice_it_is_left_to_a_person(poste: Poste, smtp: PuitsSMTP, fait: Fait) -> None:
    smtp.programmer("accepter-puis-couper")
    await poste.store.prevoir(envoi())
    async with poste.au_travail():
        await fait(poste.journal, lambda etats: etats.count("douteux") == 2)
    for _ in range(3):
        await poste.facteur.tournee()

    assert len(octets(smtp)) == 2, "never a third time"
    reste = await poste.seul()
    assert reste["etat"] == "douteux"
    assert "prochaine_tentative" not in reste
    assert "bail" not in reste


async def test_killed_between_the_250_and_its_record_it_is_in_doubt_once_its_lease_is_over(
    nouveau_poste: NouveauPoste, smtp: PuitsSMTP, fait: Fait
) -> None:
    mort, vivant = [await nouveau_poste() for _ in range(2)]
    await mort.store.prevoir(envoi())
    (pris,) = await mort.store.dus(10)
    assert await mort.store.tenter(pris)
    async with Mailer(relais(smtp.port)) as mailer:
        assert (await mailer.envoyer(pris.destinataire, pris.message)).code == 250

    await vivant.facteur.tournee()
    assert len(recus(smtp)) == 1, "the lease of the dead was not respected"
    await vivant.perimer()
    async with vivant.au_travail():
        await fait(vivant.etats, lambda etats: etats == ["accepte"])

    premier, second = octets(smtp)
    assert premier == second
    assert await vivant.journal() == ["prevu", "tentative", "douteux", "tentative", "accepte"]


async def test_killed_before_it_tried_it_leaves_no_doubt_and_holds_up_nothing(
    nouveau_poste: NouveauPoste, smtp: PuitsSMTP
) -> None:
    mort, vivant = [await nouveau_poste() for _ in range(2)]
    await mort.store.prevoir(envoi())
    (pris,) = await mort.store.dus(10)

    await vivant.facteur.tournee()

    assert await vivant.journal() == ["prevu", "tentative", "accepte"]
    await mort.facteur._distribuer([pris])
    assert len(recus(smtp)) == 1, "back from the dead, it sent it again"


async def test_two_facteurs_at_once_send_each_mail_once(
    nouveau_poste: NouveauPoste, smtp: PuitsSMTP, fait: Fait
) -> None:
    postes = [await nouveau_poste() for _ in range(2)]
    for rang in range(60):
        await postes[0].store.prevoir(envoi(rang))

    async with postes[0].au_travail(), postes[1].au_travail():
        await fait(postes[0].etats, lambda etats: etats == ["accepte"] * 60)

    assert len(set(recus(smtp))) == len(recus(smtp)) == 60


async def test_once_accepted_the_journal_holds_no_text_and_no_address(poste: Poste, smtp: PuitsSMTP) -> None:
    await poste.store.prevoir(envoi())
    assert NOM in str(await poste.seul())

    await poste.facteur.tournee()

    assert NOM.encode() in octets(smtp)[0]
    reste = await poste.seul()
    assert NOM not in str(reste)
    assert not {"message", "destinataire"} & reste.keys()


async def test_the_oldest_leave_first(
    nouveau_poste: NouveauPoste, smtp: PuitsSMTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notification.facteur.CONNEXIONS", 1)
    monkeypatch.setattr("services.notification.facteur.LOT", 4)
    poste = await nouveau_poste()
    ages = [3, 9, 1, 7, 5, 8, 2, 6, 4]
    for age in ages:
        await poste.store.prevoir(envoi(age))
        il_y_a = datetime.now(UTC) - age * HEURE
        await poste.envois.update_one({"_id": envoi(age).cle}, {"$set": {"prochaine_tentative": il_y_a}})

    while await poste.facteur.tournee():
        pass

    attendus = [f"<{envoi(age).cle.replace(':', '.')}@ac-exemple.fr>" for age in sorted(ages, reverse=True)]
    assert recus(smtp) == attendus


async def test_mails_that_can_never_leave_do_not_hold_up_the_rest(poste: Poste, smtp: PuitsSMTP, fait: Fait) -> None:
    for rang in range(30):
        await poste.store.prevoir(envoi(rang))
    empoisonnes = {0: ["couper"], 1: [451], 2: [550]}
    smtp.programmer(destinataires={envoi(rang).destinataire: actes for rang, actes in empoisonnes.items()})
    await poste.envois.update_one({"_id": envoi(3).cle}, {"$set": {"message": None}})

    async with poste.au_travail():
        await fait(poste.etats, lambda etats: etats[4:] == ["accepte"] * 26)
        await fait(poste.etats, lambda etats: etats[2] == "refus_definitif")

    assert (await poste.etats())[3] == "tentative", "left to its lease, then in doubt, then to a person"


@dataclass
class Porte:
    """A relay that answers the final dot of each mail when told to. `handle_DATA` is aiosmtpd's hook."""

    ouverte: asyncio.Event = field(default_factory=asyncio.Event)
    presents: int = 0
    recus: int = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        """Wait at the door."""
        self.presents += 1
        await self.ouverte.wait()
        self.recus += 1
        return "250 OK"


@pytest.fixture
async def porte() -> AsyncIterator[tuple[Porte, int]]:
    """Give a closed door and its port."""
    boucle, handler = asyncio.get_running_loop(), Porte()
    serveur = await boucle.create_server(lambda: SMTP(handler, hostname="relais.exemple", loop=boucle), "127.0.0.1", 0)
    yield handler, serveur.sockets[0].getsockname()[1]
    handler.ouverte.set()
    serveur.close()


async def test_four_mails_are_on_their_way_at_once_and_no_more(
    nouveau_poste: NouveauPoste, porte: tuple[Porte, int], fait: Fait
) -> None:
    relais_ferme, port = porte
    poste = await nouveau_poste(port=port)
    for rang in range(12):
        await poste.store.prevoir(envoi(rang))

    async with poste.au_travail():
        await fait(lambda: relais_ferme.presents, lambda n: n == 4)
        await fait(poste.etats, lambda etats: etats.count("tentative") == 4)
        assert relais_ferme.presents == 4
        relais_ferme.ouverte.set()
        await fait(poste.etats, lambda etats: etats == ["accepte"] * 12)

    assert relais_ferme.recus == 12


async def test_stopped_it_ends_the_mails_on_their_way_and_gives_the_others_back(
    nouveau_poste: NouveauPoste, porte: tuple[Porte, int], fait: Fait
) -> None:
    relais_ferme, port = porte
    poste = await nouveau_poste(port=port)
    for rang in range(12):
        await poste.store.prevoir(envoi(rang))

    async with poste.au_travail() as vie:
        await fait(lambda: relais_ferme.presents, lambda n: n == 4)
        vie.cancel()
        relais_ferme.ouverte.set()
        with pytest.raises(asyncio.CancelledError):
            await vie

    assert sorted(await poste.etats()) == ["accepte"] * 4 + ["prevu"] * 8
    assert await poste.envois.count_documents({"bail": {"$exists": True}}) == 0
    assert relais_ferme.recus == 4


async def test_a_relay_slower_than_the_lease_does_not_make_another_facteur_send_it_too(
    nouveau_poste: NouveauPoste, porte: tuple[Porte, int], fait: Fait, monkeypatch: pytest.MonkeyPatch
) -> None:
    bail = timedelta(seconds=3)  # shorter, a busy machine would let it run out
    for module in ("store", "facteur"):
        monkeypatch.setattr(f"services.notification.{module}.BAIL", bail)
    relais_lent, port = porte
    lent, autre = [await nouveau_poste(port=port) for _ in range(2)]
    await lent.store.prevoir(envoi())

    async def tenu_jusqu_a() -> datetime:
        return (await lent.seul()).get("bail", datetime.min.replace(tzinfo=UTC))

    async with lent.au_travail():
        await fait(lambda: relais_lent.presents)
        debut = await tenu_jusqu_a()
        async with autre.au_travail():
            await fait(tenu_jusqu_a, lambda b: b > debut + bail)
        relais_lent.ouverte.set()
        await fait(lent.etats, lambda etats: etats == ["accepte"])

    assert await lent.journal() == ["prevu", "tentative", "accepte"]
    assert relais_lent.recus == 1


async def test_a_day_without_a_relay_then_all_leave_by_themselves_the_oldest_first(
    nouveau_poste: NouveauPoste, smtp: PuitsSMTP, fait: Fait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notification.facteur.CONNEXIONS", 1)
    poste = await nouveau_poste()
    smtp.programmer(destinataires={envoi(250).destinataire: [451, 250]})
    await asyncio.to_thread(smtp.stop)
    async with poste.au_travail():
        for rang in range(300):  # while it is away: what comes meanwhile waits behind
            await poste.store.prevoir(envoi(rang))
            if rang in {0, 100, 200}:
                await fait(lambda: poste.envois.find_one({"_id": envoi(rang).cle, "attente": {"$exists": True}}))  # noqa: B023  # awaited here
        await asyncio.to_thread(smtp.start)
        await fait(poste.etats, lambda etats: etats == ["accepte"] * 300, delai=60)

    attendus = [f"<{envoi(rang).cle.replace(':', '.')}@ac-exemple.fr>" for rang in range(300)]
    assert sorted(recus(smtp)) == sorted([*attendus, attendus[250]]), "once each, and twice the one told « later »"
    assert list(dict.fromkeys(recus(smtp))) == attendus


async def test_what_waits_is_measured_by_state_and_by_age(poste: Poste, smtp: PuitsSMTP) -> None:
    smtp.programmer(destinataires={envoi(1).destinataire: ["couper"], envoi(2).destinataire: [451]})
    for rang in (1, 2, 3):
        await poste.store.prevoir(envoi(rang))
    await poste.facteur.tournee()
    await poste.store.prevoir(envoi(4))
    ancien = {"$set": {"journal.0.le": datetime.now(UTC) - HEURE}}
    await poste.envois.update_one({"_id": envoi(2).cle}, ancien)

    await mesurer(poste.store)

    def mesure(nom: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(nom, labels)

    nombres = {etat: mesure("envois_en_attente", etat=etat) for etat in ("prevu", "refus_temporaire", "douteux")}
    assert nombres == {"prevu": 1, "refus_temporaire": 1, "douteux": 1}
    assert mesure("envois_douteux") == 1
    assert mesure("envoi_attente_seconds") == pytest.approx(3600, abs=30)
    assert [e.get("attente", {}).get("raison") async for e in poste.envois.find().sort("_id", 1)] == [
        "remise incertaine",
        "à représenter plus tard (451)",
        None,
        None,
    ]


class Arret:
    """A thread whose event loop can be stopped as SIGSTOP stops a process: it does nothing, and time goes by."""

    def __init__(self) -> None:
        self.boucle = asyncio.new_event_loop()
        self._continuer = threading.Event()
        self._fil = threading.Thread(target=self.boucle.run_forever)

    def __enter__(self) -> Self:
        self._fil.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._continuer.set()
        self.boucle.call_soon_threadsafe(self.boucle.stop)
        self._fil.join()
        self.boucle.close()

    async def faire(self, travail: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  # what it returns
        """Run in that loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(travail, self.boucle))

    def arreter(self) -> None:
        """Stop it."""
        self.boucle.call_soon_threadsafe(self._continuer.wait)

    def continuer(self) -> None:
        """Let it go on."""
        self._continuer.set()


@pytest.fixture
def arret() -> Iterator[Arret]:
    with Arret() as arret:
        yield arret


class Seuil(Porte):
    """A relay that answers a recipient when told to."""

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's hook
        self, _server: SMTP, _session: Session, envelope: Envelope, adresse: str, _options: list[str]
    ) -> str:
        """Wait at the door."""
        self.presents += 1
        await self.ouverte.wait()
        envelope.rcpt_tos.append(adresse)
        return "250 OK"


async def test_stopped_beyond_its_lease_before_the_final_dot_it_sends_nothing_when_it_goes_on(
    mongod: NoeudMongo, nouveau_poste: NouveauPoste, arret: Arret, fait: Fait, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("store", "facteur"):
        monkeypatch.setattr(f"services.notification.{module}.BAIL", timedelta(seconds=2))
    seuil, boucle = Seuil(), asyncio.get_running_loop()
    serveur = await boucle.create_server(lambda: SMTP(seuil, hostname="relais.exemple", loop=boucle), "127.0.0.1", 0)
    vivant = await nouveau_poste(port=serveur.sockets[0].getsockname()[1])
    await vivant.store.prevoir(envoi())

    async def poste_arretable() -> tuple[Mongo, Facteur]:
        base = Base("notification", reglages(mongod, vivant.envois.database.name))
        return base.mongo, Facteur(Store(base), relais(serveur.sockets[0].getsockname()[1]), unite=BREF)

    mongo, facteur = await arret.faire(poste_arretable())
    tournee = asyncio.ensure_future(arret.faire(facteur.tournee()))
    await fait(lambda: seuil.presents)
    arret.arreter()
    await fait(lambda: vivant.envois.find_one({"bail": {"$lte": datetime.now(UTC)}}))
    async with vivant.au_travail():
        await fait(vivant.journal, lambda etats: "douteux" in etats)
        seuil.ouverte.set()
        await fait(vivant.etats, lambda etats: etats == ["accepte"])
        arret.continuer()
        await tournee

    await arret.faire(facteur.__aexit__())
    mongo.close()
    serveur.close()
    assert seuil.recus == 1, "sent by who had lost its lease too"
    assert await vivant.journal() == ["prevu", "tentative", "douteux", "tentative", "accepte"]
