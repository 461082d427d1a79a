#include "engine/learners.h"

#include <napi.h>

#include <memory>

#include "binding/arrays.h"
#include "binding/async.h"

namespace harmonic {
namespace {

/** The arrays of one call, kept for the worker; `problem` points into them. */
struct Call {
  std::string learner;
  std::vector<float> x;
  std::vector<float> test;
  std::vector<double> y;
  LearnerProblem problem;
};

void expect_length(size_t length, size_t expected, const char* name) {
  if (length == expected) return;
  throw Error("E_INPUT", "expected " + std::to_string(expected) + " numbers in `" + name +
                             "` but received " + std::to_string(length));
}

std::shared_ptr<Call> read_call(const Napi::Object& options) {
  auto call = std::make_shared<Call>();
  LearnerProblem& p = call->problem;
  call->learner = options.Get("learner").As<Napi::String>().Utf8Value();
  const std::string task = options.Get("task").As<Napi::String>().Utf8Value();
  p.task = task == "regression" ? Task::regression : Task::classification;
  call->x = copy_array<float>(options.Get("x"));
  call->y = copy_array<double>(options.Get("y"));
  call->test = copy_array<float>(options.Get("test"));
  p.x = call->x.data();
  p.y = call->y.data();
  p.test = call->test.data();
  p.n = call->y.size();
  p.d = options.Get("d").As<Napi::Number>().Uint32Value();
  p.m = p.d == 0 ? 0 : call->test.size() / p.d;
  expect_length(call->x.size(), p.n * p.d, "x");
  expect_length(call->test.size(), p.m * p.d, "test");
  p.n_classes = options.Get("nClasses").As<Napi::Number>().Uint32Value();
  p.seed = static_cast<uint64_t>(options.Get("seed").As<Napi::Number>().Int64Value());
  p.threads = options.Get("threads").As<Napi::Number>().Int32Value();
  const auto parameters = options.Get("parameters").As<Napi::Object>();
  const Napi::Array names = parameters.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); i++) {
    const std::string name = names.Get(i).As<Napi::String>().Utf8Value();
    p.parameters[name] = parameters.Get(name).As<Napi::Number>().DoubleValue();
  }
  return call;
}

Napi::Value fit_predict_js(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  return translate_errors(env, [&]() -> Napi::Value {
    const auto call = read_call(info[0].As<Napi::Object>());
    return run_async<std::vector<double>>(
        env, [call] { return fit_predict(call->learner, call->problem); },
        [](Napi::Env env, std::vector<double>& values) -> Napi::Value {
          return to_array_buffer(env, values);
        });
  });
}

}  // namespace

void register_learners(Napi::Env env, Napi::Object exports) {
  exports.Set("fitPredict", Napi::Function::New(env, fit_predict_js, "fitPredict"));
}

}  // namespace harmonic
