#include "engine/lane-matrix.h"

#include <cmath>
#include <random>
#include <vector>

#include "test/test.h"

namespace harmonic {
namespace {

struct Problem {
  std::vector<float> weights, x, y;
};

/** Whole numbers: 16 bits hold those up to 256 exactly, so that both kinds of products are exact.
 */
Problem make_problem(int n_in, int n_out) {
  std::mt19937 random(n_in * 100 + n_out);
  const auto fill = [&](size_t n) {
    std::vector<float> values(n);
    for (float& v : values) v = static_cast<float>(static_cast<int>(random() % 201) - 100);
    return values;
  };
  return {fill(static_cast<size_t>(n_in) * n_out), fill(static_cast<size_t>(n_in) * kLanes),
          fill(static_cast<size_t>(n_out) * kLanes)};
}

void check_product(const Problem& problem, int n_in, int n_out, int n_lanes, bool halves,
                   bool add) {
  const LaneMatrix matrix(problem.weights.data(), n_in, n_out, halves);
  std::vector<HalfPair> pairs(static_cast<size_t>(n_in + 1) / 2 * kLanes);
  if (halves) pair_lanes(problem.x.data(), n_in, n_lanes, pairs.data());
  std::vector<float> y = problem.y;
  matrix.multiply({problem.x.data(), halves ? pairs.data() : nullptr}, n_lanes, add, y.data());
  for (int o = 0; o < n_out; o++) {
    for (int l = 0; l < kLanes; l++) {
      double expected = add || l >= n_lanes ? problem.y[o * kLanes + l] : 0;
      for (int i = 0; i < n_in && l < n_lanes; i++)
        expected += static_cast<double>(problem.weights[o * n_in + i]) * problem.x[i * kLanes + l];
      CHECK_EQUAL(static_cast<double>(y[o * kLanes + l]), expected);
    }
  }
}

TEST(lane_products_are_exact_for_what_16_bits_hold) {
  for (const auto& [n_in, n_out] : {std::pair(1, 1), {2, 5}, {7, 6}, {64, 19}, {33, 24}}) {
    const Problem problem = make_problem(n_in, n_out);
    for (const int n_lanes : {16, 48, 64}) {
      for (const bool add : {false, true}) {
        check_product(problem, n_in, n_out, n_lanes, false, add);
        if (has_half_products()) check_product(problem, n_in, n_out, n_lanes, true, add);
      }
    }
  }
}

TEST(lane_products_of_pairs_err_by_the_rounding_alone) {
  if (!has_half_products()) return;
  const int n_in = 128, n_out = 96;
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  std::vector<float> w(n_in * n_out), x(n_in * kLanes), exact(n_out * kLanes), rounded = exact;
  for (float& v : w) v = normal(random);
  for (float& v : x) v = normal(random);
  std::vector<HalfPair> pairs(n_in / 2 * kLanes);
  pair_lanes(x.data(), n_in, kLanes, pairs.data());
  const LaneMatrix matrix(w.data(), n_in, n_out, true);
  matrix.multiply({x.data()}, kLanes, false, exact.data());
  matrix.multiply({x.data(), pairs.data()}, kLanes, false, rounded.data());
  const double error = test::relative_error(rounded, exact);
  // Two factors of 8 bits each, rounded evenly: about 2^-9 / sqrt(3) * sqrt(2), less for most.
  CHECK(error > 0);
  CHECK(error < 0.003);
}

}  // namespace
}  // namespace harmonic
