"""The box as a person sees it: one page for all three channels, in Russian, on a desk and on a phone, without scripts.

What people sent is text and stays text: everything is escaped, a letter's HTML is shown in a frame that can run
nothing and load nothing.
"""

import datetime
import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from integrations.emulators.messages_box import ALMATY, Box, Item
from integrations.emulators.server import Reply

PAGE = 25
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
LETTER_POLICY = (
    f"sandbox {SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none';"
    " frame-ancestors 'self'"
)
STYLE = (Path(__file__).parent / "messages.css").read_bytes()
CHANNELS = {"sms": "SMS", "mail": "Почта", "telegram": "Telegram"}
STATES = {  # word, sign, class
    "accepted": ("Принято", "○", "waiting"),
    "sent": ("Отправлено", "●", "sent"),
    "delivered": ("Доставлено", "✓", "good"),
    "failed": ("Не доставлено", "!", "bad"),
    "expired": ("Срок истёк", "!", "bad"),
    "refused": ("Отказано", "!", "bad"),
}
MONTHS = "янв фев мар апр мая июн июл авг сен окт ноя дек".split()
_LINK = re.compile(r"https?://[^\s<>\"'«»]{1,500}[^\s<>\"'«».,;:!?)]")


def list_page(box: Box, query: dict[str, str]) -> Reply:
    """Messages, newest first, chosen by `channel`, `to` and `q`, 25 on a `page`."""
    chosen = {name: query.get(name, "") for name in ("channel", "to", "q")}
    items = box.select(channel=chosen["channel"], to=chosen["to"], words=chosen["q"])
    pages = max(1, -(-len(items) // PAGE))
    page = min(max(1, _number(query.get("page", ""))), pages)
    shown = items[(page - 1) * PAGE : page * PAGE]
    rows = "".join(_row(item) for item in shown) or ""
    return _page(
        "Входящие",
        f"<h1>Входящие</h1>{_search(chosen)}{_tabs(box, chosen)}{_chosen(chosen, len(items))}"
        + (f'<ol class="list">{rows}</ol>' if rows else _nothing(chosen))
        + _pages(chosen, page, pages),
    )


def message_page(item: Item) -> Reply:
    """One message: who, what, and everything that happened to it."""
    title = item.subject or CHANNELS[item.channel]
    return _page(
        title,
        f'<p class="back"><a href="/">← Все сообщения</a></p><h1>{escape(title)}</h1>'
        f"{_summary(item)}{_content(item)}{_files(item)}{_steps(item)}{_facts(item)}{_source(item)}",
    )


def letter_page(item: Item) -> Reply:
    """A letter's HTML for the frame: it can run nothing, load nothing, and its links open elsewhere."""
    body = f'<!doctype html><meta charset="utf-8"><base target="_blank">{item.html}'.encode()
    return Reply(body, 200, "text/html; charset=utf-8", _headers(LETTER_POLICY))


def file_page(item: Item, number: int) -> Reply:
    """An attachment, to be saved and never to be opened in our name."""
    file = item.files[number]
    name = re.sub(r"[^\w. -]", "_", file.name)[:100]
    quoted = urlencode({"": name}, encoding="utf-8", errors="replace")[1:].replace("+", "%20")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quoted}"}
    return Reply(file.content, 200, "application/octet-stream", _headers(PAGE_POLICY) | headers)


def style_sheet() -> Reply:
    """The one style sheet."""
    return Reply(STYLE, 200, "text/css; charset=utf-8", {"X-Content-Type-Options": "nosniff"})


def bot_page(username: str, query: Mapping[str, str]) -> Reply:
    """Where a person plays the other end of the bot; `code` is that of a link, `done` what was pressed before."""
    done = {
        "start": "Бот открыт. Портал узнает об этом, когда спросит бота о новостях.",
        "block": "Бот заблокирован: сообщения в этот чат больше не дойдут.",
    }.get(query.get("done", ""), "")
    code = escape(query.get("code", ""))
    return _page(
        "Бот в Telegram",
        '<p class="back"><a href="/">← Все сообщения</a></p><h1>Бот в Telegram</h1>'
        f"<p>Здесь можно открыть бота @{escape(username)} от имени человека: по ссылке портала с кодом или без него."
        " Заблокированный бот писать не может.</p>"
        + (f'<p class="chosen done" role="status">{done}</p>' if done else "")
        + '<form class="bot" method="post" action="/telegram">'
        '<label for="chat">Номер чата</label><input id="chat" name="chat" inputmode="numeric" value="1001" required>'
        '<label for="code">Код из ссылки</label>'
        f'<input id="code" name="code" value="{code}" autocapitalize="off" autocomplete="off">'
        '<p class="buttons"><button name="do" value="start">Открыть бота</button>'
        '<button name="do" value="block" class="plain">Заблокировать бота</button></p></form>',
    )


def message_json(item: Item) -> dict:
    """A message for a program."""
    return {
        "number": item.number,
        "channel": item.channel,
        "to": item.to,
        "from": item.sender,
        "id": item.key,
        "subject": item.subject,
        "text": item.text,
        "html": item.html,
        "files": [{"name": file.name, "type": file.content_type, "bytes": len(file.content)} for file in item.files],
        "parts": item.parts,
        "state": item.state,
        "is_repeat": item.is_repeat,
        "steps": [{"at": step.at.isoformat(), "state": step.state, "note": step.note} for step in item.steps],
    }


def error_page(status: int, text: str) -> Reply:
    """What is not there, or not allowed."""
    return _page(text, f'<h1>{escape(text)}</h1><p class="back"><a href="/">← Все сообщения</a></p>', status)


def _page(title: str, body: str, status: int = 200) -> Reply:
    page = (
        '<!doctype html><html lang="ru"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/messages.css"><link rel="icon" href="data:,">'
        '</head><body><header><a href="/">Сообщения портала</a><span>эмулятор: наружу ничего не уходит</span>'
        f'<a class="side" href="/telegram">Бот в Telegram</a></header><main>{body}</main></body></html>'
    )
    return Reply(page.encode(), status, "text/html; charset=utf-8", _headers(PAGE_POLICY))


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # with no-referrer a browser hides the Origin of our own form too
        "Cache-Control": "no-store",
    }


