"""Writes definitions.json, every exchange, queue and right, from the one table of `contracts.flux`.

Nothing declares topology at run time (services have no configure right), so what is here is what exists. Immutable
traits are queue arguments; what may be tuned in production (delivery limit) is a policy.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.evenements import SoumettreDossier
from contracts.flux import EXCHANGE_EVENEMENTS, EXCHANGE_SOUMISSIONS, FLUX, SERVICES, file_de

VHOST: Final = "ent1d"
# Milliseconds that a failed message waits, fixed per queue: with a TTL per message, short waits queue behind long ones.
WAITS: Final = {"retry.short": 30_000, "retry.medium": 300_000, "retry.long": 3_600_000}
QUORUM: Final = {"x-queue-type": "quorum"}
Definition = dict[str, Any]


def definitions(
    passwords: Mapping[str, str], *, producteurs: Sequence[str], titulaires: Sequence[str], time_scale: float = 1.0
) -> Definition:
    """Build the definitions.

    Args:
        passwords: by user: `svc_<service>`, `operateur`, each producteur, each `titulaire_<nom>`. Hashes only leave.
        producteurs: users who may publish submissions.
        titulaires: names of the titulaires, each with a feed of its own.
        time_scale: multiplies the waits; below 1 in tests and in the demo.
    """
    _check_names(producteurs, titulaires)
    users = [*(f"svc_{s}" for s in SERVICES), "operateur", *producteurs, *(f"titulaire_{t}" for t in titulaires)]
    return {
        "vhosts": [{"name": VHOST}],
        "users": [
            {"name": u, "password_hash": password_hash(passwords[u]), "tags": "monitoring" if u == "operateur" else ""}
            for u in users
        ],
        "permissions": [*_service_rights(), *_outside_rights(producteurs, titulaires)],
        "topic_permissions": [*_topic_rights(), *_producer_topics(producteurs)],
        "exchanges": [
            *(_exchange(name, "topic") for name in (EXCHANGE_EVENEMENTS, EXCHANGE_SOUMISSIONS, "parking")),
            *(_exchange(name, "fanout") for name in WAITS),
        ],
        "queues": [
            *(_queue(name, _work_arguments(name)) for name in _work_queues()),
            *(_queue(f"{service}.parking", QUORUM) for service in SERVICES),
            *(_queue(name, _wait_arguments(int(ms * time_scale) or 1)) for name, ms in WAITS.items()),
            *(_queue(f"titulaire.{t}", {"x-queue-type": "stream", "x-max-age": "90D"}) for t in titulaires),
        ],
        "bindings": _bindings(titulaires),
        "policies": [
            {
                "vhost": VHOST,
                "name": "work-queues",
                "pattern": rf"^({'|'.join(SERVICES)})\.(?!parking$).+",
                "apply-to": "queues",
                "priority": 10,
                # Deaths of the process while it handles the message: those where no code of ours could make it wait.
                "definition": {"delivery-limit": 20},
            },
            {
                "vhost": VHOST,
                "name": "parking-queues",
                "pattern": r"\.parking$",
                "apply-to": "queues",
                "priority": 10,
                # RabbitMQ 4 gives every quorum queue a limit of 20: listing a parking so often would empty it.
                "definition": {"delivery-limit": 1_000_000},
            },
        ],
    }


def _check_names(producteurs: Sequence[str], titulaires: Sequence[str]) -> None:
    """Refuse a name that could pass for another (`svc_…`, `operateur`, `ent1d`), or that is not plain in a regex."""
    for name in (*producteurs, *titulaires):
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name) or name in {"operateur", "ent1d"}:
            raise ValueError(f"nom de producteur ou de titulaire impossible : {name!r}")
    if len({*producteurs}) < len(producteurs) or len({*titulaires}) < len(titulaires):
        raise ValueError("un nom de producteur ou de titulaire est donné deux fois")


def _work_queues() -> list[str]:
    return [
        file_de("intake", SoumettreDossier),
        *(file_de(service, flux.evenement) for flux in FLUX for service in flux.auditeurs),
    ]


def _work_arguments(queue: str) -> Definition:
    return QUORUM | {
        "x-dead-letter-exchange": "parking",
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _wait_arguments(ttl: int) -> Definition:
    # No dead-letter routing key: the message keeps its own, the queue it failed in, and goes back there alone.
    return QUORUM | {
        "x-message-ttl": ttl,
        "x-dead-letter-exchange": "",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _bindings(titulaires: Sequence[str]) -> list[Definition]:
    soumissions = file_de("intake", SoumettreDossier)
    return [
        _binding(EXCHANGE_SOUMISSIONS, soumissions, SoumettreDossier.cle),
        *(
            _binding(EXCHANGE_EVENEMENTS, file_de(service, flux.evenement), flux.evenement.cle)
            for flux in FLUX
            for service in flux.auditeurs
        ),
        *(
            _binding(EXCHANGE_EVENEMENTS, f"titulaire.{t}", flux.evenement.cle)
            for flux in FLUX
            if flux.public
            for t in titulaires
        ),
        *(_binding("parking", f"{service}.parking", f"{service}.#") for service in SERVICES),
        *(_binding(name, name, "") for name in WAITS),
    ]


def _service_rights() -> list[Definition]:
    return [
        _right(f"svc_{service}", write=r"^(dossiers|parking|retry\.[a-z]+)$", read=rf"^{service}\.(?!parking$).+$")
        for service in SERVICES
    ]


def _outside_rights(producteurs: Sequence[str], titulaires: Sequence[str]) -> list[Definition]:
    return [
        _right("operateur", write=r"^(parking|retry\.short)$", read=r"^[a-z_]+\.parking$"),
        *(_right(p, write=rf"^{EXCHANGE_SOUMISSIONS}$", read="^$") for p in producteurs),
        *(_right(f"titulaire_{t}", write="^$", read=rf"^titulaire\.{t}$") for t in titulaires),
    ]


def _topic_rights() -> list[Definition]:
    rights = []
    for service in SERVICES:
        told = "|".join(flux.evenement.cle.replace(".", r"\.") for flux in FLUX if flux.emetteur == service)
        rights.append(_topic_right(f"svc_{service}", EXCHANGE_EVENEMENTS, rf"^({told})$" if told else "^$"))
        rights.append(_topic_right(f"svc_{service}", "parking", rf"^{service}\..+$"))
    return rights


def _producer_topics(producteurs: Sequence[str]) -> list[Definition]:
    return [
        _topic_right(p, EXCHANGE_SOUMISSIONS, rf"^{SoumettreDossier.cle.replace('.', chr(92) + '.')}$")
        for p in producteurs
    ]


def _right(user: str, *, write: str, read: str) -> Definition:
    return {"user": user, "vhost": VHOST, "configure": "^$", "write": write, "read": read}


def _topic_right(user: str, exchange: str, write: str) -> Definition:
    return {"user": user, "vhost": VHOST, "exchange": exchange, "write": write, "read": "^$"}


def _exchange(name: str, kind: str) -> Definition:
    return {
        "name": name,
        "vhost": VHOST,
        "type": kind,
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _queue(name: str, arguments: Definition) -> Definition:
    return {"name": name, "vhost": VHOST, "durable": True, "auto_delete": False, "arguments": arguments}


def _binding(source: str, queue: str, key: str) -> Definition:
    return {
        "source": source,
        "vhost": VHOST,
        "destination": queue,
        "destination_type": "queue",
        "routing_key": key,
        "arguments": {},
    }


def password_hash(password: str) -> str:
    """Hash as RabbitMQ does: base64(salt + SHA-256(salt + password)), four bytes of salt."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
