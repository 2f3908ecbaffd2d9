"""What the emulated channels are told to do: a small YAML or JSON document; `POST /control` changes it.

    deliver_after: 2             # seconds until an SMS is with the person; half of it until it is sent
    callbacks: reversed          # once, twice, reversed, late (by late_seconds) or none
    rules:                       # the first that fits decides; without one a message is delivered
      - {to: "+77010000099", do: fail_for_good, reason: absent_subscriber}
      - {channel: mail, to: "@full.example", do: mailbox_full}
      - {channel: mail, do: greylist, times: 1}
      - {channel: telegram, text: "ваучер", do: too_many, after: 3}

A rule fits by the end of the address and by a part of the text, and holds `times` times (0: always). What it can `do`
stands in ACTIONS.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from integrations.emulators.script import BaseScript, Seconds

SMS, MAIL, TELEGRAM = "sms", "mail", "telegram"
_ALL = frozenset({SMS, MAIL, TELEGRAM})

# What is done -> the channels that can.
ACTIONS: dict[str, frozenset[str]] = {
    "deliver": _ALL,
    "fail_for_good": _ALL,  # taken and failed later; a mailbox or a chat that is not there
    "fail_for_now": _ALL,  # taken and failed later; a server that asks to come again
    "refuse": _ALL,  # 422 with `reason`; 554 after the letter; 400
    "too_many": _ALL,  # 429 with `after` seconds; 450
    "unavailable": _ALL,  # 503; 421; 502 of a proxy
    "drop_before": _ALL,  # the line breaks, nothing was taken
    "drop_after": _ALL,  # it was taken, then the line breaks
    "expire": frozenset({SMS}),
    "stay": frozenset({SMS}),  # taken, and nothing is heard of it again
    "mailbox_full": frozenset({MAIL}),  # 452
    "greylist": frozenset({MAIL}),  # 451
    "unknown_user": frozenset({MAIL}),  # 550
    "blocked": frozenset({TELEGRAM}),  # 403
    "chat_not_found": frozenset({TELEGRAM}),  # 400
}


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done to messages that fit. `after` is seconds, for a delivery or of a "come again"."""

    do: str
    channel: Literal["", "sms", "mail", "telegram"] = ""
    to: Annotated[str, msgspec.Meta(max_length=254)] = ""
    text: Annotated[str, msgspec.Meta(max_length=1_000)] = ""
    after: Seconds | None = None
    reason: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9_]{0,60}\Z")] = ""
    times: Annotated[int, msgspec.Meta(ge=0)] = 0

    def __post_init__(self) -> None:
        if self.do not in ACTIONS:
            raise ValueError(f"do: {self.do!r} is none of {', '.join(ACTIONS)}")
        if self.channel and self.channel not in ACTIONS[self.do]:
            raise ValueError(f"do: {self.do} is not for {self.channel}")

    def fits(self, channel: str, to: str, text: str | None) -> bool:
        """Whether it is for this message; with `text` None, not known yet, only a rule that does not look at it."""
        if channel not in ACTIONS[self.do] or self.channel not in ("", channel) or not to.endswith(self.to):
            return False
        return not self.text if text is None else self.text.casefold() in text.casefold()


class Script(BaseScript, frozen=True, kw_only=True):
    """All that can be told, see above. `telegram_needs_start`: a chat that never wrote to the bot is unknown."""

    rules: Annotated[tuple[Rule, ...], msgspec.Meta(max_length=1_000)] = ()
    deliver_after: Seconds = 1.0
    callbacks: Literal["once", "twice", "reversed", "late", "none"] = "once"
    late_seconds: Seconds = 5.0
    telegram_needs_start: bool = False


DELIVER = Rule(do="deliver")


class Director:
    """Says what the script wants for each message, and counts how often its rules have struck."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self._struck: dict[int, int] = {}

    def change(self, changes: Mapping[str, Any]) -> None:
        """Another script from now on; new rules begin to count anew. Raises ScriptError."""
        self.script = self.script.changed(changes)
        if "rules" in changes:
            self._struck = {}

    def rule(self, channel: str, to: str, text: str | None, *, only: frozenset[str] | None = None) -> Rule:
        """The rule for this message; `only` names the actions that are possible at this moment."""
        for place, rule in enumerate(self.script.rules):
            struck = self._struck.get(place, 0)
            if (only is None or rule.do in only) and rule.fits(channel, to, text) and not 0 < rule.times <= struck:
                self._struck[place] = struck + 1
                return rule
        return DELIVER

    def seconds(self, rule: Rule) -> float:
        """How long a delivery takes."""
        return self.script.deliver_after if rule.after is None else rule.after
