// Errors as values: what kind of thing went wrong, with which file or name, and a sentence a user can act on.
#pragma once

#include <expected>
#include <string>

namespace npyfs {

enum class ErrorKind {
  kNotFound,         // the name resolves to nothing
  kNotADirectory,    // a directory was needed and something else is there
  kIsADirectory,     // a file was needed and a directory is there
  kMalformed,        // the file is not an array in .npy format
  kNotSliceable,     // a valid array of which no slices can be served (objects, 0-d, item size 0)
  kTruncated,        // the file holds fewer bytes than it promised when it was opened
  kStale,            // the inode or handle describes a source that has changed since
  kReadOnly,         // the request would modify something in a read-only mount
  kNotWritable,      // a file that is not for writing, in a writable mount
  kBusy,             // the rows are being written through another view
  kReleasing,        // the same, but whoever did so has closed it: it may end at any moment
  kBeyondEnd,        // a write beyond the fixed size of a view
  kInvalidArgument,  // an option or argument is out of its range
  kSystem,           // a system call failed; os_error says how
};

struct Error {
  ErrorKind kind;
  std::string subject;   // the file, path or option that the error is about, as it came (not escaped)
  std::string sentence;  // what was found and what was expected
  int os_error = 0;      // errno of the failed call, for kSystem only
};

template <typename T>
using Result = std::expected<T, Error>;

// "subject: sentence", the subject escaped (see escape.h), so that no file name can forge a line of a log.
std::string to_message(const Error& error);

// The errno that a caller of the filesystem sees. Exhaustive over ErrorKind.
int to_errno(const Error& error);

// Whether the system was short of something (descriptors, memory) or interrupted: that says nothing of the file, and
// the next attempt may succeed.
bool is_shortage(const Error& error);

// kSystem with the sentence "CALL failed: STRERROR". `os_error` is taken at the call site, before anything resets
// errno.
Error system_error(std::string subject, const char* call, int os_error);

}  // namespace npyfs
