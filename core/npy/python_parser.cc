#include "core/npy/python_parser.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/digits.h"
#include "core/base/escape.h"
#include "core/base/sentence.h"
#include "core/base/utf8.h"
#include "core/npy/python_token.h"

namespace npyfs {
namespace {

using Kind = PythonLiteral::Kind;
using Parsed = std::expected<PythonLiteral, std::string>;

class Parser {
 public:
  Parser(std::string_view text, LiteralDialect dialect) : text_(text), dialect_(dialect) {}

  // The whole text: blanks, one value, blanks.
  Parsed parse_document();

 private:
  Parsed parse_value(int depth);
  Parsed parse_parentheses(int depth);
  Parsed parse_list(int depth);
  Parsed parse_braces(int depth);
  Parsed parse_strings();
  Parsed parse_signed_number();
  Parsed parse_name();

  // Reads `, value` and `, key: value` up to `close` into `container`, whose opening bracket is read.
  std::expected<void, std::string> parse_items(PythonLiteral& container, char close, int depth, bool& saw_comma);
  std::expected<void, std::string> parse_pair_value(PythonLiteral& container, int depth);

  void skip_blanks();
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c);
  std::string here() const { return at_character(text_, at_); }
  std::unexpected<std::string> unexpected_here(std::string_view wanted) const;
  std::expected<void, std::string> check_margins(std::size_t first, std::size_t last) const;

  std::string_view text_;
  LiteralDialect dialect_;
  std::size_t at_ = 0;
};

void Parser::skip_blanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    const bool line_break = c == '\n' || (c == '\r' && text_.substr(at_, 2) == "\r\n");
    if (c != ' ' && c != '\t' && !line_break) return;
    ++at_;
  }
}

