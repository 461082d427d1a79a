#pragma once

#include "engine/gguf-file.h"

namespace harmonic {

/** Throws Error E_MODEL where `adapter` is no LoRA adapter or was made for a base model of another
 * shape. */
void check_adapter(const GgufFile& adapter, const GgufFile& base);

}  // namespace harmonic
