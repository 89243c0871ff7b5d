// Names as text.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "core/slice/path_grammar.h"

namespace npyfs {
namespace {

std::size_t decimal_width(std::uint64_t number) {
  return fmt::formatted_size("{}", number);
}

std::string_view extension(Form form) {
  switch (form) {
    case Form::kNpy:
      return ".npy";
    case Form::kBin:
      return ".bin";
    case Form::kNhdr:
      return ".nhdr";
    case Form::kArray:
      return "";
  }
  return "";
}

std::string padded(std::uint64_t number, std::uint64_t count) {
  return fmt::format("{:0{}}", number, decimal_width(count == 0 ? 0 : count - 1));
}

std::string format_zarr_name(const VirtualName& name) {
  switch (name.kind) {
    case NameKind::kZarr:
      return fmt::format("zarr{}", name.first);
    case NameKind::kZarrData:
      return "data";
    case NameKind::kZarrGroup:
      return name.first == 2 ? ".zgroup" : "zarr.json";
    case NameKind::kZarrArray:
      return name.first == 2 ? ".zarray" : "zarr.json";
    case NameKind::kZarrGroupAttributes:
    case NameKind::kZarrArrayAttributes:
      return ".zattrs";
    case NameKind::kZarrConsolidated:
      return ".zmetadata";
    case NameKind::kZarrError:
      return "error.txt";
    default:
      return "";
  }
}

}  // namespace

std::string format_name(const VirtualName& name, std::uint64_t count) {
  switch (name.kind) {
    case NameKind::kAxis:
      return fmt::format("axis{}", name.axis);
    case NameKind::kChunks:
    case NameKind::kAxisChunks:
      return "chunks";
    case NameKind::kChunksOf:
    case NameKind::kBatchesOf:
      return fmt::format("{}", name.second);
    case NameKind::kAligned:
      return "aligned";
    case NameKind::kSlices:
      return "slices";
    case NameKind::kBatches:
      return "batches";
    case NameKind::kItems:
      return "items";
    case NameKind::kIndex:
      return "index";
    case NameKind::kFields:
      return "fields";
    case NameKind::kChunk:
    case NameKind::kAlignedChunk:
      return fmt::format("{}_of_{}{}", padded(name.first, name.second), name.second, extension(name.form));
    case NameKind::kSlice:
      return fmt::format("{}_to_{}{}{}", name.first, name.second,
                         name.step == 1 ? "" : fmt::format("_by_{}", name.step), extension(name.form));
    case NameKind::kBatch:
    case NameKind::kItem:
      return padded(name.first, count) + std::string(extension(name.form));
    case NameKind::kSource:
      return "source.npy";
    case NameKind::kInfo:
      return "info.json";
    case NameKind::kError:
      return "error.txt";
    case NameKind::kArray:
    case NameKind::kIndexed:
    case NameKind::kField:
      return "";
    default:
      return format_zarr_name(name);
  }
}

std::string describe(const VirtualName& name) {
  const std::string axis = (name.axis == 0 ? "" : fmt::format(" of axis {}", name.axis)) +
                           (name.form == Form::kBin ? ", without header" : "") +
                           (name.form == Form::kNhdr ? ", header for NRRD" : "");
  switch (name.kind) {
    case NameKind::kChunk:
      return fmt::format("chunk {} of {}{}", name.first, name.second, axis);
    case NameKind::kAlignedChunk:
      return fmt::format("aligned chunk {} of {}{}", name.first, name.second, axis);
    case NameKind::kSlice:
      return fmt::format("rows {} to {}{}{}", name.first, name.second,
                         name.step == 1 ? "" : fmt::format(" by {}", name.step), axis);
    case NameKind::kBatch:
      return fmt::format("batch {} of {} rows{}", name.first, name.second, axis);
    case NameKind::kItem:
      return fmt::format("item {}{}", name.first, axis);
    default:
      return format_name(name);
  }
}

std::string format_path(const VirtualName& name) {
  const std::string axis = name.axis == 0 ? "" : fmt::format("axis{}/", name.axis);
  switch (name.kind) {
    case NameKind::kAxisChunks:
      return fmt::format("axis{}/chunks", name.axis);
    case NameKind::kChunks:
    case NameKind::kSlices:
    case NameKind::kBatches:
    case NameKind::kItems:
      return axis + format_name(name);
    case NameKind::kChunksOf:
    case NameKind::kAligned:
    case NameKind::kChunk:
      return axis + "chunks/" + format_name(name);
    case NameKind::kAlignedChunk:
      return axis + "chunks/aligned/" + format_name(name);
    case NameKind::kSlice:
      return axis + "slices/" + format_name(name);
    case NameKind::kBatchesOf:
      return axis + "batches/" + format_name(name);
    case NameKind::kBatch:
      return fmt::format("{}batches/{}/{}", axis, name.second, format_name(name));
    case NameKind::kItem:
      return axis + "items/" + format_name(name);
    default:
      return format_name(name);
  }
}

}  // namespace npyfs
