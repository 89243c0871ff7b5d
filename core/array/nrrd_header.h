// Detached headers for image tools: NRRD (teem, 3D Slicer, ITK).
#pragma once

#include <string>
#include <string_view>

#include "core/array/array.h"
#include "core/base/error.h"
#include "core/slice/selection.h"

namespace npyfs {

// VIEW.nhdr: describes the items in the file `body`, which is in the same directory. kNotFound with the reason if NRRD
// does not have such arrays: it knows integers, float32 and float64 alone, and arrays of 1 to 16 dimensions with items.
Result<std::string> nrrd_header(const Array& array, const Selection& selection, std::string_view body);

// "int16"; empty if NRRD does not have such arrays.
std::string nrrd_type(const Array& array, const Selection& selection);

}  // namespace npyfs