def _address(chosen: dict[str, str], **changes: str) -> str:
    wanted = {name: value for name, value in (chosen | changes).items() if value}
    return escape("/?" + urlencode(wanted) if wanted else "/")


def _search(chosen: dict[str, str]) -> str:
    kept = "".join(
        f'<input type="hidden" name="{name}" value="{escape(chosen[name])}">'
        for name in ("channel", "to")
        if chosen[name]
    )
    return (
        f'<form class="search" role="search">{kept}<label for="q">Искать</label>'
        f'<input id="q" name="q" type="search" value="{escape(chosen["q"])}" placeholder="Номер, адрес или слово">'
        "<button>Найти</button></form>"
    )


def _tabs(box: Box, chosen: dict[str, str]) -> str:
    counts = box.count()
    names = {"": ("Все", sum(counts.values()))} | {key: (name, counts[key]) for key, name in CHANNELS.items()}
    links = "".join(
        f'<a href="{_address(chosen, channel=key)}"{" aria-current=page" if key == chosen["channel"] else ""}>'
        f"{name} <b>{count}</b></a>"
        for key, (name, count) in names.items()
    )
    return f'<nav class="tabs" aria-label="Способ доставки">{links}</nav>'


def _chosen(chosen: dict[str, str], found: int) -> str:
    if not (chosen["to"] or chosen["q"]):
        return ""
    to = f"Получатель {escape(_shown(chosen['to']))}. " if chosen["to"] else ""
    clear = _address(chosen, to="", q="")
    return f'<p class="chosen">{to}Найдено: {found}. <a href="{clear}">Сбросить</a></p>'


def _nothing(chosen: dict[str, str]) -> str:
    if any(chosen.values()):
        return f'<p class="nothing">Таких сообщений нет. <a href="{_address({})}">Показать все</a></p>'
    return '<p class="nothing">Сообщений пока нет. Здесь появятся SMS, письма и сообщения бота от портала.</p>'


def _row(item: Item) -> str:
    first = escape((item.subject or item.text).strip()[:200]) or f"<i>{escape(item.steps[0].note)}</i>"
    second = escape(" ".join(item.text.split())[:160]) if item.subject else ""
    files = f'<span class="files">вложений: {len(item.files)}</span>' if item.files else ""
    repeat = '<span class="repeat">повтор</span>' if item.is_repeat else ""
    to = f'<a href="{_address({}, to=item.to)}" title="{escape(item.to)}">{escape(_shown(item.to))}</a>'
    return (
        f'<li><span class="channel {item.channel}">{CHANNELS[item.channel]}</span><span class="to">{to}</span>'
        f'<a class="text" href="/message/{item.number}"><b>{first}</b> {second}</a>'
        f'<span class="more">{repeat}{files}{_badge(item.state)}</span><time>{_moment(item.taken_at)}</time></li>'
    )


