"""The only door to `brouillons`."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import Final
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from contracts.dossier import RolePiece
from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from services.intake.brouillons.correction import a_corriger, motifs_de, pieces_de, valeurs_de
from services.intake.brouillons.domain import PieceDuBrouillon
from services.intake.brouillons.saisie import Rubrique, Valeurs, ecriture, vierge
from services.intake.comptes.identite import Identite
from services.intake.decisions import derniere
from services.intake.domain import INVITES_MAX, numero_de
from services.intake.reglages import PORTAIL

CONSERVATION: Final = timedelta(days=92)  # three months, whichever they are, after the last change
BROUILLONS_MAX: Final = 50  # of one account; a person has one a year


class TropDeBrouillons(Exception):  # noqa: N818  # a finding
    """This account has as many drafts as it may."""


class Brouillons:
    """Drafts by the number that their dossier has, or will have.

    Left alone, a draft goes three months after its last change; the bytes of its pieces are Menage's to erase, since
    they may be those of a dossier too.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._brouillons = mongo.database["brouillons"]
        self._fichiers = mongo.database["pieces.files"]

    async def prepare(self) -> None:
        """Create the indexes behind a person's list, and the one by which MongoDB deletes what is left alone."""
        await self._brouillons.create_index([("compte", 1), ("modifie_le", -1)])
        await self._brouillons.create_index("invites")
        await self._brouillons.create_index("modifie_le", expireAfterSeconds=int(CONSERVATION.total_seconds()))

    async def creer(self, identite: Identite, *, siret: str = "") -> str:
        """Open a draft; give its number. Raises TropDeBrouillons, some more being let in when asked for all at once."""
        return await self._creer(identite, {**vierge(identite.courriel), "siret": siret})

    async def dupliquer(self, dossier: Document, identite: Identite) -> str:
        """Open a draft that says what this dossier says, without its pieces. Raises TropDeBrouillons."""
        return await self._creer(identite, valeurs_de(dossier))

    async def corriger(self, dossier: Document) -> None:
        """Open the draft of the next version of a dossier to correct. One that is there already stays as it is.

        Those whom the dossier's owner has invited since may work on it too.
        """
        pieces = pieces_de(dossier, await self._noms(piece["id"] for piece in dossier["pieces"]))
        valeurs, motifs = valeurs_de(dossier), motifs_de(dossier)
        brouillon = {
            **_neuf(dossier["compte"], dossier["invites"], valeurs),
            "cle": str(uuid4()),
            "corrige": True,
            "version": dossier["version"],
            "a_corriger": a_corriger(valeurs, pieces, motifs),
            "motifs": [{"champ": champ, "phrases": phrases} for champ, phrases in motifs.items()],
            "motivation": derniere(dossier).get("motivation", ""),
            "pieces": pieces,
        }
        # That of an earlier version is of no use any more. One of this version matches nothing here, and the insert
        # that MongoDB then tries is refused by its `_id`.
        earlier = {"_id": dossier["numero"], "version": {"$ne": dossier["version"]}}
        with suppress(DuplicateKeyError):
            await self._brouillons.replace_one(earlier, brouillon, upsert=True)
        await self._brouillons.update_one({"_id": dossier["numero"]}, {"$set": {"invites": dossier["invites"]}})

    async def lire(self, numero: str, identite: Identite, *, invites: bool = True) -> Document | None:
        """Read a draft that this person owns, or (`invites`) was invited to."""
        a_elle = _a(identite) if invites else {"compte": identite.compte}
        trouve: Document | None = await self._brouillons.find_one({"_id": numero, **a_elle})
        return trouve

    async def lister(self, identite: Identite) -> list[Document]:
        """Read the drafts that this person owns or was invited to, the last changed first."""
        curseur = self._brouillons.find(_a(identite)).sort("modifie_le", -1)
        return [brouillon async for brouillon in curseur.limit(2 * BROUILLONS_MAX)]

    async def enregistrer(
        self,
        numero: str,
        valeurs: Valeurs,
        *,
        revision: int | None = None,
        onglet: str = "",
        soumise: Rubrique | None = None,
    ) -> int:
        """Keep what was typed in fields that may change; give the revision that the draft is at now.

        Nothing is kept, and 0 given, when this would undo a change made by another page (`onglet`) since `revision`, or
        when the draft is gone. Values that do not fit are left out. `soumise`: a page that somebody has done with.
        """
        while (brouillon := await self._brouillons.find_one({"_id": numero})) is not None:
            ecrit = ecriture(brouillon, valeurs, revision, onglet)
            if ecrit.conflits:
                return 0
            actuelle = int(brouillon["revision"])
            change = _change(brouillon, ecrit.changes, onglet, soumise)
            if change is None:
                return actuelle
            faite = await self._brouillons.update_one({"_id": numero, "revision": actuelle}, change)
            if faite.matched_count:  # else it has just changed: look again at what stands now
                return actuelle + 1
        return 0

    async def joindre(self, numero: str, role: RolePiece, piece: PieceDuBrouillon) -> bool:
        """Join a piece in place of the one that had its role; False when it may not change, or the draft is gone."""
        return await self._changer_piece(numero, role, {"$set": {f"pieces.{role}": asdict(piece)}})

    async def detacher(self, numero: str, role: RolePiece) -> bool:
        """Take a piece off; False when it may not change, or the draft is gone."""
        return await self._changer_piece(numero, role, {"$unset": {f"pieces.{role}": ""}})

    async def supprimer(self, numero: str, *, cle: str | None = None) -> None:
        """Delete a draft; with `cle`, only while it is the one that this deposit was made of."""
        await self._brouillons.delete_one({"_id": numero, **({"cle": cle} if cle else {})})

    async def inviter(self, numero: str, courriel: str) -> bool:
        """Let a colleague read and change a draft; False once ten do, or when it is gone."""
        place = {"_id": numero, f"invites.{INVITES_MAX - 1}": {"$exists": False}}
        faite = await self._brouillons.update_one(place, {"$addToSet": {"invites": courriel}})
        return bool(faite.matched_count)

    async def desinviter(self, numero: str, courriel: str) -> None:
        """Let a colleague do so no longer."""
        await self._brouillons.update_one({"_id": numero}, {"$pull": {"invites": courriel}})

    async def _creer(self, identite: Identite, valeurs: Valeurs) -> str:
        siens = {"compte": identite.compte, "corrige": False}
        if await self._brouillons.count_documents(siens, limit=BROUILLONS_MAX) == BROUILLONS_MAX:
            raise TropDeBrouillons
        cle = uuid4()
        numero = numero_de(PORTAIL, cle)
        brouillon = {**_neuf(identite.compte, [], valeurs), "cle": str(cle), "corrige": False, "pieces": {}}
        await self._brouillons.insert_one({"_id": numero, **brouillon})
        return numero

    async def _changer_piece(self, numero: str, role: RolePiece, change: Document) -> bool:
        ouvert = {"_id": numero, "$or": [{"corrige": False}, {"a_corriger": f"pieces.{role}"}]}
        suivi = {"$set": {"modifie_le": now()} | change.get("$set", {}), "$inc": {"revision": 1}}
        faite = await self._brouillons.update_one(ouvert, change | suivi)
        return bool(faite.matched_count)

    async def _noms(self, pieces: Iterable[str]) -> dict[str, str]:
        fichiers = self._fichiers.find({"_id": {"$in": list(pieces)}}, {"filename": 1})
        return {fichier["_id"]: fichier["filename"] async for fichier in fichiers}


