#include "engine/decoder.h"

#include "engine/error.h"

namespace harmonic {

void Decoder::decode() {
  if (aborted()) throw Error("E_ABORTED", "sampling was interrupted");
  evaluator->evaluate(batch);
  n_tokens += batch.size();
  n_batches++;
}

}  // namespace harmonic
