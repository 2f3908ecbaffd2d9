"""A browser at the portal: what its person does, and what it complains about."""

import json
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, Response

from accounts.models import User
from tests.browser.town import PASSWORD

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}
PHONE = {"width": 360, "height": 740}


class Desk:
    """One page of a browser. `complaints` are errors of scripts and policies, and answers that are failures."""

    def __init__(self, page: Page, server: str):
        self.page, self.server = page, server
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._check)

    def _hear(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _check(self, response: Response) -> None:
        if response.status >= 400 or not response.url.startswith((self.server, "data:")):
            self.complaints.append(f"{response.url}: {response.status}")

    def go(self, url_name: str, *args) -> Response:
        """Open a named page."""
        return self.page.goto(self.server + reverse(url_name, args=args))

    def sign_in(self, person: User) -> None:
        """Through the sign-in page, as people do."""
        self.go("accounts:sign_in")
        self.page.fill("input[name=username]", person.iin)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url(lambda url: "sign-in" not in url)

    @property
    def h1(self) -> str:
        return self.page.inner_text("h1")

    @property
    def text(self) -> str:
        """What the page says, in one line; blanks that hold a sum together stay."""
        return " ".join(self.page.inner_text("main").split("\n"))

    @property
    def language(self) -> str:
        return self.page.get_attribute("html", "lang")

    def places(self) -> list[str]:
        """The addresses of the menu."""
        links = self.page.locator(".places a").all()
        return [link.get_attribute("href") for link in links]

    def fits(self) -> bool:
        """Whether nothing sticks out at the right."""
        return self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    @property
    def focused(self) -> str:
        """The name of the control that has the focus."""
        return self.page.evaluate("document.activeElement.name || ''")

    def shows_focus(self) -> bool:
        """Whether one sees where the focus is."""
        return self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'")

    def become_phone(self) -> None:
        self.page.set_viewport_size(PHONE)

    def barriers(self) -> list[str]:
        """What axe-core finds serious or worse for people who do not see, or do not use a mouse."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        return [
            f"{rule['id']}: {json.dumps(node['target'])} {node['failureSummary']}"
            for rule in found
            if rule["impact"] in SERIOUS
            for node in rule["nodes"][:3]
        ]
