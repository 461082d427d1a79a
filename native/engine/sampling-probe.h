#pragma once
#include <string>

namespace harmonic {

/**
 * Why the engine device is not to draw from a model on a device, for it is not known of every
 * backend that it computes our graphs as they are meant; empty where it does: the first layers of
 * the model give the processor's logits, for prompts, for rows behind them and for rows that run
 * ahead of others. Takes a moment, and some of the device's memory in that time. `adapter` may be
 * empty. Throws Error E_MODEL where the model cannot be read.
 */
std::string sampling_obstacle(const std::string& base, const std::string& adapter,
                              const std::string& device);

}  // namespace harmonic
