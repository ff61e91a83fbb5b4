"""Reads a parked message for the operator: what our services noted on it, and what in its body is nobody's."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from contracts.evenements import Evenement, SoumettreDossier
from contracts.flux import FLUX, file_de
from services._runtime.reading import SIZE_MAX, Illisible, read_strictly

Modele = type[Evenement[Any]] | type[SoumettreDossier]
Ligne = dict[str, Any]
MODELES: Final[Mapping[str, Modele]] = {
    file_de("intake", SoumettreDossier): SoumettreDossier,
    **{file_de(service, flux.evenement): flux.evenement for flux in FLUX for service in flux.auditeurs},
}
MORT: Final = "mort du service pendant le traitement"
INCONNU: Final = "(inconnu)"
_NUMERO: Final = re.compile(r"ENT-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}")


@dataclass(frozen=True)
class Filtre:
    """Which messages are meant; an empty field means any. `avant` is an ISO moment: what was parked later is left."""

    id: str = ""
    evenement: str = ""
    dossier: str = ""
    motif: str = ""
    avant: str = ""

    def retient(self, ligne: Ligne) -> bool:
        """Tell whether the message of this row is meant."""
        if self.avant and ligne["depuis"] > self.avant:
            return False
        if self.evenement and _simple(self.evenement) not in _noms(ligne["file"]):
            return False
        voulus = {"id": self.id, "dossier": self.dossier, "motif": self.motif}
        return all(ligne[champ] == voulu for champ, voulu in voulus.items() if voulu)


def notes(message: AbstractIncomingMessage) -> Ligne:
    """Give what a service wrote on the message when it set it aside: nothing of what a producer may have written."""
    nous = message.user_id is not None and (message.user_id.startswith("svc_") or message.user_id == "operateur")
    return dict(message.headers) if nous else {}


def resumer(message: AbstractIncomingMessage, service: str) -> Ligne:
    """Make the row of a message: identifiers, names and counts."""
    ecrites = notes(message)
    file = str(ecrites.get("x-file") or message.routing_key)
    modele = MODELES.get(file)
    return {
        "id": _reference(message),
        "service": service,
        "file": file,
        "evenement": _type(modele),
        "dossier": _dossier(_lire(message.body)),
        "motif": str(ecrites.get("x-motif", MORT)),
        "detail": str(ecrites.get("x-detail", "")),
        "tentative": ecrites.get("x-tentative", ""),
        "depuis": str(ecrites.get("x-mis-de-cote-le", "")),
        "producteur": str(ecrites.get("x-producteur") or message.user_id or ""),
        "octets": len(message.body),
    }


def detailler(message: AbstractIncomingMessage, service: str) -> Ligne:
    """Add to the row what may be shown of the body.

    An event that keeps its contract holds no person: it is shown whole. Of anything else, a submission above all, the
    names of the fields that the contract knows, and the identifier when it is one.
    """
    ligne = resumer(message, service)
    modele = MODELES.get(ligne["file"])
    corps: Ligne = {}
    if modele is not None and modele is not SoumettreDossier:
        try:
            corps = read_strictly(message.body, modele).model_dump(mode="json")
        except Illisible as faute:
            ligne["illisible"] = f"{faute.motif} {faute.detail}".strip()
    return ligne | {"corps": corps or _silhouette(_lire(message.body), modele or SoumettreDossier)}


def a_plat(corps: Ligne, chemin: str = "") -> Iterator[tuple[str, Any]]:
    """Give the leaves of a body with their paths, for a person."""
    for nom, valeur in corps.items():
        if isinstance(valeur, dict):
            yield from a_plat(valeur, f"{chemin}{nom}.")
        elif isinstance(valeur, list) and any(isinstance(element, dict) for element in valeur):
            yield from a_plat({str(rang): element for rang, element in enumerate(valeur)}, f"{chemin}{nom}.")
        else:
            yield f"{chemin}{nom}", valeur


def neuf(message: AbstractIncomingMessage) -> aio_pika.Message:
    """Copy it with its identity and no past, so that it is tried as if for the first time."""
    return aio_pika.Message(
        message.body,
        headers={"x-producteur": notes(message).get("x-producteur") or message.user_id or ""},
        message_id=message.message_id,
        content_type=message.content_type,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        timestamp=message.timestamp,
        user_id="operateur",
    )


def _reference(message: AbstractIncomingMessage) -> str:
    """Name the message by its id if that is one; else by its content, for the id is what somebody typed."""
    try:
        return str(UUID(message.message_id))
    except (TypeError, ValueError):
        return f"sans-id-{hashlib.sha256(message.body).hexdigest()[:16]}"


def _lire(corps: bytes) -> Any:  # noqa: ANN401  # whatever JSON holds
    """Read a body as it comes; None when it is no JSON of a legal size."""
    if len(corps) > SIZE_MAX:
        return None
    try:
        return json.loads(corps)
    except (ValueError, RecursionError):
        return None


def _dossier(lu: Any) -> str:  # noqa: ANN401  # idem
    """Find the number of the dossier that the body speaks of, if it is shaped like one."""
    if not isinstance(lu, dict):
        return ""
    data = lu.get("data")
    nomme = lu.get("subject") or (data.get("corrige") if isinstance(data, dict) else None)
    return nomme if isinstance(nomme, str) and _NUMERO.fullmatch(nomme) else ""


def _type(modele: Modele | None) -> str:
    if modele is None:
        return ""
    return "SoumettreDossier" if modele is SoumettreDossier else str(getattr(modele, "nom")())  # noqa: B009


def _noms(file: str) -> frozenset[str]:
    """Give all the names by which an operator may call what a queue holds."""
    modele = MODELES.get(file)
    noms = (file, modele.cle, modele.__name__, _type(modele)) if modele else (file,)
    return frozenset(map(_simple, noms))


def _simple(nom: str) -> str:
    """Fold case and accents."""
    return "".join(s for s in unicodedata.normalize("NFD", nom.casefold()) if not unicodedata.combining(s))


def _silhouette(lu: Any, modele: Modele) -> Ligne:  # noqa: ANN401  # idem
    """Say which fields a body has, without a value. A name that the contract does not know is a value too."""
    if not isinstance(lu, dict):
        return {"champs": []}
    trouves = list(dict.fromkeys(_chemins(lu, _champs(modele.model_json_schema()))))
    silhouette: Ligne = {"champs": trouves}
    with suppress(TypeError, ValueError, AttributeError):
        silhouette["id"] = str(UUID(lu.get("id")))
    return silhouette


def _chemins(lu: Ligne, connus: frozenset[str], profondeur: int = 4) -> Iterator[str]:
    for nom, valeur in lu.items():
        if nom not in connus:
            yield INCONNU
            continue
        yield nom
        for dedans in valeur if isinstance(valeur, list) else [valeur]:
            if isinstance(dedans, dict) and profondeur:
                yield from (f"{nom}.{chemin}" for chemin in _chemins(dedans, connus, profondeur - 1))


def _champs(schema: Any) -> frozenset[str]:  # noqa: ANN401  # a JSON Schema
    """Collect the names of all the properties of a schema."""
    if isinstance(schema, list):
        return frozenset().union(*map(_champs, schema))
    if not isinstance(schema, dict):
        return frozenset()
    return frozenset(schema.get("properties", ())).union(*map(_champs, schema.values()))


def maintenant_ecrit(maintenant: datetime) -> str:
    """Write a moment as services do on what they set aside, so that the two compare as text."""
    return maintenant.isoformat(timespec="seconds")
