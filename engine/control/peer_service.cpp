#include "control/peer_service.hpp"

#include <utility>

namespace shoal {

peer_service::peer_service(asio::io_context& context, peer_service_options options)
    : executor_(context.get_executor()),
      node_(context, std::move(options.peer)),
      only_client_(std::move(options.only_client)),
      tasks_(executor_) {}

result<void> peer_service::open() {
  if (auto opened = node_.open(); !opened) return opened;
  control_.emplace(executor_, node_, node_.context().budget.control, [this] { stop(); });
  if (only_client_) return control_->adopt(std::move(only_client_));
  return control_->open(node_.control_path());
}

awaitable<void> peer_service::run() {
  tasks_.spawn("control", control_->run());
  tasks_.spawn("peer", node_.run());
  co_await tasks_.join();
}

void peer_service::stop() {
  control_->stop();
  node_.stop();
}

}  // namespace shoal
