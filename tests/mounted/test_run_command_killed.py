"""npyfs SOURCE -- command where npyfs and its daemon are killed at once, as a scheduler kills all processes of a step."""

import os

import pytest

import mount as mounting
from supervised import private, tree
from users import in_namespace

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")

# In a mount namespace of the test's own: elsewhere an npyfs of any other test would clear the mount, too. `begin USER
# OPTION...` starts npyfs with a command that runs until `end` exists, and notes what is running; `left` says what there
# is in TMPDIR. Both processes are stopped before they are killed, so that neither sees the other one go.
PRELUDE = """
npyfs=$1 source=$2
export TMPDIR=$3
chmod 777 "$TMPDIR"
chmod 666 /dev/fuse
as() { user=$1; shift; setpriv --reuid "$user" --clear-groups -- "$@"; }
begin() {
  user=$1; shift
  rm -f "$source/../children"
  setpriv --reuid "$user" --clear-groups -- "$npyfs" "$source" "$@" -- sh -c \
    'cat /proc/$PPID/task/$PPID/children; until test -e "$0"; do sleep 0.1; done' "$source/../end" > "$source/../children" 2>&1 &
  parent=$!
  until test -s "$source/../children"; do sleep 0.05; done
  daemon=$(cut -d " " -f 1 "$source/../children")
  trap 'kill -CONT "$parent" "$daemon"; kill -KILL "$parent" "$daemon"' EXIT
}
kill_both() { kill -STOP "$parent" "$daemon"; kill -KILL "$parent" "$daemon"; wait "$parent" 2> /dev/null || trap - EXIT; }
left() { echo "$1: $(grep -c " $TMPDIR/" /proc/self/mounts) mounted, $(ls "$TMPDIR" | grep -vc tsan) there"; }
"""


def outcome_of(script, tree, private):
    ran = in_namespace(PRELUDE + script, mounting.binary(), tree, private)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.splitlines(), ran.stderr


@pytest.mark.parametrize("user", ["root", "nobody"])
def test_the_next_one_clears_what_is_left(tree, private, user):
    """If both are killed at once, nobody is left to unmount. The mount at a fresh directory then stays, dead, until the next
    npyfs of this user that runs a command. It unmounts, and removes the directory."""
    script = f"begin {user}; kill_both; left killed; as {user} $npyfs $source -- true; left next"
    assert outcome_of(script, tree, private) == (["killed: 1 mounted, 1 there", "next: 0 mounted, 0 there"], "")


def test_nobody_clears_what_others_have_left(tree, private):
    """The mount of another user stays, and is nothing to talk about."""
    script = """
    begin root; kill_both; as nobody $npyfs $source -- true; left nobody
    begin nobody; kill_both; as root $npyfs $source -- true; left root; as nobody $npyfs $source -- true; left both
    """
    said = ["nobody: 1 mounted, 1 there", "root: 1 mounted, 1 there", "both: 0 mounted, 0 there"]
    assert outcome_of(script, tree, private) == (said, "")


def test_a_suspended_one_is_left_alone(tree, private):
    """An npyfs whose processes are stopped keeps its mount, and nobody waits for it."""
    script = """
    begin root; kill -STOP $parent $daemon; timeout 60 $npyfs $source -- true; left other
    kill -CONT $parent $daemon; touch $source/../end; wait $parent; trap - EXIT; left itself
    """
    assert outcome_of(script, tree, private) == (["other: 1 mounted, 1 there", "itself: 0 mounted, 0 there"], "")


def test_directories_of_other_names_stay(tree, private):
    """A dead mount at a directory that somebody has named is his."""
    script = """
    mkdir -m 777 $TMPDIR/npyfs-abcdef
    begin root $TMPDIR/npyfs-abcdef; kill_both; $npyfs $source -- true; left other
    umount $TMPDIR/npyfs-abcdef; rmdir $TMPDIR/npyfs-abcdef; left itself
    """
    assert outcome_of(script, tree, private) == (["other: 1 mounted, 1 there", "itself: 0 mounted, 0 there"], "")
