import datetime
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.messages.updates import (
    MAX_UPDATES_BYTES,
    BadUpdates,
    Started,
    Stopped,
    Updates,
    read_updates,
    read_webhook,
)

AT = datetime.datetime(2025, 10, 3, 7, tzinfo=datetime.UTC)
PRIVATE = {"id": 1001, "type": "private", "first_name": "Айгүл"}


def started(text="/start k7", chat=PRIVATE, update_id=5, **more):
    message = {"message_id": 1, "from": {"id": 1}, "chat": chat, "date": int(AT.timestamp()), "text": text}
    return {"update_id": update_id, "message": message | more}


def left(status="kicked", chat=PRIVATE):
    member = {"chat": chat, "date": int(AT.timestamp()), "new_chat_member": {"status": status, "user": {"id": 7}}}
    return {"update_id": 6, "my_chat_member": member}


def read(*updates):
    return read_updates(json.dumps({"ok": True, "result": updates}).encode())


def test_opening_and_blocking_the_bot_are_read():
    assert read(started(), left()) == Updates((Started(5, "1001", "k7", AT), Stopped(6, "1001", AT)), 7)


def test_no_updates_move_nothing():
    assert read() == Updates((), None)


@pytest.mark.parametrize(
    ("text", "code"),
    [("/start", ""), ("/start abc_-9", "abc_-9"), ("/start@voucher_bot abc", "abc"), ("/start " + "a" * 64, "a" * 64)],
)
def test_a_code_is_what_follows_start(text, code):
    assert read(started(text)).items[0].code == code


@pytest.mark.parametrize(
    "passed_over",
    [
        started("/start a b"),
        started("/start  a"),
        started("/start " + "a" * 65),
        started("/start ab\n"),
        started("/start а"),
        started("/started a"),
        started("привет"),
        started(chat={"id": -100, "type": "group"}),
        started(chat={"id": 100, "type": "group"}),
        started(chat={"id": 100, "type": "channel"}),
        started(chat={"id": 2**60, "type": "private"}),
        started(date=-1),
        started(date=10**12),
        started(text=None),
        left("member"),
        left(chat={"id": -5, "type": "supergroup"}),
        {"update_id": 5, "callback_query": {"id": "1"}},
        {"update_id": 5},
        {"update_id": 5, "message": []},
    ],
)
def test_an_update_that_does_not_matter_blocks_no_other_and_is_acknowledged(passed_over):
    updates = read(passed_over, started("/start good", update_id=9))
    assert [item.code for item in updates.items] == ["good"]
    assert updates.next_offset == 10
    assert read_webhook(json.dumps(passed_over).encode()) is None


def test_a_webhook_brings_one_update():
    assert read_webhook(json.dumps(started()).encode()) == Started(5, "1001", "k7", AT)
    assert read_webhook(json.dumps(left()).encode()) == Stopped(6, "1001", AT)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b'{"ok": false, "result": []}',
        b'{"ok": true, "result": [{}]}',
        b'{"ok": true, "result": [{"update_id": -1}]}',
        b'{"ok": true, "result": [{"update_id": 1e400}]}',
        b'{"ok": true, "result": [' + b'{"update_id": 1},' * 100 + b'{"update_id": 1}]}',
        b'{"ok": true, "result": [' + b"[" * 50_000,
        b"\xff",
        b" " * (MAX_UPDATES_BYTES + 1),
    ],
)
def test_what_are_no_updates_is_a_typed_error(body):
    with pytest.raises(BadUpdates):
        read_updates(body)
    with pytest.raises(BadUpdates):
        read_webhook(body)


def test_neither_chat_nor_code_stands_in_a_repr():
    assert "1001" not in repr(read(started(), left()))
    assert "k7" not in repr(read(started()))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ok", "result", "update_id", "message", "chat", "id", "type", "text"]), inner
        )
    ),
    max_leaves=10,
)


@settings(max_examples=200)
@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_updates_or_a_typed_error(body):
    for reading in (read_updates, read_webhook):
        try:
            reading(body)
        except BadUpdates:
            pass


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(["chat", "date", "text", "new_chat_member"]), JSON), st.integers(0, 2**52))
def test_any_update_with_a_number_is_read_or_passed_over(content, number):
    updates = read({"update_id": number, "message": content, "my_chat_member": content})
    assert updates.next_offset == number + 1
