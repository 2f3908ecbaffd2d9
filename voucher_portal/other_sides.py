"""The other sides of our wires in `make run`: which emulators there are, and what each one sets for the portal.

An emulator is started only where the environment names no real system in its place. Its first line on standard output
is its address. What it sets has the emulator's `{address}`, `{port}` and `{pki}` (the folder of test keys) filled in.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voucher_portal.environment import Environment
from voucher_portal.processes import LOOK_EVERY_SECONDS, Supervisor, listening_socket

HOST = "127.0.0.1"
PYTHON = [sys.executable, "-m"]
DEMO_TOKEN = "the-demo-has-no-secrets"


@dataclass(frozen=True)
class OtherSide:
    """One emulator.

    `ports` are the command line options of its ports. `instead_of` names the variables of the real system.
    `settings` go to every later process. `shows` is for the summary: what it is and what to try.
    """

    name: str
    ports: tuple[str, ...]
    instead_of: str = ""
    options: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    shows: str = ""
    tries: str = ""


OTHER_SIDES = (
    OtherSide(
        "lms",
        ("--port",),
        options=("--token-env", "LMS_TOKEN"),
        settings={"LMS_TOKEN": DEMO_TOKEN, "LMS_EMULATOR_URL": "{address}"},
        shows="LMS школ и садов",
        tries="curl -H 'Authorization: Bearer {token}' {address}/contracts",
    ),
    OtherSide(
        "treasury",
        ("--port",),
        instead_of="TREASURY_URL",
        options=("--book", "{data}/treasury/book.sqlite3"),
        settings={"TREASURY_TOKEN": DEMO_TOKEN, "TREASURY_URL": "{address}"},
        shows="казначейство",
        tries="curl -H 'Authorization: Bearer {token}' {address}/book",
    ),
    OtherSide(
        "signatures",
        ("--port",),
        instead_of="EDS_TRUST_DIR",
        options=("--pki", "{pki}", "--scale", "{scale}"),
        settings={
            "EDS_TRUST_DIR": "{pki}/trust",
            "EDS_OCSP_URL": "{address}/ocsp",
            "EDS_CRL_URLS": "{address}/crl/issuing.crl,{address}/crl/root.crl",
            "EDS_TEST_KEYS": "yes",
        },
        shows="удостоверяющий центр",
        tries="открыть: отозвать ключ, остановить OCSP",
    ),
    OtherSide(
        "ncanode",
        ("--port",),
        instead_of="NCANODE_URL",
        options=("--pki", "{pki}"),
        settings={"NCANODE_URL": "{address}"},
        shows="NCANode, подписи ГОСТ",
        tries="curl {address}/actuator/health",
    ),
    OtherSide(
        "ncalayer",
        ("--page-port", "--port"),
        instead_of="NCALAYER_ADDRESS",
        options=("--pki", "{pki}"),
        settings={"NCALAYER_ADDRESS": "ws://127.0.0.1:{--port}"},
        shows="NCALayer",
        tries="открыть, выбрать человека и войти с ЭЦП",
    ),
    OtherSide(
        "shep",
        ("--port",),
        instead_of="SHEP_URL",
        options=("--pki", "{pki}", "--world", "{data}/shep/world.yaml"),
        settings={
            "SHEP_URL": "{address}/sync",
            "SHEP_ASYNC_URL": "{address}/async",
            "SHEP_SENDER_ID": "VOUCHER_PORTAL",
            "SHEP_SENDER_PASSWORD": DEMO_TOKEN,
            "SHEP_REQUESTOR_BIN": "250140990016",
            "SHEP_KEY_FILE": "{pki}/services/portal.key.pem",
            "SHEP_CERTIFICATE_FILE": "{pki}/services/portal.pem",
            "SHEP_GATEWAY_CERTIFICATE_FILE": "{pki}/services/gateway.pem",
        },
        shows="ШЭП, 18 баз",
        tries="manage.py ask_state_database GBDUL 250140990016 --json",
    ),
    OtherSide(
        "messages",
        ("--port", "--smtp-port"),
        instead_of="SMS_URL",
        settings={
            "SMS_URL": "{address}/sms",
            "SMS_TOKEN": DEMO_TOKEN,
            "SMS_CALLBACK_TOKEN": DEMO_TOKEN,
            "SMTP_HOST": HOST,
            "SMTP_PORT": "{--smtp-port}",
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "portal@voucher.example",
            "TELEGRAM_URL": "{address}",
            "TELEGRAM_TOKEN": DEMO_TOKEN,
        },
        shows="SMS, почта, Telegram",
        tries="открыть: входящие всех трёх",
    ),
)


@dataclass(frozen=True)
class Running:
    """An emulator that was started; `values` fill its texts in."""

    side: OtherSide
    log: Path
    values: dict[str, str]

    def filled(self, text: str) -> str:
        """`text` with the values of this emulator."""
        for name, value in self.values.items():
            text = text.replace("{" + name + "}", value)
        return text


def start_other_sides(supervisor: Supervisor, env: Environment, data_dir: Path) -> list[Running]:
    """Start the emulators that are wanted, all at once, and tell every later process where they are.

    Returns those that run; fewer when something `interrupted` the start.
    """
    wanted = [side for side in OTHER_SIDES if not (side.instead_of and env.text(side.instead_of))]
    scale = env.text("SCALE", "demo")
    folders = {"data": str(data_dir), "pki": str(data_dir / "pki"), "token": DEMO_TOKEN, "scale": scale}
    for side in wanted:  # names and tokens first: the emulators read them too
        known = {name: value for name, value in side.settings.items() if "{" not in value}
        supervisor.environment.update(known)
    started = [_start(supervisor, env, side, folders) for side in wanted]
    running = [side for side in started if _learn_address(supervisor, side)]
    for side in running:
        told = {name: side.filled(value) for name, value in side.side.settings.items()}
        supervisor.environment.update(told)
    return running


def write_env_file(path: Path, running: list[Running], environment: Mapping[str, str]) -> None:
    """Write what the emulators set, so that a command in another terminal meets them: `PORTAL_ENV_FILE=path`."""
    names = {"PORTAL_TODAY", "PORTAL_DATA_DIR", "SCALE"}.union(*(side.side.settings for side in running))
    lines = [f"{name}={environment[name]}\n" for name in sorted(names) if name in environment]
    path.touch(mode=0o600)
    path.write_text("".join(lines), encoding="utf-8")


def summary(running: list[Running], env_file: Path) -> Iterator[str]:
    """One line for each emulator: what it is, its address and what to try."""
    yield "Эмуляторы внешних систем:"
    for side in running:
        yield f"  {side.side.shows:<26} {side.values['address']:<29} {side.filled(side.side.tries)}"
    yield f"Команды в другом терминале: PORTAL_ENV_FILE={env_file} .venv/bin/python manage.py …"


def _start(supervisor: Supervisor, env: Environment, side: OtherSide, folders: dict[str, str]) -> Running:
    values, options = dict(folders), []
    for option in side.ports:
        with listening_socket(HOST, _wanted_port(env, side.name, option)) as listener:
            values[option] = str(listener.getsockname()[1])
        options += [option, values[option]]
    running = Running(side, supervisor.log_dir / f"{side.name}.log", values)
    options += [running.filled(option) for option in side.options]
    supervisor.start(side.name, [*PYTHON, f"integrations.emulators.{side.name}", *options])
    return running


def _wanted_port(env: Environment, name: str, option: str) -> int:
    """The port that is taken when it is free, else the next free one."""
    return {
        ("lms", "--port"): env.number("LMS_EMULATOR_PORT", 8090),
        ("shep", "--port"): env.number("SHEP_EMULATOR_PORT", 8091),
        ("signatures", "--port"): env.number("SIGNATURES_EMULATOR_PORT", 8092),
        ("ncanode", "--port"): env.number("NCANODE_EMULATOR_PORT", 8093),
        ("treasury", "--port"): env.number("TREASURY_EMULATOR_PORT", 8094),
        ("messages", "--port"): env.number("MESSAGES_EMULATOR_PORT", 8095),
        ("messages", "--smtp-port"): env.number("SMTP_EMULATOR_PORT", 8096),
        ("ncalayer", "--page-port"): env.number("NCALAYER_EMULATOR_PORT", 8097),
        ("ncalayer", "--port"): env.number("NCALAYER_SOCKET_PORT", 13579),
    }[name, option]


def _learn_address(supervisor: Supervisor, side: Running) -> bool:
    """Wait for the first line of its log; False when something interrupted."""
    while not supervisor.interrupted():
        first_line, end, _rest = side.log.read_text(encoding="utf-8").partition("\n")
        if end:
            side.values["address"] = first_line
            return True
        time.sleep(LOOK_EVERY_SECONDS)
    return False
