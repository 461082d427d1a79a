#include "engine/knn.h"

#include <cstdint>
#include <limits>

#include "test.h"

using namespace harmonic;

namespace {

/** Values in [0, 1) of a linear congruential generator, rounded to `levels` steps where that is not
 * 0. */
std::vector<float> make_points(size_t n, size_t d, uint32_t seed, int levels) {
  std::vector<float> points(n * d);
  for (float& value : points) {
    seed = seed * 1664525u + 1013904223u;
    const double uniform = (seed >> 8) / 16777216.0;
    value = static_cast<float>(
        levels == 0 ? uniform : static_cast<int>(uniform * levels) / static_cast<double>(levels));
  }
  return points;
}

NeighborQuery self_join(const std::vector<float>& points, size_t d, size_t k, int threads = 2) {
  NeighborQuery query;
  query.points = points.data();
  query.n = query.m = points.size() / d;
  query.d = d;
  query.k = k;
  query.threads = threads;
  return query;
}

void check_same(const Neighbors& actual, const Neighbors& expected) {
  CHECK_EQUAL(actual.ids.size(), expected.ids.size());
  for (size_t i = 0; i < actual.ids.size(); i++) {
    CHECK_EQUAL(actual.ids[i], expected.ids[i]);
    CHECK_EQUAL(actual.distances[i], expected.distances[i]);
  }
}

}  // namespace

TEST(knn_equals_the_reference_on_random_points) {
  const auto points = make_points(1500, 9, 1, 0);
  const auto query = self_join(points, 9, 5);
  check_same(nearest_neighbors(query), nearest_neighbors_reference(query));
}

TEST(knn_equals_the_reference_far_from_the_origin) {
  auto points = make_points(600, 4, 2, 0);
  for (float& value : points) value += 1000.0f;
  const auto query = self_join(points, 4, 3);
  check_same(nearest_neighbors(query), nearest_neighbors_reference(query));
}

TEST(knn_equals_the_reference_where_rounding_hides_which_points_are_nearest) {
  // Steps of a float there are as wide as what points differ by: many are equally near.
  for (const float offset : {100.0f, 1000.0f}) {
    auto points = make_points(6000, 2, 12, 0);
    auto queries = make_points(500, 2, 13, 0);
    for (auto* values : {&points, &queries}) {
      for (size_t i = 0; i < values->size(); i += 2) {
        (*values)[i] += offset;
        (*values)[i + 1] = (*values)[i + 1] < 0.5f ? 0.0f : 1e-4f;
      }
    }
    auto query = self_join(points, 2, 4);
    check_same(nearest_neighbors(query), nearest_neighbors_reference(query));
    query.queries = queries.data();
    query.m = 500;
    check_same(nearest_neighbors(query), nearest_neighbors_reference(query));
  }
}

TEST(knn_equals_the_reference_where_distances_overflow_single_precision) {
  auto points = make_points(300, 3, 8, 0);
  for (float& value : points) value *= 1e25f;
  const auto query = self_join(points, 3, 4);
  CHECK(nearest_neighbors(query).ids == nearest_neighbors_reference(query).ids);
}

TEST(knn_gives_ties_to_the_smaller_id) {
  const auto points = make_points(1200, 3, 3, 3);  // 27 distinct points: most distances are ties
  const auto query = self_join(points, 3, 7);
  check_same(nearest_neighbors(query), nearest_neighbors_reference(query));
}

TEST(knn_does_not_depend_on_the_number_of_threads) {
  const auto points = make_points(900, 5, 4, 4);
  check_same(nearest_neighbors(self_join(points, 5, 6, 1)),
             nearest_neighbors(self_join(points, 5, 6, 3)));
}

TEST(knn_leaves_out_the_row_itself_but_not_its_duplicates) {
  const std::vector<float> points = {0, 0, 5, 5, 0, 0, 1, 0};
  const auto result = nearest_neighbors(self_join(points, 2, 2));
  CHECK_EQUAL(result.ids[0], 2);
  CHECK_EQUAL(result.distances[0], 0.0f);
  CHECK_EQUAL(result.ids[1], 3);
  CHECK_EQUAL(result.ids[4], 0);
}