def _pages(chosen: dict[str, str], page: int, pages: int) -> str:
    if pages == 1:
        return ""
    newer = f'<a href="{_address(chosen, page=str(page - 1))}">← Новее</a>' if page > 1 else "<span></span>"
    older = f'<a href="{_address(chosen, page=str(page + 1))}">Старше →</a>' if page < pages else "<span></span>"
    return f'<nav class="pages" aria-label="Страницы">{newer}<span>{page} из {pages}</span>{older}</nav>'


def _summary(item: Item) -> str:
    repeat = '<span class="repeat">повтор</span>' if item.is_repeat else ""
    to = f'<a href="{_address({}, to=item.to)}">{escape(_shown(item.to))}</a>'
    time = f"<time>{_moment(item.taken_at, seconds=True)}</time>"
    return f'<p class="summary">{_badge(item.state)}{repeat}<span>Кому: {to}</span>{time}</p>'


def _facts(item: Item) -> str:
    parts = f"{item.parts} · символов: {len(item.text)}" if item.parts else ""
    facts = {
        "Отправитель": escape(item.sender),
        "Частей SMS": parts,
        "Идентификатор": f"<code>{escape(item.key)}</code>" if item.key else "",
    }
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items() if value)
    return f'<h2>Подробности</h2><dl class="facts">{rows}</dl>' if rows else ""


def _content(item: Item) -> str:
    text = f'<pre class="content {item.channel}">{_with_links(item.text.rstrip())}</pre>' if item.text else ""
    if not item.html:
        return text
    return (
        '<h2>Письмо</h2><iframe class="letter" title="Письмо" referrerpolicy="no-referrer"'
        f' sandbox="{SANDBOX}" src="/message/{item.number}/html"></iframe>'
        f"<h2>Текст без оформления</h2>{text}"
    )


def _with_links(text: str) -> str:
    shown, end = [], 0
    for match in _LINK.finditer(text):
        link = escape(match[0])
        shown += [escape(text[end : match.start()]), f'<a href="{link}" rel="noopener noreferrer">{link}</a>']
        end = match.end()
    return "".join([*shown, escape(text[end:])])


def _files(item: Item) -> str:
    if not item.files:
        return ""
    links = "".join(
        f'<li><a href="/message/{item.number}/files/{place}">{escape(file.name)}</a>'
        f" <span>{escape(file.content_type)}, {-(-len(file.content) // 1024)} КБ</span></li>"
        for place, file in enumerate(item.files)
    )
    return f'<h2>Вложения</h2><ul class="attachments">{links}</ul>'


def _steps(item: Item) -> str:
    rows = "".join(
        f"<li><time>{_moment(step.at, seconds=True)}</time> {_badge(step.state)} {escape(_note(step.note))}</li>"
        for step in list(item.steps)
    )
    return f'<h2>Что происходило</h2><ol class="steps">{rows}</ol>'


def _note(note: str) -> str:
    """A note in Russian: of a callback, of a failure, of a repetition."""
    if note.startswith("{"):
        told = json.loads(note)
        return f"{'окончательно' if told['permanent'] else 'временно'}: {told['reason']}"
    if note == "came again":
        return "пришло ещё раз с тем же идентификатором, второй раз не отправлено"
    attempt, colon, status = note.removeprefix("callback ").partition(": ")
    return f"портал извещён, попытка {attempt}: {status}" if colon and note.startswith("callback ") else note


def _source(item: Item) -> str:
    if not item.source:
        return ""
    return f"<details><summary>Исходный текст письма</summary><pre>{escape(item.source)}</pre></details>"


def _badge(state: str) -> str:
    if state not in STATES:
        return ""
    word, sign, kind = STATES[state]
    return f'<span class="state {kind}"><span aria-hidden="true">{sign}</span> {word}</span>'


def _shown(address: str) -> str:
    if re.fullmatch(r"\+7[0-9]{10}", address):
        return f"+7 {address[2:5]} {address[5:8]} {address[8:10]} {address[10:]}".replace(" ", "\u00a0")
    return f"чат {address}" if address.isdigit() else address


def _moment(at: datetime.datetime, *, seconds: bool = False) -> str:
    local = at.astimezone(ALMATY)
    return f"{local.day}\u00a0{MONTHS[local.month - 1]}, {local.strftime('%H:%M:%S' if seconds else '%H:%M')}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
