"""Makes the AsyncAPI 3.0 document, from the point of view of ent1d: it receives submissions and sends events.

Ours rather than FastStream's exporter: that one documents the queues of our services, which nobody outside may touch,
and knows neither message properties, nor the exchange and routing key of a queue, nor an envelope. Here the source is
`contracts.flux`, the same table that the rights and the queues are made from.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from contracts.evenements import AAFLivre, Evenement, SoumettreDossier
from contracts.flux import EXCHANGE_EVENEMENTS, EXCHANGE_SOUMISSIONS, FLUX, Flux

VHOST: Final = "ent1d"
BINDING: Final = "0.3.0"  # version of the AMQP bindings of AsyncAPI

Message: TypeAlias = type[Evenement[Any] | SoumettreDossier]
Objet: TypeAlias = dict[str, Any]

MESSAGES: Final[tuple[Message, ...]] = (SoumettreDossier, *(flux.evenement for flux in FLUX))
TAGS: Final = {
    "intake": "Receives dossiers, owns them, decides.",
    "verification": "Examines each version of a dossier, and says what it found.",
    "notification": "Tells people by mail; tells no event.",
    "aaf_dispatch": "Delivers the annuaire to the titulaire: always one cumulative Complet.",
    "public": "For systems outside: producers of submissions, titulaires. All the rest stays between our services.",
}
PRESENTATION: Final = """\
The life of a dossier of the procedure « Finalisation de commande ENT 1er degré » (académie de Créteil), told event by \
event over AMQP 0-9-1. French business words are kept; GLOSSARY.md, beside this file, explains them.

**Two doors for those outside** (tag `public`): a producer publishes `SoumettreDossier`; a titulaire reads `AAFLivré` \
from his own stream. The pieces of a dossier go before by HTTP (`POST /api/v1/pieces`); the submission names them. The \
same submission may be sent by HTTP: see `/api/openapi.json` of intake.

**Form**: JSON, UTF-8, Unicode NFC, one CloudEvents 1.0 envelope a message, in the body, all its fields present. \
Strict: no unknown field, no key twice, no string for a number; at most 1 MiB. Broker names are ASCII; `type` keeps \
its accents. A message that does not comply is set aside with the reason and a person is told: nothing is answered.

**Guarantees**: at least once. `id` is made of stable identifiers, so a fact told twice has the same `id`. Order is by \
`data.version`, not by arrival. A routing key ends with the version of the contract: what breaks readers gets a new \
one. Inside a version fields are only added: readers outside must ignore those they do not know.

**No person in an event**: the command alone holds one (the déposant), and it is read by intake only.
"""


class SansTitres(GenerateJsonSchema):
    """A field's name in capitals tells nothing that its name does not."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002  # pydantic's signature
        """Leave fields without a title."""
        return False


