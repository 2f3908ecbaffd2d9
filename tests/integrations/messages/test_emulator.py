import os
import re
import subprocess
import sys
from html import unescape
from urllib.parse import urlencode

import pytest
import requests
from django.http import HttpResponse

from integrations.emulators.messages import MessagesEmulator
from integrations.emulators.messages_box import Box, File, Item
from integrations.emulators.messages_script import ACTIONS, Director, Script
from integrations.emulators.process import emulator_process
from integrations.emulators.script import ScriptError
from tests import html
from tests.integrations.messages.examples import TOKEN, to_chat, to_mailbox, to_phone

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def put(other, to="+77010000001", text="Текст", **more):
    return other.box.put(Item(more.pop("channel", "sms"), to, more.pop("key", ""), text, **more), "delivered")


def get(other, path="/", **options):
    return requests.get(f"{other.url}{path}", timeout=5, **options)


def select(answer, css):
    return html.select(HttpResponse(answer.content), css)


def element(answer, css):
    return html.element(HttpResponse(answer.content), css)


def text_of(answer, css):
    return html.text_of(HttpResponse(answer.content), css)


def texts(answer):
    return [" ".join(row.text_content().split()) for row in select(answer, ".list li .text")]


def test_all_channels_stand_in_one_list_newest_first(other, sms, mail, telegram):
    sms.send(to_phone(text="Первое"))
    mail.send(to_mailbox(text="второе", subject="Письмо"))
    telegram.send(to_chat(text="Третье"))
    page = get(other)
    assert texts(page) == ["Третье", "Письмо второе", "Первое"]
    assert [tab.text_content() for tab in select(page, ".tabs a")] == ["Все 3", "SMS 1", "Почта 1", "Telegram 1"]


def test_an_empty_box_says_what_will_be_there(other):
    assert "пока нет" in text_of(get(other), ".nothing")
    assert "Таких сообщений нет" in text_of(get(other, "/?q=x"), ".nothing")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "ВАУЧЕР"}, ["Ваучер предложен"]),
        ({"q": "7010000002"}, ["Другое"]),
        ({"q": "ваучер 0000001"}, ["Ваучер предложен"]),
        ({"to": "+77010000002"}, ["Другое"]),
        ({"channel": "mail"}, []),
        ({"channel": "sms", "q": "другое"}, ["Другое"]),
        ({"page": "99"}, ["Другое", "Ваучер предложен"]),
        ({"page": "٣"}, ["Другое", "Ваучер предложен"]),
    ],
)
def test_messages_are_found_by_words_recipient_and_channel(other, query, found):
    put(other, text="Ваучер предложен")
    put(other, "+77010000002", "Другое")
    assert texts(get(other, params=query)) == found


def test_a_long_box_has_pages_that_keep_what_was_chosen(other):
    for number in range(60):
        put(other, text=f"Ваучер {number}")
    first = get(other, params={"q": "ваучер"})
    assert len(texts(first)) == 25
    older = unescape(select(first, ".pages a")[-1].get("href"))
    second = get(other, older)
    assert texts(second)[0] == "Ваучер 34"
    assert "2 из 3" in text_of(second, ".pages")
    assert "Найдено: 60" in text_of(second, ".chosen")


def test_a_message_page_tells_everything_that_happened(other, sms):
    other.control({"rules": [{"do": "fail_for_good", "reason": "absent_subscriber", "after": 0}]})
    sent = to_phone(text="Растау мерзімі: https://portal.example/o/7.")
    sms.send(sent)
    sms.send(sent)
    item = other.box.select()[0]
    page = get(other, f"/message/{item.number}")
    assert str(sent.our_id) in text_of(page, ".facts")
    assert "второй раз не отправлено" in text_of(page, ".steps")
    assert element(page, ".content a").get("href") == "https://portal.example/o/7"
    assert "окончательно: absent_subscriber" in text_of(get(other, f"/message/{item.number}"), ".steps")


