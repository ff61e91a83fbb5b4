"""The metrics every service exports. Labels are names from a short list: never an identifier, never a person."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

MESSAGES: Final = Counter("messages_total", "Messages handled, by queue and outcome", ["queue", "issue"])
DURATION: Final = Histogram(
    "message_duration_seconds",
    "Time from delivery to acknowledgement",
    ["queue"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
PARKED_MESSAGES: Final = Counter("messages_parked_total", "Messages that wait for a person", ["queue", "motif"])
PUBLISHED: Final = Counter("outbox_published_total", "Publishes tried by the relay", ["issue"])
SETTLED: Final = Counter("outbox_settled_total", "Events that all their listeners have recorded")
OUTBOX_OLDEST: Final = Gauge(
    "outbox_oldest_unpublished_seconds", "Age of the oldest event the broker has not confirmed", ["collection"]
)
ENVOIS: Final = Counter("envois_total", "Attempts to send a mail, by what became of it", ["etat"])
PARTNER_UP: Final = Gauge("partner_up", "1 while the partner answers", ["partner"])
