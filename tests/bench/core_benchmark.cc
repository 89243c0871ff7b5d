// What the pure parts of one lookup and one read cost: parsing a header and a name, making a view, finding its bytes.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/npy/npy_header.h"
#include "core/slice/path_grammar.h"
#include "core/slice/strided_runs.h"
#include "core/array/view.h"

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

void parse_path(benchmark::State& state, const std::string& path) {
  for (auto _ : state) {
    auto place = parse_place(path);
    benchmark::DoNotOptimize(place);
  }
}
BENCHMARK_CAPTURE(parse_path, chunk, "chunks/3_of_16.npy");
BENCHMARK_CAPTURE(parse_path, long_numbers, "axis1/chunks/01000000/0123456_of_1000000.npy");
BENCHMARK_CAPTURE(parse_path, refused, "chunks/3_of_16.npz");

void make_chunk(benchmark::State& state) {
  const NpyHeader header = header_of(kPlainDescr);
  const Place place = parse_place("axis1/chunks/3_of_16.npy").value();
  for (auto _ : state) {
    auto view = make_view(place, header);
    benchmark::DoNotOptimize(view);
  }
}
BENCHMARK(make_chunk);

// The pieces of 1 MiB of a slice whose runs are this many bytes long.
void extents_of_request(benchmark::State& state) {
  const auto run = static_cast<std::uint64_t>(state.range(0));
  const StridedRuns runs{.first = 128, .run = run, .stride = 8 * run, .count = 64 * kMiB / run};
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for_each_extent(runs, 16 * kMiB + 1, kMiB, [&](Extent extent) { sum += extent.offset; });
    benchmark::DoNotOptimize(sum);
  }
}
BENCHMARK(extents_of_request)->Arg(64 * kMiB)->Arg(2048)->Arg(4);

}  // namespace
}  // namespace npyfs

BENCHMARK_MAIN();
