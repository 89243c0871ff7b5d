"""The arithmetic of the benchmark's table."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))

import lines_daemon  # noqa: E402
import report  # noqa: E402
from line import LIMIT, Line, alternate  # noqa: E402


def line(unit="GiB/s", ours=(4.0, 6.0, 5.0), plain=(8.0, 8.0, 8.0), limit=(5.0, 6.0, 5.0), **targets):
    return Line("load", "a load", unit, {"npyfs": list(ours), "plain file": list(plain), LIMIT: list(limit)}, **targets)


def test_share_of_the_limit_is_the_median_over_the_rounds():
    assert line(ours=(4, 6, 5), limit=(5, 6, 5)).share_of_limit() == 1
    assert line(ours=(4, 4, 5), limit=(5, 5, 5)).share_of_limit() == pytest.approx(0.8)


@pytest.mark.parametrize("unit", ["us", "s"])
def test_share_of_the_limit_of_times_is_above_one_where_npyfs_takes_less(unit):
    assert line(unit, ours=(50,) * 3, limit=(100,) * 3).share_of_limit() == 2
    assert line(unit, ours=(100,) * 3, limit=(50,) * 3).share_of_limit() == 0.5


def test_every_target_has_to_be_met():
    assert line().is_met() is None
    assert line(at_least=0.6).is_met() is True
    assert line(at_least=0.7).is_met() is False
    assert line(of_limit=0.97).is_met() is True
    assert line(at_least=0.7, of_limit=0.97).is_met() is False
    assert line(at_least=0.6, limit=(8, 8, 8), of_limit=0.97).is_met() is False
    assert line(at_most=0.6, of_limit=0.97).is_met() is False


def test_a_missed_target_has_its_bound_beside_it():
    assert "bound" not in report.table_row(line(at_least=0.6))
    missed = line(at_least=0.7, limit=(4, 4, 4))
    assert report.table_row(missed).splitlines()[1].strip() == "bound: limit is 0.50 times as fast as plain file"
    of_itself = Line("load", "a load", "us", {"npyfs": [9.0], LIMIT: [6.0]}, ("npyfs",), at_most=7)
    assert report.table_row(of_itself).splitlines()[1].strip() == "bound: limit 6 us"


def test_the_bound_of_times_is_a_ratio_of_speeds():
    missed = line("us", ours=(9, 9, 9), plain=(2, 2, 2), limit=(4, 4, 4), at_most=3)
    assert missed.bound() == "bound: limit is 0.50 times as fast as plain file"


def test_a_row_has_both_targets_and_a_summary_counts_lines():
    lines = [line(at_least=0.6, of_limit=0.97), line(at_least=0.7), line(), Line("a", "a", not_run="no disk")]
    assert report.targets(lines[0]) == f">= 0.6, {LIMIT} >= 0.97"
    assert report.summary(lines) == "1 of 2 targets met; 1 not run"
    assert "not run: no disk" in report.table_row(lines[3])


def test_sides_take_turns_at_being_the_first():
    order = []
    sides = {name: lambda step, name=name: order.append((step, name)) or 1 for name in "ab"}
    assert alternate(sides, range(2)) == {"a": [1, 1], "b": [1, 1]}
    assert order == [(0, "a"), (0, "b"), (1, "b"), (1, "a")]


def test_a_traced_call_that_was_interrupted_is_one_call():
    trace = ["7 pread64(5</a>,  <unfinished ...>", "8 read(6</b>, \"\", 9) = 0", '7 <... pread64 resumed>"", 128, 0) = 128']
    assert list(lines_daemon.whole_calls(trace)) == ['read(6</b>, "", 9) = 0', 'pread64(5</a>, "", 128, 0) = 128']
