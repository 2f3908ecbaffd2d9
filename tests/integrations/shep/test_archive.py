"""The archive: bytes by their hash, once, for their time, and never a torn one."""

import gzip
import hashlib
import os
import threading

import pytest

from integrations.shep.archive import DAY, Archive, NotArchived, without_password

CONTENT = "<a>ТОО «Ә»</a>".encode() * 50


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


def files(archive):
    return sorted(path for path in archive.root.rglob("*") if path.is_file())


def test_what_is_put_is_given_back_byte_for_byte(archive):
    name = archive.put(CONTENT)
    assert name == hashlib.sha256(CONTENT).hexdigest()
    assert archive.get(name) == CONTENT
    assert gzip.decompress(files(archive)[0].read_bytes()) == CONTENT


def test_a_file_stands_two_folders_deep_and_is_nobody_elses_to_read(archive):
    name = archive.put(CONTENT)
    (path,) = files(archive)
    assert path.relative_to(archive.root).as_posix() == f"{name[:2]}/{name[2]}/{name}.xml.gz"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_bytes_are_kept_once_and_their_time_renewed(archive):
    archive.put(CONTENT)
    (path,) = files(archive)
    os.utime(path, (0, 0))
    archive.put(CONTENT)
    assert files(archive) == [path]
    assert path.stat().st_mtime > 0


def test_many_threads_may_put_the_same_bytes(archive):
    threads = [threading.Thread(target=archive.put, args=(CONTENT,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(files(archive)) == 1


@pytest.mark.parametrize("name", ["", "0" * 64, "../../etc/passwd", "A" * 64])
def test_what_was_never_put_is_not_there(archive, name):
    with pytest.raises(NotArchived):
        archive.get(name)


@pytest.mark.parametrize(
    "torn",
    [b"", b"not gzip", gzip.compress(b"other bytes"), gzip.compress(CONTENT)[:-20]],
    ids=["empty", "not gzip", "other bytes", "cut off"],
)
def test_a_torn_file_is_taken_for_a_missing_one(archive, torn):
    name = archive.put(CONTENT)
    files(archive)[0].write_bytes(torn)
    with pytest.raises(NotArchived):
        archive.get(name)


def test_a_file_that_unpacks_without_end_is_not_read(archive, monkeypatch):
    name = archive.put(CONTENT)
    monkeypatch.setattr("integrations.shep.archive.MAX_BYTES", 10)
    with pytest.raises(NotArchived):
        archive.get(name)


def test_what_is_too_old_is_removed_and_nothing_else(archive):
    old, young = archive.put(CONTENT), archive.put(b"<b/>")
    now = 2_000_000_000
    for path in files(archive):
        age = 31 if path.name.startswith(old) else 29
        os.utime(path, (now - age * DAY,) * 2)
    assert archive.purge(30, now) == 1
    assert [path.name.split(".")[0] for path in files(archive)] == [young]
    assert archive.purge(30, now) == 0


def test_nothing_was_put_yet_and_nothing_is_removed(archive):
    assert archive.purge(1) == 0


def test_no_half_written_file_is_left_behind(archive, monkeypatch):
    def broken(*_arguments):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(OSError, match="disk full"):
        archive.put(CONTENT)
    assert files(archive) == []


def test_the_senders_password_is_struck_out():
    request = b"<sender><senderId>A</senderId><password>p&amp;s</password></sender><x>password</x>"
    assert (
        without_password(request) == b"<sender><senderId>A</senderId><password>***</password></sender><x>password</x>"
    )
