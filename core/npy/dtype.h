// dtypes: what numpy.dtype is, as far as the header of a .npy file can describe one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace npyfs {

// numpy 2 allows an array, and a subarray within an item, this many dimensions (numpy 1: 32).
inline constexpr std::size_t kMaxDimensions = 64;

// numpy counts the bytes of an item in a C int.
inline constexpr std::uint64_t kMaxItemsize = 2'147'483'647;

struct Field;

// What numpy.dtype is: a plain type, or a structured type with fields.
struct Dtype {
  std::string type_string = {};  // dtype.str of a plain type, without quotes: "<f8"; empty where is_structured
  bool is_structured = false;    // dtype.names is not None
  std::vector<Field> fields;     // of a structured type, in the order of dtype.names and of their offsets
  std::uint64_t itemsize = 0;    // bytes, at most kMaxItemsize; 0 is valid: '|S0', []
  bool holds_objects = false;    // '|O' somewhere in it

  // What np.save writes into a header for this dtype: repr(dtype_to_descr(dtype)), for instance '<f8' with its quotes,
  // or [('a', '|i1'), ('', '|V3'), ('b', '<i4')]. Bytes that belong to no field are written as unnamed fields.
  std::string descr() const;
};

// One field of a structured dtype. array[name] has the dtype `dtype` and the shape array.shape + shape().
// Unnamed padding, ('', '|V3'), is no field; the offsets of the other fields leave a gap for it.
struct Field {
  std::string name = {};                  // UTF-8; "" where a field that is no padding has no name
  std::optional<std::string> title = {};  // a second name: array[title] is array[name]
  std::uint64_t offset = 0;               // bytes from the start of the item
  Dtype dtype = {};                       // of one element, if the field is a subarray
  // The shape of the subarray: one list of dimensions. None where the field is no subarray, and more than one where the
  // elements of a subarray are subarrays, the outermost first: ('a', ('<f4', (2,)), (3, 4)) has {{3, 4}, {2}}.
  std::vector<std::vector<std::uint64_t>> subarrays = {};

  // The dimensions of all subarrays in a row, the outermost first: {3, 4, 2}; empty where the field is no subarray.
  // At most kMaxDimensions; dtype.itemsize times their product is at most kMaxItemsize.
  std::vector<std::uint64_t> shape() const;

  // Bytes that the field takes in an item: dtype.itemsize * product(shape()).
  std::uint64_t size() const;
};

// What np.save writes for a subarray that is itself the element of a subarray: (('<f4', (2,)), (3,)). The descr of
// `base` if there are no subarrays; see Field for their order.
std::string subarray_descr(const Dtype& base, std::span<const std::vector<std::uint64_t>> subarrays);

// The field with this name or title, as numpy's array[name] finds it; nullptr where there is none. No two names or
// titles of a dtype are the same.
const Field* find_field(std::span<const Field> fields, std::string_view name);

}  // namespace npyfs
