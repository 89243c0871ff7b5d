#include "core/writing/written_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "core/npy/npy_header.h"

namespace npyfs {
namespace {

constexpr std::size_t kFramingBytes = 12;  // magic, version and length of the versions 2 and 3

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

bool is_there(std::span<const std::byte> bytes, std::string_view text, std::uint64_t offset) {
  return offset + bytes.size() <= text.size() && std::memcmp(bytes.data(), text.data() + offset, bytes.size()) == 0;
}

// The size of the header that `text` begins with; 0 while bytes are missing that tell it. An error if none begins so.
Result<std::size_t> begun_header_size(std::string_view text) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  if (text.size() < kMagic.size() && kMagic.starts_with(text)) return 0;
  const bool may_be_whole = text.size() >= kFramingBytes || (text.size() >= kFramingBytes - 2 && text[6] == 1);
  if (may_be_whole) return npy_header_size(bytes_of(text), std::numeric_limits<std::int64_t>::max(), "");
  if (text.starts_with(kMagic)) return 0;
  return std::unexpected(Error{ErrorKind::kMalformed, "", "no magic"});
}

}  // namespace

WrittenHeader::WrittenHeader(const ViewWriter& writer, bool may_be_another)
    : writer_(writer),
      may_be_another_(may_be_another && !writer.view().header.empty()),
      state_(may_be_another_ ? State::kExpected : State::kItsOwn) {}

Error WrittenHeader::error(std::string sentence) const {
  return {ErrorKind::kInvalidArgument, writer_.path(), writer_.description() + " " + std::move(sentence)};
}

Result<WrittenHeader::Part> WrittenHeader::place(std::uint64_t offset, std::span<const std::byte> bytes) {
  const MutexLock lock(mutex_);
  auto part = state_ == State::kExpected ? place_expected(offset, bytes)
              : state_ == State::kItsOwn ? place_own(offset, bytes)
                                         : place_other(offset, bytes);
  if (!part && part.error().kind == ErrorKind::kInvalidArgument) refused_ = part.error();
  return part;
}

Result<WrittenHeader::Part> WrittenHeader::place_own(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (refused_ && offset >= own_size()) return std::unexpected(*refused_);
  if (auto may = writer_.check(offset, bytes); !may) {
    const bool may_be_right = bytes.size() < own_size() || (offset == 0 && writer_.size_of_same_header(bytes) != 0);
    if (may.error().kind == ErrorKind::kInvalidArgument && !may_be_another_ && may_be_right) {
      may.error().sentence += "; a header of another size is taken where the file is open for writing alone";
    }
    return std::unexpected(std::move(may.error()));
  }
  if (offset == 0 && bytes.size() >= own_size()) refused_.reset();
  return Part{offset, bytes};
}

bool WrittenHeader::is_part_of_own() const {
  return is_there(bytes_of(text_), writer_.view().header, 0);
}

Result<WrittenHeader::Part> WrittenHeader::place_expected(std::uint64_t offset, std::span<const std::byte> bytes) {
  const std::size_t had = text_.size();
  if (offset != had && had > 0 && !is_part_of_own()) {
    auto refused = begun_error();
    text_.clear();
    return std::unexpected(std::move(refused));
  }
  const bool is_own =
      had == 0 && bytes.size() >= own_size() && is_there(bytes.first(own_size()), writer_.view().header, 0);
  if (offset != had || is_own) {
    state_ = State::kItsOwn;
    return place_own(offset, bytes);
  }
  text_.append(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kMaxHeaderBytes - had));
  const auto size = begun_header_size(text_);
  if (size && (*size == 0 || *size > text_.size())) return Part{};
  const std::uint64_t same = size ? writer_.size_of_same_header(bytes_of(text_)) : 0;
  if (same == 0) {
    auto refused = writer_.header_error(bytes_of(text_));
    text_.clear();
    return std::unexpected(std::move(refused));
  }
  state_ = same == own_size() ? State::kItsOwn : State::kOther;
  refused_.reset();
  text_.resize(same);
  text_.shrink_to_fit();
  next_ = same;
  const auto body = bytes.subspan(same - had);
  return body.empty() ? Part{} : place_body(same, body);
}

// `offset` is one behind the header text_.
Result<WrittenHeader::Part> WrittenHeader::place_body(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (!is_emptied_ && state_ == State::kOther && offset != next_) {
    return std::unexpected(error(fmt::format(
        "was begun with a header of {} bytes and not emptied before, and then written at byte {} instead of {}",
        text_.size(), offset, next_)));
  }
  const std::uint64_t here = offset - text_.size() + own_size();
  if (auto may = writer_.check(here, bytes); !may) return std::unexpected(std::move(may.error()));
  next_ = offset + bytes.size();
  return Part{here, bytes};
}

// Whether bytes that begin within the other header leave it as it is.
bool WrittenHeader::rewrites_other(std::uint64_t offset, std::span<const std::byte> bytes) const {
  const auto in_header = bytes.first(std::min<std::uint64_t>(bytes.size(), text_.size() - offset));
  if (is_there(in_header, text_, offset)) return true;
  return offset == 0 && writer_.size_of_same_header(bytes) == text_.size();
}

Result<WrittenHeader::Part> WrittenHeader::place_other(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (offset >= text_.size()) return refused_ ? std::unexpected(*refused_) : place_body(offset, bytes);
  if (!rewrites_other(offset, bytes)) {
    return std::unexpected(error(fmt::format(
        "was begun with a header of {} bytes, which was then written over at byte {}", text_.size(), offset)));
  }
  const std::uint64_t in_header = text_.size() - offset;
  if (offset == 0 && bytes.size() >= in_header) refused_.reset();
  return bytes.size() <= in_header ? Part{} : place_body(text_.size(), bytes.subspan(in_header));
}

void WrittenHeader::note_truncation() {
  const MutexLock lock(mutex_);
  if (may_be_another_) state_ = State::kExpected;
  is_emptied_ = true;
  text_.clear();
  refused_.reset();
}

std::optional<std::uint64_t> WrittenHeader::other_file_size() const {
  const MutexLock lock(mutex_);
  if (state_ != State::kOther) return std::nullopt;
  return text_.size() + writer_.view().body_size();
}

bool WrittenHeader::is_refused() const {
  const MutexLock lock(mutex_);
  return refused_.has_value();
}

Error WrittenHeader::begun_error() const {
  const auto size = begun_header_size(text_);
  return error(fmt::format("was begun with a header{}, of which {} were written",
                           size && *size > 0 ? fmt::format(" of {} bytes", *size) : "", text_.size()));
}

Result<void> WrittenHeader::check_complete() const {
  const MutexLock lock(mutex_);
  if (refused_) return std::unexpected(*refused_);
  if (state_ == State::kExpected && !is_part_of_own()) return std::unexpected(begun_error());
  const std::uint64_t end = text_.size() + writer_.view().body_size();
  if (state_ != State::kOther || is_emptied_ || next_ == end) return {};
  return std::unexpected(error(fmt::format(
      "was begun with a header of {} bytes and not emptied before, and then written up to byte {} instead of {}",
      text_.size(), next_, end)));
}

}  // namespace npyfs
