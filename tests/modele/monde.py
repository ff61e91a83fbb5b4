"""The world of one example: what producers, the broker, agents and time do to the processes, and its story."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from pymongo.errors import PyMongoError

from contracts.dossier import Soumission
from contracts.evenements import SoumettreDossier
from contracts.flux import SERVICES, file_de
from services.intake.depot import Accuse, deposer
from services.intake.domain import SoumissionRefusee

from .banc import Banc, Depot
from .courtier import Message
from .equipe import Equipe
from .modeles import MODELES, PRODUCTEUR
from .portes import Panne
from .processus import Pas

LONGUEUR: Final = 800  # lines of a story: more is a loop without end


class Monde:
    """One example; `recit` tells it."""

    def __init__(self, banc: Banc, atelier: Path) -> None:
        self.banc = banc
        self.recit: list[str] = []
        self.depots: list[Depot] = []
        self.approuvees: set[str] = set()
        self.agent_indulgent = False  # lets go, in the end, what is still suspended
        self.equipe = Equipe(banc, self.noter, atelier)
        if banc.vider():
            self._installer()

    def _installer(self) -> None:
        """Create the indexes, and send the pieces that all examples name."""
        for service in SERVICES:
            processus = self.equipe.processus(service)
            assert processus is not None
            self.equipe.executer(processus, "se prépare", processus.preparer)
            if service == "intake":
                envoyer = partial(self.banc.cartable.televerser, processus.store.pieces)
                self.equipe.executer(processus, "reçoit les pièces", envoyer)

    def noter(self, ligne: str) -> None:
        """Tell what happens, for who reads a failure."""
        assert len(self.recit) < LONGUEUR, "\n".join(["sans fin :", *self.recit[-40:]])
        self.recit.append(f"{self.banc.maintenant:%d %H:%M:%S}  {ligne}")

    def attendre(self, duree: timedelta) -> None:
        """Let time pass: at once."""
        self.banc.maintenant += duree
        self.banc.courtier.murir()

    def preparer(self, service: str, panne: Panne) -> None:
        """Have a fault wait for the processes of a service."""
        self.noter(f"{service} : {panne}")
        self.equipe.pannes[service].attendre(panne)

    def tuer(self, service: str) -> None:
        """Kill the processes of a service."""
        self.noter(f"{service} est tué")
        self.equipe.tuer(service)

    # partners and persons
    def approuver(self) -> None:
        """An agent lets the suspended delivery go, as `ent1d livraison approuver` does."""
        suspendue = {"etat": "suspendue", "motif": {"$ne": "annuaire_invalide"}}
        approuver = [{"$set": {"approuvee": "$empreinte"}}]
        reponse = self.banc.base.ecrire({"findAndModify": "livraisons", "query": suspendue, "update": approuver})
        if reponse["value"] is not None:
            self.noter(f"un agent approuve {reponse['value']['_id']}")
            self.approuvees.add(reponse["value"]["_id"])

    def tout_perdre(self) -> None:
        """The broker loses all; what no service had received is its producer's loss."""
        self.noter("le courtier perd tout")
        perdus = {message.id for message in self.banc.courtier.tout_perdre()}
        for depot in self.depots:
            depot.perdu |= str(depot.cle) in perdus
        if self.banc.courtier.present:
            self._reconnecter()

    def presenter(self, *, courtier: bool, smtp: bool, titulaire: bool) -> None:
        """Have partners there or away."""
        self.noter(f"présents : courtier {courtier}, relais {smtp}, titulaire {titulaire}")
        banc, revient = self.banc, courtier and not self.banc.courtier.present
        banc.courtier.present, banc.smtp.present, banc.titulaire.present = courtier, smtp, titulaire
        if revient:
            self._reconnecter()

    def _reconnecter(self) -> None:
        for processus in self.equipe.vivants():
            processus.base.publisher.on_connected(True)

    # steps
    def travailler(self, service: str, replique: int = 0, seuls: set[str] | None = None) -> None:
        """Run once each loop of a process, those named `seuls` or all; a death ends the round."""
        processus = self.equipe.processus(service, replique)
        if processus is None:
            return

        async def tous() -> None:
            for nom, pas in processus.pas.items():
                if seuls is None or nom in seuls:
                    await self._jusqu_au_bout(nom, pas)

        self.equipe.executer(processus, "travaille " + ", ".join(sorted(seuls or {"à tout"})), tous)

    async def _jusqu_au_bout(self, nom: str, pas: Pas) -> None:
        try:
            while await pas():
                pass
        except Exception as erreur:  # noqa: BLE001 - as Worker.run
            self.noter(f"  {nom} : {type(erreur).__name__}")

    def livrer(self, rang: int, replique: int = 0, *, encore: bool = False) -> None:
        """Deliver one message, any; `encore`: it stays in its queue, and will come again."""
        courtier = self.banc.courtier
        if not courtier.file or not courtier.present:
            return
        message = courtier.file[rang % len(courtier.file)]
        processus = self.equipe.processus(message.file.partition(".")[0], replique)
        if processus is None:
            return
        courtier.file.remove(message)
        oreilles = self.banc.oreilles
        quoi = f"reçoit {message.file} {message.id[:8]}"
        sort = self.equipe.executer(processus, quoi, lambda: oreilles.entendre(processus, message))
        if isinstance(sort, Exception):
            raise sort
        courtier.reprendre(message, sort, encore=encore)

    # producers
    def nouvelle_cle(self) -> UUID:
        """Make the key of the next deposit."""
        return uuid5(NAMESPACE_URL, f"depot {len(self.depots)}")

    def deposer(self, depot: Depot, replique: int = 0) -> None:
        """Send a submission, for the first time or again."""
        soumission = self.banc.cartable.soumission(MODELES[depot.modele], depot.corrige)
        quoi = f"la soumission {str(depot.cle)[:8]} : {MODELES[depot.modele].nom}"
        if depot.par_http:
            self._poster(depot, soumission, quoi, replique)
        else:
            self._publier(depot, soumission, quoi)

    def _publier(self, depot: Depot, soumission: Soumission, quoi: str) -> None:
        self.noter(f"demo publie {quoi}")
        if not self.banc.courtier.present:
            depot.perdu = True  # nobody told him that it was accepted
            return
        commande = SoumettreDossier(
            specversion="1.0",
            id=depot.cle,
            source="demo",
            type="SoumettreDossier",
            time=self.banc.maintenant,
            datacontenttype="application/json",
            data=soumission,
        )
        file, corps = file_de("intake", SoumettreDossier), commande.model_dump_json().encode()
        self.banc.courtier.file.append(Message(file, str(depot.cle), corps, PRODUCTEUR))

    def _poster(self, depot: Depot, soumission: Soumission, quoi: str, replique: int) -> None:
        processus = self.equipe.processus("intake", replique)
        if processus is None:
            return
        reponse = self.equipe.executer(
            processus,
            f"reçoit par HTTP {quoi}",
            lambda: deposer(processus.store, PRODUCTEUR, depot.cle, soumission),
        )
        match reponse:
            case Accuse():
                assert depot.reponse in {None, reponse}, f"I1 : {depot.reponse} puis {reponse} pour une clé"
                depot.reponse = reponse
            case SoumissionRefusee():
                assert depot.reponse is None, f"I1 : refus {reponse.motif} après une réponse : {depot.reponse}"
            case PyMongoError() | None:
                pass  # the producer does not know: he may send it again
            case _:
                raise reponse
