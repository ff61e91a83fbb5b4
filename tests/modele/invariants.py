"""What must hold whatever happened, judged after each step: I2, I3, I4, I5, which say what may never be seen."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from contracts.flux import SERVICES
from services._runtime.mongo import Document
from services.notification.messages import identifiant

from .faits import AUDITEURS, ETATS, SANS_ETAT, SUITES, effet, evenement, faits, issue, recu_partout
from .monde import Monde
from .processus import EXPEDITEUR

CONTENUS: Final = ("dossiers", "verifications", "envois", "perimetres", "livraisons")
RECUS: Final = tuple(f"recus_{service}" for service in SERVICES)


def _ensemble(collections: Sequence[str]) -> list[Document]:
    """Read collections at once, each document with the name of its own."""
    premiere, *autres = ({"$set": {"collection": nom}} for nom in collections)
    suite = zip(collections[1:], autres, strict=True)
    return [premiere, *({"$unionWith": {"coll": nom, "pipeline": [marque]}} for nom, marque in suite)]


class Invariants:
    """Reads what was written since the last look, and judges it with what was seen before."""

    def __init__(self, monde: Monde) -> None:
        self.monde = monde
        self.documents: dict[str, dict[str, Document]] = {nom: {} for nom in (*CONTENUS, *RECUS)}
        self._avant: dict[str, list[Document]] = {}
        self._a_juger = False
        self._pannes = 0
        self._premiers: dict[tuple[str, str], Document] = {}

    def relire(self) -> bool:
        """Read again what was written; False when nothing was."""
        banc = self.monde.banc
        a_relire = sorted(banc.a_relire & self.documents.keys())
        banc.a_relire.clear()
        if not a_relire:
            return False
        self._a_juger = True
        self.documents |= {nom: {} for nom in a_relire}
        question = {"aggregate": a_relire[0], "pipeline": _ensemble(a_relire), "cursor": {"batchSize": 10_000}}
        for document in banc.base.lire(question):
            self.documents[document.pop("collection")][document["_id"]] = document
        return True

    def verifier(self) -> None:
        """Judge what may never be seen. Raises AssertionError in words."""
        assert not self.monde.banc.titulaire.fautes, f"I5 : {self.monde.banc.titulaire.fautes}"
        self.relire()
        if not self._a_juger:
            return
        self._a_juger = False
        for dossier in self.documents["dossiers"].values():
            self._chronologie(dossier)
        self._evenements()
        self._confirmes()
        self._effets()
        self._premieres_ecritures()
        self._courriels()
        self._livraisons()

    def _chronologie(self, dossier: Document) -> None:
        """I3: each fact once, in the order of a dossier's life; what was told is never told otherwise later."""
        numero, etapes, avant = dossier["_id"], dossier["chronologie"], self._avant.get(dossier["_id"], [])
        assert etapes[: len(avant)] == avant, f"I3 {numero} : la chronologie a changé derrière nous"
        self._avant[numero] = etapes
        suivis = [(e["fait"], e["version"], e["constat"] if e["fait"] == "LivraisonSuspendue" else "") for e in etapes]
        assert len(set(suivis)) == len(suivis), f"I3 {numero} : un fait deux fois : {suivis}"
        etat, version = "", 0
        for fait, de_version, _ in suivis:
            permis = etat == SANS_ETAT[fait] if fait in SANS_ETAT else fait in SUITES[etat]
            assert permis, f"I3 {numero} : {fait} après {etat}"
            etat = etat if fait in SANS_ETAT else fait
            version += fait == "DossierDéposé"
            assert de_version == version, f"I3 {numero} : {fait} de la version {de_version} sous {version}"
        assert (dossier["etat"], dossier["version"]) == (ETATS[etat], version), f"I3 {numero} : n’est pas {etat}"
        assert len(dossier["depots"]) == version, f"I3 {numero} : {len(dossier['depots'])} dépôts, version {version}"

    def _evenements(self) -> None:
        """I2: a state if and only if its event, owed until all its listeners recorded it, always the same bytes."""
        attendus = {evenement(fait): fait for fait in faits(self.documents)}
        dus = {e["id"] for nom in CONTENUS for d in self.documents[nom].values() for e in d.get("sortie", ())}
        dits = self.monde.banc.courtier.dits
        sans_etat = (dus | dits.keys()) - attendus.keys()
        assert not sans_etat, f"I2 : ces événements ne disent aucun état : {sans_etat}"
        for event_id, fait in attendus.items():
            tenu = event_id in dus or recu_partout(self.documents, event_id, fait[0])
            assert tenu, f"I2 : {fait} n’est plus dû, et n’est pas reçu partout"
        for event_id, corps in dits.items():
            assert len(corps) == 1, f"I2 : {attendus[event_id]} est dit de deux façons"

    def _confirmes(self) -> None:
        """I2: what was told is written down as told, unless a fault came between: else it is told again for ever."""
        banc, pannes = self.monde.banc, self.monde.banc.vus.total()
        if pannes == self._pannes:
            dus = (e for nom in CONTENUS for d in self.documents[nom].values() for e in d.get("sortie", ()))
            oublies = {e["cle"] for e in dus if e["id"] in banc.courtier.confirmes and not e["publie"]}
            assert not oublies, f"I2 : {oublies} est dit, et n’est pas noté comme dit"
        banc.courtier.confirmes.clear()
        self._pannes = pannes

    def _effets(self) -> None:
        """I3: a receipt only after its effect."""
        for fait in faits(self.documents):
            for service in AUDITEURS[fait[0]]:
                if issue(self.documents, service, evenement(fait)) == "recu":
                    assert effet(self.documents, service, fait), f"I3 : {service} a reçu {fait} sans effet"

    def _premieres_ecritures(self) -> None:
        """I3: the first report of a version is the report."""
        for _id, rapport in self.documents["verifications"].items():
            vu = {champ: rapport[champ] for champ in ("le", "controles")}
            assert self._premiers.setdefault(("verifications", _id), vu) == vu, f"I3 : le rapport {_id} a été refait"

    def _courriels(self) -> None:
        """I4: the journal tells all that left; a second time, with the same bytes, only after a doubt it tells too."""
        acceptes = self.monde.banc.smtp.acceptes
        connus = set()
        for cle, envoi in self.documents["envois"].items():
            message_id = identifiant(cle, EXPEDITEUR.domaine)
            connus.add(message_id)
            remis = acceptes.get(message_id, [])
            fois = Counter(str(ligne["etat"]) for ligne in envoi["journal"])
            assert len(set(remis)) <= 1, f"I4 : {cle} est parti sous deux formes"
            assert len(remis) <= 1 + fois["douteux"], f"I4 : {cle} est parti {len(remis)} fois, sans doute au journal"
            assert len(remis) <= fois["tentative"], f"I4 : {cle} est parti sans tentative au journal"
            assert envoi["etat"] != "accepte" or remis, f"I4 : {cle} est dit accepté, et n’est jamais parti"
            assert fois["accepte"] <= 1, f"I4 : {cle} est dit accepté deux fois"
        assert acceptes.keys() <= connus, f"I4 : courriels sans journal : {acceptes.keys() - connus}"

    def _livraisons(self) -> None:
        """I5: what the titulaire acts on is what was recorded, and no school or pupil goes without an agent."""
        annonces = self.monde.banc.titulaire.annonces
        livraisons = self.documents["livraisons"]
        for nom, livraison in livraisons.items():
            if livraison["etat"] == "livree":
                assert nom in annonces, f"I5 : {nom} est dite livrée, et n’est pas annoncée"
                assert livraison["sha256"] == annonces[nom].fichier.sha256, f"I5 : {nom} n’est pas ce qui est annoncé"
        assert annonces.keys() <= livraisons.keys(), "I5 : une livraison est annoncée sans être au journal"
        ouvertes = [nom for nom, livraison in livraisons.items() if livraison["etat"] != "livree"]
        assert len(ouvertes) <= 1, f"I5 : deux livraisons en cours : {ouvertes}"
        self._perimetres()
        for ancienne, nouvelle in pairwise(annonces.values()):
            perdues = {e.uai for e in ancienne.ecoles} - {e.uai for e in nouvelle.ecoles}
            baisse = nouvelle.effectifs.eleves < ancienne.effectifs.eleves * 0.9
            nom = nouvelle.nom.removesuffix(".zip")
            permis = not (perdues or baisse) or nom in self.monde.approuvees
            assert permis, f"I5 : {nom} perd {perdues or 'des élèves'} sans qu’un agent l’ait permis"

    def _perimetres(self) -> None:
        for perimetre in self.documents["perimetres"].values():
            if perimetre["livree"]:
                tenues = {ecole.uai for ecole in self.monde.banc.titulaire.annonces[perimetre["livraison"]].ecoles}
                assert set(perimetre["ecoles"]) <= tenues, f"I5 : {perimetre['_id']} est dit livré sans ses écoles"
