"""Reads settings from the environment and from secret files, and says in one line each what is missing or wrong."""

import re
import sys
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri
from yarl import URL


def _amqp(secret: SecretStr) -> SecretStr:
    try:
        url = URL(secret.get_secret_value())
    except ValueError:
        url = URL()
    if url.scheme not in {"amqp", "amqps"} or not url.host:
        raise ValueError("n’est pas une URL amqp:// ou amqps://")
    return secret


def _mongodb(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    try:
        if not url.startswith("mongodb+srv://"):  # that one can only be read by asking the DNS
            parse_uri(url)
    except (PyMongoError, ValueError):
        raise ValueError("n’est pas une URL mongodb://") from None
    return secret


class RuntimeSettings(BaseSettings):
    """What every service needs. Secrets have no default.

    A setting is read from the variable of its name in upper case, or from a file of its name in /run/secrets.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        secrets_dir="/run/secrets" if Path("/run/secrets").is_dir() else None,
    )

    rabbitmq_url: Annotated[SecretStr, AfterValidator(_amqp), Field(description="amqp://user:password@host:5672/vhost")]
    mongodb_url: Annotated[
        SecretStr, AfterValidator(_mongodb), Field(description="mongodb://user:password@host:27017/?replicaSet=rs0")
    ]
    mongodb_database: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,38}$")] = "ent1d"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="HTTP port of /livez, /readyz, /metrics")]
    forwarded_allow_ips: Annotated[str, Field(description="proxies whose X-Forwarded-For is believed")] = "127.0.0.1"
    prefetch: Annotated[int, Field(ge=1, le=1000, description="messages handled at once, per queue")] = 50
    publish_timeout: Annotated[float, Field(gt=0, description="seconds before a publish counts as failed")] = 5.0
    unsettled_after: Annotated[float, Field(gt=0, description="seconds before an event not recorded is told again")] = (
        600.0
    )
    drain_timeout: Annotated[float, Field(gt=0, description="seconds given to running handlers at stop")] = 15.0


S = TypeVar("S", bound=RuntimeSettings)


def read_settings(kind: type[S]) -> S:
    """Build the settings of a service, or exit with status 2 after naming each one that is missing or wrong."""
    try:
        return kind()
    except ValidationError as error:
        for wrong in error.errors(include_input=False, include_url=False):
            fault = "absent" if wrong["type"] == "missing" else wrong["msg"].removeprefix("Value error, ")
            _say(kind, ".".join(str(part) for part in wrong["loc"]), fault)
    except SettingsError as error:  # its text names the field, not the value
        field = re.search(r'field "(\w+)"', str(error))
        _say(kind, field[1] if field else "", "n’est pas du JSON")
    raise SystemExit(2)


def _say(kind: type[RuntimeSettings], name: str, fault: str) -> None:
    field = kind.model_fields.get(name)
    hint = f" ({field.description})" if field and field.description else ""
    sys.stderr.write(f"réglage {name.upper()} : {fault}{hint}\n")
