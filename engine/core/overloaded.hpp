// A set of lambdas as one visitor for std::visit: an alternative that none of them takes does not compile.
#pragma once

namespace shoal {

template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

}  // namespace shoal
