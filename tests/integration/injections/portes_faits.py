"""The ways in of those who examine and decide: verification, the delivery, partners that are away, agents, mails."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Self

from contracts.dossier import DossierLu
from contracts.evenements import (
    AAFLivre,
    Controle,
    CorrectionDemandee,
    Depot,
    DossierDepose,
    DossierRefuse,
    Effectifs,
    Evenement,
    Fait,
    Livraison,
    LivraisonSuspendue,
    Motifs,
    MotifSuspension,
    PiecesVerifiees,
    Rapport,
    Remise,
    Suspension,
    Verdict,
)
from deploy.demo.dossiers import CONFORME
from services._runtime.clock import now
from services._runtime.mongo import Document
from services.intake.bureau.saisie import vu
from services.intake.domain import decider, suspendu
from services.notification.domain import envoi_du
from services.notification.messages import Expediteur

from .juges import juger
from .monde import Monde
from .vecteurs import debut, essence

LIVRAISON: Final = "ENT1D.20260903-00001"
AGENTS: Final = "agents@academie.exemple"
EXPEDITEUR: Final = Expediteur(
    "ent1d@academie.exemple", "aide@academie.exemple", "academie.exemple", "https://portail.exemple", AGENTS
)


@dataclass(frozen=True)
class Dits:
    """What the other services take of the vector in each text that they tell."""

    constat: str
    source: str
    valeur: str
    regles: str
    suspension: str
    titulaire: str
    raison: str

    @classmethod
    async def de(cls, monde: Monde) -> Self:
        """Try each text in its own model."""
        return cls(
            await monde.prendre("fait.controle.constat", lambda e: _controle(constat=e), "Constat."),
            await monde.prendre("fait.controle.source", lambda e: _controle(source=e), "essai"),
            await monde.prendre("fait.controle.valeurs", lambda e: _controle(valeurs=(e,)), "0779001R"),
            await monde.prendre("fait.rapport.regles", lambda e: _rapport(regles=e), "essai.1"),
            await monde.prendre("fait.suspension.constat", lambda e: _suspension(constat=e), "Baisse."),
            await monde.prendre("fait.suspension.titulaire", lambda e: _suspension(titulaire=e), "Éditeur"),
            await monde.prendre("fait.attente.raison", lambda e: _suspension(titulaire=e), "le relais est absent"),
        )

    def controle(self, verdict: Verdict) -> Controle:
        """Make a finding of all that."""
        return _controle(verdict=verdict, constat=self.constat, source=self.source, valeurs=(self.valeur,))


async def examiner(monde: Monde, dits: Dits, numero: str, verdict: Verdict) -> None:
    """Have a dossier examined, and decided on as its report calls for."""
    data = _rapport(regles=dits.regles, controles=(dits.controle(verdict),))
    rapport = PiecesVerifiees.dire(numero, data, source="ent1d/verification", le=now())
    assert await monde.portail.store.appliquer(decider(rapport))


async def suspendre(monde: Monde, dits: Dits, numero: str) -> None:
    """Hold the delivery of a dossier, as aaf_dispatch tells and keeps it; have a mail and a delivery wait."""
    data = _suspension(constat=dits.suspension, titulaire=dits.titulaire)
    evenement = LivraisonSuspendue.dire(numero, data, source="ent1d/aaf_dispatch", le=now())
    assert await monde.portail.store.appliquer(suspendu(evenement))
    depuis = {"depuis": now() - timedelta(hours=1), "raison": dits.raison}
    tenue = {"numero": numero, "version": 1, "attente": depuis}
    envoi = {"motif": "accuse", "etat": "prevu", "journal": [{"le": now(), "etat": "prevu"}]}
    livraison = {"titulaire": dits.titulaire, "etat": "suspendue", "motif": data.motif, "constat": dits.suspension}
    await monde.base["perimetres"].insert_one({"_id": f"x:{numero}", **tenue, "titulaire": "x", "livree": False})
    await monde.base["envois"].insert_one({"_id": f"{numero}:1:accuse", **tenue, **envoi})
    await monde.base["livraisons"].insert_one({"_id": LIVRAISON, "ouverte_le": now(), **livraison})


async def demander_une_correction(monde: Monde, numero: str) -> None:
    """Try an agent's motivation: what is refused is shown to him again. His déposant then opens the correction."""
    await monde.poster(monde.agent, f"/agent/dossiers/{numero}/verrou", geste="prendre")

    async def motiver(essai: str) -> bool:
        version, etapes = vu(await lu(monde, numero))
        reponse = await monde.poster(
            monde.agent, f"/agent/dossiers/{numero}/decision", geste="corriger", confirme="oui", version=version,
            etapes=etapes, motivation=essai, **{"demande.commentaires": "incorrect"},
        )  # fmt: skip
        texte = juger(reponse)
        assert reponse.status_code == 303 or (reponse.status_code == 422 and debut(essai) in essence(texte))
        return reponse.status_code == 303

    if await monde.essayer("personne.agent.motivation", motiver):
        assert (await monde.poster(monde.deposant, f"/dossiers/{numero}/corriger")).status_code == 303
        monde.brouillons.append(numero)


