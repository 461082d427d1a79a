#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/training.h"

// What must hold of everything that trains.
namespace harmonic::test {

/** Packed groups of tokens 0 .. 63, loss on two positions of three, with sets 0 and 1 in turn. */
TrainBatch make_batch(int n_labels, const std::vector<int>& lengths = {9, 17, 5, 16});

/** One group of tokens, loss on each but the first. */
TrainBatch next_token_batch(const std::vector<int32_t>& tokens);

/** The loss whose gradient a pass over the batch adds up. */
double weighted(const std::vector<float>& losses, const TrainBatch& batch);

/** Values far enough from a trainer's start that every gradient matters. */
void randomise(const std::vector<Parameter>& parameters);

std::vector<float> all_gradients(const std::vector<Parameter>& parameters);

/**
 * The parameters' gradients, which are those of one training pass over the batch, along a random
 * direction of each tensor, against central differences; `changed` is called when values were.
 */
void check_gradients(
    Training& trainer, const std::vector<Parameter>& parameters, const TrainBatch& batch,
    const std::function<void()>& changed = [] {});

/** `pass` gives each group of the batch the losses that it has without the others. */
void check_groups_apart(const TrainBatch& batch,
                        const std::function<std::vector<float>(const TrainBatch&)>& pass);

/**
 * A trainer learns the batch by heart, and another of the same options goes on from its state in
 * the middle to the same end, whatever it did before.
 */
void check_learning(Training& trainer, Training& resumed, const TrainBatch& batch,
                    const AdamWOptions& options);

}  // namespace harmonic::test