TEST(knn_finds_the_neighbours_of_other_rows) {
  const auto points = make_points(700, 6, 5, 0);
  const auto queries = make_points(90, 6, 6, 0);
  auto query = self_join(points, 6, 4);
  query.queries = queries.data();
  query.m = 90;
  check_same(nearest_neighbors(query), nearest_neighbors_reference(query));
}

TEST(knn_equals_the_reference_where_points_lie_closer_than_single_precision_tells) {
  const size_t d = 4;
  const size_t n = (1 << 20) / d;
  auto points = make_points(n, d, 14, 0);
  for (float& value : points) value *= 0.01f;
  for (size_t j = 0; j < d; j++) points[j] = 30.0f;  // one far away: errors grow with its norm
  const auto queries = make_points(40, d, 15, 0);
  auto query = self_join(points, d, 2);
  query.queries = queries.data();
  query.m = 40;
  check_same(nearest_neighbors(query), nearest_neighbors_reference(query));
  std::vector<float> inside = queries;
  for (float& value : inside) value *= 0.01f;
  query.queries = inside.data();
  check_same(nearest_neighbors(query), nearest_neighbors_reference(query));
}

TEST(knn_equals_the_reference_on_many_copies) {
  const auto points = make_points(5000, 2, 16, 4);  // 16 distinct points
  const auto query = self_join(points, 2, 3);
  check_same(nearest_neighbors(query), nearest_neighbors_reference(query));
  const auto queries = make_points(50, 2, 17, 7);
  auto others = query;
  others.queries = queries.data();
  others.m = 50;
  check_same(nearest_neighbors(others), nearest_neighbors_reference(others));
}

TEST(knn_index_gives_what_a_search_gives_each_time) {
  const auto points = make_points(5000, 3, 18, 6);
  NeighborIndexOptions options{3, 4, 2, false};
  const NeighborIndex index(options, points);
  for (const uint32_t seed : {19u, 20u}) {
    const auto queries = make_points(300, 3, seed, 6);
    auto query = self_join(points, 3, 4);
    query.queries = queries.data();
    query.m = 300;
    check_same(index.search(queries), nearest_neighbors_reference(query));
  }
  CHECK(index.search({}).ids.empty());
}

TEST(knn_refuses_what_it_cannot_search) {
  auto points = make_points(5, 2, 7, 0);
  CHECK_REFUSED("E_INPUT", "`k` between 1 and 4", nearest_neighbors(self_join(points, 2, 5)));
  CHECK_REFUSED("E_INPUT", "`k` between 1 and 4", nearest_neighbors(self_join(points, 2, 0)));
  points[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK_REFUSED("E_INPUT", "row 1, column 1", nearest_neighbors(self_join(points, 2, 2)));
  points[3] = std::numeric_limits<float>::infinity();
  CHECK_REFUSED("E_INPUT", "row 1, column 1", nearest_neighbors(self_join(points, 2, 2)));
}

TEST(knn_in_cells_finds_most_of_the_nearest_and_the_same_each_time) {
  const size_t d = 6;
  const auto points = make_points(6000, d, 11, 0);
  const auto rows = make_points(300, d, 12, 0);
  NeighborQuery query = self_join(points, d, 3);
  query.queries = rows.data();
  query.m = 300;
  const Neighbors exact = nearest_neighbors(query);
  query.approximate = true;
  const Neighbors found = nearest_neighbors(query);
  check_same(nearest_neighbors(query), found);
  size_t same = 0;
  for (size_t i = 0; i < 300; i++) {
    if (found.ids[3 * i] == exact.ids[3 * i]) same++;
    // distances are those of the points found, so never below the nearest
    CHECK(found.distances[3 * i] >= exact.distances[3 * i]);
    CHECK(found.distances[3 * i] <= found.distances[3 * i + 2]);
  }
  CHECK(same > 240);
}

TEST(knn_in_cells_of_few_points_is_exact) {
  const auto points = make_points(500, 4, 13, 3);
  NeighborQuery query = self_join(points, 4, 5);
  query.approximate = true;
  check_same(nearest_neighbors(query), nearest_neighbors_reference(query));
}
