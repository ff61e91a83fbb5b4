"""Brings a world to rest: every partner well, dead processes started again, time jumping to the next thing due."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from contracts.flux import SERVICES
from services._runtime.mongo import Document

from .faits import issue
from .invariants import Invariants
from .monde import Monde
from .processus import INTERVALLE, Processus
from .titulaire import Export

TOURS: Final = 80  # far more than the longest way that was seen
EMETTEURS: Final = {"dossiers": "intake", "verifications": "verification", "perimetres": "aaf_dispatch"}
INSTANT: Final = timedelta(milliseconds=1)
Echeance = tuple[datetime, str, str]  # when, and which loop of which service sees to it (none: the broker)


def mener_au_repos(monde: Monde, invariants: Invariants) -> None:
    """Run until nothing is due; fails after TOURS rounds.

    Faults that still wait may strike here too. Who is frozen resumes last: all went on without him.
    """
    monde.noter("— les partenaires vont bien ; on va au repos —")
    monde.presenter(courtier=True, smtp=True, titulaire=True)
    _epuiser(monde, invariants)
    if monde.agent_indulgent:
        monde.approuver()
        _epuiser(monde, invariants)
    if monde.equipe.export != Export():
        monde.noter("l’académie montre de nouveau tout son annuaire")
        monde.equipe.export = Export()
        _epuiser(monde, invariants)


def _epuiser(monde: Monde, invariants: Invariants) -> None:
    for _ in range(TOURS):
        dues, avance = avancer(monde, invariants)
        if not dues and not monde.banc.courtier.file:
            if not monde.equipe.degeler():
                return
        elif not avance and not monde.banc.courtier.file:
            d_ici_la = min(dues)[0] - monde.banc.maintenant
            # What is due and does not get done waits for a date that only the process knows.
            monde.attendre(d_ici_la + INSTANT if d_ici_la > timedelta() else INTERVALLE)
        _disponibles(monde)
    raise AssertionError(f"I9 : pas de repos après {TOURS} tours ; encore dû : {sorted(_echeances(monde, invariants))}")


def avancer(monde: Monde, invariants: Invariants) -> tuple[list[Echeance], bool]:
    """Deliver all, publish all, do what is due now; give what is due now and later, and whether something was done."""
    ecrites = monde.banc.ecritures
    for _ in range(len(monde.banc.courtier.file)):
        monde.livrer(0)
    for service in SERVICES:
        processus = monde.equipe.processus(service)
        if processus is not None and (a_faire := set(_en_memoire(processus))):
            monde.travailler(service, seuls=a_faire)
    invariants.relire()
    dues = list(_echeances(monde, invariants))
    for service, boucle in sorted({(s, b) for date, s, b in dues if s and date <= monde.banc.maintenant}):
        monde.travailler(service, seuls={boucle})
    return dues, monde.banc.ecritures > ecrites


def _disponibles(monde: Monde) -> None:
    """Have at least one process of each service that is not frozen."""
    while any(monde.equipe.processus(service) is None for service in SERVICES):
        monde.equipe.degeler()


def _en_memoire(processus: Processus) -> Iterator[str]:
    """Name the loops that have something to do which only the process knows."""
    relais = processus.base.relay
    if relais._connections != relais._connections_seen:
        yield "recall"
    if processus.base.parked._asked:
        yield "parking"
    if relais._offered:
        yield "relay"
    if relais._told:
        yield "settle"


def _echeances(monde: Monde, invariants: Invariants) -> Iterator[Echeance]:
    """Give all that is due."""
    documents = invariants.documents
    yield from ((date, "", "") for date, _ in monde.banc.courtier.attente)
    for collection, service in EMETTEURS.items():
        for owed in (owed for document in documents[collection].values() for owed in document["sortie"]):
            if not any(issue(documents, auditeur, owed["id"]) == "parque" for auditeur in SERVICES):
                yield owed["echeance"], service, f"sweep {collection}"
    for envoi in documents["envois"].values():
        yield from _courriel(envoi)
    if any(not perimetre["livree"] for perimetre in documents["perimetres"].values()):
        yield from _livraison(monde, invariants)


def _courriel(envoi: Document) -> Iterator[Echeance]:
    if "prochaine_tentative" in envoi:
        yield envoi["prochaine_tentative"], "notification", "facteur"
    elif envoi["etat"] == "tentative":
        yield envoi["bail"], "notification", "facteur"


def _livraison(monde: Monde, invariants: Invariants) -> Iterator[Echeance]:
    """Give when the next delivery may be tried; nothing when all that waits waits for a person, who was told."""
    attendus = [p for p in invariants.documents["perimetres"].values() if not p["livree"]]
    presentes = monde.equipe.export.ecoles
    livraisons = invariants.documents["livraisons"].values()
    entier = monde.equipe.export == Export()  # else what is suspended waits for an agent, or for the académie
    if not entier and any(d["etat"] == "suspendue" and not d["approuvee"] for d in livraisons):
        return
    if any(set(perimetre["ecoles"]) <= presentes or not perimetre["suspensions"] for perimetre in attendus):
        passees = [d["livree_le"] + INTERVALLE for d in livraisons if d["etat"] == "livree"]
        baux = [d["bail"] for d in livraisons if d["etat"] != "livree"]
        yield max([*passees, *baux, monde.banc.maintenant]), "aaf_dispatch", "livraison"
