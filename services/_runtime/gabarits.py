"""Reads the templates of a service: one that lacks a value fails, and in HTML whatever it is given is escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def lire(paquet: str, *, html: bool = True) -> Environment:
    """Give the templates of `gabarits/` in a package. They do not change while a service runs: read once each."""
    return Environment(
        loader=PackageLoader(paquet, "gabarits"),
        undefined=StrictUndefined,
        auto_reload=False,
        autoescape=html,  # noqa: S701  # text must not be escaped
        trim_blocks=True,
        lstrip_blocks=True,
    )
