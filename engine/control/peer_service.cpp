#include "control/peer_service.hpp"

#include <utility>

namespace shoal {

peer_service::peer_service(asio::io_context& context, peer_service_options options)
    : executor_(context.get_executor()),
      node_(context, std::move(options.peer)),
      control_(node_, [this] { stop(); }),
      only_client_(std::move(options.only_client)),
      tasks_(executor_) {}

result<void> peer_service::open() {
  if (auto opened = node_.open(); !opened) return opened;
  server_.emplace(executor_, control_, node_.context().budget.control);
  if (only_client_) return server_->adopt(std::move(only_client_));
  return server_->open(node_.control_path());
}

awaitable<void> peer_service::run() {
  tasks_.spawn("control", server_->run());
  tasks_.spawn("peer", node_.run());
  co_await tasks_.join();
}

void peer_service::stop() {
  server_->stop();
  node_.stop();
}

}  // namespace shoal
