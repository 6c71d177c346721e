"""A reader never sees half a file or half a folder, and two runs never write at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slareport import files
from slareport.errors import LockedError, MachineError

SIZE = 200_000
WRITER = """
import sys
from pathlib import Path
from slareport import files
path = Path(sys.argv[1])
while True:
    for letter in "ab":
        files.write(path, letter * {size})
"""
HOLDER = """
import sys, time
from pathlib import Path
from slareport import files
with files.lock(Path(sys.argv[1]), wait=False):
    print("held", flush=True)
    time.sleep(60)
"""


def started(code, path):
    return subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)


def killed(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_a_reader_sees_the_old_file_or_the_new_one_also_when_the_writer_is_killed(tmp_path):
    path = tmp_path / "deep" / "file"
    writer = started(WRITER.format(size=SIZE), path)
    try:
        while not path.exists():
            assert writer.poll() is None
        for _ in range(300):
            text = path.read_text()
            assert (len(text), len(set(text))) == (SIZE, 1)
    finally:
        killed(writer)
    text = path.read_text()
    assert (len(text), len(set(text))) == (SIZE, 1)


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    files.write(path, "old")
    with pytest.raises(UnicodeEncodeError):
        files.write(path, "\ud800")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("file", "old")]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").touch()
    with pytest.raises(MachineError, match="folder: cannot write"):
        files.write(tmp_path / "folder", "text")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "made"
    with files.new_folder(path) as staging:
        (staging / "one").write_text("1")
        (staging / "inside").mkdir()
        assert not path.exists()
    assert sorted(p.name for p in path.iterdir()) == ["inside", "one"]
    assert path.stat().st_mode & 0o777 == 0o755
    assert [p.name for p in tmp_path.iterdir()] == ["made"]


def test_a_folder_whose_body_fails_leaves_nothing_behind(tmp_path):
    def half_made():
        with files.new_folder(tmp_path / "made") as staging:
            (staging / "one").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_made()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_stays_as_it_is(tmp_path):
    for text in ("first", "second"):
        with files.new_folder(tmp_path / "made") as staging:
            (staging / "one").write_text(text)
    assert (tmp_path / "made" / "one").read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["made"]


def test_a_pointer_is_turned_at_once(tmp_path):
    for name in ("one", "two"):
        files.write(tmp_path / name / "file", name)
        files.point(tmp_path / "current", name)
        assert (tmp_path / "current" / "file").read_text() == name
    assert sorted(p.name for p in tmp_path.iterdir()) == ["current", "one", "two"]


def test_a_second_run_is_refused_with_the_process_that_holds_the_folder(tmp_path):
    holder = started(HOLDER, tmp_path)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"process {holder.pid}"), files.lock(tmp_path, wait=False):
            pass
    finally:
        killed(holder)


def test_a_lock_is_free_again_after_kill_9_and_another_run_that_waits_gets_it(tmp_path):
    holder = started(HOLDER, tmp_path)
    assert holder.stdout.readline() == "held\n"
    waiting = started(HOLDER.replace("wait=False", "wait=True"), tmp_path)
    time.sleep(0.2)
    killed(holder)
    try:
        assert waiting.stdout.readline() == "held\n"
    finally:
        killed(waiting)
    with files.lock(tmp_path, wait=False):
        assert (tmp_path / ".lock").read_text() == f"process {os.getpid()}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(MachineError, match="cannot write"):
        files.write(tmp_path / "file", "text")


def test_a_folder_under_a_file_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="cannot write"), files.lock(tmp_path / "file" / "outputs", wait=False):
        pass
    assert Path(tmp_path / "file").is_file()
