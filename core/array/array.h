// An array: dtype, shape, order, and the parts of files that hold its items. It knows no name and no path of the mount.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/array/header_guard.h"
#include "core/base/error.h"
#include "core/npy/dtype.h"
#include "core/slice/geometry.h"
#include "core/slice/selection.h"
#include "core/source/source_file.h"

namespace npyfs {

// The files of an array that has too many parts to keep all of them open. Thread-safe.
class PartFiles {
 public:
  struct Opened {
    std::shared_ptr<const SourceFile> file;
    std::shared_ptr<const HeaderGuard> guard;
  };

  virtual ~PartFiles() = default;

  // Opens the file with this ArrayPart::number. kStale if it is not the version that the array was made from.
  virtual Result<Opened> open(std::size_t number) const = 0;
  // The same errors, without opening the file.
  virtual Result<void> check(std::size_t number) const = 0;
  // The path relative to the source directory, for messages.
  virtual std::string path(std::size_t number) const = 0;
};

// The rows of an array that are in one file.
struct ArrayPart {
  std::shared_ptr<const SourceFile> file;  // null if Array::files opens it
  std::shared_ptr<const HeaderGuard> guard;
  Geometry geometry;            // of this part's rows
  std::uint64_t first_row = 0;  // the array's row that is this part's first one
  std::size_t number = 0;       // in Array::files
};

// Immutable. The parts are consecutive along axis 0, and each has rows; most arrays have one part. An array of several
// parts is in C order, and its parts may be in any.
struct Array {
  std::string descr;           // canonical, as NpyHeader::descr
  std::uint64_t itemsize = 0;  // bytes
  std::vector<Field> fields;   // of a structured dtype
  Shape shape;
  bool fortran_order = false;
  std::vector<ArrayPart> parts;
  std::shared_ptr<const PartFiles> files = nullptr;  // null if the parts are open

  // The geometry of the whole array: in its file, if there is one part; otherwise as if all parts were one file without
  // a header.
  Geometry geometry() const;

  // Whether the items lie as one block in one file, so that a row may begin at an edge of a page.
  bool is_in_one_file() const { return parts.size() <= 1; }
};

// Called with a part that has rows of a selection, and with these rows as a selection of the part.
using VisitPart = std::function<void(const ArrayPart& part, const Selection& rows)>;

// Visits the parts that have items of the selection, in the order of its rows. Finds each by binary search.
void visit_parts(const Array& array, const Selection& selection, const VisitPart& visit);

}  // namespace npyfs
