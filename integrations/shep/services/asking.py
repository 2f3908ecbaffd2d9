"""Whom the typed functions of the state databases ask: the gateway, or a file in its place."""

from typing import Protocol, TypeVar

from integrations.shep.registers import Consent, Register, RegisterAnswer

K = TypeVar("K")
R = TypeVar("R")


class Gateway(Protocol):
    """Asks any register."""

    def ask(
        self, register: Register[K, R], key: K, *, consent: Consent | None = None, fresh: bool = False
    ) -> RegisterAnswer[R]:
        """The answer, whatever became of the question; `fresh`: not from the cache. Raises nothing of the network."""
