// The names in an archive, as the tree of files and directories that they are in a mount.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/zip/zip_reader.h"

namespace npyfs {

// The files that npyfs makes in the directory of an archive.
inline constexpr std::string_view kArchiveSource = "source.npz";
inline constexpr std::string_view kArchiveError = "error.txt";

// Why a member of this name has no place in a directory; "" if it has one.
std::string why_no_path(std::string_view name, bool is_utf8);

// In 16 bytes a name, beside the names themselves. Not thread-safe while names are added.
class NpzNames {
 public:
  struct Name {
    std::string_view path;   // relative to the archive; ends in '/' for a directory
    std::uint64_t position;  // see ZipReader::member()
    bool is_stored;
  };
  // What one directory has.
  struct Child {
    std::string_view name;  // one component
    bool is_directory;
    bool is_stored;
    std::uint64_t next;  // where the search for the next child begins
  };
  static constexpr std::size_t kMostLeftOut = 100;

  void reserve(std::uint64_t names) { entries_.reserve(names); }
  // Adds a member, or leaves it out.
  void add(const ZipMember& member);
  // To be called after the last add(). Of equal names the last one counts, as in numpy.
  void sort();

  std::uint64_t count() const { return entries_.size(); }
  Name name(std::uint64_t index) const;
  // Bytes of memory.
  std::uint64_t memory() const { return text_.size() + entries_.size() * sizeof(Entry); }

  std::optional<Name> find(std::string_view path) const;
  // Whether there is a directory of this path, without a final '/'; true for "".
  bool has_directory(std::string_view path) const;
  // The first child of a directory at or behind `index`: 0 for the first one, then Child::next.
  std::optional<Child> child(std::string_view directory, std::uint64_t index) const;

  // The first kMostLeftOut members that were left out, and how many there are.
  const std::vector<Error>& left_out() const { return left_out_; }
  std::uint64_t left_out_count() const { return left_out_count_; }

 private:
  struct Entry {
    std::uint64_t position;
    std::uint64_t at : 48;  // in text_
    std::uint64_t size : 13;
    std::uint64_t is_stored : 1;
  };
  std::string_view path_of(const Entry& entry) const { return std::string_view(text_).substr(entry.at, entry.size); }
  // The first entry whose path is not before `path` + `end`.
  std::vector<Entry>::const_iterator lower_bound(std::string_view path, std::string_view end = "") const;
  void leave_out(std::string_view name, std::string why);

  std::string text_;
  std::vector<Entry> entries_;
  std::vector<Error> left_out_;
  std::uint64_t left_out_count_ = 0;
};

}  // namespace npyfs
