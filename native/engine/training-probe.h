#pragma once
#include <string>

#include "engine/trainer.h"

namespace harmonic {

/**
 * Why a trainer with these options is not to compute on its device, for it is not known of every
 * backend that it computes our graphs as they are meant; empty where it does: the first layers of
 * the model give the processor's losses and gradients for groups of several lengths. Takes a
 * moment, and some of the device's memory in that time.
 */
std::string training_obstacle(const TrainerOptions& options);

}  // namespace harmonic
