#include "engine/device-backend.h"

#include <utility>

#include "engine/backends.h"
#include "engine/error.h"
#include "engine/runtime.h"

namespace harmonic {

DeviceBackend::DeviceBackend(const std::string& device, int threads, std::function<bool()> aborted)
    : name_(device), aborted_(std::move(aborted)), cpu_(threads, aborted_) {
  if (device.empty()) return;
  take_log();
  own_ = ggml_backend_dev_init(find_device(device), nullptr);
  if (own_) return;
  throw Error("E_NATIVE", "the device " + device + " cannot be opened: " + take_log(),
              "take the device cpu; harmonic doctor tells what this machine has");
}

DeviceBackend::~DeviceBackend() {
  if (own_) ggml_backend_free(own_);
}

void DeviceBackend::expect_memory(size_t bytes, const std::string& what) const {
  if (is_cpu()) return;
  size_t free = 0, total = 0;
  ggml_backend_dev_memory(ggml_backend_get_device(get()), &free, &total);
  if (free == 0 || bytes <= free) return;
  const auto megabytes = [](size_t n) { return std::to_string((n + 999'999) / 1'000'000) + " MB"; };
  throw Error(
      "E_MODEL",
      name() + " has " + megabytes(free) + " free, and " + what + " take " + megabytes(bytes),
      "use fewer rows at once (--n-sequences), a smaller base, or the device cpu");
}

}  // namespace harmonic
