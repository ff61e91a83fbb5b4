"""Reads a body strictly: what a lenient JSON parser would let through is refused with a reason that holds no value."""

import json
import unicodedata
from typing import Any, Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

SIZE_MAX: Final = 2 * 1024 * 1024  # bytes; the largest legal event is measured in tests/contract/test_evenements.py


class Illisible(Exception):  # noqa: N818  # a finding about a message, in the language of the parking queues
    """A body or its properties break the contract. `motif` is a short code; `detail` names fields, no value."""

    def __init__(self, motif: str, detail: str = "") -> None:
        super().__init__(motif)
        self.motif = motif
        self.detail = detail


M = TypeVar("M", bound=BaseModel)


def read_strictly(body: bytes, model: type[M]) -> M:
    """Parse a body into `model`; raise `Illisible` for anything the contract does not say."""
    if len(body) > SIZE_MAX:
        raise Illisible("trop_volumineux", f"{len(body)} octets")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Illisible("utf8_invalide") from None
    if not unicodedata.is_normalized("NFC", text):
        raise Illisible("unicode_non_nfc")
    _refuse_ambiguity(text)
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise Illisible("contrat_non_respecte", field_errors(error)) from None


def field_errors(error: ValidationError) -> str:
    """Name the fields at fault and the kind of fault, never the value."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{_path(one['loc'], one['type'])}: {one['type']}" for one in found[:20])[:1000]


def _path(loc: tuple[int | str, ...], fault: str) -> str:
    # The name of a field that the contract does not know was chosen by the sender: it is a value too.
    known = (*loc[:-1], "(inconnu)") if fault == "extra_forbidden" else loc
    return ".".join(map(str, known)) or "(corps)"


def _refuse_ambiguity(text: str) -> None:
    """Refuse what parsers read differently: a key twice, NaN, a nesting deeper than the stack."""
    try:
        json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except ValueError:  # JSONDecodeError, or an integer of more than 4,300 digits
        raise Illisible("json_invalide") from None
    except RecursionError:
        raise Illisible("json_trop_profond") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise Illisible("cle_en_double")


def _no_constant(_: str) -> NoReturn:
    raise Illisible("json_invalide", "NaN ou Infinity")
