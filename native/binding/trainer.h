#pragma once
#include <napi.h>

#include <functional>
#include <memory>

#include "engine/training.h"

namespace harmonic {

// A promise of a trainer's handle. What is called has the constructor of handles as its data.
Napi::Value open_training(const Napi::CallbackInfo& info,
                          const std::function<std::shared_ptr<Training>()>& open);

void register_full_trainer(Napi::Env env, Napi::Object exports,
                           Napi::FunctionReference* constructor);

}  // namespace harmonic
