#include "gateway/peer_service.hpp"

#include <utility>

#include "net/host_names.hpp"

namespace shoal {

namespace {

api_access with_own_names(api_access rules) {
  for (std::string& name : own_host_names()) rules.host_names.push_back(std::move(name));
  return rules;
}

peer_options with_hook(peer_options options, completion_hook& hook) {
  options.on_complete = [&hook](const share& which) { hook.on_complete(which); };
  return options;
}

}  // namespace

peer_service::peer_service(asio::io_context& context, peer_service_options options)
    : executor_(context.get_executor()),
      hook_(executor_, std::move(options.on_complete)),
      node_(context, with_hook(std::move(options.peer), hook_)),
      control_(node_, [this] { stop(); }),
      gateway_(node_, control_, with_own_names(options.api),
               https_settings{std::move(options.certificate), options.api.host_names}),
      only_client_(std::move(options.only_client)),
      tasks_(executor_) {}

result<void> peer_service::open() {
  if (const auto there = hook_.check(); !there) return there;
  if (auto opened = node_.open(); !opened) return opened;
  if (auto opened = gateway_.open(); !opened) return opened;
  node_.on_http([this](stream connection) { gateway_.on_connection(std::move(connection)); });
  server_.emplace(executor_, control_, node_.context().budget.control);
  if (only_client_) return server_->adopt(std::move(only_client_));
  return server_->open(node_.control_path());
}

awaitable<void> peer_service::run() {
  tasks_.spawn("control", server_->run());
  tasks_.spawn("gateway", gateway_.run());
  tasks_.spawn("completion hook", hook_.run(node_.context().background));
  tasks_.spawn("peer", node_.run());
  co_await tasks_.join();
}

void peer_service::stop() {
  server_->stop();
  gateway_.stop();
  hook_.stop();
  node_.stop();
}

}  // namespace shoal