def test_what_people_sent_is_text_everywhere__messages_pages_escape(other):
    item = put(other, f"a{EVIL}@b.kz", EVIL, channel="mail", sender=EVIL, subject=EVIL, key=EVIL, source=EVIL)
    other.box.put(item, "refused", EVIL)
    for path in (
        "/",
        f"/message/{item.number}",
        "/telegram?" + urlencode({"code": EVIL}),
        "/?" + urlencode({"q": EVIL}),
    ):
        page = get(other, path)
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_html_of_a_letter_runs_nothing_and_loads_nothing__messages_pages_letter_policy(other):
    item = put(other, channel="mail", html=EVIL)
    page = get(other, f"/message/{item.number}")
    frame = element(page, "iframe")
    assert "allow-scripts" not in frame.get("sandbox")
    assert "allow-same-origin" not in frame.get("sandbox")
    policy = get(other, frame.get("src")).headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy


def test_an_attachment_is_saved_and_never_shown(other):
    file = File('акт "1"\r\nX: y.html', "text/html", b"<script>")
    item = put(other, channel="mail", files=(file,))
    page = get(other, f"/message/{item.number}/files/0")
    assert page.content == file.content
    assert page.headers["Content-Type"] == "application/octet-stream"
    assert page.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert "X" not in page.headers
    assert get(other, f"/message/{item.number}/files/1").status_code == 404


@pytest.mark.parametrize("path", ["/nothing", "/message/999", "/message/x", "/message/1/html/x"])
def test_what_is_not_there_is_told(other, path):
    assert get(other, path).status_code == 404


def test_the_box_is_closed_to_pages_that_point_a_name_at_this_machine__messages_answer(other):
    assert get(other, headers={"Host": "evil.example"}).status_code == 421
    assert get(other, headers={"Host": f"localhost:{other.port}"}).status_code == 200


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
def test_only_the_page_itself_plays_the_person__messages_press(other, origin):
    headers = {"Origin": origin} if origin else {}
    answer = requests.post(f"{other.url}/telegram", {"chat": "5", "do": "start"}, headers=headers, timeout=5)
    assert answer.status_code == 403


def test_a_person_is_played_on_the_page(other, telegram):
    def press(**form):
        origin = {"Origin": other.url}
        return requests.post(f"{other.url}/telegram", form, headers=origin, timeout=5, allow_redirects=False)

    assert press(chat="77", code="abc", do="start").status_code == 303
    assert press(chat="77", do="block").status_code == 303
    assert press(chat="x", do="start").status_code == 400
    assert [type(item).__name__ for item in telegram.updates().items] == ["Started", "Stopped"]
    assert element(get(other, "/telegram?code=k-1"), "#code").get("value") == "k-1"


def test_a_program_reads_the_box_as_json(other, sms):
    sms.send(to_phone(text="Қазақша"))
    (item,) = get(other, "/box.json?to=%2B77010000001&channel=sms").json()["items"]
    assert (item["text"], item["channel"], item["parts"], item["steps"][0]["state"]) == (
        "Қазақша",
        "sms",
        1,
        "accepted",
    )
    assert get(other, "/health").json() == {"status": "ok", "smtp_port": other.smtp.port}


def order(other, orders, token=TOKEN):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{other.url}/control", json=orders, headers=headers, timeout=5)


def test_orders_want_the_token_and_change_only_what_they_name(other):
    assert order(other, {"callbacks": "twice"}, "wrong").status_code == 401
    assert order(other, {"callbacks": "twice"}).json()["script"]["callbacks"] == "twice"
    script = order(other, {"rules": [{"do": "expire"}]}).json()["script"]
    assert (script["callbacks"], script["rules"][0]["do"]) == ("twice", "expire")


