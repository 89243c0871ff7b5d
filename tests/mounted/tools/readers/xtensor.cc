// Prints an array of items of the type named (f8, f4, i4, u1) as JSON: {"shape": [...], "values": [...]}, in row order.
#include <iomanip>
#include <iostream>
#include <string>
#include <utility>
#include <xtensor/xnpy.hpp>

template <typename Item>
int dump(const char* path) {
  const auto array = xt::load_npy<Item>(path);
  const char* between = "";
  std::cout << "{\"shape\": [";
  for (const auto length : array.shape()) std::cout << std::exchange(between, ", ") << length;
  std::cout << "], \"values\": [" << std::setprecision(17);
  between = "";
  for (auto item = array.template begin<xt::layout_type::row_major>();
       item != array.template end<xt::layout_type::row_major>(); ++item) {
    std::cout << std::exchange(between, ", ") << +*item;
  }
  std::cout << "]}\n";
  return 0;
}

int main(int, char* argv[]) {
  const std::string type = argv[1];
  if (type == "f8") return dump<double>(argv[2]);
  if (type == "f4") return dump<float>(argv[2]);
  if (type == "i4") return dump<std::int32_t>(argv[2]);
  if (type == "u1") return dump<std::uint8_t>(argv[2]);
  return 2;
}
