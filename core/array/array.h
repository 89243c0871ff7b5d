// An array: what its items are, how many, in which order, and which files hold them. It knows no name and no path.
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

// Rows of an array that lie in one file.
struct ArrayPart {
  std::shared_ptr<const SourceFile> file;
  std::shared_ptr<const HeaderGuard> guard;
  Geometry geometry;  // of this part's rows
};

// Immutable. Its parts follow one another along axis 0; most arrays have one.
struct Array {
  std::string descr;  // canonical, as NpyHeader::descr
  std::uint64_t itemsize = 0;  // bytes
  std::vector<Field> fields;   // of a structured dtype
  Shape shape;
  bool fortran_order = false;
  std::vector<ArrayPart> parts;

  // Where the items of the whole array would be if it were one file without a header; of an array in one part, where
  // they are.
  Geometry geometry() const;
};

}  // namespace npyfs
