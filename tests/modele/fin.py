"""What only the end can tell: I1 (all ends, or waits where somebody sees it), and that each event had each effect."""

from collections.abc import Iterator

from contracts.dossier import EtatDossier
from services._runtime.mongo import Document

from .banc import Depot
from .faits import AUDITEURS, Documents, effet, evenement, faits, issue
from .invariants import Invariants

FINIS = frozenset({EtatDossier.LIVRE, EtatDossier.REFUSE, EtatDossier.A_CORRIGER})


def verifier_au_repos(invariants: Invariants) -> None:
    """Judge a world at rest. Raises AssertionError in words."""
    invariants.verifier()
    documents, banc = invariants.documents, invariants.monde.banc
    for fait in faits(documents):
        for service in AUDITEURS[fait[0]]:
            fini = effet(documents, service, fait) or issue(documents, service, evenement(fait)) == "parque"
            assert fini, f"I1 : {fait} n’a pas eu d’effet chez {service}"
    gares = {message.id for message in banc.courtier.parking}
    for depot in invariants.monde.depots:
        _verifier_le_depot(depot, documents, gares)
    for numero, dossier in documents["dossiers"].items():
        assert _se_voit(dossier), f"I1 : {numero} reste {dossier['etat']} sans que personne le voie"
    for cle, envoi in documents["envois"].items():
        fini = envoi["etat"] in {"accepte", "refus_definitif", "douteux"} and "prochaine_tentative" not in envoi
        assert fini, f"I4 : {cle} reste {envoi['etat']}"
    restes = [nom for nom in banc.titulaire.fichiers if nom.startswith(".")]
    assert not restes, f"I5 : {restes} restent chez le titulaire"


def _verifier_le_depot(depot: Depot, documents: Documents, gares: set[str]) -> None:
    faits_avec_cle = ((n, d) for n, dossier in documents["dossiers"].items() for d in dossier["depots"])
    trouve = next(((n, d["version"]) for n, d in faits_avec_cle if d["cle"] == str(depot.cle)), None)
    if depot.reponse is not None:
        assert trouve == (depot.reponse.numero, depot.reponse.version), f"I1 : {depot} est perdu"
    elif not depot.par_http and not depot.perdu:
        assert trouve or str(depot.cle) in gares, f"I1 : {depot} est perdu"


def _se_voit(dossier: Document) -> bool:
    if dossier["etat"] in FINIS:
        return True
    suivis = {etape["fait"] for etape in dossier["chronologie"] if etape["version"] == dossier["version"]}
    return ("LivraisonSuspendue" if dossier["etat"] == EtatDossier.VALIDE else "PiècesVérifiées") in suivis


def bilan(invariants: Invariants) -> Iterator[str]:
    """Name what an example went through."""
    documents, monde = invariants.documents, invariants.monde
    for dossier in documents["dossiers"].values():
        yield f"dossier {dossier['etat']}"
        yield f"dossier version {dossier['version']}"
    for envoi in documents["envois"].values():
        yield f"courriel {envoi['etat']}"
    for remis in monde.banc.smtp.acceptes.values():
        yield f"courriel parti {len(remis)} fois"
    for perimetre in documents["perimetres"].values():
        yield from (f"suspension {motif}" for motif in perimetre["suspensions"])
    yield f"annonces {len(monde.banc.titulaire.annonces)}"
    yield from (f"approbation de {nom}" for nom in monde.approuvees)