@pytest.mark.parametrize(
    "wrong",
    [
        {"unknown": 1},
        {"callbacks": "sometimes"},
        {"rules": [{"do": "explode"}]},
        {"rules": [{"do": "greylist", "channel": "sms"}]},
        {"rules": [{"do": "expire", "channel": "fax"}]},
        {"rules": [{"to": "x"}]},
        {"rules": "x"},
        {"deliver_after": -1},
        {"telegram": {"dance": {"chat": 1}}},
        {"telegram": {"start": {"chat": 0}}},
        {"telegram": []},
        [],
        "x",
    ],
)
def test_a_wrong_order_is_refused_and_changes_nothing(other, wrong):
    before = other.director.script
    assert order(other, wrong).status_code == 400
    assert other.director.script == before


def test_a_rule_strikes_as_often_as_it_says_and_the_first_that_fits_decides():
    rules = [{"do": "blocked", "to": "9", "times": 2}, {"do": "fail_for_good", "text": "ВАУЧЕР"}, {"do": "too_many"}]
    director = Director(Script().changed({"rules": rules}))
    assert [director.rule("telegram", "109", "x").do for _ in range(3)] == ["blocked", "blocked", "too_many"]
    assert director.rule("sms", "+79", "ваучер").do == "fail_for_good"
    assert director.rule("sms", "+71", "ваучер", only=frozenset({"deliver"})).do == "deliver"
    director.change({"rules": rules})
    assert director.rule("telegram", "109", "x").do == "blocked"


def test_every_action_is_somebodys():
    assert all(ACTIONS.values())


def test_the_box_forgets_the_oldest():
    box = Box(most=3, most_bytes=50_000)
    items = [box.put(Item("sms", "1", f"k{number}", "x"), "accepted") for number in range(5)]
    assert [item.number for item in box.select()] == [5, 4, 3]
    assert box.by_key("sms", "k0") is None
    assert box.by_key("sms", "k4") is items[4]
    box.put(Item("mail", "1", "", "x" * 20_000), "delivered")
    assert [item.channel for item in box.select()] == ["mail"]


def test_it_runs_as_a_process_with_a_script(tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text("rules:\n  - {channel: sms, do: refuse, reason: blocked}\n", encoding="utf-8")
    tokens = {"SMS_TOKEN": "t", "SMS_CALLBACK_TOKEN": "c", "TELEGRAM_TOKEN": "1:b"}
    with emulator_process("messages", "--script", script, environment=tokens) as (url, process):
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", url)
        state = requests.get(f"{url}/control", headers={"Authorization": "Bearer t"}, timeout=5).json()
        assert state["script"]["rules"][0]["reason"] == "blocked"
        assert requests.get(f"{url}/bot1:b/getMe", timeout=5).json()["ok"]
        assert requests.get(url, timeout=5).status_code == 200
    assert process.returncode == 0


@pytest.mark.parametrize("content", ["rules: {", "rules: 5", "unknown: 1", "- x"])
def test_a_wrong_script_is_named(tmp_path, content):
    script = tmp_path / "script.yaml"
    script.write_text(content, encoding="utf-8")
    with pytest.raises(ScriptError):
        Script.load(script)


def test_a_wrong_script_or_a_busy_port_ends_the_process_with_a_reason(tmp_path, other):
    script = tmp_path / "script.yaml"
    script.write_text("unknown: 1", encoding="utf-8")
    command = [sys.executable, "-m", "integrations.emulators.messages"]
    for options in (["--script", str(script)], ["--smtp-port", str(other.smtp.port)], ["--port", str(other.port)]):
        ended = subprocess.run([*command, *options], capture_output=True, text=True, timeout=30, env=os.environ)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "Traceback" not in ended.stderr


def test_without_tokens_everything_is_open():
    with MessagesEmulator() as emulator:
        assert requests.get(f"{emulator.url}/control", timeout=5).status_code == 200
        assert requests.get(f"{emulator.url}/botanything/getMe", timeout=5).json()["ok"]
