"""What the embedded set is made of: parts that start and stop, and servers that may also die."""

from abc import ABC, abstractmethod
from typing import Self


class Partie(ABC):
    """Started and stopped; as a context manager, it runs as long as the block."""

    @abstractmethod
    def start(self) -> None:
        """Start, and return once it can be used."""

    @abstractmethod
    def stop(self) -> None:
        """Stop, if it runs."""

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


class Serveur(Partie):
    """A part that keeps its ports and its data when it stops, or dies."""

    def restart(self) -> None:
        """Stop if running, then start on the same ports and data."""
        self.stop()
        self.start()