def asyncapi(exemples: Mapping[str, Mapping[str, Objet]]) -> Objet:
    """Give the document. `exemples`: payloads by name, by routing key."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:ent1d",
        "info": {
            "title": "ent1d",
            "version": "1.0.0",
            "description": PRESENTATION,
            "tags": [_ref("tags", nom) for nom in TAGS],
        },
        "defaultContentType": "application/json",
        "servers": {"rabbitmq": _serveur()},
        "channels": {
            "SoumettreDossier": _canal(SoumettreDossier, EXCHANGE_SOUMISSIONS),
            **{flux.evenement.__name__: _canal(flux.evenement, EXCHANGE_EVENEMENTS) for flux in FLUX},
            "FilTitulaire": _fil_titulaire(),
        },
        "operations": {
            "receiveSoumettreDossier": _reception(),
            **{f"send{flux.evenement.__name__}": _envoi(flux) for flux in FLUX},
            "sendAAFLivreAuTitulaire": _envoi_au_titulaire(),
        },
        "components": {
            "messages": {message.__name__: _message(message, exemples[message.cle]) for message in MESSAGES},
            "schemas": {**_proprietes(), **_schemas()},
            "securitySchemes": {"compte": {"type": "userPassword", "description": "SASL PLAIN, over TLS only."}},
            "tags": {nom: {"name": nom, "description": role} for nom, role in TAGS.items()},
        },
    }


def titre(modele: type[BaseModel]) -> str:
    """Give the name on the wire, with its accents."""
    return modele.nom() if issubclass(modele, Evenement) else modele.__name__


def _ref(genre: str, nom: str) -> Objet:
    return {"$ref": f"#/components/{genre}/{nom}"}


def _serveur() -> Objet:
    return {
        "host": "{hote}:{port}",
        "pathname": "/{vhost}",
        "protocol": "amqps",
        "protocolVersion": "0.9.1",
        "description": "RabbitMQ. Each producer and each titulaire has an account of its own, which can do one thing.",
        "variables": {
            "hote": {"description": "Given by the académie with the account."},
            "port": {"default": "5671", "description": "AMQP over TLS."},
            "vhost": {"default": VHOST, "description": "Virtual host."},
        },
        "security": [_ref("securitySchemes", "compte")],
    }


def _canal(message: Message, exchange: str) -> Objet:
    nom = message.__name__
    return {
        "address": message.cle,
        "title": titre(message),
        "description": f"Exchange `{exchange}`, routing key `{message.cle}`.",
        "messages": {nom: _ref("messages", nom)},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": exchange, "type": "topic", "durable": True, "autoDelete": False, "vhost": VHOST},
                "bindingVersion": BINDING,
            }
        },
    }


def _fil_titulaire() -> Objet:
    file = "titulaire.{titulaire}"
    return {
        "address": file,
        "title": "Fil du titulaire",
        "description": (
            "A stream kept 90 days, one for each titulaire, declared at install with `x-queue-type: stream`. Consume "
            "with `x-stream-offset` (`first`, or the last `x-stream-offset` header seen, plus one), a prefetch and "
            "manual ack. Reading removes nothing. A sample consumer: docs/titulaire/consommateur.py."
        ),
        "parameters": {"titulaire": {"description": "Name of the titulaire, given by the académie."}},
        "messages": {"AAFLivre": _ref("messages", "AAFLivre")},
        "tags": [_ref("tags", "public")],
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": {"name": file, "durable": True, "exclusive": False, "autoDelete": False, "vhost": VHOST},
                "bindingVersion": BINDING,
            }
        },
    }


def _operation(action: str, canal: str, message: str, resume: str, tags: list[str]) -> Objet:
    amqp = {"ack": True} if action == "receive" else {"deliveryMode": 2, "mandatory": True}
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{canal}"},
        "summary": resume,
        "messages": [{"$ref": f"#/channels/{canal}/messages/{message}"}],
        "tags": [_ref("tags", tag) for tag in tags],
        "bindings": {"amqp": {**amqp, "bindingVersion": BINDING}},
    }


def _reception() -> Objet:
    nom = SoumettreDossier.__name__
    return _operation("receive", nom, nom, "A producer files a dossier; intake hears it.", ["intake", "public"])


def _envoi(flux: Flux) -> Objet:
    nom = flux.evenement.__name__
    resume = f"{flux.emetteur} tells {flux.evenement.nom()}; heard by {', '.join(flux.auditeurs)}."
    return _operation("send", nom, nom, resume, [flux.emetteur])


def _envoi_au_titulaire() -> Objet:
    resume = f"The broker copies {AAFLivre.nom()} to the stream of each titulaire."
    return _operation("send", "FilTitulaire", AAFLivre.__name__, resume, ["aaf_dispatch", "public"])


def _message(message: Message, exemples: Mapping[str, Objet]) -> Objet:
    commande = issubclass(message, SoumettreDossier)
    entetes = _ref("schemas", "ProprietesSoumission" if commande else "ProprietesEvenement")
    emetteur = next((f"svc_{flux.emetteur}" for flux in FLUX if flux.evenement is message), "mon-compte")
    return {
        "name": message.__name__,
        "title": titre(message),
        "summary": (message.__doc__ or "").partition("\n")[0],
        "contentType": "application/json",
        "headers": entetes,
        "payload": _ref("schemas", message.__name__),
        "correlationId": {
            "description": "The key of the deposit." if commande else "The dossier.",
            "location": f"$message.payload#/{'id' if commande else 'subject'}",
        },
        "examples": [
            {"name": nom, "headers": _entetes(payload["id"], emetteur), "payload": payload}
            for nom, payload in exemples.items()
        ],
    }


def _entetes(message_id: str, user_id: str) -> Objet:
    return {"message_id": message_id, "content_type": "application/json", "delivery_mode": 2, "user_id": user_id}


def _proprietes() -> Objet:
    return {
        "ProprietesSoumission": _proprietes_amqp(
            "The name of your account: the broker refuses any other, and it is how intake knows who files.",
            "[A-Za-z0-9._-]+",
        ),
        "ProprietesEvenement": _proprietes_amqp("The service that tells, as the broker verified it.", "svc_[a-z_]+"),
    }


def _proprietes_amqp(compte: str, forme: str) -> Objet:
    return {
        "type": "object",
        "description": "Properties of the AMQP message (basic properties, not its table of headers).",
        "properties": {
            "message_id": {"type": "string", "format": "uuid", "description": "The `id` of the body."},
            "content_type": {"type": "string", "const": "application/json"},
            "delivery_mode": {"type": "integer", "const": 2, "description": "Persistent."},
            "user_id": {"type": "string", "pattern": f"^{forme}$", "description": compte},
        },
        "required": ["message_id", "content_type", "delivery_mode", "user_id"],
    }


def _schemas() -> Objet:
    _, definitions = models_json_schema(
        [(message, "validation") for message in MESSAGES],
        ref_template="#/components/schemas/{model}",
        schema_generator=SansTitres,
    )
    schemas: Objet = definitions["$defs"]
    return schemas
