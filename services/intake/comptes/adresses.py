"""Reads what names somebody from outside: an address as people type it, the network a request comes from."""

from ipaddress import IPv6Address, ip_address
from typing import Final

from pydantic import TypeAdapter, ValidationError

from contracts.valeurs import Courriel

_COURRIEL: Final[TypeAdapter[str]] = TypeAdapter(Courriel)
_RESEAU_IPV6: Final = 64  # bits: what one subscriber is given, and changes address in at will


def normaliser(saisie: str) -> str | None:
    """Give the one form in which an address names an account, None when it is no address.

    All in lower case: no mail server in use tells two local parts apart by it, and telephones put a capital first.
    """
    try:
        return _COURRIEL.validate_python(saisie.strip()).lower()
    except ValidationError:
        return None


def reseau(ip: str) -> str:
    """Give what an attempt is counted against: an IPv4 address, or the network of an IPv6 one."""
    try:
        adresse = ip_address(ip)
    except ValueError:  # a Unix socket, a proxy that names nobody
        return ""
    if isinstance(adresse, IPv6Address) and adresse.ipv4_mapped is None:
        return f"{int(adresse) >> (128 - _RESEAU_IPV6):x}"
    return str(getattr(adresse, "ipv4_mapped", None) or adresse)
