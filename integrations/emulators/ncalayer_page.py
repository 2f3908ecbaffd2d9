"""The page of the emulated NCALayer: a plain form to choose who signs and how it goes, and what was asked lately."""

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import parse_qs

from integrations.emulators.ncalayer_script import SCENARIOS, Script
from integrations.emulators.ncalayer_stores import Store

ROLES = {
    "INDIVIDUAL": "физическое лицо",
    "CEO": "первый руководитель",
    "CAN_SIGN": "с правом подписи",
    "CAN_SIGN_FINANCIAL": "с правом подписи финансовых документов",
    "HR": "кадровая служба",
    "EMPLOYEE": "сотрудник",
    "NCA_STAFF": "сотрудник удостоверяющего центра",
}
STATES = {"good": "", "expired": "срок истёк", "revoked": "отозван"}
PURPOSES = {"sign": "подпись", "auth": "вход"}

_PAGE = """<!doctype html>
<html lang="ru">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>NCALayer для проб</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1d2730; }}
fieldset {{ border: 1px solid #dfe5ea; border-radius: 8px; margin: 0 0 1rem; padding: 0.5rem 1rem 1rem; }}
legend {{ font-weight: 600; padding: 0 0.4rem; }}
label {{ display: block; padding: 0.3rem 0 0.3rem 1.6rem; break-inside: avoid; }}
label input:not([type=number]) {{ margin-left: -1.6rem; width: 1.1rem; height: 1.1rem; vertical-align: -0.15rem; }}
@media (min-width: 44rem) {{ .signers {{ columns: 2; }} }}
.choose {{ position: sticky; bottom: 0; padding: 0.75rem 0; background: #fff; }}
small {{ color: #4a5560; }}
button {{ font: inherit; padding: 0.6rem 1.4rem; border: 0; border-radius: 8px; background: #0b6b8a; color: #fff; }}
table {{ border-collapse: collapse; width: 100%; margin-top: 0.5rem; }}
th, td {{ text-align: left; padding: 0.4rem 0.6rem 0.4rem 0; border-bottom: 1px solid #dfe5ea; }}
td {{ overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>NCALayer для проб</h1>
<p>Слушает {address}. Ключи пробные, паролей нет: кто выбран, тот и подписывает.</p>
<form method="post" action="/">
<fieldset><legend>Кто подписывает</legend>
<div class="signers">
{signers}
</div>
</fieldset>
<fieldset><legend>Что произойдёт</legend>
{scenarios}
<label>Сколько секунд человек ищет токен: <input name="slow_seconds" type="number" min="0" max="600" step="any"
value="{slow_seconds:g}"></label>
<label><input name="is_gost" type="checkbox" value="yes"{is_gost}> ключи ГОСТ: их проверяет NCANode</label>
<label><input name="is_old" type="checkbox" value="yes"{is_old}> старая программа, без модуля basics</label>
</fieldset>
<p class="choose"><button type="submit">Выбрать</button></p>
</form>
<h2>Последние запросы</h2>
{requests}
</body>
</html>
"""


def page(script: Script, stores: Iterable[Store], address: str, requests: Iterable[Mapping[str, str]]) -> bytes:
    """The page in UTF-8."""
    text = _PAGE.format(
        address=escape(address),
        signers="\n".join(_signer(store, script) for store in stores),
        scenarios="\n".join(
            _choice("scenario", name, name == script.scenario, escape(what), name) for name, what in SCENARIOS.items()
        ),
        slow_seconds=script.slow_seconds,
        is_gost=" checked" if script.is_gost else "",
        is_old=" checked" if script.is_old else "",
        requests=_table(requests),
    )
    return text.encode()


def chosen(body: bytes) -> dict[str, object]:
    """The orders that the form sends. Raises ValueError."""
    values = {name: found[-1] for name, found in parse_qs(body.decode(), max_num_fields=20).items()}
    return {
        "signer": values.get("signer", ""),
        "scenario": values.get("scenario", ""),
        "slow_seconds": float(values.get("slow_seconds", "")),
        "is_gost": values.get("is_gost") == "yes",
        "is_old": values.get("is_old") == "yes",
    }


def _signer(store: Store, script: Script) -> str:
    owner = store.owner
    is_chosen = store.is_called(script.signer)
    facts = [owner.organisation, ROLES[owner.role], STATES[owner.state]]
    if len(store.holders) < len(PURPOSES):
        facts.append(f"только {', '.join(PURPOSES[holder.purpose] for holder in store.holders)}")
    what = f"{escape(owner.name)}<br><small>{escape(' · '.join(filter(None, facts)))}</small>"
    return _choice("signer", store.name, is_chosen, what, store.name)


def _choice(name: str, value: str, is_chosen: bool, what: str, code: str) -> str:
    checked = " checked" if is_chosen else ""
    return (
        f'<label><input type="radio" name="{name}" value="{escape(value)}"{checked}> {what} '
        f"<small><code>{escape(code)}</code></small></label>"
    )


def _table(requests: Iterable[Mapping[str, str]]) -> str:
    rows = [
        "<tr>" + "".join(f"<td>{escape(str(request[name]))}</td>" for name in ("at", "what", "documents", "answer"))
        for request in requests
    ]
    if not rows:
        return "<p>Здесь появятся запросы страниц. Пока не было ни одного.</p>"
    head = "<tr><th scope=col>Когда, UTC<th scope=col>Запрос<th scope=col>Документов<th scope=col>Ответ"
    return f"<table>{head}{''.join(rows)}</table>"
