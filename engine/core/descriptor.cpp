#include "core/descriptor.hpp"

#include <unistd.h>

namespace shoal {

void unique_descriptor::reset(int descriptor) {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = descriptor;
}

}  // namespace shoal
