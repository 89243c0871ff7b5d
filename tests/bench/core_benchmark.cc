// What the pure parts of one lookup and one read cost: parsing a header and a name, making a view, finding its
// bytes; and a whole lookup.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/array/view.h"
#include "core/npy/npy_header.h"
#include "core/slice/index_expression.h"
#include "core/slice/path_grammar.h"
#include "core/slice/runs.h"
#include "core/slice/select.h"
#include "core/tree/tree.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/parse_path.h"
#include "tests/unit/support/sliced_array.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

const std::string kPlainDescr = "'<f4'";
const std::string kStructuredDescr =
    "[('time', '<M8[ns]'), ('position', '<f8', (3,)), ('flags', 'u1'), ('name', '<U16')]";

std::string header_bytes(const std::string& descr) {
  return format_npy_header(descr, false, std::array<std::uint64_t, 2>{65536, 4096});
}

NpyHeader header_of(const std::string& descr) {
  const std::string bytes = header_bytes(descr);
  return parse_npy_header(std::as_bytes(std::span(bytes)), "benchmark.npy").value();
}

void parse_header(benchmark::State& state, const std::string& descr) {
  const std::string bytes = header_bytes(descr);
  for (auto _ : state) {
    auto header = parse_npy_header(std::as_bytes(std::span(bytes)), "benchmark.npy");
    benchmark::DoNotOptimize(header);
  }
}
BENCHMARK_CAPTURE(parse_header, plain, kPlainDescr);
BENCHMARK_CAPTURE(parse_header, structured, kStructuredDescr);

void format_header(benchmark::State& state, const std::string& descr) {
  for (auto _ : state) {
    auto bytes = header_bytes(descr);
    benchmark::DoNotOptimize(bytes);
  }
}
BENCHMARK_CAPTURE(format_header, plain, kPlainDescr);
BENCHMARK_CAPTURE(format_header, structured, kStructuredDescr);

void parse_whole_path(benchmark::State& state, const std::string& path) {
  for (auto _ : state) {
    auto name = parse_path(path);
    benchmark::DoNotOptimize(name);
  }
}
BENCHMARK_CAPTURE(parse_whole_path, chunk, "chunks/3_of_16.npy")->Name("parse_path/chunk");
BENCHMARK_CAPTURE(parse_whole_path, long_numbers, "axis1/chunks/01000000/0123456_of_1000000.npy")
    ->Name("parse_path/long_numbers");
BENCHMARK_CAPTURE(parse_whole_path, refused, "chunks/3_of_16.npz")->Name("parse_path/refused");

void make_chunk(benchmark::State& state) {
  const Array array = array_without_file(header_of(kPlainDescr));
  const VirtualName name = chunk_name(1, 3, 16);
  for (auto _ : state) {
    const auto selection = select({Selection::whole(array.shape), {}, array.fortran_order}, name);
    auto view = make_view(array, *selection, Form::kNpy);
    benchmark::DoNotOptimize(view);
  }
}
BENCHMARK(make_chunk);

// What a lookup does beyond parsing: the selection, and the size of the file.
void size_of_chunk(benchmark::State& state) {
  const Array array = array_without_file(header_of(kPlainDescr));
  const VirtualName name = chunk_name(1, 3, 16);
  for (auto _ : state) {
    const auto selection = select({Selection::whole(array.shape), {}, array.fortran_order}, name);
    auto size = view_size(array, *selection, Form::kNpy);
    benchmark::DoNotOptimize(size);
  }
}
BENCHMARK(size_of_chunk);

void parse_index(benchmark::State& state) {
  const Selection whole = Selection::whole(Shape{65536, 4096});
  for (auto _ : state) {
    auto selection = select_by_expression(whole, "-500:,::2");
    benchmark::DoNotOptimize(selection);
  }
}
BENCHMARK(parse_index);

// A chunk of the second axis, as every node of the tree keeps it.
void encode_selection(benchmark::State& state) {
  const Selection selection = indexed(array_without_file(header_of(kPlainDescr)), ":,768:1024");
  for (auto _ : state) {
    std::string encoded;
    selection.encode(encoded);
    benchmark::DoNotOptimize(encoded);
  }
}
BENCHMARK(encode_selection);

void decode_selection(benchmark::State& state) {
  const Array array = array_without_file(header_of(kPlainDescr));
  std::string encoded;
  indexed(array, ":,768:1024").encode(encoded);
  for (auto _ : state) {
    auto selection = Selection::decode(encoded, array.shape);
    benchmark::DoNotOptimize(selection);
  }
}
BENCHMARK(decode_selection);

// The pieces of 1 MiB of a slice whose runs are this many bytes long.
void extents_of_request(benchmark::State& state) {
  const auto run = static_cast<std::uint64_t>(state.range(0));
  const Runs runs(128, run, static_cast<std::int64_t>(8 * run), 64 * kMiB / run);
  for (auto _ : state) {
    std::uint64_t sum = 0;
    runs.visit(16 * kMiB + 1, kMiB, [&](Extent extent) { sum += extent.offset; });
    benchmark::DoNotOptimize(sum);
  }
}
BENCHMARK(extents_of_request)->Arg(64 * kMiB)->Arg(2048)->Arg(4);

// A lookup of a chunk below this many selections, with all that the kernel waits for.
void lookup_below(benchmark::State& state) {
  const TempDirectory directory;
  directory.write("a.npy", npy_bytes({.shape = {1024, 64}}));
  Tree tree(*SourceRoot::open(directory.path(), Symlinks::kWithinRoot, Users::kOwner), TreeOptions{}, {});
  NodeId at = tree.lookup(kRootNode, "a.npy")->node;
  for (std::int64_t depth = 1; depth < state.range(0); ++depth) {
    const char* axis = depth % 2 == 0 ? "axis0" : "axis1";
    for (const char* name : {axis, "slices", "0_to_64_by_1"}) at = tree.lookup(at, name)->node;
  }
  at = tree.lookup(at, "chunks")->node;
  for (auto _ : state) {
    auto entry = tree.lookup(at, "1_of_4.npy");
    benchmark::DoNotOptimize(entry);
  }
}
BENCHMARK(lookup_below)->Arg(1)->Arg(8);

}  // namespace
}  // namespace npyfs

BENCHMARK_MAIN();
