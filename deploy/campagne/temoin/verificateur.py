"""Compares the books: what was promised against what is there. Each rule gives what breaks it; none, and it held."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.campagne.temoin.comptes import Comptes, Document, manifeste

MOTIFS: Final = {
    "DossierDéposé": "accuse",
    "CorrectionDemandée": "correction",
    "DossierValidé": "validation",
    "DossierRefusé": "refus",
    "DossierClassé": "classement",
    "AAFLivré": "livraison",
}
FINS: Final = {"livre", "refuse", "classe_sans_suite"}
REFUS_DEFINITIF: Final = 5  # first digit of an SMTP reply


@dataclass(frozen=True)
class Anomalie:
    """One thing that must not be. `genre`: perdu, bloque, double, dechire, fantome, desordre or traine."""

    genre: str
    objet: str
    constat: str


Regle = Callable[[Comptes], Iterator[Anomalie]]


def verifier(comptes: Comptes) -> list[Anomalie]:
    """Apply every rule."""
    return [anomalie for regle in REGLES for anomalie in regle(comptes)]


def perdus(comptes: Comptes) -> Iterator[Anomalie]:
    """What was acknowledged and is not known: nothing; and the number answered is the one on file."""
    par_cle = {depot["cle"]: numero for numero, d in comptes.dossiers.items() for depot in d["depots"]}
    for cle, numero in comptes.reconnues.items():
        if cle not in par_cle:
            yield Anomalie("perdu", cle, f"dépôt reconnu ({numero or 'confirmé par RabbitMQ'}), absent de MongoDB")
        elif numero not in {None, par_cle[cle]}:
            yield Anomalie("double", cle, f"répondu {numero}, enregistré {par_cle[cle]}")
    for identifiant, piece in comptes.pieces_recues.items():
        if comptes.pieces_gardees.get(identifiant) != piece:
            yield Anomalie("perdu", identifiant, "pièce reconnue, absente ou différente dans MongoDB")


def bloques(comptes: Comptes) -> Iterator[Anomalie]:
    """Each dossier is over, or visibly waits: for its commune, or for a person at the parking."""
    visibles = {parque.numero for parque in comptes.parking.inattendus}
    for numero, dossier in comptes.dossiers.items():
        if dossier["etat"] not in FINS | {"a_corriger"} and numero not in visibles:
            yield Anomalie("bloque", numero, f"reste « {dossier['etat']} » sans attendre personne")


def depots_en_double(comptes: Comptes) -> Iterator[Anomalie]:
    """One key files one version of one dossier; one fact stands once in a timeline."""
    cles = Counter(depot["cle"] for d in comptes.dossiers.values() for depot in d["depots"])
    yield from (Anomalie("double", cle, f"déposé {n} fois") for cle, n in cles.items() if n > 1)
    for cle in cles.keys() - comptes.tentees:
        yield Anomalie("fantome", cle, "déposé sans que personne l’ait tenté")
    for numero, dossier in comptes.dossiers.items():
        for (fait, version), n in Counter(_faits(dossier)).items():
            if n > 1:
                yield Anomalie("double", numero, f"{fait} (version {version}) {n} fois dans la chronologie")


def versions_en_desordre(comptes: Comptes) -> Iterator[Anomalie]:
    """Versions follow one another, and each begins by being filed."""
    for numero, dossier in comptes.dossiers.items():
        faits = _faits(dossier)
        versions = [version for _, version in faits]
        debuts = [version for fait, version in faits if fait == "DossierDéposé"]
        if versions != sorted(versions) or debuts != list(range(1, dossier["version"] + 1)):
            yield Anomalie("desordre", numero, f"chronologie : {faits}")


def fantomes(comptes: Comptes) -> Iterator[Anomalie]:
    """Nobody speaks of a dossier, or of a version, that was never filed."""
    for nom, documents in (
        ("verification", comptes.verifications),
        ("envoi", comptes.envois),
        ("perimetre", comptes.perimetres),
    ):
        for document in documents:
            dossier = comptes.dossiers.get(document["numero"])
            if dossier is None or document["version"] > dossier["version"]:
                yield Anomalie("fantome", str(document["_id"]), f"{nom} d’un dépôt qui n’existe pas")
    for parque in comptes.parking.inattendus:
        if parque.numero and parque.numero not in comptes.dossiers:
            yield Anomalie("fantome", parque.numero, f"événement d’un dossier inconnu, mis de côté dans {parque.file}")


def courriels_dus(comptes: Comptes) -> Iterator[Anomalie]:
    """One envoi for each fact of each dossier that calls for a mail, none besides."""
    dus = {
        (numero, version, MOTIFS[fait])
        for numero, dossier in comptes.dossiers.items()
        for fait, version in _faits(dossier)
        if fait in MOTIFS
    }
    prevus = Counter((e["numero"], e["version"], str(e["motif"])) for e in comptes.envois)
    for numero, version, motif in dus - prevus.keys():
        yield Anomalie("perdu", numero, f"pas de courriel « {motif} » (version {version})")
    for (numero, version, motif), n in prevus.items():
        if n > 1:
            yield Anomalie("double", numero, f"{n} courriels « {motif} » (version {version})")
        if (numero, version, motif) not in dus and motif in MOTIFS.values():
            yield Anomalie("fantome", numero, f"courriel « {motif} » (version {version}) sans le fait qu’il annonce")


def courriels_partis(comptes: Comptes) -> Iterator[Anomalie]:
    """The journal of the envois and the relay's book agree, mail by mail."""
    suivis = set()
    for envoi in comptes.envois:
        identifiant = _identifiant(envoi)
        suivis.add(identifiant)
        yield from _un_courriel(envoi, comptes.courriels.get(identifiant, ()))
    for identifiant in comptes.courriels.keys() - suivis:
        yield Anomalie("fantome", identifiant, "courriel reçu par le relais, que personne ne devait")


