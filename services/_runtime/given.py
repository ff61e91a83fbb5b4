"""Gives a handler what its application put in the context, without a thread.

FastDepends resolves FastStream’s `Context()` in a thread for each parameter of each message: a third of
what a message costs, for a look-up in a dictionary.
"""

from typing import Any

from fast_depends.library import CustomField


class Given(CustomField):
    """`store: Annotated[Store, Given("store")]`: what `Parts.context` (or FastStream: "message") holds by that name."""

    def __init__(self, name: str) -> None:
        super().__init__(cast=False)
        self._name = name

    async def use(self, /, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]  # noqa: ANN401  # awaited if it may be
        """Add the parameter to those of the call."""
        return kwargs | {str(self.param_name): kwargs["context__"].get(self._name)}
