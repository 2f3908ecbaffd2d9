"""What the emulated channels have taken, newest first: one box for SMS, letters and Telegram, bounded in memory."""

import datetime
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

CHANNELS = ("sms", "mail", "telegram")
ALMATY = ZoneInfo("Asia/Almaty")


@dataclass(frozen=True)
class File:
    """An attachment as it came."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Step:
    """Something that happened to a message: a state, or a note about a callback."""

    at: datetime.datetime
    state: str
    note: str = ""


@dataclass
class Item:
    """A message somebody sent. `key` is the sender's own id; `state` that of the last step that has one."""

    channel: str
    to: str
    key: str
    text: str
    sender: str = ""
    subject: str = ""
    html: str = ""
    source: str = ""
    files: tuple[File, ...] = ()
    parts: int = 0
    number: int = 0
    is_repeat: bool = False
    steps: list[Step] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The state of the last step that changed it."""
        return next((step.state for step in reversed(self.steps) if step.state), "")

    @property
    def taken_at(self) -> datetime.datetime:
        """When it came."""
        return self.steps[0].at

    def add(self, state: str, note: str = "") -> Step:
        """It is now in `state`; with an empty state only a note."""
        step = Step(datetime.datetime.now(ALMATY), state, note)
        self.steps.append(step)
        return step

    @property
    def size(self) -> int:
        """Roughly the bytes that it takes."""
        texts = len(self.text) + len(self.html) + len(self.source)
        return 4 * texts + sum(len(file.content) for file in self.files) + 1_000

    def holds(self, words: str) -> bool:
        """Whether all `words` (in small letters) stand somewhere in it."""
        everything = "\n".join((self.to, self.sender, self.subject, self.text, self.key)).casefold()
        return all(word in everything for word in words.split())


class Box:
    """The messages by number. The oldest go when there are too many or they are too large together."""

    def __init__(self, most: int = 5_000, most_bytes: int = 100 * 1024 * 1024) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._items: OrderedDict[int, Item] = OrderedDict()
        self._keys: dict[tuple[str, str], int] = {}
        self._bytes = self._last = 0
        self._lock = threading.RLock()

    def put(self, item: Item, state: str, note: str = "") -> Item:
        """Keep a message that came just now; one whose key came before is marked as a repetition."""
        with self._lock:
            self._last += 1
            item.number = self._last
            item.is_repeat = bool(item.key) and (item.channel, item.key) in self._keys
            item.add(state, note)
            self._items[item.number] = item
            self._keys[item.channel, item.key] = item.number
            self._bytes += item.size
            while len(self._items) > self._most or (self._bytes > self._most_bytes and len(self._items) > 1):
                self._forget_oldest()
        return item

    def get(self, number: int) -> Item | None:
        """The message of that number, while it is kept."""
        with self._lock:
            return self._items.get(number)

    def by_key(self, channel: str, key: str) -> Item | None:
        """The last message of that channel with that id of the sender's."""
        with self._lock:
            return self._items.get(self._keys.get((channel, key), 0))

    def select(self, *, channel: str = "", to: str = "", words: str = "") -> list[Item]:
        """Those that fit, newest first; what is empty does not choose."""
        return list(self._selected(channel, to, words.casefold()))

    def count(self) -> dict[str, int]:
        """How many there are of each channel."""
        with self._lock:
            channels = [item.channel for item in self._items.values()]
        return {channel: channels.count(channel) for channel in CHANNELS}

    def _selected(self, channel: str, to: str, words: str) -> Iterator[Item]:
        with self._lock:
            items = list(reversed(self._items.values()))
        for item in items:
            if (not channel or item.channel == channel) and (not to or item.to == to) and item.holds(words):
                yield item

    def _forget_oldest(self) -> None:
        number, item = self._items.popitem(last=False)
        self._bytes -= item.size
        if self._keys.get((item.channel, item.key)) == number:
            del self._keys[item.channel, item.key]