def _un_courriel(envoi: Document, receptions: tuple[Document, ...]) -> Iterator[Anomalie]:
    cle = str(envoi["_id"])
    acceptes = [r for r in receptions if r["accepte"]]
    doutes = doutes_de(envoi)
    if envoi["etat"] == "accepte" and not acceptes:
        yield Anomalie("perdu", cle, "noté accepté, jamais reçu par le relais")
    if envoi["etat"] not in {"accepte", "refus_definitif", "douteux"}:
        yield Anomalie("bloque", cle, f"courriel resté « {envoi['etat']} »")
    if len(acceptes) > 1 + doutes:
        yield Anomalie("double", cle, f"reçu {len(acceptes)} fois pour {doutes} doute(s) au journal")
    if len({r["sha256"] for r in acceptes}) > 1:
        yield Anomalie("double", cle, "reçu avec des contenus différents")
    definitifs = [rang for rang, r in enumerate(receptions) if str(r["code"]).startswith(str(REFUS_DEFINITIF))]
    if definitifs and definitifs[0] < len(receptions) - 1:
        yield Anomalie("double", cle, "présenté de nouveau après un refus définitif")


def doutes_de(envoi: Document) -> int:
    """Count the times the journal of an envoi says that nobody knows whether it left."""
    return sum(ligne["etat"] == "douteux" for ligne in envoi["journal"])


def remises_dechirees(comptes: Comptes) -> Iterator[Anomalie]:
    """At no moment could the titulaire see a file that was not whole, or a manifest ahead of its file."""
    vus: dict[str, str] = {}
    for acte in comptes.actes_sftp:
        if acte["acte"] == "ouverture" and acte["visible"]:
            yield Anomalie("dechire", acte["nom"], "écrit sous son nom définitif")
        if acte["acte"] == "renommage" and acte["visible"]:
            yield from _annonce(acte, vus, comptes)
            vus[acte["vers"]] = acte["sha256"]
    provisoires = [f.name for f in comptes.racine_sftp.iterdir() if f.name.endswith(".part")]
    yield from (Anomalie("traine", nom, "fichier provisoire resté chez le titulaire") for nom in provisoires)


