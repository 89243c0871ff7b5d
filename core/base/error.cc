#include "core/base/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/escape.h"

namespace npyfs {

Error::Error() : Error(ErrorKind::kNotFound, "", "") {}
Error::Error(ErrorKind of_kind, std::string about, std::string what, int number)
    : kind(of_kind), subject(std::move(about)), sentence(std::move(what)), os_error(number) {}
Error::Error(const Error& other) = default;
Error::Error(Error&& other) noexcept = default;
Error& Error::operator=(const Error& other) = default;
Error& Error::operator=(Error&& other) noexcept = default;
Error::~Error() = default;

std::string to_message(const Error& error) {
  return fmt::format("{}: {}", escaped(error.subject), error.sentence);
}

int to_errno(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kNotFound:
      return ENOENT;
    case ErrorKind::kNotADirectory:
      return ENOTDIR;
    case ErrorKind::kIsADirectory:
      return EISDIR;
    case ErrorKind::kMalformed:
    case ErrorKind::kNotSliceable:
      return ENOENT;  // such a file has no views; its error.txt gives the reason
    case ErrorKind::kTruncated:
      return EIO;
    case ErrorKind::kStale:
      return ESTALE;
    case ErrorKind::kReadOnly:
      return EROFS;
    case ErrorKind::kNotWritable:
      return EACCES;
    case ErrorKind::kBusy:
    case ErrorKind::kReleasing:
      return EBUSY;
    case ErrorKind::kBeyondEnd:
      return EFBIG;
    case ErrorKind::kInvalidArgument:
      return EINVAL;
    case ErrorKind::kSystem:
      return error.os_error != 0 ? error.os_error : EIO;
  }
  std::unreachable();
}

bool is_shortage(const Error& error) {
  if (error.kind != ErrorKind::kSystem) return false;
  switch (error.os_error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
    case EINTR:
      return true;
    default:
      return false;
  }
}

Error system_error(std::string subject, const char* call, int os_error) {
  return Error{ErrorKind::kSystem, std::move(subject),
               fmt::format("{} failed: {}", call, std::generic_category().message(os_error)), os_error};
}

}  // namespace npyfs
