#pragma once

#include <string>

#include "engine/gguf-file.h"

namespace harmonic {

/** Empty where the trainer can build its graph over this base model, else the reason why not, for
 * the user. */
std::string untrainable_reason(const GgufFile& base);

}  // namespace harmonic
