// The library fmt, compiled here: Debian has it as a shared library alone.
#include <fmt/format-inl.h>

// The templates that its header declares for this library to have.
template fmt::detail::thousands_sep_result<char> fmt::detail::thousands_sep_impl<char>(fmt::detail::locale_ref);
template char fmt::detail::decimal_point_impl<char>(fmt::detail::locale_ref);
