"""The LMS emulator keeps the agreement of contracts/lms.md, also as a process of its own."""

import dataclasses
import gzip
import subprocess
import sys

import pytest
import requests

from integrations.emulators.lms import LmsEmulator, LmsFaults
from integrations.emulators.lms_process import lms_process

TOKEN = "lms-token"
KEY = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def contracts(tmp_path):
    path = tmp_path / "contracts.ndjson"
    path.write_text("".join(f'{{"contract_id": "c-{n}"}}\n' for n in range(10)))
    return path


@pytest.fixture
def sheets(tmp_path):
    path = tmp_path / "sheets.ndjson"
    path.write_text(
        '{"contract_id": "c-1", "month": "2025-10"}\n{"contract_id":"c-1","month":"2025-11"}\n{"month": 7}\n'
    )
    return path


@pytest.fixture
def lms(contracts, sheets):
    with LmsEmulator(contracts=[contracts], sheets=[sheets], token=TOKEN) as emulator:
        yield emulator


def get(lms, path, headers=KEY, **query):
    return requests.get(f"{lms.url}/{path}", params=query, headers=headers, timeout=5)


def order(lms, **orders):
    address = lms.url.removesuffix(lms.base_path) + "/control"
    return requests.post(address, json=orders, headers=KEY, timeout=5)


def test_a_page_has_items_cursor_and_more(lms):
    page = get(lms, "contracts", limit=4).json()
    assert page == {
        "items": [{"contract_id": f"c-{n}"} for n in range(4)],
        "next_cursor": "000000000004",
        "has_more": True,
    }
    assert get(lms, "contracts", cursor=page["next_cursor"]).json()["has_more"] is False


def test_a_file_that_grows_is_read_on_by_whole_lines(lms, contracts):
    cursor = get(lms, "contracts").json()["next_cursor"]
    with contracts.open("a") as file:
        file.write('{"contract_id": "c-10"}\n{"contract')
    assert get(lms, "contracts", cursor=cursor).json()["items"] == [{"contract_id": "c-10"}]
    with contracts.open("a") as file:
        file.write('_id": "c-11"}\n')
    assert [item["contract_id"] for item in get(lms, "contracts", cursor=cursor).json()["items"]] == ["c-10", "c-11"]


def test_a_file_can_be_added_while_it_runs(lms, tmp_path):
    cursor = get(lms, "contracts").json()["next_cursor"]
    later = tmp_path / "phase2.ndjson"
    later.write_text('{"contract_id": "later"}\n')
    assert order(lms, contracts=[str(later)]).json()["lines"] == {"contracts": 11, "sheets": 3}
    order(lms, contracts=[str(later)])
    assert get(lms, "contracts", cursor=cursor).json()["items"] == [{"contract_id": "later"}]


@pytest.mark.parametrize(
    "orders", [{"faults": {"no_such": 1}}, {"contracts": ["/no/such/file"]}, {"sheet": []}, {"faults": 7}]
)
def test_an_order_that_is_not_understood_is_refused(lms, orders):
    assert order(lms, **orders).status_code == 400
    assert lms.faults == LmsFaults()


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("nothing", {}, 404, "not_found"),
        ("contracts", {"limit": 0}, 400, "bad_limit"),
        ("contracts", {"limit": 5001}, 400, "bad_limit"),
        ("contracts", {"cursor": "zzz"}, 400, "bad_cursor"),
        ("contracts", {"cursor": "000000000099"}, 400, "bad_cursor"),
        ("sheets", {}, 400, "bad_month"),
        ("sheets", {"month": "2025-13"}, 400, "bad_month"),
    ],
)
def test_what_it_refuses_has_a_code(lms, path, query, status, code):
    answer = get(lms, path, **query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_without_the_token_nothing_is_told(lms, headers):
    assert get(lms, "contracts", headers).status_code == 401
    assert (
        requests.post(lms.url.removesuffix("/v1") + "/control", json={}, headers=headers, timeout=5).status_code == 401
    )


def test_gzip_comes_when_it_is_asked_for(lms):
    plain = get(lms, "contracts", KEY | {"Accept-Encoding": "identity"})
    with requests.get(
        f"{lms.url}/contracts", headers=KEY | {"Accept-Encoding": "gzip"}, stream=True, timeout=5
    ) as packed:
        body = packed.raw.read(decode_content=False)
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(body) == plain.content


def test_ordered_failures_come_by_count(lms):
    order(lms, faults={"fail_one_in": 2, "retry_after": 3})
    answers = [get(lms, "contracts") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 503, 200, 429, 200, 503]
    assert answers[1].headers["Retry-After"] == "3"


def test_shuffled_lines_are_the_same_lines_in_an_order_of_the_seed(contracts, lms):
    orders = []
    for seed in (1, 1, 2):
        with LmsEmulator(contracts=[contracts], shuffle_seed=seed) as shuffled:
            orders.append([item["contract_id"] for item in get(shuffled, "contracts").json()["items"]])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(f"c-{n}" for n in range(10))


def test_it_runs_as_a_process_and_ends_with_its_user(contracts, sheets):
    with lms_process(contracts=[contracts], sheets=[sheets], token=TOKEN, options=["--page-limit", "3"]) as url:
        answer = requests.get(f"{url}/contracts", headers=KEY, timeout=5)
        assert len(answer.json()["items"]) == 3
        assert requests.get(f"{url}/sheets?month=2025-11", headers=KEY, timeout=5).json()["items"] == [
            {"contract_id": "c-1", "month": "2025-11"}
        ]
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/contracts", headers=KEY, timeout=5)


def test_a_process_that_cannot_start_says_so(tmp_path):
    with pytest.raises(RuntimeError, match="did not start"), lms_process(contracts=[tmp_path / "no"], token=TOKEN):
        pass


def test_the_command_line_names_every_fault():
    command = [sys.executable, "-m", "integrations.emulators.lms", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(f"--{fault.name.replace('_', '-')}" in shown for fault in dataclasses.fields(LmsFaults))
