#include "core/slice/axis_index.h"

#include <algorithm>
#include <utility>

namespace npyfs {
namespace {

__extension__ using Wide = __int128;  // products of two indices fit

// The same indices in ascending order: low, low + step, ..., high.
struct Ascending {
  Wide low;
  Wide high;
  Wide step;
};

Ascending ascending(const AxisIndex& index) {
  const Wide first = index.start;
  const Wide last = first + static_cast<Wide>(index.count - 1) * index.step;
  return {std::min(first, last), std::max(first, last), index.step < 0 ? -static_cast<Wide>(index.step) : index.step};
}

// Extended Euclid: the greatest common divisor of a and b, and x with a * x = gcd (mod b). a, b > 0.
struct Bezout {
  Wide gcd;
  Wide x;
};
Bezout bezout(Wide a, Wide b) {
  Wide x = 1;
  Wide next_x = 0;
  while (b != 0) {
    const Wide quotient = a / b;
    a = std::exchange(b, a - quotient * b);
    x = std::exchange(next_x, x - quotient * next_x);
  }
  return {a, x};
}

}  // namespace

AxisIndex axis_progression(std::uint64_t start, std::uint64_t count, std::int64_t step) {
  return {.start = count == 0 ? 0 : start, .count = count, .step = count <= 1 ? 1 : step};
}

AxisIndex compose(const AxisIndex& outer, const AxisIndex& inner) {
  if (inner.count == 0) return inner;
  AxisIndex index = inner;
  index.start = index_at(outer, inner.start);
  // Two indices of the axis are less than its length apart, so the product of the steps fits.
  index.step = inner.count == 1 ? 1 : outer.step * inner.step;
  return index;
}

bool meets(const AxisIndex& a, const AxisIndex& b) {
  if (a.count == 0 || b.count == 0) return false;
  const Ascending p = ascending(a);
  const Ascending q = ascending(b);
  if (p.high < q.low || q.high < p.low) return false;
  // p.low + i * p.step = q.low + j * q.step has solutions if the gcd of the steps divides the distance. They are one
  // residue class modulo the least common multiple of the steps. The smallest one that is not below either start must
  // not be beyond either end.
  const Bezout steps = bezout(p.step, q.step);
  const Wide distance = q.low - p.low;
  if (distance % steps.gcd != 0) return false;
  const Wide modulus = q.step / steps.gcd;
  const Wide i = ((distance / steps.gcd) % modulus * (steps.x % modulus) % modulus + modulus) % modulus;
  Wide meeting = p.low + i * p.step;
  const Wide from = std::max(p.low, q.low);
  const Wide period = p.step * modulus;
  if (meeting < from) meeting += (from - meeting + period - 1) / period * period;
  return meeting <= std::min(p.high, q.high);
}

}  // namespace npyfs
