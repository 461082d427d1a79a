#pragma once

#include <napi.h>

#include <exception>
#include <functional>
#include <new>
#include <optional>
#include <utility>

#include "engine/error.h"

namespace harmonic {

/** The one place where a failure of the engine becomes a JS Error with `code` and, where there is
 * one, `hint`. */
inline Napi::Error to_js_error(Napi::Env env, const Error& error) {
  Napi::Error js = Napi::Error::New(env, error.what());
  js.Set("code", Napi::String::New(env, error.code));
  if (!error.hint.empty()) js.Set("hint", Napi::String::New(env, error.hint));
  return js;
}

/** The exception being handled, as an Error. Call inside a catch block; a Napi::Error must be
 * caught before. */
inline Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error("E_NATIVE", "out of memory",
                 "use fewer or shorter sequences at once, or a smaller base model");
  } catch (const std::exception& error) {
    return Error("E_NATIVE", error.what());
  } catch (...) {
    return Error("E_NATIVE", "unknown failure in native code");
  }
}

/** Runs the body of a synchronous method; a failure of the engine is thrown as a JS Error. */
template <class Body>
auto translate_errors(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_js_error(env, current_error());
  }
}

/** Settles one promise: `work` on a worker thread, `finish` or the rejection on the thread of JS.
 */
template <class Result>
class PromiseWorker final : public Napi::AsyncWorker {
 public:
  using Work = std::function<Result()>;
  using Finish = std::function<Napi::Value(Napi::Env, Result&)>;

  PromiseWorker(Napi::Env env, Work work, Finish finish)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        finish_(std::move(finish)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    try {
      result_.emplace(work_());
    } catch (...) {
      error_.emplace(current_error());
    }
    work_ = nullptr;  // releases what it holds before the promise settles
  }

  void OnOK() override {
    if (error_) {
      deferred_.Reject(to_js_error(Env(), *error_).Value());
      return;
    }
    try {
      deferred_.Resolve(finish_(Env(), *result_));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    } catch (...) {
      deferred_.Reject(to_js_error(Env(), current_error()).Value());
    }
  }

 private:
  Napi::Promise::Deferred deferred_;
  Work work_;
  Finish finish_;
  std::optional<Result> result_;
  std::optional<Error> error_;
};

/**
 * Runs `work` off the main thread; it never touches V8, so all it needs is captured by value as
 * plain data or shared pointers. `finish` turns its result into a JS value on the main thread.
 */
template <class Result>
Napi::Promise run_async(Napi::Env env, std::function<Result()> work,
                        std::function<Napi::Value(Napi::Env, Result&)> finish) {
  auto* worker = new PromiseWorker<Result>(env, std::move(work),
                                           std::move(finish));  // deletes itself when done
  Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

}  // namespace harmonic
