"""Any sequence of deposits, deliveries, deaths, lost replies, freezes and jumps of time: nothing lost, nothing twice.

`MODELE_EXEMPLES` sets how many sequences are tried. A failure prints the shortest one found, as a program of rules, and
its story; `@reproduce_failure` plays it again.
"""

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.engine import ConjectureRunner
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contracts.flux import SERVICES

from .banc import Banc, Depot
from .courrier import Humeur
from .equipe import REPLIQUES
from .fin import bilan, verifier_au_repos
from .invariants import Invariants
from .modeles import MODELES
from .monde import Monde
from .portes import Effet, Moment, Panne, Porte
from .repos import avancer, mener_au_repos
from .titulaire import ELEVES, Export

EXEMPLES: Final = int(os.environ.get("MODELE_EXEMPLES", "500"))
PAS: Final = 8
DEPOTS: Final = 2
ASSEZ: Final = 300  # examples, from which on each of VUS must have been met
VUS: Final = (
    *(f"{effet} {moment} {porte}" for effet in Effet for moment in Moment for porte in Porte),
    *("dossier livre", "dossier refuse", "dossier a_corriger", "dossier version 2", "annonces 2"),
    *("courriel accepte", "courriel douteux", "courriel refus_definitif", "courriel parti 2 fois"),
    *("suspension ecoles_absentes", "suspension baisse_de_volume"),  # an approval of the second: in longer runs only
)
EXPORTS: Final = (Export(), Export(ecoles=Export().ecoles - {MODELES[0].ecoles[0]}), Export(eleves=ELEVES // 2))
DUREES: Final = tuple(timedelta(seconds=s) for s in (4, 13, 20, 70, 400, 4000, 100_000))

PORTES: Final = {
    "intake": (Porte.MONGO, Porte.BUS),
    "verification": (Porte.MONGO, Porte.BUS),
    "notification": (Porte.MONGO, Porte.SMTP),
    "aaf_dispatch": (Porte.MONGO, Porte.BUS, Porte.SFTP, Porte.SFTP),
}
RANGS: Final = {Porte.MONGO: 6, Porte.BUS: 2, Porte.SMTP: 2, Porte.SFTP: 15}


def pannes_de(service: str) -> st.SearchStrategy[tuple[str, Panne]]:
    """Make a fault of a service, where it may happen."""
    pannes = [
        st.builds(Panne, st.just(porte), st.integers(1, RANGS[porte]), st.sampled_from(Moment), st.sampled_from(Effet))
        for porte in PORTES[service]
    ]
    return st.tuples(st.just(service), st.one_of(pannes))


pannes = st.one_of([pannes_de(service) for service in SERVICES])
rangs = st.integers(0, 7)
exports = st.sampled_from((0, 0, 1, 2, 2))
repliques = st.integers(0, REPLIQUES - 1)
modeles = st.sampled_from((0, 0, 1, 1, 2, 2, 3, 4, 5))  # most are in order, or nearly


class Machine(RuleBasedStateMachine):
    """The rules. Each acts on the world as a person or a partner would; then the invariants are judged."""

    def __init__(self, ouvrir: Callable[[], Monde]) -> None:
        super().__init__()
        self.monde = ouvrir()
        self.juge = Invariants(self.monde)

    @initialize(
        choisis=st.lists(modeles, min_size=1, max_size=2),
        jours=st.integers(0, 1),
        export=exports,
        attendues=st.lists(pannes, max_size=5),
        indulgent=st.booleans(),
    )
    def commencer(
        self, choisis: list[int], jours: int, export: int, attendues: list[tuple[str, Panne]], *, indulgent: bool
    ) -> None:
        """Producers have filed; their dossiers have gone all the way, or none; trouble is coming."""
        for modele in choisis:
            self._deposer(Depot(self.monde.nouvelle_cle(), modele, par_http=True), 0)
        for _ in range(jours):
            self.vivre(tours=4)
            self.passer_le_temps(duree=DUREES[3])  # a second delivery may follow
        self.monde.equipe.export = EXPORTS[export]
        self.monde.agent_indulgent = indulgent
        for panne in attendues:
            self.monde.preparer(*panne)

    @rule(panne=pannes)
    def preparer(self, panne: tuple[str, Panne]) -> None:
        """A process of a service will die, fail or freeze."""
        self.monde.preparer(*panne)

    @precondition(lambda self: len(self.monde.depots) < DEPOTS)
    @rule(modele=modeles, par_http=st.booleans(), replique=repliques)
    def deposer(self, modele: int, *, par_http: bool, replique: int) -> None:
        """A producer files a dossier."""
        self._deposer(Depot(self.monde.nouvelle_cle(), modele, par_http), replique)

    @precondition(lambda self: self._a_corriger() and len(self.monde.depots) < 2 * DEPOTS)
    @rule(modele=modeles, par_http=st.booleans(), replique=repliques, rang=rangs)
    def corriger(self, modele: int, *, par_http: bool, replique: int, rang: int) -> None:
        """A producer files the next version of a dossier, perhaps twice, with two keys."""
        numeros = self._a_corriger()
        depot = Depot(self.monde.nouvelle_cle(), modele, par_http, corrige=numeros[rang % len(numeros)])
        self._deposer(depot, replique)

    def _deposer(self, depot: Depot, replique: int) -> None:
        self.monde.depots.append(depot)
        self.monde.deposer(depot, replique)

    @precondition(lambda self: self.monde.depots)
    @rule(rang=rangs, replique=repliques)
    def deposer_de_nouveau(self, rang: int, replique: int) -> None:
        """A producer sends a submission again, answered or not."""
        self.monde.deposer(self.monde.depots[rang % len(self.monde.depots)], replique)

    @precondition(lambda self: self.monde.banc.courtier.file)
    @rule(rang=rangs, replique=repliques, encore=st.booleans())
    def livrer(self, rang: int, replique: int, *, encore: bool) -> None:
        """The broker delivers a message, any; it may deliver it again."""
        self.monde.livrer(rang, replique, encore=encore)

    @precondition(lambda self: self.monde.banc.courtier.file)
    @rule(a_l_envers=st.booleans())
    def tout_livrer(self, *, a_l_envers: bool) -> None:
        """The broker delivers all it has now, in order or from the last."""
        self._vider_les_files(a_l_envers=a_l_envers)

    @rule(service=st.sampled_from(SERVICES), replique=repliques)
    def travailler(self, service: str, replique: int) -> None:
        """A process runs its loops: publish, settle, sweep, send, deliver."""
        self.monde.travailler(service, replique)

    @rule(tours=st.integers(1, 4))
    def vivre(self, tours: int) -> None:
        """All is delivered, and each process does what is due, as long as it takes to go so many steps further."""
        for _ in range(tours):
            avancer(self.monde, self.juge)

    def _vider_les_files(self, *, a_l_envers: bool = False) -> None:
        for _ in range(len(self.monde.banc.courtier.file)):
            self.monde.livrer(-1 if a_l_envers else 0)

    @rule(duree=st.sampled_from(DUREES))
    def passer_le_temps(self, duree: timedelta) -> None:
        """Time jumps: leases run out, what waits is due."""
        self.monde.noter(f"{duree} plus tard")
        self.monde.attendre(duree)

    @precondition(lambda self: self.monde.equipe.gelees)
    @rule()
    def degeler(self) -> None:
        """A process that was stopped in the middle of something resumes."""
        self.monde.equipe.degeler()

    @rule(quoi=st.sampled_from((*SERVICES, "courtier", "smtp", "titulaire", "retour", "perte")))
    def incident(self, quoi: str) -> None:
        """A service's processes are killed, a partner goes away or all come back, the broker loses all it holds."""
        monde = self.monde
        if quoi in SERVICES:
            monde.tuer(quoi)
        elif quoi == "perte":
            monde.tout_perdre()
        else:
            monde.presenter(courtier=quoi != "courtier", smtp=quoi != "smtp", titulaire=quoi != "titulaire")

    @rule(humeurs=st.lists(st.sampled_from(Humeur), max_size=3), export=exports)
    def changer(self, humeurs: list[Humeur], export: int) -> None:
        """The mail relay will treat the next mails so; the académie shows this export."""
        self.monde.noter(f"humeurs du relais : {', '.join(humeurs)} ; export du jour : {export}")
        self.monde.banc.smtp.humeurs.extend(humeurs)
        self.monde.equipe.export = EXPORTS[export]

    @precondition(lambda self: self._suspendue())
    @rule()
    def approuver(self) -> None:
        """An agent lets a suspended delivery go."""
        self.monde.approuver()

    @precondition(lambda self: self.monde.banc.courtier.parking)
    @rule(rang=rangs)
    def rejouer(self, rang: int) -> None:
        """An operator sends a parked message back."""
        parking = self.monde.banc.courtier.parking
        self.monde.banc.courtier.rejouer(parking[rang % len(parking)])

    def _a_corriger(self) -> list[str]:
        dossiers = self.juge.documents["dossiers"]
        return sorted(numero for numero, dossier in dossiers.items() if dossier["etat"] == "a_corriger")

    def _suspendue(self) -> bool:
        return any(livraison["etat"] == "suspendue" for livraison in self.juge.documents["livraisons"].values())

    @invariant()
    def rien_de_faux(self) -> None:
        """I2 to I5."""
        self.juge.verifier()

    def teardown(self) -> None:
        """I1, and that all comes to rest; the story is told in any case."""
        try:
            if sys.exc_info()[0] is None:  # else the sequence has failed, or was given up
                mener_au_repos(self.monde, self.juge)
                verifier_au_repos(self.juge)
                self.monde.banc.vus.update(bilan(self.juge))
        finally:
            note("\n".join(["Récit :", *self.monde.recit]))
            self.monde.equipe.tuer(*SERVICES)


@pytest.mark.timeout(60 + EXEMPLES)
def test_nothing_is_lost_and_nothing_done_twice_whatever_the_sequence(
    banc: Banc, atelier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Hypothesis also tries copies of a sequence with pieces repeated: half of all that it tried, and nothing new.
    monkeypatch.setattr(ConjectureRunner, "generate_mutations_from", lambda *_: None)
    reglages = settings(
        max_examples=EXEMPLES,
        stateful_step_count=PAS,
        deadline=None,
        database=None,
        derandomize=True,
        print_blob=True,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    machine: Any = lambda: Machine(lambda: Monde(banc, atelier))  # noqa: E731 - it stands for a class
    run_state_machine_as_test(machine, settings=reglages)
    manquent = [quoi for quoi in VUS if not any(vu.startswith(quoi) for vu in banc.vus)]
    assert EXEMPLES < ASSEZ or not manquent, f"jamais vu en {EXEMPLES} exemples : {manquent} ; vu : {banc.vus}"
