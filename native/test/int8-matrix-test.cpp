#include "engine/int8-matrix.h"

#include <cmath>
#include <random>

#include "test/test.h"

namespace harmonic {
namespace {

TEST(int8_products_are_exact_for_what_8_bits_hold) {
  // rows and columns whose largest value is 127 are their own rounding
  const int n_in = 70, n_out = 37, n = 21;
  std::mt19937 random(3);
  const auto fill = [&](std::vector<float>& values, int width) {
    for (size_t i = 0; i < values.size(); i++) {
      values[i] =
          i % width == 0 ? 127.0f : static_cast<float>(static_cast<int>(random() % 255) - 127);
    }
  };
  std::vector<float> w(n_in * n_out), x(n * n_in), y(n * n_out);
  fill(w, n_in);
  fill(x, n_in);
  Int8Matrix(w.data(), n_in, n_out).multiply(x.data(), n_in, y.data(), n_out, n);
  for (int t = 0; t < n; t++) {
    for (int o = 0; o < n_out; o++) {
      double expected = 0;
      for (int i = 0; i < n_in; i++)
        expected += static_cast<double>(x[t * n_in + i]) * w[o * n_in + i];
      CHECK_NEAR(y[t * n_out + o], expected, 1e-3 * (1 + std::abs(expected) * 1e-3));
    }
  }
}

TEST(int8_products_err_by_the_rounding_alone) {
  const int n_in = 512, n_out = 64, n = 5;
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  std::vector<float> w(n_in * n_out), x(n * n_in), y(n * n_out);
  for (float& v : w) v = normal(random);
  for (float& v : x) v = normal(random);
  Int8Matrix(w.data(), n_in, n_out).multiply(x.data(), n_in, y.data(), n_out, n);
  double error = 0, total = 0;
  for (int t = 0; t < n; t++) {
    for (int o = 0; o < n_out; o++) {
      double expected = 0;
      for (int i = 0; i < n_in; i++)
        expected += static_cast<double>(x[t * n_in + i]) * w[o * n_in + i];
      error += (y[t * n_out + o] - expected) * (y[t * n_out + o] - expected);
      total += expected * expected;
    }
  }
  CHECK(std::sqrt(error / total) < 0.015);
}

TEST(int8_products_of_zeros_are_zero) {
  std::vector<float> w(32 * 16), x(3 * 32), y(3 * 16, 1.0f);
  Int8Matrix(w.data(), 32, 16).multiply(x.data(), 32, y.data(), 16, 3);
  for (float v : y) CHECK_EQUAL(v, 0.0f);
}

}  // namespace
}  // namespace harmonic
