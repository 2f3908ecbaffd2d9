"""What the emulated NCALayer is to do: who signs and how it goes; its page, a YAML file or `POST /control` sets it."""

from typing import Annotated

import msgspec

from integrations.emulators.script import BaseScript

OK, PEM, CANCEL, CANCEL_TEXT, ERROR, CLOSE, SLOW, SILENT = (
    "ok", "pem", "cancel", "cancel_text", "error", "close", "slow", "silent",
)  # fmt: skip
OTHER_SIGNER, OTHER_DATA, EXPIRED, AUTH_KEY, SIGN_KEY, WRONG_ROLE, ATTACHED = (
    "other_signer", "other_data", "expired", "auth_key", "sign_key", "wrong_role", "attached",
)  # fmt: skip

# Scenario -> what a person reads on the page. Source: contracts/ncalayer.md §3; `sign_key` and `silent` are ours.
SCENARIOS = {
    OK: "подписывает",
    PEM: "подписывает, ответ в виде PEM",
    CANCEL: "человек закрыл окно",
    CANCEL_TEXT: "человек отказался, ответ action.canceled",
    ERROR: "ошибка программы",
    CLOSE: "закрывает соединение после запроса",
    SLOW: "подписывает не сразу: человек ищет токен",
    SILENT: "соединение есть, ответов нет",
    OTHER_SIGNER: "подписывает другой человек",
    OTHER_DATA: "подписаны другие байты",
    EXPIRED: "сертификат с истёкшим сроком",
    AUTH_KEY: "ключ аутентификации, о чём бы ни просили",
    SIGN_KEY: "ключ подписи, о чём бы ни просили",
    WRONG_ROLE: "сотрудник вместо руководителя",
    ATTACHED: "данные вложены в подпись, хотя просили без них",
}


class Script(BaseScript, frozen=True, kw_only=True):
    """Everything that can be chosen; it holds until changed.

    - `signer`: a key store by its name, or any certificate in it by its slug; empty for the first store.
    - `scenario`: one of SCENARIOS.
    - `slow_seconds`: how long the scenario `slow` takes.
    - `is_gost`: signs with GOST keys of the same people; only the emulated NCANode can check them.
    - `is_old`: an NCALayer before 2022, without the module `kz.gov.pki.knca.basics`.
    """

    signer: str = ""
    scenario: str = OK
    slow_seconds: Annotated[float, msgspec.Meta(ge=0, le=600)] = 5.0
    is_gost: bool = False
    is_old: bool = False

    def __post_init__(self) -> None:
        if self.scenario not in SCENARIOS:
            raise ValueError(f"unknown scenario: {self.scenario}")
