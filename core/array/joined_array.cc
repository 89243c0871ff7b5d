#include "core/array/joined_array.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>

#include "core/base/checked.h"
#include "core/base/escape.h"
#include "core/base/hash.h"
#include "core/npy/npy_header.h"

namespace npyfs {
namespace {

constexpr std::size_t kMostNamed = 5;  // damaged parts in one sentence
constexpr mode_t kPermissions = S_IRWXU | S_IRWXG | S_IRWXO;

Error error_of(const std::string& path, ErrorKind kind, std::string sentence) {
  return Error{kind, path, std::move(sentence)};
}

// Names all damaged parts, or the first of them.
Error damaged(const std::string& path, const JoinedParts& parts) {
  const auto is_damaged = [](const JoinedPart& part) { return part.problem.has_value(); };
  const auto count = static_cast<std::size_t>(std::ranges::count_if(parts, is_damaged));
  std::string sentence = fmt::format("{} of {} parts cannot be joined", count, parts.size());
  std::size_t named = 0;
  const Error* first = nullptr;
  for (const JoinedPart& part : parts) {
    if (!part.problem) continue;
    if (first == nullptr) first = &*part.problem;
    if (++named > kMostNamed) break;
    sentence += fmt::format("; {}: {}", escaped(part.name), part.problem->sentence);
  }
  if (count > kMostNamed) sentence += fmt::format("; and {} more", count - kMostNamed);
  Error error = error_of(path, first->kind, std::move(sentence));
  error.os_error = first->os_error;
  return error;
}

// Without the number of rows.
std::span<const std::uint64_t> row_shape(const JoinedPart& part) {
  return std::span(part.shape).subspan(1);
}

std::string text_of_row(const JoinedPart& part) {
  return format_shape(row_shape(part));
}

// Why the two cannot be one array; nullopt if they can.
std::optional<std::string> difference(const JoinedPart& a, const JoinedPart& b) {
  if (a.type != b.type && a.type->descr != b.type->descr) {
    return fmt::format("has dtype {}, and {} has {}", escaped(b.type->descr), escaped(a.name), escaped(a.type->descr));
  }
  if (std::ranges::equal(row_shape(a), row_shape(b))) return std::nullopt;
  return fmt::format("has rows of shape {}, and {} has rows of shape {}", text_of_row(b), escaped(a.name),
                     text_of_row(a));
}

ArrayPart placed(const JoinedPart& part, std::size_t number) {
  return {nullptr, nullptr, contiguous_geometry(part.data_offset, part.type->itemsize, part.shape, part.fortran_order),
          part.first_row, number};
}

// Whether all items together have a number of bytes that a position in a file can have.
bool fits(const Shape& shape, std::uint64_t itemsize) {
  std::optional<std::uint64_t> bytes = itemsize;
  for (const std::uint64_t length : shape) {
    if (length == 0) return true;
    if (bytes) bytes = checked_mul(*bytes, length);
  }
  return bytes && *bytes <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

// Counts the rows before each part. nullopt if they are too many.
std::optional<std::uint64_t> count_rows(JoinedParts& parts) {
  std::uint64_t rows = 0;
  for (JoinedPart& part : parts) {
    part.first_row = rows;
    const auto sum = checked_add(rows, part.rows());
    if (!sum) return std::nullopt;
    rows = *sum;
  }
  return rows;
}

Result<std::shared_ptr<const Array>> join(const std::string& path, const JoinedParts& parts,
                                          std::shared_ptr<const PartFiles> files) {
  if (parts.empty()) {
    return std::unexpected(error_of(path, ErrorKind::kNotSliceable, "has no .npy files that could be joined"));
  }
  if (std::ranges::any_of(parts, [](const JoinedPart& part) { return part.problem.has_value(); })) {
    return std::unexpected(damaged(path, parts));
  }
  const auto with_rows = std::ranges::find_if(parts, [](const JoinedPart& part) { return part.rows() > 0; });
  const JoinedPart& first = with_rows == parts.end() ? parts.front() : *with_rows;
  auto array = std::make_shared<Array>();
  array->descr = first.type->descr;
  array->itemsize = first.type->itemsize;
  array->fields = first.type->fields;
  array->shape = first.shape;
  array->shape.front() = 0;
  array->files = std::move(files);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].rows() == 0) continue;
    if (const auto why = difference(first, parts[i])) {
      return std::unexpected(error_of(path, ErrorKind::kNotSliceable,
                                      fmt::format("cannot be joined: {} {}", escaped(parts[i].name), *why)));
    }
    array->parts.push_back(placed(parts[i], i));
    array->shape.front() = parts[i].first_row + parts[i].rows();
  }
  if (!fits(array->shape, array->itemsize)) {
    return std::unexpected(
        error_of(path, ErrorKind::kNotSliceable,
                 fmt::format("has parts of {} rows in all, more bytes than a file can have", array->shape.front())));
  }
  return array;
}

