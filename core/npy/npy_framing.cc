#include "core/npy/npy_framing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace npyfs {
namespace {

constexpr std::size_t kVersionEnd = 8;  // magic and two bytes of version

std::string hex(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    fmt::format_to(std::back_inserter(out), "{}{:02x}", out.empty() ? "" : " ", static_cast<unsigned char>(c));
  }
  return out;
}

bool is_pickle(std::string_view front) {
  return front.size() >= 2 && front[0] == '\x80' && front[1] >= 2 && front[1] <= 5;
}

// What the file is instead, where its first bytes (at most 6) are not the magic or a part of it.
std::string wrong_magic(std::string_view front) {
  if (front.starts_with("PK")) {
    return "the file is a zip archive (np.savez writes such files as .npz), expected a single array in .npy format";
  }
  if (is_pickle(front)) {
    return fmt::format("the file is a Python pickle (protocol {}), expected an array in .npy format",
                       static_cast<int>(front[1]));
  }
  const std::string found = hex(front);
  const std::string expected = hex(kNpyMagic);
  if (front == "\x93numpy") {
    return fmt::format("the magic is in lower case (bytes {}), expected {}", found, expected);
  }
  return fmt::format("the file starts with the bytes {}, expected the magic {}", found, expected);
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// Why magic and version are not those of a known .npy file; empty where they are.
std::string version_reason(std::string_view bytes, std::uint64_t file_size) {
  if (file_size == 0) return "the file is empty, expected a .npy header";
  const std::string_view front = bytes.substr(0, kNpyMagic.size());
  if (front != kNpyMagic.substr(0, front.size())) return wrong_magic(front);
  if (bytes.size() < kVersionEnd) {
    return fmt::format("the file holds {} bytes, too few for magic and version ({})", bytes.size(), kVersionEnd);
  }
  const int major = static_cast<unsigned char>(bytes[6]);
  const int minor = static_cast<unsigned char>(bytes[7]);
  if (major < 1 || major > 3 || minor != 0) {
    return fmt::format("the format version is {}.{}, known are 1.0, 2.0 and 3.0", major, minor);
  }
  return "";
}

// Why a header length cannot be right; empty where it can. `bytes` starts at the magic.
std::string length_reason(const NpyFraming& framing, std::string_view bytes, std::uint64_t file_size) {
  if (framing.text_length == 0) return "the header length is 0, there is no dict";
  const std::uint64_t beyond = file_size - framing.text_offset;
  if (framing.text_length > beyond && framing.major >= 2 && (bytes[10] == '{' || bytes[10] == ' ')) {
    return fmt::format("the header length of version {}.0 has 4 bytes, here the dict starts after 2, as in version 1.0",
                       framing.major);
  }
  if (framing.text_length > beyond) {
    return fmt::format("the header is {} bytes long by its length field, the file holds {} bytes behind that",
                       framing.text_length, beyond);
  }
  if (framing.text_length > kMaxHeaderText) {
    return fmt::format("the header is {} bytes long, npyfs reads at most {}", framing.text_length, kMaxHeaderText);
  }
  return "";
}

}  // namespace

Result<NpyFraming> read_npy_framing(std::span<const std::byte> first_bytes, std::uint64_t file_size,
                                    std::string_view file_name) {
  const auto refuse = [&](std::string sentence) {
    return std::unexpected(Error{ErrorKind::kMalformed, std::string(file_name), std::move(sentence)});
  };
  const std::string_view bytes(reinterpret_cast<const char*>(first_bytes.data()),
                               std::min<std::uint64_t>(first_bytes.size(), file_size));
  if (auto reason = version_reason(bytes, file_size); !reason.empty()) return refuse(std::move(reason));
  NpyFraming framing{.major = static_cast<unsigned char>(bytes[6])};
  const std::size_t length_bytes = framing.major == 1 ? 2 : 4;
  framing.text_offset = kVersionEnd + length_bytes;
  if (bytes.size() < framing.text_offset) {
    return refuse(fmt::format("the file ends within the header length: {} of its {} bytes are there",
                              bytes.size() - kVersionEnd, length_bytes));
  }
  framing.text_length = little_endian(bytes.substr(kVersionEnd, length_bytes));
  if (auto reason = length_reason(framing, bytes, file_size); !reason.empty()) return refuse(std::move(reason));
  return framing;
}

}  // namespace npyfs
