// What a directory below an array lists, as files of their own: npyfs --export.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/array/array_directory.h"
#include "core/array/virtual_path.h"
#include "core/base/error.h"
#include "core/io/copy_view.h"

namespace npyfs {

class ArrayExport {
 public:
  // `path` is that of a file that holds an array, with the path of a directory below it as a mount has it behind it:
  // "data.npy/fields/x/batches/256", "data.npz/arr_0.npy/chunks/16". "shards.npy" is joined from the files of the
  // directory shards, if nothing has the name shards.npy. `default_chunks` is how many chunks chunks/ lists. Errors as
  // those of NpyFile::open(), NpyFile::array() and find_name(); kInvalidArgument if the path leads to a file, or ends
  // at the array.
  static Result<ArrayExport> open(const std::string& path, std::uint64_t default_chunks);

  // The same of the array's directory chunks/SECTIONS/ (at least 1) along `axis`. kInvalidArgument if the array has no
  // such axis.
  static Result<ArrayExport> open_chunks(const std::string& path, std::uint64_t axis, std::uint64_t sections);

  // Bytes of all bodies together. In constant time for chunks, batches and items, however many there are.
  Result<std::uint64_t> size() const { return size_below(directory_); }

  // Makes the directory `out` with what a mount lists in that directory, and in those that it lists, to the byte and by
  // the same names. It appears when all is complete and on stable storage; nothing is overwritten. If this fails, or
  // `copied` says stop (kSystem with EINTR), nothing is left of it. kStale if the source was changed meanwhile.
  Result<void> write(const std::string& out, const Copied& copied) const;

 private:
  using Visit = std::function<Result<void>(const VirtualPath& path, const std::string& name)>;

  ArrayExport(ArrayState array, std::uint64_t default_chunks)
      : array_(std::move(array)), default_chunks_(default_chunks) {}
  static Result<ArrayExport> at(ArrayExport opened, const std::string& below, const std::string& path);
  static Result<ArrayExport> open_any(const std::string& path, std::uint64_t default_chunks);
  // "shards" of "shards.npy/batches/256", if shards.npy is an array that is joined; otherwise "".
  static std::string directory_to_join(const std::string& path);
  static Result<ArrayExport> open_joined(const std::string& directory, std::uint64_t default_chunks);
  // Makes directory_ the directory `below` of it.
  Result<void> descend(std::string below);
  Result<void> visit(const VirtualPath& directory, const Visit& visit) const;
  Result<std::uint64_t> size_below(const VirtualPath& directory) const;
  Result<void> write_directory(const VirtualPath& directory, const std::string& out, const Copied& copied) const;
  Result<void> write_file(const VirtualPath& path, const std::string& out, const Copied& copied) const;
  Result<void> check_unchanged() const;
  Result<void> check_parts_unchanged() const;

  struct Directory;
  std::shared_ptr<Directory> parts_ = nullptr;  // of a joined array
  ArrayState array_;
  std::uint64_t default_chunks_;
  VirtualPath directory_;
};

}  // namespace npyfs
