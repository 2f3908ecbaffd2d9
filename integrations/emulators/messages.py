"""The other side of the portal's messages: an SMS gateway, a mail server and Telegram, with one box for all three.

    python -m integrations.emulators.messages --port 8095 --smtp-port 8096

Open the address that it prints to read what was sent. What is to go wrong stands in `messages_script`: a file for
`--script`, or `POST /control` with the SMS token. `GET /box.json?to=…&channel=…&q=…` gives the box to a program, and
`GET /health` tells the port of the mail server. Tokens come from the environment: SMS_TOKEN, SMS_CALLBACK_TOKEN,
TELEGRAM_TOKEN; SMTP_USER and SMTP_PASSWORD when there is a sign-in. An empty one is not asked for.
"""

import argparse
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from integrations.emulators import messages_pages as pages
from integrations.emulators.messages_box import Box, Item
from integrations.emulators.messages_script import Director, Script
from integrations.emulators.messages_sms import SmsGateway
from integrations.emulators.messages_smtp import SmtpServer
from integrations.emulators.messages_telegram import BOT, BotApi, Press
from integrations.emulators.messages_wire import Dropped
from integrations.emulators.script import ScriptError
from integrations.emulators.server import Emulator, Reply, Request

MAX_FORM = 4 * 1024
HOSTS = frozenset({"127.0.0.1", "localhost"})
_MESSAGE = re.compile(r"/message/([0-9]{1,9})(/html|/files/([0-9]{1,2}))?")


class MessagesEmulator(Emulator):
    """All three doors: `with MessagesEmulator(token="t") as other: other.url + "/sms", other.smtp.port`.

    `smtp` are the options of SmtpServer.
    """

    base_path = ""

    def __init__(
        self,
        *,
        token: str = "",
        callback_token: str = "",
        telegram_token: str = "",
        port: int = 0,
        script: Script | None = None,
        smtp: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(token=token, port=port)
        self.box, self.director = Box(), Director(script)
        self.bot = BotApi(self.box, self.director, telegram_token)
        self.sms = SmsGateway(self.box, self.director, callback_token)
        try:
            self.smtp = SmtpServer(self.box, self.director, **(smtp or {}))
        except OSError:
            self._server.server_close()
            raise

    def __exit__(self, *exception) -> None:
        super().__exit__(*exception)
        self._close()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; the first line on standard output is the base URL."""
        super().run()
        self._close()

    def _close(self) -> None:
        self.smtp.close()
        self.sms.close()

    def is_open(self, path: str) -> bool:
        """The gateway and the orders want the token; Telegram's stands in the address, the pages are for people."""
        return path != "/control" and not path.startswith("/sms/")

    def control(self, orders: Mapping[str, Any]) -> None:
        """Change the script by the keys that are given; `telegram` is what people do. Raises ValueError."""
        if not isinstance(orders, Mapping):
            raise ScriptError("the orders are not an object")
        rest = {name: value for name, value in orders.items() if name != "telegram"}
        if rest:
            self.director.change(rest)
        self.bot.control(orders.get("telegram", {}))

    def state(self) -> dict[str, Any]:
        """The script as it is now, and how much the box holds."""
        return {"script": msgspec.to_builtins(self.director.script), "box": self.box.count()}

    def answer(self, request: Request) -> tuple[Reply, str]:
        """The reply, or "drop"."""
        # A page of the internet must not read this box through a name that it points at this machine.
        if urlsplit(f"//{request.headers.get('Host', '')}").hostname not in HOSTS:
            return Reply.error(421, "host", "Ask for 127.0.0.1 or localhost."), ""
        try:
            return super().answer(request)
        except Dropped:
            return Reply(), "drop"

    def handle(self, request: Request) -> Reply:
        """One of the doors, or a page."""
        if request.path.startswith("/sms/"):
            return self.sms.handle(request, request.path.removeprefix("/sms"))
        if request.path.startswith("/bot"):
            return self.bot.handle(request)
        if request.path == "/telegram" and request.method == "POST":
            return self._press(request)
        if request.method != "GET":
            return Reply.error(405, "method", "There is nothing to send here.")
        return self._page(request)

    def _page(self, request: Request) -> Reply:
        fixed = {
            "/": lambda: pages.list_page(self.box, dict(request.query)),
            "/messages.css": pages.style_sheet,
            "/telegram": lambda: pages.bot_page(BOT["username"], request.query),
            "/box.json": lambda: self._as_json(request.query),
            "/health": lambda: Reply.of({"status": "ok", "smtp_port": self.smtp.port}),
        }
        if request.path in fixed:
            return fixed[request.path]()
        match = _MESSAGE.fullmatch(request.path)
        item = self.box.get(int(match[1])) if match else None
        return _part(item, match) if match and item else pages.error_page(404, "Такой страницы нет")

    def _as_json(self, query: Mapping[str, str]) -> Reply:
        chosen = {"channel": query.get("channel", ""), "to": query.get("to", ""), "words": query.get("q", "")}
        return Reply.of({"items": [pages.message_json(item) for item in self.box.select(**chosen)[:500]]})

    def _press(self, request: Request) -> Reply:
        """The form of the bot's page, from this very page only."""
        if request.headers.get("Origin") != f"http://{request.headers.get('Host')}":
            return Reply.error(403, "origin", "Only the page itself may do this.")
        form = dict(parse_qsl(request.body[:MAX_FORM].decode("utf-8", "replace")))
        try:
            press = msgspec.convert({"chat": form.get("chat", ""), "code": form.get("code", "")}, Press, strict=False)
        except msgspec.ValidationError:
            return pages.error_page(400, "Номер чата или код записан неверно")
        done = "block" if form.get("do") == "block" else "start"
        (self.bot.block if done == "block" else self.bot.start)(press)
        return Reply(b"", 303, headers={"Location": f"/telegram?done={done}"})


def _part(item: Item, match: re.Match) -> Reply:
    if not match[2]:
        return pages.message_page(item)
    if match[2] == "/html":
        return pages.letter_page(item)
    return pages.file_page(item, int(match[3])) if int(match[3]) < len(item.files) else pages.error_page(404, "Нет")


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator until SIGTERM or SIGINT. Exit code 2: a wrong script or a busy port."""
    options = _options(arguments)
    try:
        emulator = MessagesEmulator(
            token=os.environ.get("SMS_TOKEN", ""),
            callback_token=os.environ.get("SMS_CALLBACK_TOKEN", ""),
            telegram_token=os.environ.get("TELEGRAM_TOKEN", ""),
            port=options.port,
            script=Script.load(options.script) if options.script else None,
            smtp={
                "port": options.smtp_port,
                "user": os.environ.get("SMTP_USER", ""),
                "password": os.environ.get("SMTP_PASSWORD", ""),
            },
        )
    except (ScriptError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    emulator.run()
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m integrations.emulators.messages", description="Emulated messages")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--smtp-port", type=int, default=0, help="0 takes a free one; see GET /health")
    parser.add_argument("--script", type=Path, help="YAML or JSON file with what is to go wrong")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
