#include "engine/projection.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "engine/bfloat16.h"
#include "test/test.h"

namespace harmonic {
namespace {

using Values = std::vector<float>;

Values whole_numbers(size_t n, unsigned seed) {
  std::mt19937 random(seed);
  Values values(n);
  for (float& v : values) v = static_cast<float>(static_cast<int>(random() % 41) - 20);
  return values;
}

/** op(a) (m, k) times op(b) (k, n), plus c, in double precision. */
Values expected_product(bool trans_a, bool trans_b, int m, int n, int k, const Values& a,
                        const Values& b, Values c) {
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) {
      double sum = c[i * n + j];
      for (int l = 0; l < k; l++) {
        const double left = trans_a ? a[l * m + i] : a[i * k + l];
        sum += left * (trans_b ? b[j * k + l] : b[l * n + j]);
      }
      c[i * n + j] = static_cast<float>(sum);
    }
  }
  return c;
}

void check_equal(const Values& found, const Values& expected) {
  for (size_t i = 0; i < expected.size(); i++) CHECK_EQUAL(found[i], expected[i]);
}

// Whole numbers up to 256 have halves, and their sums floats: all products are exact.
void check_projection(Factors factors, int n, int n_in, int n_out) {
  const Values w = whole_numbers(n_out * n_in, 1), x = whole_numbers(n * n_in, 2);
  const Values dy = whole_numbers(n * n_out, 3), y = whole_numbers(n * n_out, 4);
  const Values dw = whole_numbers(n_out * n_in, 5);
  const Projection projection = {w.data(), n_in, n_out, factors};
  for (const bool add : {false, true}) {
    Values out = y;
    projection.forward(x.data(), n, add, out.data());
    const Values before = add ? y : Values(y.size());
    check_equal(out, expected_product(false, true, n, n_out, n_in, x, w, before));
  }
  Values dx(x.size(), std::numeric_limits<float>::quiet_NaN()), sum = dw;
  projection.backward(dy.data(), x.data(), n, dx.data(), sum.data());
  check_equal(dx, expected_product(false, false, n, n_in, n_out, dy, w, Values(x.size())));
  check_equal(sum, expected_product(true, false, n_out, n_in, n, dy, x, dw));
}

TEST(projections_of_whole_numbers_are_exact) {
  for (const int n : {1, 15, 16, 17, 510, 512, 1100}) {
    for (const auto& [n_in, n_out] : {std::pair(1, 1), {7, 20}, {64, 19}, {33, 48}}) {
      check_projection(Factors::f32, n, n_in, n_out);
      if (has_half_products()) check_projection(Factors::bf16, n, n_in, n_out);
    }
  }
}

TEST(projections_in_halves_err_by_the_rounding_alone_and_keep_what_is_no_number) {
  if (!has_half_products()) return;
  const int n = 64, n_in = 128, n_out = 96;
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  Values w(n_out * n_in), x(n * n_in), exact(n * n_out), rounded(n * n_out);
  for (float& v : w) v = normal(random);
  for (float& v : x) v = normal(random);
  Projection{w.data(), n_in, n_out, Factors::f32}.forward(x.data(), n, false, exact.data());
  const Projection halves = {w.data(), n_in, n_out, Factors::bf16};
  halves.forward(x.data(), n, false, rounded.data());
  const double error = test::relative_error(rounded, exact);
  // Two factors of 8 bits each, rounded evenly: about 2^-9 / sqrt(3) * sqrt(2), less for most.
  CHECK(error > 0);
  CHECK(error < 0.003);

  x[3 * n_in] = std::nanf("");
  halves.forward(x.data(), n, false, rounded.data());
  for (int t = 0; t < n; t++) CHECK_EQUAL(std::isnan(rounded[t * n_out]), t == 3);
}

}  // namespace
}  // namespace harmonic
