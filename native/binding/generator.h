#pragma once

#include <napi.h>

#include <memory>

#include "engine/generator.h"

namespace harmonic {

/** The class of GeneratorHandle; its constructor takes an External<std::shared_ptr<Generator>>. */
Napi::Function define_generator_handle(Napi::Env env);

/** OpenGeneratorOptions of src/native/addon.ts, copied. */
GeneratorOptions read_generator_options(const Napi::Object& options);

}  // namespace harmonic
