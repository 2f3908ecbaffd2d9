"""What was asked: counted by messageId, so that a test sees that one check made one call. Bounded."""

import datetime
import threading
from collections import Counter, deque
from typing import Any

from integrations.emulators.shep_wire import ALMATY
from voucher_portal.identifiers import mask_iin

KEPT_CALLS = 1_000
KEPT_MESSAGES = 50_000


class Calls:
    """The log of every request; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: deque[tuple[float, dict[str, str]]] = deque(maxlen=KEPT_CALLS)
        self._by_message: dict[str, int] = {}
        self._by_service: Counter[str] = Counter()
        self.total = 0

    def add(self, at: float, operation: str, message_id: str, service: str, key: str, result: str) -> None:
        """One request and what became of it; of a number only a part is kept."""
        call = {"operation": operation, "message_id": message_id, "service": service, "result": result}
        with self._lock:
            self.total += 1
            self._by_service[service] += 1
            self._last.append((at, call | {"key": mask_iin(key) if key else ""}))
            while message_id not in self._by_message and len(self._by_message) >= KEPT_MESSAGES:
                self._by_message.pop(next(iter(self._by_message)))
            self._by_message[message_id] = self._by_message.get(message_id, 0) + 1

    def count(self, message_id: str) -> int:
        """How many requests had this messageId."""
        return self._by_message.get(message_id, 0)

    def last(self, count: int = KEPT_CALLS) -> list[dict[str, str]]:
        """The last calls, oldest first."""
        with self._lock:
            calls = list(self._last)[-count:]
        return [call | {"at": datetime.datetime.fromtimestamp(at, ALMATY).isoformat()} for at, call in calls]

    def told(self, message_id: str = "") -> dict[str, Any]:
        """What `GET /calls` tells: of one message, or of all."""
        with self._lock:
            counts, services = dict(self._by_message), dict(self._by_service)
        if message_id:
            counts = {message_id: counts.get(message_id, 0)}
        calls = [call for call in self.last() if message_id in ("", call["message_id"])]
        return {"total": self.total, "by_message": counts, "by_service": services, "calls": calls}

    def forget(self) -> None:
        """Start anew."""
        with self._lock:
            self._last.clear()
            self._by_message.clear()
            self._by_service.clear()
            self.total = 0