def _neuf(compte: str, invites: Iterable[str], valeurs: Valeurs) -> Document:
    """Give what all drafts begin with. `touches`: which revision changed a field last, and which page."""
    le = now()
    return {
        "compte": compte,
        "invites": list(invites),
        "cree_le": le,
        "modifie_le": le,
        "revision": 1,
        "soumises": [],
        "touches": {},
        "valeurs": dict(valeurs),
    }


def _change(brouillon: Document, changes: Valeurs, onglet: str, soumise: Rubrique | None) -> Document | None:
    """Write the update that makes these changes and says who made them; None when there is nothing to change."""
    nouvelle = soumise is not None and soumise not in brouillon["soumises"]
    if not changes and not nouvelle:
        return None
    revision = brouillon["revision"] + 1
    valeurs = {f"valeurs.{champ}": valeur for champ, valeur in changes.items()}
    touches = {f"touches.{champ}": {"revision": revision, "onglet": onglet} for champ in changes}
    change: Document = {"$set": {"revision": revision, "modifie_le": now(), **valeurs, **touches}}
    return change | ({"$addToSet": {"soumises": soumise}} if nouvelle else {})


def _a(identite: Identite) -> Document:
    return {"$or": [{"compte": identite.compte}, {"invites": identite.courriel}]}
