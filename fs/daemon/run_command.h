// `npyfs SOURCE [MOUNTPOINT] [options] -- command`: a mount that lives as long as a command.
#pragma once

#include "fs/options/options.h"

namespace npyfs {

// Runs options.command under a mount and returns the exit status for npyfs.
//
// Three processes: this one supervises; a child serves the mount, in a session of its own, where the keys of the
// terminal do not reach it; another child is the command, which has the terminal, the directory and the descriptors
// that npyfs was given. Signals that come to this process go to the command, except those that the terminal has already
// sent to it. When the command has ended, the daemon writes back what is mapped and unmounts.
//
// If one is killed: the kernel kills the command and sends SIGTERM to the daemon when this process dies; this process
// ends the command and unmounts when the daemon dies.
//
// The exit status is the command's, 128 + n if signal n ended it. If the command ended with 0 and the daemon could not
// write back everything, it is kFailed, as it is when the mount fails or the daemon dies. If SIGINT ended the command
// this process ends by SIGINT, too, and does not return: a shell then ends its script. Call it while there are no
// threads.
int run_command(Options options);

}  // namespace npyfs
