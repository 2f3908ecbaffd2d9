"""Background work: every task is found, goes to a queue that a worker reads, and is scheduled by its name."""

import re

import pytest

from voucher_portal.celery import QUEUE_OF_MODULE, QUEUES, app
from voucher_portal.environment import BASE_DIR
from voucher_portal.schedule import SCHEDULE


@pytest.fixture(scope="module")
def tasks():
    """Our own tasks by name, as a worker finds them."""
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def test_every_task_in_the_code_is_found_by_the_worker(tasks):
    folders = [path for path in BASE_DIR.iterdir() if (path / "apps.py").exists()]
    written = [
        f"{path.relative_to(BASE_DIR).with_suffix('')}.{name}".replace("/", ".")
        for folder in folders
        for path in folder.rglob("*.py")
        for name in re.findall(r"^@shared_task.*\n(?:.*\n)*?def (\w+)\(", path.read_text(), re.MULTILINE)
    ]
    assert sorted(tasks) == sorted(written)


def test_every_task_has_a_queue_of_its_own_kind(tasks):
    queues = {name: app.amqp.router.route({}, name)["queue"].name for name in tasks}
    modules = {name: name.rpartition(".")[0] for name in tasks}
    assert queues == {name: QUEUE_OF_MODULE[module] for name, module in modules.items()}
    assert set(queues.values()) <= set(QUEUES)


def test_each_queue_gets_only_its_own_tasks():
    queues = {queue.name: (queue.exchange.name, queue.routing_key) for queue in app.conf.task_queues}
    assert queues == {name: (name, name) for name in QUEUES}


def test_the_schedule_names_tasks_that_exist_and_expire_before_they_pile_up(tasks):
    assert {entry["task"] for entry in SCHEDULE.values()} <= tasks.keys()
    assert all(entry["options"]["expires"] > 0 for entry in SCHEDULE.values())
