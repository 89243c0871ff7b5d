// An array: dtype, shape, order, and the parts of files that hold its items. It knows no name and no path of the mount.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/array/header_guard.h"
#include "core/npy/dtype.h"
#include "core/slice/geometry.h"
#include "core/source/source_file.h"

namespace npyfs {

// The rows of an array that are in one file.
struct ArrayPart {
  std::shared_ptr<const SourceFile> file;
  std::shared_ptr<const HeaderGuard> guard;
  Geometry geometry;  // of this part's rows
};

// Immutable. The parts are consecutive along axis 0; most arrays have one part.
struct Array {
  std::string descr;           // canonical, as NpyHeader::descr
  std::uint64_t itemsize = 0;  // bytes
  std::vector<Field> fields;   // of a structured dtype
  Shape shape;
  bool fortran_order = false;
  std::vector<ArrayPart> parts;

  // The geometry of the whole array: in its file, if there is one part; otherwise as if all parts were one file without
  // a header.
  Geometry geometry() const;
};

}  // namespace npyfs
