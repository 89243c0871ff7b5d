// Errors as values: a kind, a subject (a file, path or option) and a sentence that a user can act on.
#pragma once

#include <expected>
#include <string>

namespace npyfs {

enum class ErrorKind {
  kNotFound,         // nothing has this name
  kNotADirectory,    // found something else where a directory was expected
  kIsADirectory,     // found a directory where a file was expected
  kMalformed,        // the file is not a valid .npy file
  kNotSliceable,     // a valid array that cannot be sliced (objects, 0-d, item size 0)
  kTruncated,        // the file has become shorter since it was opened
  kStale,            // the source has changed since the inode or handle was made
  kReadOnly,         // the request would modify a read-only mount
  kNotWritable,      // this file cannot be written, though the mount is writable
  kBusy,             // another view that is open for writing has some of these rows
  kReleasing,        // as kBusy, but its last descriptor is closed: the rows may become free at any moment. A kind of
                     // its own, since the caller may wait, and only the error tells it
  kBeyondEnd,        // a write beyond the fixed size of a view
  kInvalidArgument,  // an option or argument is out of its range
  kSystem,           // a system call failed; os_error is its errno
};

// Cold: the compiler moves all code that leads to an error behind all other code. Between two requests a reader runs
// and takes over the caches of the processor, so each request has to fetch all code that it runs through.
struct Error {
  [[gnu::cold]] Error();
  [[gnu::cold]] Error(ErrorKind kind, std::string subject, std::string sentence, int os_error = 0);
  [[gnu::cold]] Error(const Error& other);
  [[gnu::cold]] Error(Error&& other) noexcept;
  [[gnu::cold]] Error& operator=(const Error& other);
  [[gnu::cold]] Error& operator=(Error&& other) noexcept;
  [[gnu::cold]] ~Error();

  ErrorKind kind;
  std::string subject;   // the file, path or option that the error is about, not escaped
  std::string sentence;  // what was found and what was expected
  int os_error = 0;      // errno of the failed call if the kind is kSystem, else 0
};

// Errors are handed on by hand: `if (!x) return std::unexpected(x.error());`. C++23 has no operator for it, a macro
// would hide the return, and and_then() cannot leave a loop.
template <typename T>
using Result = std::expected<T, Error>;

// "subject: sentence". The subject is escaped (see escape.h), so a file name cannot forge a log line.
std::string to_message(const Error& error);

// The errno that FUSE replies with.
int to_errno(const Error& error);

// Whether the system ran out of descriptors or memory, or the call was interrupted. Such an error says nothing about
// the file, and the next attempt may succeed.
bool is_shortage(const Error& error);

// kSystem with the sentence "CALL failed: STRERROR". The caller passes errno as `os_error`, before another call can
// change it.
[[gnu::cold]] Error system_error(std::string subject, const char* call, int os_error);

}  // namespace npyfs
