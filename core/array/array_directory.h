// What lies below an array's directory: which places exist, what each file holds, what each directory lists.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/slice/path_grammar.h"
#include "core/slice/view.h"
#include "core/source/source_file.h"

namespace npyfs {

// An array's source at one moment.
struct ArrayState {
  SourceStatus status;                             // of the source
  Result<std::shared_ptr<const SourceFile>> file;  // an error where it cannot be opened
  std::string absolute_path;                       // of the source

  // Why no slice of it can be served, where that is so.
  Result<void> sliceable() const;

  // Of the state of the source that this is: FileVersion::hash(), and the file's birth where that is known.
  std::uint64_t version() const;
};

// The bytes of a file: a view of a source, or generated text as a view with no body and no source.
struct FileContent {
  View view;
  std::shared_ptr<const SourceFile> source;
};

FileContent text_content(std::string text);

// Whether the array has this place. A place that does not exist is kNotFound with the reason.
Result<void> check_place(const Place& place, const ArrayState& array);

// What the file at `place` holds. kNotFound as check_place(); an error of the system where the source cannot be opened.
// Not for directories.
Result<FileContent> content_of(const Place& place, const ArrayState& array);

// Whether the file at `place` may be written in a writable mount: views and source.npy of a sliceable array.
bool is_for_writing(const Place& place, const ArrayState& array);

// The same file as content_of() has, with all bytes that are not to be changed in its view's header. kNotWritable where
// it is not for writing.
Result<FileContent> content_for_writing(const Place& place, const ArrayState& array);

// How many names the directory at `place` lists, and the place of the one at `index`, in sorted order of rows.
// `default_chunks` is what chunks/ lists. Constant time and memory, however many there are.
class ArrayListing {
 public:
  ArrayListing(const Place& directory, const ArrayState& array, std::uint64_t default_chunks);

  std::uint64_t count() const { return sections_ + places_.size(); }
  Place at(std::uint64_t index) const;

 private:
  std::uint8_t axis_ = 0;
  PlaceKind chunks_ = PlaceKind::kChunk;
  std::uint64_t sections_ = 0;  // a directory of chunks: how many
  std::vector<Place> places_;   // any other directory: its few names
};

// The extended attributes of a view.
struct ExtendedAttribute {
  std::string name;   // user.npyfs.*
  std::string value;  // text, without a final newline or NUL
};
Result<std::vector<ExtendedAttribute>> extended_attributes(const Place& place, const ArrayState& array);

}  // namespace npyfs
