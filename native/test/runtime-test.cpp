#include "engine/runtime.h"

#include <algorithm>

#include "test.h"

using namespace harmonic;

TEST(runtime_names_the_pinned_llama) { CHECK_EQUAL(library_versions().llama, "v0.5.0-de3ff81"); }

TEST(runtime_loads_a_cpu_device_and_may_be_called_again) {
  const auto names = load_backends(test::directory());
  CHECK(std::find(names.begin(), names.end(), "CPU") != names.end());
  CHECK_EQUAL(load_backends(test::directory()).size(), names.size());
}