async def ecrire(monde: Monde, dits: Dits, numero: str) -> None:
    """Write the mails of notification about a dossier, whatever has happened to it."""
    document = await lu(monde, numero)
    dossier = DossierLu.model_validate(document, strict=False)
    points = Motifs(version=1, motifs=(dits.controle(Verdict.BLOQUANT),), decide_par="regle:essai.1")
    depot = Depot(version=1, siret=dossier.siret, commune=dossier.commune, ecoles=dossier.ecoles, pieces=dossier.pieces)
    suspension = _suspension(constat=dits.suspension, titulaire=dits.titulaire)
    titulaire = await monde.prendre("fait.remise.titulaire", _remise, "Éditeur")
    for genre, data in (
        (DossierDepose, depot), (CorrectionDemandee, points), (DossierRefuse, points),
        (LivraisonSuspendue, suspension), (AAFLivre, _remise(titulaire)),
    ):  # fmt: skip
        envoi = envoi_du(_dire(genre, numero, data), dossier, EXPEDITEUR)
        monde.courriels.append((envoi.message, envoi.destinataire))


async def lu(monde: Monde, numero: str) -> Document:
    """Read a dossier as it is kept."""
    trouve: Document | None = await monde.base["dossiers"].find_one({"_id": numero})
    assert trouve is not None
    return trouve


def _dire(genre: type[Evenement[Any]], numero: str, data: Fait) -> Evenement[Any]:
    return genre.dire(numero, data, source="essai", le=now())


def _controle(**plus: Any) -> Controle:  # noqa: ANN401  # fields of a Controle
    fixes = {"id": "essai", "verdict": Verdict.BLOQUANT, "constat": "Constat.", "champ": "ecoles", "source": "essai"}
    return Controle(**fixes | plus)


def _rapport(**plus: Any) -> Rapport:  # noqa: ANN401  # fields of a Rapport
    quoi = {"siret": CONFORME.siret, "commune": CONFORME.commune, "ecoles": CONFORME.ecoles}
    return Rapport(version=1, **quoi, **{"regles": "essai", "controles": (), **plus})


def _suspension(**plus: Any) -> Suspension:  # noqa: ANN401  # fields of a Suspension
    fixes = {"ecoles": CONFORME.ecoles, "titulaire": "Éditeur", "constat": ""}
    return Suspension(version=1, motif=MotifSuspension.BAISSE_DE_VOLUME, **fixes | plus)


def _remise(titulaire: str) -> Remise:
    livraison = Livraison(
        nom=LIVRAISON, fichier="a.zip", manifeste="a.json", taille=1, sha256="0" * 64, nombre_ecoles=1,
        effectifs=Effectifs(etablissements=1, eleves=1, responsables=1, personnels=1),
    )  # fmt: skip
    return Remise(version=1, ecoles=CONFORME.ecoles, titulaire=titulaire, livraison=livraison)