std::uint64_t version_of(const JoinedParts& parts) {
  std::uint64_t version = parts.size();
  for (const JoinedPart& part : parts) {
    version = mix(version, mix(part.version, static_cast<std::uint64_t>(part.status.birth_ns)));
    version = mix(version, std::hash<std::string_view>()(part.name));
  }
  return version | 1;
}

std::uint64_t identity_of(const JoinedParts& parts, dev_t root_device) {
  std::uint64_t identity = parts.size();
  for (const JoinedPart& part : parts) {
    const std::uint64_t device = part.status.st_dev == root_device ? 0 : part.status.st_dev;
    identity = mix(identity, mix(device, part.status.st_ino));
  }
  return identity;
}

void take_later(timespec& time, const timespec& other) {
  if (nanoseconds(other) > nanoseconds(time)) time = other;
}

// The permissions that each of three classes of users has.
mode_t everyones(mode_t mode) {
  const mode_t all = (mode >> 6) & (mode >> 3) & mode & S_IRWXO;
  return all << 6 | all << 3 | all;
}

}  // namespace

JoinedPart part_of(std::string name, const SourceStatus& status, const NpyFile& file, const JoinedPart* previous) {
  JoinedPart part{.name = std::move(name),
                  .status = status,
                  .version = file.version().hash(),
                  .is_racy = file.guard()->is_racy(),
                  .problem = {}};
  if (!file.array()) {
    part.problem = file.array().error();
    return part;
  }
  const NpyHeader& header = *file.header();
  part.shape = header.shape;
  part.fortran_order = header.fortran_order;
  part.data_offset = header.data_offset;
  const bool is_shared = previous != nullptr && previous->type && previous->type->descr == header.descr;
  part.type = is_shared ? previous->type
                        : std::make_shared<const PartType>(PartType{header.descr, header.itemsize, header.fields});
  return part;
}

JoinedPart unreadable_part(std::string name, const SourceStatus& status, Error why) {
  return {.name = std::move(name),
          .status = status,
          .version = FileVersion::of(status).hash(),
          .is_racy = true,
          .problem = std::move(why)};
}

JoinedArray::JoinedArray(
    std::string path, JoinedParts parts, dev_t root_device,
    const std::function<std::shared_ptr<const PartFiles>(std::shared_ptr<const JoinedParts>)>& files)
    : path_(std::move(path)),
      parts_([&] {
        const bool fits_in_rows = count_rows(parts).has_value();
        if (!fits_in_rows) {
          parts.front().problem = error_of(path_, ErrorKind::kNotSliceable, "the parts have 2^64 rows or more");
        }
        return std::make_shared<const JoinedParts>(std::move(parts));
      }()),
      version_(version_of(*parts_)),
      identity_(identity_of(*parts_, root_device)),
      array_(join(path_, *parts_, files(parts_))) {
  if (!parts_->empty()) combine_statuses();
}

void JoinedArray::combine_statuses() {
  SourceStatus& all = of_all_parts_;
  all = parts_->front().status;
  for (const JoinedPart& part : *parts_) {
    is_of_one_owner_ = is_of_one_owner_ && part.status.st_uid == all.st_uid && part.status.st_gid == all.st_gid;
    all.st_mode &= part.status.st_mode;
    take_later(all.st_mtim, part.status.st_mtim);
    take_later(all.st_ctim, part.status.st_ctim);
  }
}

SourceStatus JoinedArray::status(const SourceStatus& directory) const {
  SourceStatus status = directory;
  status.st_mode = S_IFREG | (directory.st_mode & kPermissions);
  if (!parts_->empty()) {
    status.st_mode = S_IFREG | (of_all_parts_.st_mode & kPermissions);
    status.st_uid = of_all_parts_.st_uid;
    status.st_gid = of_all_parts_.st_gid;
    take_later(status.st_mtim, of_all_parts_.st_mtim);
    take_later(status.st_ctim, of_all_parts_.st_ctim);
  }
  // The names of the parts are for those who may list the directory.
  constexpr mode_t kRead = S_IRUSR | S_IRGRP | S_IROTH;
  const bool all_may_list = (directory.st_mode & kRead) == kRead;
  const bool same_as_directory = directory.st_uid == status.st_uid && directory.st_gid == status.st_gid;
  if (!all_may_list) status.st_mode &= directory.st_mode | ~kRead;
  if (!is_of_one_owner_ || (!all_may_list && !same_as_directory)) {
    status.st_mode = S_IFREG | everyones(status.st_mode);
  }
  return status;
}

}  // namespace npyfs
