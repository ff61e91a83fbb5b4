"""The timeline of a dossier: what was done, what it waits for, what comes next."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from contracts.dossier import Etape, EtatDossier
from contracts.evenements import (
    AAFLivre,
    CorrectionDemandee,
    DossierClasse,
    DossierDepose,
    DossierRefuse,
    DossierValide,
    LivraisonApprouvee,
    LivraisonSuspendue,
    PiecesVerifiees,
)
from services._runtime.francais import typographier
from services.intake.suivi.mots import Dossier, compte
from services.intake.suivi.rapport import resume

DEPOSE: Final = DossierDepose.nom()
VERIFIEES: Final = PiecesVerifiees.nom()
CORRECTION: Final = CorrectionDemandee.nom()
LIVREE: Final = AAFLivre.nom()
SUSPENDUE: Final = LivraisonSuspendue.nom()
APPROUVEE: Final = LivraisonApprouvee.nom()


@dataclass(frozen=True, slots=True)
class Ligne:
    """One line. `etat`: fait, en_cours, a_venir, attention or erreur."""

    titre: str
    le: datetime | None = None
    texte: str = ""
    etat: str = "fait"


_TITRES: Final = {
    VERIFIEES: ("Pièces vérifiées", "fait"),
    CORRECTION: ("Correction demandée", "attention"),
    DossierValide.nom(): ("Dossier validé", "fait"),
    DossierRefuse.nom(): ("Dossier refusé", "erreur"),
    DossierClasse.nom(): ("Dossier classé sans suite", "fait"),
    LIVREE: ("Annuaire livré", "fait"),
    SUSPENDUE: ("Livraison de l’annuaire retenue", "attention"),
    APPROUVEE: ("Livraison de l’annuaire autorisée", "fait"),
}
# What is told to agents is not said again here: it names deliveries, and schools of other communes.
_TEXTES: Final = {
    SUSPENDUE: "Un agent de l’académie s’en occupe : vous n’avez rien à faire.",
    APPROUVEE: "Un agent de l’académie a levé ce qui la retenait.",
}
_A_VENIR: Final = {
    EtatDossier.DEPOSE: ("Vérification des pièces", "Décision de l’académie", "Annuaire livré au titulaire du marché"),
    EtatDossier.A_CORRIGER: ("Nouveau dépôt, corrigé par vous", "Vérification des pièces", "Décision de l’académie"),
    EtatDossier.VALIDE: ("Livraison de l’annuaire au titulaire du marché",),
}


def frise(dossier: Dossier, attentes: Sequence[Etape]) -> list[Ligne]:
    """Tell the life of a dossier up to now, why it waits, and the steps ahead."""
    passe = [_faite(etape, dossier) for etape in _avec_verifications(dossier)]
    presentes = [Ligne("En attente", attente.le, typographier(attente.constat), "attention") for attente in attentes]
    return [*passe, *presentes, *_a_venir(dossier)]


def versions(dossier: Dossier) -> list[Mapping[str, Any]]:
    """Give all the contents filed so far, the first one first."""
    return [*dossier.get("versions", ()), dossier]


def piece_deposee(dossier: Dossier, role: str, version: str = "") -> str | None:
    """Give the id of a piece, in the present version or in the one that is named."""
    voulue = version or str(dossier["version"])
    contenu = next((c for c in versions(dossier) if str(c["version"]) == voulue), {"pieces": ()})
    return next((piece["id"] for piece in contenu["pieces"] if piece["role"] == role), None)


def dernier(dossier: Dossier, fait: str) -> Etape | None:
    """Find the last time that something happened to a dossier."""
    return next((etape for etape in reversed(_etapes(dossier)) if etape.fait == fait), None)


def _etapes(dossier: Dossier) -> list[Etape]:
    return [Etape.model_validate(etape) for etape in dossier["chronologie"]]


def _avec_verifications(dossier: Dossier) -> Iterator[Etape]:
    """Show the verification of each version: a decision made on its report at once is the only trace of it."""
    rapports = {contenu["version"]: contenu["rapport"] for contenu in versions(dossier) if contenu.get("rapport")}
    etapes = _etapes(dossier)
    connues = {etape.version for etape in etapes if etape.fait == VERIFIEES}
    for etape in etapes:
        if etape.fait != DEPOSE and etape.version in rapports.keys() - connues:
            connues.add(etape.version)
            yield Etape(le=etape.le, fait=VERIFIEES, version=etape.version, constat=resume(rapports[etape.version]))
        yield etape


def _faite(etape: Etape, dossier: Dossier) -> Ligne:
    if etape.fait == DEPOSE:
        titre = (
            "Dossier déposé" if etape.version == 1 else f"Dossier corrigé et déposé à nouveau (version {etape.version})"
        )
        return Ligne(titre, etape.le)
    titre, etat = _TITRES.get(etape.fait, (etape.fait, "fait"))
    return Ligne(titre, etape.le, _texte(etape, dossier), etat)


def _texte(etape: Etape, dossier: Dossier) -> str:
    if etape.fait == LIVREE:
        return f"L’annuaire de {compte(len(dossier['ecoles']), 'école')} est chez le titulaire du marché."
    if etape.fait == CORRECTION and etape.version == dossier["version"] and dossier["etat"] == EtatDossier.A_CORRIGER:
        return ""  # the page says it above, point by point
    return typographier(_TEXTES.get(etape.fait, etape.constat))


def _a_venir(dossier: Dossier) -> Iterable[Ligne]:
    titres = _A_VENIR.get(EtatDossier(dossier["etat"]), ())
    if dossier["etat"] == EtatDossier.DEPOSE and dossier.get("rapport"):
        titres = ("Examen par un agent de l’académie", *titres[2:])
    lignes = [Ligne(titre, etat="a_venir") for titre in titres]
    return [replace(lignes[0], etat="en_cours"), *lignes[1:]] if lignes else ()
