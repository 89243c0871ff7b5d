"""In builds with sanitizers: the daemon has them, and a report of theirs is a failure of the test that it comes in."""

import os
import signal

import pytest

import mount as mounting

pytestmark = pytest.mark.skipif(not os.environ.get("NPYFS_SANITIZE"), reason="configured without sanitizers")


def test_a_report_of_the_daemon_fails_the_test(source, mount):
    """A daemon that ends in a report of its sanitizer is noticed, and the report is shown."""
    assert mounting.is_sanitized()
    mounted = mount(source)
    os.kill(mounted.pid, signal.SIGSEGV)
    try:
        with pytest.raises(AssertionError, match="Sanitizer: SEGV"):
            mounted.assert_ended_cleanly()
    finally:
        mounting.umount(mounted.path, mounting.MNT_DETACH)