bool Parser::take(char c) {
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

// What stands here instead of `wanted`, told apart by what people (and attackers) put into headers.
std::unexpected<std::string> Parser::unexpected_here(std::string_view wanted) const {
  if (at_ >= text_.size()) return Sentence(fmt::format("the header ends where {} is expected", wanted));
  const char c = text_[at_];
  if (text_.substr(at_, 2) == "**") {
    return Sentence(fmt::format("the header unpacks something with ** at {}, only literals are allowed", here()));
  }
  if (c == '(') return Sentence(fmt::format("the header calls something at {}, only literals are allowed", here()));
  if (std::string_view("+-*/%@&|^<>=~.").find(c) != std::string_view::npos) {
    return Sentence(fmt::format("the header holds an expression ('{}' at {}), only literals are allowed", c, here()));
  }
  const auto length = static_cast<std::size_t>(utf8_sequence_length(text_.substr(at_)));
  return Sentence(fmt::format("'{}' stands at {} of the header where {} is expected",
                              escaped(text_.substr(at_, length)), here(), wanted));
}

// Blanks before and behind the value, `first` and `last` being its extent, must be such that Python takes them for
// blanks and not for an indented block.
std::expected<void, std::string> Parser::check_margins(std::size_t first, std::size_t last) const {
  const std::string_view before = text_.substr(0, first);
  if (before.find('\n') != std::string_view::npos && before.back() != '\n') {
    return Sentence("the dict is indented on a line of its own, which Python refuses");
  }
  const std::string_view behind = text_.substr(last);
  if (dialect_ == LiteralDialect::kPython3 && behind.find('\n') != std::string_view::npos && behind.back() != '\n') {
    return Sentence("the header ends in blanks after its last line break, which Python refuses in version 3.0");
  }
  return {};
}

Parsed Parser::parse_document() {
  if (const std::size_t nul = text_.find('\0'); nul != std::string_view::npos) {
    return Sentence(fmt::format("the header holds a NUL at {}", at_character(text_, nul)));
  }
  skip_blanks();
  if (at_ == text_.size()) return Sentence("the header is blank, there is no dict in it");
  const std::size_t first = at_;
  Parsed value = parse_value(0);
  if (!value) return value;
  const std::size_t last = at_;
  skip_blanks();
  if (peek() == ',') {
    return Sentence(fmt::format("a comma follows the dict at {}, which makes it a part of a tuple", here()));
  }
  if (peek() == '{') return Sentence(fmt::format("a second dict follows at {} of the header", here()));
  if (at_ < text_.size()) return unexpected_here("the end of the header");
  if (auto good = check_margins(first, last); !good) return Sentence(std::move(good.error()));
  return value;
}

Parsed Parser::parse_value(int depth) {
  skip_blanks();
  if (at_ >= text_.size()) return unexpected_here("a value");
  const std::size_t begin = at_;
  const char c = peek();
  Parsed value;
  if (c == '(' || c == '[' || c == '{') {
    if (depth == kMaxLiteralDepth) {
      return Sentence(fmt::format("brackets nest deeper than {} levels at {} of the header", kMaxLiteralDepth, here()));
    }
    value = c == '(' ? parse_parentheses(depth + 1) : c == '[' ? parse_list(depth + 1) : parse_braces(depth + 1);
  } else if (starts_string(text_, at_)) {
    value = parse_strings();
  } else if (c == '+' || c == '-' || is_digit(c) || (c == '.' && is_digit(text_.substr(at_, 2).back()))) {
    value = parse_signed_number();
  } else if (is_identifier_byte(c)) {
    value = parse_name();
  } else {
    return unexpected_here("a value");
  }
  if (value) value->source = text_.substr(begin, at_ - begin);
  return value;
}

// A tuple, or a value in parentheses, which is that value.
Parsed Parser::parse_parentheses(int depth) {
  ++at_;
  PythonLiteral tuple{.kind = Kind::kTuple};
  bool saw_comma = false;
  if (auto done = parse_items(tuple, ')', depth, saw_comma); !done) return Sentence(std::move(done.error()));
  if (tuple.items.size() == 1 && !saw_comma) return PythonLiteral(std::move(tuple.items.front()));
  return tuple;
}

Parsed Parser::parse_list(int depth) {
  ++at_;
  PythonLiteral list{.kind = Kind::kList};
  bool saw_comma = false;
  if (auto done = parse_items(list, ']', depth, saw_comma); !done) return Sentence(std::move(done.error()));
  return list;
}

// A dict, or a set: the first item tells.
Parsed Parser::parse_braces(int depth) {
  ++at_;
  PythonLiteral braces{.kind = Kind::kDict};
  bool saw_comma = false;
  if (auto done = parse_items(braces, '}', depth, saw_comma); !done) return Sentence(std::move(done.error()));
  return braces;
}

std::expected<void, std::string> Parser::parse_items(PythonLiteral& container, char close, int depth, bool& saw_comma) {
  while (true) {
    skip_blanks();
    if (take(close)) return {};
    Parsed item = parse_value(depth);
    if (!item) return Sentence(std::move(item.error()));
    const bool is_first = container.items.empty();
    container.items.push_back(std::move(*item));
    skip_blanks();
    if (container.kind == Kind::kDict && is_first && peek() != ':' && (peek() == ',' || peek() == '}')) {
      container.kind = Kind::kSet;
    }
    if (container.kind == Kind::kDict) {
      if (auto done = parse_pair_value(container, depth); !done) return done;
    }
    if (take(',')) {
      saw_comma = true;
    } else if (peek() != close) {
      return unexpected_here(fmt::format("',' or '{}'", close));
    }
  }
}

std::expected<void, std::string> Parser::parse_pair_value(PythonLiteral& container, int depth) {
  if (!take(':')) return unexpected_here("':'");
  Parsed value = parse_value(depth);
  if (!value) return Sentence(std::move(value.error()));
  container.items.push_back(std::move(*value));
  skip_blanks();
  return {};
}

// Strings that stand next to each other are one.
Parsed Parser::parse_strings() {
  Parsed joined = read_string(text_, at_);
  while (joined) {
    const std::size_t end = at_;
    skip_blanks();
    // Outside of all brackets a line break ends the value; no header is a string, so that case needs no care.
    if (!starts_string(text_, at_)) {
      at_ = end;
      break;
    }
    const std::size_t second = at_;
    Parsed next = read_string(text_, at_);
    if (!next) return next;
    if (next->kind != joined->kind) {
      return Sentence(
          fmt::format("bytes and str stand next to each other at {} of the header", at_character(text_, second)));
    }
    joined->text += next->text;
  }
  return joined;
}

Parsed Parser::parse_signed_number() {
  const bool has_sign = peek() == '+' || peek() == '-';
  const bool minus = take('-');
  if (!minus) take('+');
  skip_blanks();
  if (has_sign && (peek() == '+' || peek() == '-')) {
    return Sentence(fmt::format("more than one sign stands before a number at {} of the header", here()));
  }
  if (!is_digit(peek()) && !(peek() == '.' && is_digit(text_.substr(at_, 2).back()))) {
    return unexpected_here("a number");
  }
  Parsed number = read_number(text_, at_, dialect_);
  if (number && number->kind == Kind::kInt) number->negative = minus && number->magnitude != 0;
  return number;
}

Parsed Parser::parse_name() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && is_identifier_byte(text_[at_])) ++at_;
  const std::string_view name = text_.substr(begin, at_ - begin);
  if (name == "None") return PythonLiteral{.kind = Kind::kNone};
  if (peek() == '(') {
    return Sentence(fmt::format("the header calls {} at {}, only literals are allowed", excerpt(name), here()));
  }
  if (name == "True" || name == "False") return PythonLiteral{.kind = Kind::kBool, .truth = name == "True"};
  return Sentence(fmt::format("the name {} stands at {} of the header, only True, False and None are literals",
                              excerpt(name), at_character(text_, begin)));
}

}  // namespace

std::expected<PythonLiteral, std::string> parse_python_literal(std::string_view text, LiteralDialect dialect) {
  return Parser(text, dialect).parse_document();
}

}  // namespace npyfs