def _annonce(acte: Document, vus: dict[str, str], comptes: Comptes) -> Iterator[Anomalie]:
    nom = acte["vers"]
    deja = vus.get(nom)
    if nom.endswith(".json"):
        lu = manifeste(comptes.racine_sftp / nom)
        if lu is None or vus.get(lu["nom"]) != lu["sha256"]:
            yield Anomalie("dechire", nom, "manifeste annoncé avant son fichier, ou qui n’en a pas l’empreinte")
        if deja not in {None, acte["sha256"]}:
            yield Anomalie("double", nom, "manifeste remplacé par un autre")
    elif deja not in {None, acte["sha256"]} and f"{nom.removesuffix('.zip')}.json" in vus:
        yield Anomalie("dechire", nom, "fichier changé après l’annonce de son manifeste")


def livraisons_vraies(comptes: Comptes) -> Iterator[Anomalie]:
    """A dossier is `livre` when a delivery that holds its schools is on the titulaire's server, whole."""
    ecoles: dict[str, set[str]] = {}
    for fichier in comptes.racine_sftp.glob("ENT1D.*.json"):
        lu = manifeste(fichier)
        if lu is None or _empreinte(comptes.racine_sftp / lu["nom"]) != lu["sha256"]:
            yield Anomalie("dechire", fichier.name, "le fichier n’est pas celui du manifeste")
        else:
            ecoles[fichier.stem] = {ecole["uai"] for ecole in lu["ecoles"]}
    livrees = {p["numero"]: p.get("livraison") for p in comptes.perimetres}
    for numero, dossier in comptes.dossiers.items():
        if dossier["etat"] == "livre" and not set(dossier["ecoles"]) <= ecoles.get(str(livrees.get(numero)), set()):
            yield Anomalie("perdu", numero, "dit livré, absent de la livraison nommée")


def _empreinte(fichier: Path) -> str:
    try:
        return hashlib.sha256(fichier.read_bytes()).hexdigest()
    except OSError:
        return ""


def restes(comptes: Comptes) -> Iterator[Anomalie]:
    """Nothing is owed any more, and no queue holds anything."""
    for collection, document in comptes.sorties:
        yield Anomalie("traine", f"{collection}/{document}", "événement encore dû")
    for file, nombre in comptes.parking.profondeurs.items():
        if nombre:
            yield Anomalie("traine", file, f"{nombre} message(s)")


def parkings(comptes: Comptes) -> Iterator[Anomalie]:
    """What was sent to be parked is there, all of it, and nothing else; the receipts say the same."""
    for parque in comptes.parking.inattendus:
        yield Anomalie("traine", parque.identifiant, f"mis de côté dans {parque.file} sans raison")
    for empreinte in comptes.parking.attendus - {parque.empreinte for parque in comptes.parking.mis_de_cote}:
        yield Anomalie("perdu", empreinte, "message hostile disparu au lieu d’être mis de côté")
    for identifiant in comptes.recus_parques - {parque.identifiant for parque in comptes.parking.mis_de_cote}:
        yield Anomalie("perdu", identifiant, "noté mis de côté, absent du parking")


REGLES: Final[tuple[Regle, ...]] = (
    perdus,
    bloques,
    depots_en_double,
    versions_en_desordre,
    fantomes,
    courriels_dus,
    courriels_partis,
    remises_dechirees,
    livraisons_vraies,
    restes,
    parkings,
)


def _faits(dossier: Document) -> list[tuple[str, int]]:
    return [(etape["fait"], etape["version"]) for etape in dossier["chronologie"]]


def _identifiant(envoi: Document) -> str:
    """Give the left part of an envoi's Message-ID: the SHA-256 of its key, cut at 32 signs."""
    return hashlib.sha256(str(envoi["_id"]).encode()).hexdigest()[:32]
