// Where the bytes of one write go: the opposite of gather().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/error.h"
#include "core/slice/view.h"
#include "core/source/source_writer.h"

namespace npyfs {

// Writes bytes [offset, offset + bytes.size()) of the view. Its size and its header are fixed: the source gets the
// bytes of its rows, these and no others. All is judged before anything is written: kBeyondEnd where a byte lies behind
// the view's end, kInvalidArgument where a byte of the header is not what is there (the sentence compares both headers
// where the written one is complete), kTruncated and kStale as SourceWriter::check_unchanged(). kSystem where the
// source cannot be written; some bytes may be, then. `description` is what sentences call the view: "chunk 3 of 16".
Result<void> scatter(const View& view, const SourceWriter& writer, std::uint64_t offset,
                     std::span<const std::byte> bytes, std::string_view description);

}  // namespace npyfs
