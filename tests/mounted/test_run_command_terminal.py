"""npyfs SOURCE -- command on a terminal: its keys, and shells with job control."""

import os
import pty
import select
import signal
import time

import pytest

import mount as mounting
from supervised import environment, private, tree


class Terminal:
    """An interactive bash on a terminal of its own."""

    def __init__(self, environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**environment, "PS1": "> ", "TERM": "dumb"})
        self.shown = ""

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, text):
        end = time.monotonic() + mounting.DEADLINE
        while text not in self.shown:
            assert time.monotonic() < end and select.select([self.fd], [], [], mounting.DEADLINE)[0], self.shown
            self.shown += os.read(self.fd, 4096).decode(errors="replace")
        self.shown = self.shown.partition(text)[2]

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


@pytest.fixture
def terminal(private):
    opened = Terminal(environment(private))
    yield opened
    opened.close()


def test_the_keys_of_a_terminal(tree, terminal):
    """^C reaches the command once, and the mount outlives it; ^Z and fg stop and continue; ^\\ ends; the command may read."""
    npyfs = f"{mounting.binary()} {tree} -- "
    terminal.type(f"{npyfs}/usr/bin/python3 -iq\r")
    terminal.expect(">>> ")
    terminal.type("import time, os; env = os.environ\r")
    terminal.expect(">>> ")
    terminal.type("for i in range(100): print('turn', i, flush=True); time.sleep(0.1)\r\r")
    terminal.expect("turn 1")
    terminal.type("\x03")
    terminal.expect("KeyboardInterrupt")
    terminal.expect(">>> ")
    terminal.type("print(os.listdir(env['NPYFS_MNT']), 40 + 2)\r")
    terminal.expect("['data.npy'] 42")
    terminal.type("\x1a")
    terminal.expect("Stopped")
    terminal.type("echo in $((1 + 1)) shell\r")
    terminal.expect("in 2 shell")
    terminal.type("fg\r\r")
    terminal.expect(">>> ")
    terminal.type("print(os.listdir(env['NPYFS_MNT']), 40 + 3)\r")
    terminal.expect("['data.npy'] 43")
    terminal.type("exit(6)\r")
    terminal.type("echo status $?\r")
    terminal.expect("status 6")
    terminal.type(f"for i in 1 2 3; do {npyfs} sleep 60; echo after $i; done; echo status $?\r")
    time.sleep(1)
    terminal.type("\x03")
    terminal.expect("> ")
    terminal.type("echo done $((2 + 2))\r")
    terminal.expect("done 4")
    terminal.type("ulimit -c 0\r")
    terminal.type(f"{npyfs} sleep 60\r")
    time.sleep(1)
    terminal.type("\x1c")
    terminal.type("echo status $?\r")
    terminal.expect("status 131")


def test_a_shell_with_job_control(tree, terminal):
    """An interactive shell as the command has the terminal, and gives it back."""
    terminal.type(f"{mounting.binary()} {tree} -- bash --norc --noprofile -i\r")
    terminal.expect("> ")
    terminal.type("sleep 60\r")
    time.sleep(0.3)
    terminal.type("\x1a")
    terminal.expect("Stopped")
    terminal.type("kill %1; ls {}; exit 3\r")
    terminal.expect("exit")
    terminal.type("echo status $?\r")
    terminal.expect("status 3")
