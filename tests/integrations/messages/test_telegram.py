import json
import logging
import traceback

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.messages.outcomes import BadMessage, ChannelMisconfigured, State
from integrations.messages.telegram import TelegramChannel, TelegramUnavailable
from integrations.messages.updates import Started, Stopped
from tests.integrations.messages.examples import BOT_TOKEN, http_talk, message, serving, to_chat, to_mailbox, to_phone

SECRET = BOT_TOKEN.partition(":")[2]


def rule(other, do, **more):
    other.control({"rules": [{"do": do} | more]})


def press(other, **orders):
    other.control({"telegram": orders})


def answered(status, body, ask=lambda bot: bot.send(to_chat()), headers=""):
    """What comes of asking when Telegram answers like this."""
    with serving(http_talk(status, body, headers)) as port:
        bot = TelegramChannel(f"http://127.0.0.1:{port}", BOT_TOKEN, timeouts=(1, 1))
        try:
            return ask(bot)
        finally:
            bot.close()


def test_a_message_stands_in_the_chat(other, telegram):
    sent = to_chat("1001", "Вы не подтвердили ваучер. <b>не разметка</b> https://portal.example/")
    receipt = telegram.send(sent)
    assert (receipt.state, receipt.our_id, receipt.reason) == (State.SENT, sent.our_id, "")
    assert receipt.their_id
    (item,) = other.box.select()
    assert (item.channel, item.to, item.text) == ("telegram", "1001", sent.text)


def test_links_are_not_shown_as_previews_and_no_markup_is_asked_for():
    seen = []
    body = b'{"ok": true, "result": {"message_id": 7}}'
    with serving(http_talk(200, body, seen=seen)) as port:
        bot = TelegramChannel(f"http://127.0.0.1:{port}/", BOT_TOKEN)
        assert bot.send(to_chat(text="Қош келдіңіз")).their_id == "7"
        bot.close()
    head, content = seen[0]
    assert head.startswith(f"POST /bot{BOT_TOKEN}/sendMessage HTTP/1.1\r\n".encode())
    assert b"Authorization" not in head
    expected = {"chat_id": 1001, "text": "Қош келдіңіз", "link_preview_options": {"is_disabled": True}}
    assert json.loads(content) == expected


@pytest.mark.parametrize(
    ("do", "state", "reason", "retry_after"),
    [
        ("blocked", State.FAILED_FOR_GOOD, "blocked", None),
        ("chat_not_found", State.FAILED_FOR_GOOD, "chat_not_found", None),
        ("refuse", State.FAILED_FOR_GOOD, "http_400", None),
        ("too_many", State.FAILED_FOR_NOW, "too_many", 9.0),
        ("fail_for_now", State.FAILED_FOR_NOW, "http_500", None),
        ("unavailable", State.UNKNOWN, "no_answer", None),
        ("drop_before", State.UNKNOWN, "no_answer", None),
        ("drop_after", State.UNKNOWN, "no_answer", None),
    ],
)
def test_each_answer_has_its_outcome(other, telegram, do, state, reason, retry_after):
    rule(other, do, after=9)
    receipt = telegram.send(to_chat())
    assert (receipt.state, receipt.reason, receipt.retry_after) == (state, reason, retry_after)


def test_a_message_whose_answer_was_lost_is_not_sent_again(other, telegram):
    rule(other, "drop_after")
    sent = to_chat()
    assert telegram.send(sent).state == State.UNKNOWN
    assert telegram.ask(sent.our_id).state == State.UNKNOWN
    assert len(other.box.select()) == 1
    assert (telegram.is_idempotent, telegram.can_be_asked) == (False, False)


def test_nobody_listening_took_nothing():
    with serving(lambda connection: None) as port:
        pass
    bot = TelegramChannel(f"http://127.0.0.1:{port}", BOT_TOKEN)
    receipt = bot.send(to_chat())
    assert (receipt.state, receipt.reason) == (State.FAILED_FOR_NOW, "no_connection")
    bot.close()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (to_phone(), "recipient"),
        (to_mailbox(), "recipient"),
        (message(to_chat().to, subject="x"), "text_only"),
        (to_chat(text="я" * 4_097), "text_too_long"),
        (to_chat(text="😀" * 2_049), "text_too_long"),
    ],
)
def test_what_no_chat_can_carry_is_not_sent(other, telegram, wrong, code):
    with pytest.raises(BadMessage) as caught:
        telegram.send(wrong)
    assert caught.value.code == code
    assert other.box.select() == []


def test_the_longest_text_is_sent(telegram):
    assert telegram.send(to_chat(text="😀" * 2_048)).state == State.SENT


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (200, b"", State.UNKNOWN),
        (200, b'{"ok": false}', State.UNKNOWN),
        (200, b'{"ok": true, "result": true}', State.UNKNOWN),
        (200, b'{"ok": true, "result": {"message_id": 0}}', State.UNKNOWN),
        (200, b"[" * 50_000, State.UNKNOWN),
        (301, b"", State.UNKNOWN),
        (400, b"<html>", State.FAILED_FOR_GOOD),
        (403, b'{"ok": false, "description": "Forbidden: user is deactivated"}', State.FAILED_FOR_GOOD),
        (429, b"", State.FAILED_FOR_NOW),
        (429, b'{"ok": false, "parameters": {"retry_after": -5}}', State.FAILED_FOR_NOW),
        (500, b'{"ok": true}', State.UNKNOWN),
        (500, b"[" * 50_000, State.UNKNOWN),
    ],
)
def test_an_answer_of_any_form_has_an_outcome(status, body, state):
    assert answered(status, body).state == state


