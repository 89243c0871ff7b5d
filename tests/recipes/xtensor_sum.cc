// C++ with xtensor (apt-get install libxtensor-dev): g++ -std=c++17 -o xtensor_sum xtensor_sum.cc, then
// npyfs data -- ./xtensor_sum {}/rows.npy/chunks/1_of_4.npy
#include <iostream>
#include <xtensor/xmath.hpp>
#include <xtensor/xnpy.hpp>

int main(int, char* argv[]) {
  const auto chunk = xt::load_npy<double>(argv[1]);
  std::cout << chunk.shape(0) << " rows, sum " << xt::sum(chunk)() << '\n';
}
