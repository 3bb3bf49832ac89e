// A set of lambdas as one visitor for std::visit. If none of them takes an alternative, it does not compile.
#pragma once

namespace shoal {

template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

}  // namespace shoal
