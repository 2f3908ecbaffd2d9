"""The box in a real browser, on a desk and on a phone."""

import pytest
from playwright.sync_api import expect

from integrations.messages.outcomes import Attachment
from tests.integrations.messages.examples import http_talk, serving, to_chat, to_mailbox, to_phone

pytestmark = pytest.mark.browser

HOSTILE = (
    "<h2>Төлем</h2><img src='{evil}/x.png'><link rel=stylesheet href='{evil}/x.css'><iframe src='{evil}/'></iframe>"
    "<script>top.location='{evil}/'</script><form action='{evil}/'><button>Жіберу</button></form>"
    "<meta http-equiv=refresh content='0;url={evil}/'>"
)


@pytest.mark.parametrize("width", [1280, 360])
def test_people_find_and_read_what_the_portal_sent(page, other, sms, mail, telegram, width):
    page.set_viewport_size({"width": width, "height": 740})
    sms.send(to_phone(text="Балабаңызға балабақша ваучері ұсынылды: https://portal.example/o/7"))
    mail.send(to_mailbox(attachments=(Attachment("Акт № 1.pdf", b"%PDF-1.7\n"),)))
    telegram.send(to_chat(text="ж" * 4_000))
    page.goto(other.url)
    expect(page.locator(".list li")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Искать").fill("балабақша")
    page.get_by_role("button", name="Найти").click()
    page.locator(".list .text").click()
    expect(page.get_by_role("link", name="https://portal.example/o/7")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="+7 701 000 00 01").click()
    expect(page.locator(".chosen")).to_contain_text("Получатель +7 701 000 00 01")
    page.get_by_role("link", name="Сбросить").click()
    page.get_by_role("link", name="Почта 1").click()
    page.locator(".list .text").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Акт № 1.pdf").click()
    assert download.value.suggested_filename == "Акт _ 1.pdf"


def test_the_html_of_a_letter_is_shown_and_harms_nobody(page, other, mail):
    asked = []
    with serving(http_talk(200, b"", seen=asked)) as port:
        mail.send(to_mailbox(html=HOSTILE.format(evil=f"http://127.0.0.1:{port}")))
        page.goto(f"{other.url}/message/{other.box.select()[0].number}")
        letter = page.frame_locator("iframe.letter")
        expect(letter.get_by_role("heading", name="Төлем")).to_be_visible()
        letter.get_by_role("button", name="Жіберу").click()
        page.wait_for_timeout(300)
        assert page.url.startswith(other.url)
    assert asked == []


def test_a_person_is_played_in_telegram(page, other, telegram):
    page.goto(f"{other.url}/telegram?code=k7")
    page.get_by_role("button", name="Открыть бота").click()
    expect(page.get_by_role("status")).to_contain_text("Бот открыт")
    page.get_by_role("button", name="Заблокировать бота").click()
    expect(page.get_by_role("status")).to_contain_text("заблокирован")
    assert [item.chat for item in telegram.updates().items] == ["1001", "1001"]
    assert telegram.send(to_chat("1001")).reason == "blocked"
