#include <algorithm>
#include <random>

#include "bench/parts.h"
#include "engine/knn-gpu.h"
#include "engine/knn.h"

namespace harmonic::bench {
namespace {

// Rows whose neighbours are looked for by the definition, to compare with.
constexpr size_t kChecked = 50;

/** Rows about a thousand centres, as an encoded table has them rather than all over the space. */
std::vector<float> clustered_rows(size_t n, size_t d) {
  constexpr size_t kCentres = 1000;
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> centres(kCentres * d);
  for (float& x : centres) x = normal(random);
  std::vector<float> rows(n * d);
  for (size_t i = 0; i < n; i++) {
    const float* centre = centres.data() + random() % kCentres * d;
    for (size_t j = 0; j < d; j++) rows[i * d + j] = centre[j] + 0.5f * normal(random);
  }
  return rows;
}

}  // namespace

void measure_neighbors(const Arguments& arguments, const Tell& tell) {
  const bool on_gpu = arguments.text("device", "gpu") != "cpu";
  if (on_gpu && neighbor_gpus() == 0) {
    throw Error("E_NATIVE", "Faiss was built without its GPU part, or sees no GPU");
  }
  NeighborQuery q;
  q.n = static_cast<size_t>(arguments.number("rows", 1e6));
  q.d = static_cast<size_t>(arguments.integer("columns", 50));
  q.k = static_cast<size_t>(arguments.integer("k", 5));
  q.m = std::min(q.n, static_cast<size_t>(arguments.number("queries", 1e9)));
  q.threads = arguments.integer("threads", 1);
  q.gpu = on_gpu;
  const std::vector<float> rows = clustered_rows(q.n, q.d);
  q.points = rows.data();
  if (q.m < q.n) q.queries = rows.data();
  // What starts CUDA and allocates its memory is not the search.
  NeighborQuery small = q;
  small.n = small.m = std::min<size_t>(q.n, 5000);
  small.queries = nullptr;
  nearest_neighbors(small);

  const Clock clock;
  const Neighbors found = nearest_neighbors(q);
  const double seconds = clock.seconds();
  NeighborQuery some = q;
  some.queries = rows.data();
  some.m = std::min(kChecked, q.m);
  some.k = q.queries == nullptr ? q.k + 1 : q.k;
  const Neighbors exact = nearest_neighbors_reference(some);
  for (size_t i = 0; i < some.m; i++) {
    // Without the row itself, which is the nearest here: no two rows are alike.
    const size_t skipped = some.k - q.k;
    if (!std::equal(found.ids.begin() + i * q.k, found.ids.begin() + (i + 1) * q.k,
                    exact.ids.begin() + i * some.k + skipped)) {
      throw Error("E_NATIVE", "row " + std::to_string(i) + " has other neighbours than it should");
    }
  }
  const std::string subject = on_gpu ? "harmonic, Faiss on the GPU" : "harmonic, Faiss on the CPU";
  const Settings settings = {{"rows", std::to_string(q.n)},
                             {"columns", std::to_string(q.d)},
                             {"k", std::to_string(q.k)},
                             {"searched", std::to_string(q.m)}};
  const std::string task = "nearest neighbours";
  tell({subject, task, settings, "seconds", "s", {seconds}, ""});
  tell({subject,
        task,
        settings,
        "searched_per_second",
        "rows searched/s",
        {static_cast<double>(q.m) / seconds},
        ""});
}

}  // namespace harmonic::bench
