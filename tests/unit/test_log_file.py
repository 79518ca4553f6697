"""A log is read from its end, and followed through whatever happens to the file."""

import os
from pathlib import Path

from infernet_tui.log_file import LogReader, added_lines, last_lines


def test_the_end_is_read_without_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(50_000)))
    with path.open("rb") as file:
        assert last_lines(file, 2) == [b"line 49998", b"line 49999"]
        assert last_lines(file, 0) == []
        assert len(last_lines(file, 10**6)) == 50_000


def test_what_is_added_is_followed_also_into_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old\n")
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        added = added_lines(path, file)
        with path.open("ab") as log:
            log.write(b"one\ntw")
        assert next(added) == b"one"
        with path.open("ab") as log:
            log.write(b"o\n")
        assert next(added) == b"two"
        path.rename(tmp_path / "log.1")
        path.write_bytes(b"rotated\n")
        assert next(added) == b"rotated"
        path.write_bytes(b"cut\n")
        assert next(added) == b"cut"
        added.close()


def test_a_reader_tells_what_happened_to_the_file_between_two_looks(tmp_path: Path) -> None:
    path = tmp_path / "log"
    reader = LogReader(path)
    assert reader.look().state == "missing"
    path.write_bytes(b"one\n")
    first = reader.look()
    assert (first.is_anew, bytes(first.data)) == (True, b"one\n")
    with path.open("ab") as log:
        log.write(b"two\n")
    added = reader.look()
    assert (added.is_anew, added.data) == (False, b"two\n")
    path.write_bytes(b"3\n")
    cut = reader.look()
    assert (cut.is_anew, cut.data) == (True, b"3\n")
    path.rename(tmp_path / "log.1")
    assert reader.look().state == "deleted"
    path.write_bytes(b"four\n")
    replaced = reader.look()
    assert (replaced.is_replaced, bytes(replaced.data)) == (True, b"four\n")
    reader.close()


def test_of_a_very_long_log_the_end_is_read_from_where_a_line_begins(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as log:
        log.truncate(20 * 1024 * 1024)  # a hole
        log.seek(0, os.SEEK_END)
        log.write(b"\nlast\n")
    reader = LogReader(path)
    news = reader.look()
    reader.close()
    assert news.is_cut
    assert bytes(news.data) == b"last\n"
