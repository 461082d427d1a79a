#include "engine/knn.h"

#include <napi.h>

#include <memory>

#include "binding/arrays.h"
#include "binding/async.h"

namespace harmonic {
namespace {

/** The arrays of one call, kept for the worker; `query` points into them. */
struct Call {
  std::vector<float> points;
  std::vector<float> queries;
  NeighborQuery query;
};

size_t count_rows(const std::vector<float>& values, size_t d, const char* name) {
  if (d == 0 || values.size() % d != 0) {
    throw Error("E_INPUT", "expected rows of " + std::to_string(d) + " numbers in `" + name +
                               "` but received " + std::to_string(values.size()) + " numbers");
  }
  return values.size() / d;
}

Napi::Value nearest_neighbors_js(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  return translate_errors(env, [&]() -> Napi::Value {
    const auto options = info[0].As<Napi::Object>();
    auto call = std::make_shared<Call>();
    NeighborQuery& query = call->query;
    call->points = copy_array<float>(options.Get("points"));
    query.d = options.Get("d").As<Napi::Number>().Uint32Value();
    query.k = options.Get("k").As<Napi::Number>().Uint32Value();
    query.threads = options.Get("threads").As<Napi::Number>().Int32Value();
    query.approximate = options.Get("approximate").ToBoolean();
    query.points = call->points.data();
    query.n = query.m = count_rows(call->points, query.d, "points");
    const Napi::Value queries = options.Get("queries");
    if (!queries.IsUndefined()) {
      call->queries = copy_array<float>(queries);
      query.queries = call->queries.data();
      query.m = count_rows(call->queries, query.d, "queries");
    }
    return run_async<Neighbors>(
        env, [call] { return nearest_neighbors(call->query); },
        [](Napi::Env env, Neighbors& neighbors) -> Napi::Value {
          Napi::Object result = Napi::Object::New(env);
          result.Set("ids", to_array_buffer(env, neighbors.ids));
          result.Set("distances", to_array_buffer(env, neighbors.distances));
          return result;
        });
  });
}

}  // namespace

void register_knn(Napi::Env env, Napi::Object exports) {
  exports.Set("nearestNeighbors",
              Napi::Function::New(env, nearest_neighbors_js, "nearestNeighbors"));
}

}  // namespace harmonic
