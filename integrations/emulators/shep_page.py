"""The page of the emulated gateway for a person: what to try, and what was asked."""

from html import escape

import msgspec
import yaml

from integrations.emulators.shep_calls import Calls
from integrations.emulators.shep_script import Script
from integrations.emulators.shep_services import SERVICES
from integrations.emulators.shep_world import World
from voucher_portal.identifiers import mask_iin

LAST_CALLS = 30
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2430}
table{border-collapse:collapse;display:block;overflow-x:auto}
td,th{border-bottom:1px solid #d5dae2;padding:.3rem .6rem;text-align:left}
pre{background:#f4f6f9;padding:1rem;white-space:pre-wrap;overflow-wrap:anywhere}h2{margin-top:2rem}
"""
_ORDERS = (
    ("КГД дважды отвечает SCSE003, потом хорошо",
     {"rules": [{"service": "KGD", "times": 2, "outcome": "error", "code": "SCSE003"}]}),
    ("МЧС молчит 90 секунд", {"rules": [{"service": "FIRE", "silence_seconds": 90}]}),
    ("Ответ с подменённым телом", {"rules": [{"service": "ELIC", "hostile": "wrapped"}]}),
    ("Подпись не спрашивается: тело можно послать из curl", {"allow_unsigned": True}),
    ("Люди отказывают в согласии", {"consent": "refuse"}),
    ("Каждый ответ через 2 секунды", {"latency_seconds": 2}),
    ("Всё как было", {"rules": [], "consent": "confirm", "latency_seconds": 0, "allow_unsigned": False}),
)  # fmt: skip


def page(url: str, world: World, script: Script, calls: Calls, pending: list[str]) -> str:
    """The whole page."""
    services = _table(
        ("Код", "serviceId", "Реестр", "Ключ"),
        [(each.code, each.service_id, each.name_ru, " или ".join(each.keys)) for each in SERVICES],
    )
    tips = _table(("Реестр", "Номер", "Что там"), [(tip.service, tip.key, tip.what) for tip in world.tips])
    last = _table(
        ("Время", "Операция", "Реестр", "Номер", "messageId", "Итог"),
        [
            tuple(call[name] for name in ("at", "operation", "service", "key", "message_id", "result"))
            for call in reversed(calls.last(LAST_CALLS))
        ],
    )
    orders = "\n\n".join(f"# {words}\n{_order(url, order)}" for words, order in _ORDERS)
    waiting = ", ".join(map(mask_iin, pending)) or "никто"
    return f"""<!DOCTYPE html><html lang="ru"><head><meta charset="utf-8"><title>ШЭП: эмулятор</title>
<style>{_STYLE}</style></head><body><h1>ШЭП: эмулятор</h1>
<p>Синхронный канал: <code>POST {escape(url)}/sync</code>, асинхронный: <code>POST {escape(url)}/async</code>.
Журнал: <a href="/calls">/calls</a>, состояние: <a href="/health">/health</a>. Все люди и организации выдуманы.</p>
<h2>Кого спросить</h2>{tips}
<p>Из портала: <code>python manage.py ask_state_database ELIC НОМЕР --json</code></p>
<h2>Что испортить</h2><pre>{escape(orders)}</pre>
<h2>Сейчас действует</h2><pre>{escape(_yaml(script))}</pre><p>Согласие не дал пока: {escape(waiting)}.</p>
<h2>Последние запросы</h2>{last}
<h2>Реестры</h2>{services}</body></html>"""


def _order(url: str, order: dict) -> str:
    return f"curl {url}/control -d '{msgspec.json.encode(order).decode()}'"


def _yaml(script: Script) -> str:
    return yaml.safe_dump(msgspec.to_builtins(script), allow_unicode=True, sort_keys=False)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    cells = "".join(f"<th scope='col'>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"
