"""Code run as another user, in a process of its own."""

import errno
import json
import os
import subprocess
import sys
import traceback

# Ids that belong to nobody: permissions depend on the numbers alone.
OWNER, MEMBER, STRANGER = 12001, 12002, 12003
GROUP, OWN_GROUP = 13001, 13002


def as_user(uid, function, gid=OWN_GROUP, groups=()):
    """What `function()` returns (as JSON has it) when a child with these ids calls it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.setgroups(groups)
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            os.write(writer, json.dumps(function()).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc(file=sys.stderr)
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == 0, f"the child of user {uid} failed"
    return json.loads(text)


def outcome(function, *arguments):
    """What a call returns, or the name of the errno it fails with."""
    try:
        return function(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]


# A new namespace has copies of all mounts, which would keep the daemons of those that belong to others from ending, and
# other tests' disks from being taken down.
_LET_GO = """
umount --all --lazy --no-canonicalize --types fuse.npyfs || true
while read -r device path rest; do
  case "$path" in */npyfs-test-*/disk) umount --lazy "$path" ;; esac
done < /proc/self/mounts
"""


def in_namespace(script, *arguments):
    """Runs a shell script in a mount namespace of its own, and returns what it did."""
    command = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc", _LET_GO + script, "sh", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)
