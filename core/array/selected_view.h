// An array, and which part of it a path means.
#pragma once

#include <memory>

#include "core/array/array.h"
#include "core/slice/selection.h"

namespace npyfs {

struct SelectedView {
  std::shared_ptr<const Array> array;
  Selection selection;
};

}  // namespace npyfs
