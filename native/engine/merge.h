#pragma once

#include "engine/gguf-file.h"
#include "engine/open-file.h"

namespace harmonic {

/** A file without a name, in memory where the system can, gone when nothing has it open or mapped.
 */
using TemporaryFile = OpenFile;

/**
 * True where a merged copy of the base draws rows faster here than the base as it is: on a CPU, an
 * unmerged adapter costs a product more for each matrix, and some quantised types have no kernel
 * for several tokens at once. `adapter` may be null. The copy holds matrices as F16, so it is made
 * for bases up to a bounded size only.
 */
bool merge_pays(const GgufFile& base, const GgufFile* adapter);

/**
 * A copy of the base with scale * B A of the adapter, which may be null, added to its matrices.
 * Quantised and BF16 matrices become F16; other tensors keep their type. Throws Error E_IO where
 * there is no room.
 */
TemporaryFile merge(const GgufFile& base, const GgufFile* adapter);

}  // namespace harmonic
