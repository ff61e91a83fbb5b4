"""What the pages of the form show, whatever their subject: where one is, what was typed, what is said of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Final

from starlette.responses import Response

from services._runtime.francais import typographier
from services._runtime.mongo import Document
from services.intake.brouillons import ecoles as listes
from services.intake.brouillons.domain import Erreur, Examen
from services.intake.brouillons.saisie import CHAMPS_DE, LIBELLES, TITRES, Rubrique, modifiables
from services.intake.portail.page import Demande
from services.intake.portail.rendu import rendre
from services.intake.referentiels.domain import NOMS_DES_DEPARTEMENTS

CITES: Final = 200  # characters of a value that a message repeats


@dataclass(frozen=True, slots=True)
class LigneEcole:
    """A line of the list of schools, as understood: `genre` is juste, douteuse or fausse; `dit`, what is to know."""

    texte: str
    nom: str
    dit: str
    genre: str


@dataclass(frozen=True)
class Ecran:
    """A page of the form, about to be shown; `conflits`: what another page saved meanwhile, by label."""

    rubrique: Rubrique
    brouillon: Document
    examen: Examen
    erreurs: Sequence[Erreur] = ()
    conflits: Mapping[str, str] = field(default_factory=dict)
    ancres: Mapping[str, str] = field(
        default_factory=dict
    )  # where a field is corrected, when it is not at its own place

    def rendre(self, demande: Demande, gabarit: str, statut: int = 200, **valeurs: object) -> Response:
        """Render the page."""
        propres = motifs(self.brouillon)
        commun = _commun([propres.get(champ, "") for champ in CHAMPS_DE[self.rubrique]])
        communs = {
            "brouillon": self.brouillon,
            "valeurs": self.brouillon["valeurs"],
            "modifiables": modifiables(self.brouillon),
            "rubrique": self.rubrique,
            "titres": TITRES,
            "libelles": LIBELLES,
            "adresse": adresse(self.brouillon, self.rubrique),
            "precedente": self._precedente,
            "onglet": token_hex(8),
            "retour": "retour" in demande.request.query_params or bool(demande.formulaire.un("retour")),
            "sommaire": [(self.ancres.get(e.champ, e.champ), typographier(e.message)) for e in self.erreurs],
            "erreurs": par_champ(self.erreurs),
            "avertissements": par_champ(self.examen.avertissements),
            "motif_commun": commun,
            "motifs": {} if commun else propres,
            "conflits": self.conflits,
            "recu": demande.request.method == "POST",
        }
        return rendre(demande, gabarit, statut=statut, **(communs | valeurs))

    @property
    def _precedente(self) -> str:
        rang = self.rubrique.rang
        return adresse(self.brouillon, list(Rubrique)[rang - 2]) if rang > 1 else ""


def adresse(brouillon: Mapping[str, Any], rubrique: Rubrique) -> str:
    """Give the address of a page of this draft."""
    return f"/brouillons/{brouillon['_id']}/{rubrique}"


def suivante(brouillon: Mapping[str, Any], rubrique: Rubrique) -> Rubrique:
    """Give the next page: of a correction, the next one with something to correct."""
    ouverts, prochaine = modifiables(brouillon), rubrique.suivante
    while prochaine is not Rubrique.RECAPITULATIF and ouverts.isdisjoint(CHAMPS_DE[prochaine]):
        prochaine = prochaine.suivante
    return prochaine


def motifs(brouillon: Mapping[str, Any]) -> dict[str, str]:
    """Give why each field reopens, in a correction."""
    return {motif["champ"]: typographier(" ".join(motif["phrases"])) for motif in brouillon.get("motifs", ())}


def _commun(phrases: Sequence[str]) -> str:
    """Give what is said of several fields at once, and of each the same: said once, it is enough."""
    return phrases[0] if len(phrases) > 1 and len(set(phrases)) == 1 else ""


def lignes_d_ecoles(examen: Examen) -> list[LigneEcole]:
    """Show each line of the list of schools with what it means: once understood, once."""
    commune = examen.commune
    lignes: dict[str, LigneEcole] = {}
    for mention in examen.mentions:
        if not mention.uai:
            faute = LigneEcole(mention.saisie, "", typographier(mention.probleme), "fausse")
            lignes.setdefault(f"« {mention.saisie}", faute)
        elif mention.uai not in lignes:
            ecole = examen.connu.ecoles.get(mention.uai)
            dit = typographier(listes.remarque(mention.uai, ecole, commune))
            nom = f"{ecole.nom}, {ecole.nom_commune}" if ecole else ""
            lignes[mention.uai] = LigneEcole(mention.uai, nom, dit, "douteuse" if dit else "juste")
    return list(lignes.values())


def compte_d_ecoles(examen: Examen) -> str:
    """Say how many schools are understood."""
    nombre = len(examen.ecoles)
    if nombre < 2:  # noqa: PLR2004  # a plural
        return "Une école dans votre liste." if nombre else "Aucune école dans votre liste."
    return f"{nombre} écoles dans votre liste."


def en_mots(champ: str, valeur: str | Sequence[str]) -> str:
    """Write what a field holds as people read it."""
    if champ == "ecoles":
        texte = ", ".join(valeur)
    else:
        texte = str(valeur)
        texte = NOMS_DES_DEPARTEMENTS.get(texte, texte) if champ == "departement" else texte
    return texte if len(texte) <= CITES else f"{texte[:CITES]}…"


def par_champ(dits: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Gather what is said by field: the first sentence, and how many more there are."""
    par_champ: dict[str, list[str]] = {}
    for champ, message in dits:
        par_champ.setdefault(champ, []).append(typographier(message))
    return {champ: _ensemble(messages) for champ, messages in par_champ.items()}


def _ensemble(messages: Sequence[str]) -> str:
    autres = len(messages) - 1
    return messages[0] if not autres else f"{messages[0]} ({autres} autre{'s' if autres > 1 else ''} ci-dessous.)"
