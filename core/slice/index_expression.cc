#include "core/slice/index_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace npyfs {
namespace {

enum class TermKind { kIndex, kSlice, kEllipsis, kNewAxis };

struct Term {
  TermKind kind = TermKind::kSlice;
  std::optional<std::int64_t> start = {};  // of kIndex: the index
  std::optional<std::int64_t> stop = {};
  std::int64_t step = 1;
};

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// Takes an INTEGER off the front of `text`. A number that does not fit is clipped, as Python clips the bounds of a
// slice: no axis is that long.
std::optional<std::int64_t> take_integer(std::string_view& text) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const bool is_negative = text.starts_with('-');
  std::string_view digits = text;
  if (is_negative || text.starts_with('+')) digits.remove_prefix(1);
  const std::size_t count = std::min(digits.find_first_not_of("0123456789"), digits.size());
  if (count == 0) return std::nullopt;
  std::int64_t number = 0;
  for (const char digit : digits.substr(0, count)) {
    const std::int64_t value = digit - '0';
    number = number > (kMost - value) / 10 ? kMost : number * 10 + value;
  }
  text = digits.substr(count);
  return is_negative ? -number : number;
}

// nullopt if the text does not begin with a term.
std::optional<Term> take_term(std::string_view& text) {
  if (take(text, "...")) return Term{.kind = TermKind::kEllipsis};
  if (take(text, "None")) return Term{.kind = TermKind::kNewAxis};
  Term term{.start = take_integer(text)};
  if (!take(text, ":")) {
    term.kind = TermKind::kIndex;
    return term.start ? std::optional(term) : std::nullopt;
  }
  term.stop = take_integer(text);
  if (take(text, ":")) term.step = take_integer(text).value_or(1);
  return term;
}

std::optional<std::vector<Term>> parse_terms(std::string_view text) {
  std::vector<Term> terms;
  do {
    const auto term = take_term(text);
    if (!term) return std::nullopt;
    terms.push_back(*term);
  } while (take(text, ","));
  return text.empty() ? std::optional(std::move(terms)) : std::nullopt;
}

// As in Python's slice.indices(): a negative bound counts from the end; the result is clipped to [lowest, highest].
std::int64_t clipped(std::int64_t bound, std::int64_t length, std::int64_t lowest, std::int64_t highest) {
  return std::clamp(bound < 0 ? bound + length : bound, lowest, highest);
}

// The rows of a slice of an axis. step != 0.
AxisIndex rows_of(const Term& slice, std::uint64_t axis_length) {
  const auto length = static_cast<std::int64_t>(axis_length);
  const bool is_forward = slice.step > 0;
  const std::int64_t lowest = is_forward ? 0 : -1;
  const std::int64_t highest = is_forward ? length : length - 1;
  const std::int64_t start = slice.start ? clipped(*slice.start, length, lowest, highest) : is_forward ? 0 : highest;
  const std::int64_t stop = slice.stop ? clipped(*slice.stop, length, lowest, highest) : is_forward ? length : -1;
  const std::int64_t distance = is_forward ? stop - start : start - stop;
  if (distance <= 0) return AxisIndex{};
  const auto step =
      is_forward ? static_cast<std::uint64_t>(slice.step) : std::uint64_t{0} - static_cast<std::uint64_t>(slice.step);
  const std::uint64_t count = (static_cast<std::uint64_t>(distance) - 1) / step + 1;
  return axis_progression(static_cast<std::uint64_t>(start), count, slice.step);
}

class Indexing {
 public:
  Indexing(const Selection& selection, std::string_view expression) : selection_(selection), expression_(expression) {}

  Result<Selection> apply(const std::vector<Term>& terms) {
    std::size_t named = 0;
    for (const Term& term : terms) named += term.kind == TermKind::kIndex || term.kind == TermKind::kSlice;
    const std::size_t ndim = selection_.ndim();
    if (named > ndim) {
      return refuse(fmt::format("too many indices: the array has {} dimensions, {} are indexed", ndim, named));
    }
    if (std::ranges::count(terms, TermKind::kEllipsis, &Term::kind) > 1) {
      return refuse("an index can have only one ellipsis ('...')");
    }
    for (const Term& term : terms) {
      if (term.kind == TermKind::kEllipsis) {
        dimension_ += ndim - named;
      } else if (auto taken = take(term); !taken) {
        return std::unexpected(taken.error());
      }
    }
    return std::move(selection_);
  }

 private:
  std::unexpected<Error> refuse(std::string why) const {
    return std::unexpected(Error{ErrorKind::kNotFound, std::string(expression_), std::move(why)});
  }

  Result<void> take(const Term& term) {
    if (term.kind == TermKind::kNewAxis) {
      if (selection_.ndim() == Selection::kMaxDimensions) return refuse("no array has more than 64 dimensions");
      selection_.insert_axis(dimension_++);
      return {};
    }
    const std::uint64_t length = selection_.length(dimension_);
    if (term.kind == TermKind::kSlice) {
      if (term.step == 0) return refuse("slice step cannot be zero");
      selection_.take(dimension_++, rows_of(term, length));
      return {};
    }
    const std::int64_t index = *term.start < 0 ? *term.start + static_cast<std::int64_t>(length) : *term.start;
    if (index < 0 || static_cast<std::uint64_t>(index) >= length) {
      return refuse(fmt::format("index {} is out of bounds for an axis of length {}", *term.start, length));
    }
    selection_.take(dimension_, single_index(static_cast<std::uint64_t>(index)));
    return {};
  }

  Selection selection_;
  const std::string_view expression_;
  std::size_t dimension_ = 0;  // of the view so far: the one that the next term applies to
};

}  // namespace

Result<Selection> select_by_expression(const Selection& selection, std::string_view expression) {
  const auto terms = parse_terms(expression);
  if (!terms) {
    return std::unexpected(
        Error{ErrorKind::kNotFound, std::string(expression), "is no index: write one as in -5:,::2,...,None or 7,0:3"});
  }
  return Indexing(selection, expression).apply(*terms);
}

}  // namespace npyfs