def test_the_wait_is_told_in_the_body_or_in_the_header():
    body = b'{"ok": false, "error_code": 429, "description": "x", "parameters": {"retry_after": 35}}'
    assert answered(429, body, headers="Retry-After: 3\r\n").retry_after == 35
    assert answered(429, b"", headers="Retry-After: 3\r\n").retry_after == 3


def test_a_token_that_telegram_does_not_know_is_for_a_person_to_mend(other):
    bot = TelegramChannel(other.url, "1:wrong")
    for ask in (lambda: bot.send(to_chat()), bot.updates, bot.username):
        with pytest.raises(ChannelMisconfigured):
            ask()
    bot.close()


@pytest.mark.parametrize("token", ["", "a/b", "a b", "a\n", "a?b", "a#b", "../x"])
def test_a_token_that_would_change_the_address_is_refused(token):
    with pytest.raises(ValueError, match="token") as caught:
        TelegramChannel("https://api.telegram.org", token)
    assert not token.strip(". /") or token not in str(caught.value)


@pytest.mark.parametrize("do", ["deliver", "blocked", "too_many", "fail_for_now", "drop_before", "unavailable"])
def test_the_token_reaches_no_log__telegram_without_token(other, telegram, caplog, do):
    caplog.set_level(logging.DEBUG)
    rule(other, do)
    telegram.send(to_chat())
    telegram.username()
    assert any(record.name == "urllib3.connectionpool" for record in caplog.records)
    assert SECRET not in caplog.text
    assert SECRET not in repr(telegram) + repr(vars(telegram)["_http"])


@pytest.mark.parametrize(
    ("status", "body"), [(401, b""), (404, b""), (502, b""), (200, b"x"), (302, b""), (200, b"x" * 5_000_000)]
)
def test_the_token_reaches_no_exception__telegram_raise_if_misconfigured(status, body):
    with pytest.raises((ChannelMisconfigured, TelegramUnavailable)) as caught:
        answered(status, body, TelegramChannel.updates)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_person_opens_the_bot_by_a_link_and_blocks_it(other, telegram):
    assert telegram.updates().items == ()
    press(other, start={"chat": 1001, "code": "k-7_Q"})
    press(other, start={"chat": 1002})
    press(other, block={"chat": 1002})
    updates = telegram.updates()
    started, plain, stopped = updates.items
    assert isinstance(started, Started)
    assert (started.chat, started.code) == ("1001", "k-7_Q")
    assert (plain.chat, plain.code) == ("1002", "")
    assert isinstance(stopped, Stopped)
    assert stopped.chat == "1002"
    assert telegram.send(to_chat("1002")).reason == "blocked"
    assert telegram.send(to_chat("1001")).state == State.SENT
    assert telegram.updates(updates.next_offset).items == ()
    assert telegram.updates().items == ()


def test_what_was_not_acknowledged_comes_again(other, telegram):
    press(other, start={"chat": 1001, "code": "a"})
    assert telegram.updates() == telegram.updates()


def test_a_chat_that_never_wrote_is_unknown_when_the_script_is_strict(other, telegram):
    other.control({"telegram_needs_start": True})
    assert telegram.send(to_chat("5")).reason == "chat_not_found"
    press(other, start={"chat": 5})
    assert telegram.send(to_chat("5")).state == State.SENT


def test_the_bot_has_a_name_for_links(telegram):
    assert telegram.username() == "voucher_demo_bot"


@pytest.mark.parametrize("body", [b"", b'{"ok": true}', b'{"ok": true, "result": {"username": "a b"}}'])
def test_a_name_that_no_link_can_hold_is_not_believed(body):
    with pytest.raises(TelegramUnavailable):
        answered(200, body, TelegramChannel.username)


@settings(max_examples=25)
@given(st.sampled_from([200, 400, 403, 429, 500]), st.binary(max_size=100))
def test_any_answer_has_an_outcome(status, body):
    assert answered(status, body).state != State.DELIVERED


def test_the_emulated_api_speaks_as_the_real_one_does(other):
    bot = f"{other.url}/bot{BOT_TOKEN}"
    assert requests.get(f"{other.url}/bot1:x/getMe", timeout=5).json()["description"] == "Unauthorized"
    assert requests.get(f"{bot}/nothing", timeout=5).status_code == 404
    form = requests.post(f"{bot}/sendMessage", data={"chat_id": "7", "text": "Форма"}, timeout=5).json()
    assert (form["ok"], form["result"]["chat"]["id"]) == (True, 7)
    for wrong in ({}, {"chat_id": 7}, {"chat_id": 7, "text": " "}, {"chat_id": "x", "text": "x"}, [1]):
        answer = requests.post(f"{bot}/sendMessage", json=wrong, timeout=5)
        assert (answer.status_code, answer.json()["ok"]) == (400, False)
