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

Napi::Value write_neighbors(Napi::Env env, Neighbors& neighbors) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("ids", to_array_buffer(env, neighbors.ids));
  result.Set("distances", to_array_buffer(env, neighbors.distances));
  return result;
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
    if (options.Has("gpu")) query.gpu = options.Get("gpu").ToBoolean();
    query.points = call->points.data();
    query.n = query.m = count_rows(call->points, query.d, "points");
    const Napi::Value queries = options.Get("queries");
    if (!queries.IsUndefined()) {
      call->queries = copy_array<float>(queries);
      query.queries = call->queries.data();
      query.m = count_rows(call->queries, query.d, "queries");
    }
    return run_async<Neighbors>(
        env, [call] { return nearest_neighbors(call->query); }, write_neighbors);
  });
}

class NeighborIndexHandle final : public Napi::ObjectWrap<NeighborIndexHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NeighborIndexHandle",
                       {InstanceMethod<&NeighborIndexHandle::search>("search"),
                        InstanceMethod<&NeighborIndexHandle::close>("close")});
  }

  explicit NeighborIndexHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<NeighborIndexHandle>(info),
        index_(*info[0].As<Napi::External<std::shared_ptr<NeighborIndex>>>().Data()) {}

 private:
  Napi::Value search(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (!index_) throw to_js_error(env, Error("E_USAGE", "the index is closed"));
    return run_async<Neighbors>(
        env,
        [index = index_, queries = copy_array<float>(info[0])] { return index->search(queries); },
        write_neighbors);
  }

  void close(const Napi::CallbackInfo&) { index_.reset(); }

  std::shared_ptr<NeighborIndex> index_;
};

Napi::Value open_neighbor_index(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  NeighborIndexOptions options;
  options.d = object.Get("d").As<Napi::Number>().Uint32Value();
  options.k = object.Get("k").As<Napi::Number>().Uint32Value();
  options.threads = object.Get("threads").As<Napi::Number>().Int32Value();
  options.approximate = object.Get("approximate").ToBoolean();
  auto* index_class = static_cast<Napi::FunctionReference*>(info.Data());
  return run_async<std::shared_ptr<NeighborIndex>>(
      info.Env(),
      [options, points = copy_array<float>(object.Get("points"))] {
        count_rows(points, options.d, "points");
        return std::make_shared<NeighborIndex>(options, points);
      },
      [index_class](Napi::Env env, std::shared_ptr<NeighborIndex>& index) -> Napi::Value {
        return index_class->New({Napi::External<std::shared_ptr<NeighborIndex>>::New(env, &index)});
      });
}

}  // namespace

void register_knn(Napi::Env env, Napi::Object exports) {
  exports.Set("nearestNeighbors",
              Napi::Function::New(env, nearest_neighbors_js, "nearestNeighbors"));
  auto* index_class =
      new Napi::FunctionReference(Napi::Persistent(NeighborIndexHandle::define(env)));
  env.AddCleanupHook([index_class] { delete index_class; });
  exports.Set("openNeighborIndex",
              Napi::Function::New(env, open_neighbor_index, "openNeighborIndex", index_class));
}

}  // namespace harmonic
