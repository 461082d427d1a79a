#pragma once
#include <ggml-backend.h>

#include <functional>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "bench/measurement.h"

// What benchmarks/gpu measures, a part a function; each takes arguments and tells what it measured
// as it goes, so that what is done stays where it is ended early.
namespace harmonic::bench {

using Tell = std::function<void(const Measurement&)>;

/**
 * ggml's name of the device that `device` asks for: empty for "cpu", the first GPU for another
 * word. Throws Error E_NATIVE where there is none.
 */
std::string device_of(const Arguments& arguments);

/** How fast a device is at what bounds everything: bytes moved and arithmetic, a second. */
void measure_limits(const Arguments& arguments, const Tell& tell);
/** Writes a model of random weights and of the shape asked for: as GGUF, and as arrays. */
void write_models(const Arguments& arguments, const Tell& tell);
/** Losses, gradients, logits and rows of the device beside the processor's. */
void check_device(const Arguments& arguments, const Tell& tell);
/** Tokens a second of training an adapter. */
void measure_training(const Arguments& arguments, const Tell& tell);
/** Rows a second of a language model or a table model. */
void measure_sampling(const Arguments& arguments, const Tell& tell);
/** Rows a second whose neighbours are found. */
void measure_neighbors(const Arguments& arguments, const Tell& tell);
/** Reads what all parts told and writes the results as a table and as JSON. */
void write_report(const Arguments& arguments, const Tell& tell);

}  // namespace harmonic::bench
