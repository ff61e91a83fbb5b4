"""One structured line a message, on standard output: identifiers and outcomes, never a person."""

import logging  # noqa: TID251  # the one place that tames the standard library's loggers
import sys

import structlog
from structlog.typing import FilteringBoundLogger


def configure_logs(service: str) -> None:
    """Send every line, ours and the libraries', to standard output as JSON with the service's name."""
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*processors, lambda _, __, line: {**line, "service": service}],
            # No traceback of a library is printed: its text may hold values, values may be persons.
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                lambda _, __, line: {key: value for key, value in line.items() if key != "exc_info"},
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def logger() -> FilteringBoundLogger:
    """Give the logger; call it where you log."""
    found: FilteringBoundLogger = structlog.get_logger()
    return found
