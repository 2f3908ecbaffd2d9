"""Register an LMS, or change the address and the token by which it is polled."""

import os
import re
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.core.validators import URLValidator

from integrations.models import Lms
from voucher_portal.commands import JsonCommand, WrongInput

CODE = re.compile(r"[-a-zA-Z0-9_]{1,40}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
MOST_SIGNS = 200


class Command(JsonCommand):
    help = "Register an LMS under CODE, or change its address. How far its feeds were read is kept."

    def add_options(self, parser: CommandParser) -> None:
        """Ask for code, address and the name of the variable with the token."""
        parser.add_argument("code", metavar="CODE")
        parser.add_argument("url", metavar="URL", help="base address, e.g. https://lms.example/v1")
        parser.add_argument("--token-env", metavar="NAME", required=True, help="environment variable with the token")

    def run(self, *, code: str, url: str, token_env: str, **options: Any) -> dict:
        """Insert or update by code. Safe to repeat."""
        faults = [f"CODE: {fault}" for fault in _code_faults(code)]
        faults += [f"URL: {fault}" for fault in _url_faults(url)]
        if not VARIABLE.fullmatch(token_env):
            faults.append("--token-env: must be the name of an environment variable")
        if faults:
            raise WrongInput(*faults)
        if not os.environ.get(token_env):
            self.progress(f"warning: the variable {token_env} is not set here")
        values = {"url": url.rstrip("/"), "token_env": token_env, "is_active": True}
        lms, is_new = Lms.objects.update_or_create(code=code, defaults=values)
        self.progress(f"{lms.code} is {'registered' if is_new else 'changed'}")
        return {"code": lms.code, "url": lms.url}


def _code_faults(code: str) -> list[str]:
    if CODE.fullmatch(code):
        return []
    return ["must be 1 to 40 Latin letters, digits, hyphens or underscores"]


def _url_faults(url: str) -> list[str]:
    """What is wrong with a base address; a local name such as http://lms:8080/v1 is right."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return ["is not an address"]
    if parts.scheme not in ("http", "https"):
        return ["must begin with http:// or https://"]
    if parts.username or parts.password:
        return ["must not have a name or password: the token comes from the variable"]
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return ["must be a base address, without ? and #"]
    if not host or len(url) > MOST_SIGNS or not _is_address(url, host):
        return ["is not an address"]
    return []


def _is_address(url: str, host: str) -> bool:
    # The validator knows no host without a point, as machines of one network call each other.
    is_local_name = re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", host) is not None
    try:
        URLValidator(schemes=["http", "https"])(url.replace(host, "lms.example", 1) if is_local_name else url)
    except ValidationError:
        return False
    return True
