#include "core/array/archive_error.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdint>

namespace npyfs {

bool is_served_as_file(const NpzNames::Name& member) {
  return member.is_stored;
}

std::string archive_error(const NpzArchive& archive, const std::string& name, const ArraySuffixes& suffixes) {
  if (archive.problem()) {
    Error problem = *archive.problem();
    problem.subject = name;
    return to_message(problem) + "\n";
  }
  const NpzNames& names = archive.names();
  std::string text;
  std::uint64_t lines = 0;
  const auto add = [&](const Error& error) {
    if (++lines <= NpzNames::kMostLeftOut) {
      text += to_message({error.kind, name + "/" + error.subject, error.sentence}) + "\n";
    }
  };
  for (const Error& error : names.left_out()) add(error);
  lines = names.left_out_count();
  for (std::uint64_t i = 0; i < names.count(); ++i) {
    const auto member = names.name(i);
    const bool is_elsewhere = member.path.ends_with('/') || is_array_name(member.path, S_IFREG, suffixes);
    if (is_elsewhere || is_served_as_file(member)) continue;
    add({ErrorKind::kNotSliceable, std::string(member.path),
         "it is no array, and compressed or encrypted: only stored files are served"});
  }
  if (lines > NpzNames::kMostLeftOut) {
    text += fmt::format("and {} members more\n", lines - NpzNames::kMostLeftOut);
  }
  return text;
}

}  // namespace npyfs
