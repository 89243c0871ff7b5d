#include "core/slice/chunk_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/base/checked.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint64_t> parse_digits(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > kMaxNumber) return std::nullopt;
  return number;
}

// Takes the text before the first `separator`, or all of it, off the front.
std::string_view take_part(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

}  // namespace

Shape default_chunk_shape(const Shape& shape, std::uint64_t itemsize, bool fortran_order) {
  Shape chunk(shape.size());
  std::uint64_t inner = std::max<std::uint64_t>(1, itemsize);  // bytes of the chunk so far; fields may have none
  bool is_full = false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::size_t axis = fortran_order ? i : shape.size() - 1 - i;
    const std::uint64_t length = std::max<std::uint64_t>(1, shape[axis]);
    const std::uint64_t most = is_full ? 1 : std::max<std::uint64_t>(1, kUsualChunk / inner);
    chunk[axis] = std::min(length, most);
    is_full = is_full || chunk[axis] < length;
    inner *= chunk[axis];
  }
  return chunk;
}

std::optional<Shape> parse_chunk_shape(std::string_view text) {
  Shape chunk;
  const bool ends_in_separator = text.ends_with('x');
  while (!text.empty()) {
    const auto length = parse_digits(take_part(text, 'x'));
    if (!length || *length == 0) return std::nullopt;
    chunk.push_back(*length);
  }
  return chunk.empty() || ends_in_separator ? std::nullopt : std::optional(std::move(chunk));
}

std::optional<std::uint64_t> chunk_size(const Shape& chunk, std::uint64_t itemsize) {
  std::optional<std::uint64_t> size = itemsize;
  for (const std::uint64_t length : chunk) {
    size = checked_mul(*size, length);
    if (!size || *size > kMaxNumber) return std::nullopt;
  }
  return size;
}

std::uint64_t ChunkGrid::count_from(std::size_t axis) const {
  std::uint64_t product = 1;
  for (; axis < shape.size() && product != 0; ++axis) product *= count(axis);
  return product;
}

AxisIndex ChunkGrid::indices(std::size_t axis, std::uint64_t number) const {
  const std::uint64_t start = number * chunk[axis];
  return axis_range(start, start + std::min(chunk[axis], shape[axis] - start));
}

std::optional<std::uint64_t> ChunkGrid::parse_number(std::size_t axis, std::string_view text) const {
  const auto number = parse_digits(text);
  return number && *number < count(axis) ? number : std::nullopt;
}

std::optional<Shape> ChunkGrid::parse_key(std::string_view text) const {
  Shape numbers;
  if (shape.empty()) return text == "0" ? std::optional(numbers) : std::nullopt;
  if (text.ends_with('.')) return std::nullopt;
  while (!text.empty()) {
    const std::string_view part = take_part(text, '.');
    if (numbers.size() == shape.size()) return std::nullopt;
    const auto number = parse_number(numbers.size(), part);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers.size() == shape.size() ? std::optional(std::move(numbers)) : std::nullopt;
}

std::string ChunkGrid::key(std::uint64_t number) const {
  if (shape.empty()) return "0";
  Shape numbers(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    numbers[axis] = number % count(axis);
    number /= count(axis);
  }
  return fmt::format("{}", fmt::join(numbers, "."));
}

}  // namespace npyfs
