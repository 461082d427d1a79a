#include "bench/parts.h"
#include "engine/backends.h"

namespace harmonic::bench {

std::string device_of(const Arguments& arguments) {
  if (arguments.text("device", "gpu") == "cpu") return "";
  for (const Device& device : devices()) {
    if (device.type == "gpu" || device.type == "igpu") return device.name;
  }
  throw Error("E_NATIVE", "ggml sees no GPU here",
              "look whether its CUDA backend was built, and whether nvidia-smi sees the card");
}

}  // namespace harmonic::bench
