// error.txt of an archive: which members a mount leaves out, and why.
#pragma once

#include <string>

#include "core/array/array_name.h"
#include "core/array/npz_archive.h"

namespace npyfs {

// One line for each of the first NpzNames::kMostLeftOut of them: "a.npz/NAME: SENTENCE". "" if nothing is left out. If
// the archive cannot be read, one line. `name` is the archive's. A member that is an array is never left out: it has an
// error.txt of its own.
std::string archive_error(const NpzArchive& archive, const std::string& name, const ArraySuffixes& suffixes);

// Whether a member that is no array is a file of the mount.
bool is_served_as_file(const NpzNames::Name& member);

}  // namespace npyfs
