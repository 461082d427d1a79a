#pragma once
#include <string>

namespace harmonic {

/** Blocks of a model that a probe of a device computes. */
constexpr int kProbedLayers = 2;

/**
 * Why a device is not to be trusted whose `what`, by name, has such a relative error beside the
 * processor's; empty where it may be: where it is at most a tenth, for 16 bits leave some
 * hundredths.
 */
std::string obstacle_of(const char* what, double error);

}  // namespace harmonic
